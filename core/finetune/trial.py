"""One trial of a study: stages trained in order, learning rates by validation, evaluation on
held-out images.

Plain functions from labels, a spec and a network factory to results; the disk is
:mod:`core.jobs.finetune.task`'s. A trial depends only on its key, the spec and the images: run
again it gives the same result.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import scipy
import sklearn
import torch

from core.contracts.study import Mixture, Objective, StudySpec, TrialStatus
from core.contracts.study_rows import TrialRow
from core.finetune import evaluation, mixtures, trainer
from core.finetune.evaluation import NO_SCORES, Scores
from core.finetune.groups import TEST, VALID, StudyLabels
from core.finetune.mixtures import StagedMixture, TrainingStage
from core.finetune.networks import Feed, Network, Weights
from core.finetune.objectives import DFR, make_objective
from core.finetune.plan import TrialKey
from core.finetune.trainer import Epoch, Examples, Schedule

Tell = Callable[[str, list[Epoch]], None]


@dataclass(frozen=True)
class Setup:
    """What all trials of a study share.

    ``make(members, seed)`` gives a fresh network; ``side_by_side``: it can hold one model for each
    learning rate; ``feed(severity)`` brings inputs, with synthetic images corrupted by that
    severity.
    """

    labels: StudyLabels
    spec: StudySpec
    budget: int
    make: Callable[[int, int], Network]
    feed: Callable[[int], Feed]
    side_by_side: bool


@dataclass(frozen=True)
class Chosen:
    """What validation chose in the last stage, and in the first of two: learning rate, epoch from
    1, accuracies in shares of 1.
    """

    lr: float
    epochs: int
    valid_worst: float
    valid_balanced: float
    lr_stage1: float | None = None
    epochs_stage1: int | None = None


class StateStore(Protocol):
    """Where a trial's weights are kept, with what validation chose for them."""

    def get(self, key: TrialKey) -> tuple[Weights, Chosen] | None:
        """Weights and what was chosen, or None."""

    def put(self, key: TrialKey, weights: Weights, chosen: Chosen) -> None:
        """Keep them."""


class MemoryStore(dict[TrialKey, tuple[Weights, Chosen]]):
    """A :class:`StateStore` that forgets with the process."""

    def put(self, key: TrialKey, weights: Weights, chosen: Chosen) -> None:
        """Keep weights and what was chosen."""
        self[key] = (weights, chosen)


@dataclass(frozen=True)
class TrialResult:
    """One finished trial: its record, and what it took each of the test images ``rows`` (m,) for,
    ``predicted`` (m,) class codes (-1 where it diverged); real images first, then synthetic ones.
    """

    record: TrialRow
    rows: np.ndarray
    predicted: np.ndarray

    @property
    def done(self) -> bool:
        """Whether there is something to count: not diverged."""
        return self.record.status == TrialStatus.DONE


class AllDiverged(Exception):
    """Every learning rate's loss became infinite or not a number."""


def run_trial(
    setup: Setup, key: TrialKey, store: StateStore, tell: Tell = lambda stage, epochs: None
) -> TrialResult:
    """Train and evaluate one trial.

    ``tell(stage, epochs)`` is called after every epoch and may raise to stop. The weights are put
    into ``store`` (DFR's are those of the ERM network); those of stages that several trials share
    (FFR's stage 1, the ERM network under DFR) are taken from there, or made.
    """
    started = time.perf_counter()
    mixture = mixtures.build(
        setup.labels, Mixture(key.mixture), key.version, key.seed, setup.budget
    )
    training = _Training(setup, key, mixture, setup.feed(key.severity), store, tell)
    rows = test_rows(setup.labels, key.version)
    strength: float | None = None
    try:
        weights, chosen = training.run()
        network = loaded(setup, key, weights)
        if key.objective == Objective.DFR:
            predicted, strength = training.refit(network, rows)
        else:
            predicted = trainer.predict(network, training.feed, rows, setup.spec.batch_size)[0]
    except AllDiverged:
        chosen, predicted = None, np.full(len(rows), -1)
    record = _record(training, chosen, scores(setup.labels, rows, predicted))
    record = replace(record, dfr_strength=strength, seconds=time.perf_counter() - started)
    return TrialResult(record, rows, predicted)


def test_rows(labels: StudyLabels, version: int) -> np.ndarray:
    """Rows of held-out images: the real ones, then the synthetic ones (of all versions where
    ``version`` is -1).
    """
    owner = None if version < 0 else version
    return np.concatenate(
        [
            labels.rows(synthetic=False, split=TEST),
            labels.rows(synthetic=True, split=TEST, version=owner),
        ]
    )


def scores(labels: StudyLabels, rows: np.ndarray, predicted: np.ndarray) -> tuple[Scores, Scores]:
    """Scores on the real and on the synthetic images among ``rows`` (m,); ``predicted`` (m,) are
    class codes.
    """
    right = predicted == labels.y[rows]
    made = labels.synthetic[rows]
    codes = labels.group()[rows]
    if not labels.synthetic_has_bias:
        # a synthetic group is then a class; its first cell stands for it
        codes = np.where(made, labels.y[rows] * len(labels.biases), codes)
    return evaluation.score(right[~made], codes[~made]), evaluation.score(right[made], codes[made])


def loaded(setup: Setup, key: TrialKey, weights: Weights) -> Network:
    """A network of one model with these weights."""
    network = setup.make(1, key.seed)
    network.load(weights)
    return network


def software() -> dict[str, str]:
    """Versions that a result may depend on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
        "threads": str(torch.get_num_threads()),
        "machine": platform.machine(),
    }


@dataclass(frozen=True)
class _Training:
    """The training of one trial."""

    setup: Setup
    key: TrialKey
    mixture: StagedMixture
    feed: Feed
    store: StateStore
    tell: Tell

    def run(self) -> tuple[Weights, Chosen]:
        """The weights after all stages, and what was chosen. For DFR those of the ERM network,
        with the last stage alone, since it refits what that stage left. Raises AllDiverged.
        """
        if self.key.objective != Objective.DFR:
            return self._stages(self.key)
        key = replace(self.key, objective=Objective.ERM)
        weights, chosen = self.store.get(key) or self._stages(key)
        return weights, replace(chosen, lr_stage1=None, epochs_stage1=None)

    def refit(self, network: Network, rows: np.ndarray) -> tuple[np.ndarray, float]:
        """Class codes (m,) of ``rows`` (m,) under DFR on this network, and the C it chose."""
        spec, valid = self.setup.spec, _validation(self.setup.labels)

        def features(of: np.ndarray) -> np.ndarray:
            return trainer.extract(network, self.feed, of, spec.batch_size)

        dfr = DFR(spec.dfr_strengths, spec.dfr_refits, self.key.seed)
        dfr.fit(features(self.mixture.stages[-1].rows), features(valid.rows), valid.y, valid.groups)
        return dfr.logits(features(rows)).argmax(axis=1), dfr.strength

    def _stages(self, key: TrialKey) -> tuple[Weights, Chosen]:
        """All stages under the key's objective, kept in the store."""
        weights, chosen = self._stage(0, key.objective, None)
        for number in range(1, len(self.mixture.stages)):
            first = chosen
            weights, chosen = self._stage(number, key.objective, weights)
            chosen = replace(chosen, lr_stage1=first.lr, epochs_stage1=first.epochs)
        self.store.put(key, weights, chosen)
        return weights, chosen

    def _stage(
        self, number: int, objective: Objective, start: Weights | None
    ) -> tuple[Weights, Chosen]:
        """One stage, from ``start`` (None: fresh weights), or as another trial left it."""
        if not self.mixture.stages[number].plain:
            return self._train(number, objective, start)
        if number:
            return self._train(number, Objective.ERM, start)
        # a first stage on synthetic images alone is the same under all objectives
        kind = "biased" if self.mixture.name == Mixture.FFR_BIASED else "balanced"
        shared = replace(self.key, mixture=f"stage1_{kind}", objective=Objective.ERM)
        kept = self.store.get(shared)
        if kept is None:
            kept = self._train(number, Objective.ERM, start)
            self.store.put(shared, *kept)
        return kept

    def _train(
        self, number: int, objective: Objective, start: Weights | None
    ) -> tuple[Weights, Chosen]:
        setup, spec, stage = self.setup, self.setup.spec, self.mixture.stages[number]
        train, valid = _examples(setup.labels, stage), _validation(setup.labels)
        grids = [spec.rates] if setup.side_by_side else [(rate,) for rate in spec.rates]
        network = setup.make(len(grids[0]), self.key.seed)
        start = start if start is not None else network.state(0)
        members = []
        for grid in grids:
            network.load(start)
            members += trainer.fit(
                network,
                self.feed,
                train,
                valid,
                make_objective(
                    objective, train.groups, len(grid), network.device, spec.groupdro_step
                ),
                self._schedule(number, grid),
                lambda epochs: self.tell(stage.name, epochs),
            )
        best = trainer.choose(members)
        if best is None or best.state is None:
            raise AllDiverged
        epoch = best.history[best.best_epoch - 1]
        return best.state, Chosen(
            best.rate, best.best_epoch, epoch.valid_worst, epoch.valid_balanced
        )

    def _schedule(self, number: int, rates: tuple[float, ...]) -> Schedule:
        spec = self.setup.spec
        return Schedule(
            rates=rates,
            epochs=spec.max_epochs,
            patience=spec.patience,
            batch_size=spec.batch_size,
            weight_decay=spec.weight_decay,
            select=spec.select,
            seed=1000 * self.key.seed + number,
            freeze_batchnorm=spec.freeze_batchnorm and number > 0,
        )


def _examples(labels: StudyLabels, stage: TrainingStage) -> Examples:
    """A stage's training images."""
    return Examples(stage.rows, labels.y[stage.rows], mixtures.objective_groups(labels, stage))


def _validation(labels: StudyLabels) -> Examples:
    """The real validation images, which choose in every stage, as in the paper's code."""
    rows = labels.rows(synthetic=False, split=VALID)
    return Examples(rows, labels.y[rows], np.unique(labels.group()[rows], return_inverse=True)[1])


def _record(training: _Training, chosen: Chosen | None, test: tuple[Scores, Scores]) -> TrialRow:
    """The trial as a row; ``test``: scores on real and on synthetic images. Without ``chosen`` it
    diverged and has no scores.
    """
    labels, key, mixture = training.setup.labels, training.key, training.mixture
    real, synthetic = test if chosen is not None else (NO_SCORES, NO_SCORES)
    tested = {group.code for group in real.groups}
    worst = next((group for group in real.groups if group.code == real.worst), None)
    return TrialRow(
        trial=key.name,
        mixture=mixture.name,
        objective=key.objective,
        seed=key.seed,
        version_id=labels.version_id(key.version),
        severity=key.severity,
        status=TrialStatus.DIVERGED if chosen is None else TrialStatus.DONE,
        lr=chosen.lr if chosen else None,
        lr_stage1=chosen.lr_stage1 if chosen else None,
        worst_accuracy=real.worst_accuracy,
        worst_group=labels.group_name(worst.code) if worst else None,
        worst_n=worst.n if worst else None,
        worst_low=worst.low if worst else None,
        worst_high=worst.high if worst else None,
        balanced_accuracy=real.balanced_accuracy,
        valid_worst=chosen.valid_worst if chosen else None,
        valid_balanced=chosen.valid_balanced if chosen else None,
        synthetic_worst_accuracy=synthetic.worst_accuracy,
        synthetic_worst_group=_synthetic_name(labels, synthetic.worst),
        synthetic_balanced_accuracy=synthetic.balanced_accuracy,
        n_real=sum(int(np.sum(~labels.synthetic[stage.rows])) for stage in mixture.stages),
        n_synthetic=mixture.n_synthetic,
        wanted=mixture.wanted,
        shortfall=mixture.shortfall,
        epochs=chosen.epochs if chosen else None,
        epochs_stage1=chosen.epochs_stage1 if chosen else None,
        dfr_strength=None,
        seconds=0.0,
        excluded=tuple(
            labels.group_name(code) for code in mixtures.crosses(labels) if code not in tested
        ),
        parameters=training.setup.spec.as_json(),
        software=software(),
    )


def _synthetic_name(labels: StudyLabels, code: int | None) -> str | None:
    """A synthetic group in words: the class alone where bias labels are missing."""
    if code is None:
        return None
    return labels.group_name(code) if labels.synthetic_has_bias else labels.group_parts(code)[0]
