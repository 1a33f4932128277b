"""One trial of a study: stages trained in order, learning rates by validation, evaluation on
held-out images.

Plain functions from labels, parameters and a network factory to results; the disk is
:mod:`core.jobs.finetune.task`'s. A trial depends only on its key, the parameters and the images: run
again it gives the same result.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import scipy
import sklearn
import torch

from core.finetune import evaluation, mixtures, objectives, trainer
from core.finetune.evaluation import Scores
from core.finetune.groups import TEST, VALID, Labels
from core.finetune.networks import Feed, Network, State
from core.finetune.parameters import StudyParameters
from core.finetune.plan import TrialKey
from core.finetune.trainer import Epoch, Examples


@dataclass(frozen=True)
class Setup:
    """What all trials of a study share.

    ``make(members, seed)`` gives a fresh network; ``side_by_side``: it can hold one model for each
    learning rate; ``feed(severity)`` brings inputs, with synthetic images corrupted by that
    severity.
    """

    labels: Labels
    parameters: StudyParameters
    budget: int
    make: Callable[[int, int], Network]
    feed: Callable[[int], Feed]
    side_by_side: bool


class StateStore(Protocol):
    """Where trained weights wait for the next stage, with the facts about how they came to be."""

    def get(self, name: str) -> tuple[State, dict[str, str]] | None:
        """Weights and facts, or None."""

    def put(self, name: str, state: State, facts: dict[str, str]) -> None:
        """Keep them."""


class MemoryStore(dict):
    """A :class:`StateStore` that forgets with the process."""

    def put(self, name: str, state: State, facts: dict[str, str]) -> None:
        """Keep weights and facts under a name."""
        self[name] = (state, facts)


@dataclass
class TrialResult:
    """What one trial found.

    ``record``: one flat dict for ``trials.parquet``. ``rows`` (m,) of the test images (real, then
    synthetic) and their ``predicted`` classes. ``curves``: (stage, epoch) pairs. ``state``: the
    weights, None if all diverged.
    """

    key: TrialKey
    record: dict[str, object]
    rows: np.ndarray
    predicted: np.ndarray
    real: Scores
    synthetic: Scores
    curves: list[tuple[str, Epoch]] = field(default_factory=list)
    state: State | None = None


class AllDiverged(Exception):
    """Every learning rate's loss became infinite or not a number."""


Tell = Callable[[str, list[Epoch]], None]


def run_trial(
    setup: Setup, key: TrialKey, store: StateStore, tell: Tell = lambda stage, epochs: None
) -> TrialResult:
    """Train and evaluate one trial.

    ``tell(stage, epochs)`` is called after every epoch and may raise to stop. Weights of stages
    that several trials share (FFR's stage 1, the ERM network under DFR) are taken from ``store``,
    or made and put there.
    """
    started = time.perf_counter()
    curves: list[tuple[str, Epoch]] = []

    def note(stage: str, epochs: list[Epoch]) -> None:
        curves.extend((stage, epoch) for epoch in epochs)
        tell(stage, epochs)

    mixture = mixtures.build(setup.labels, key.mixture, key.version, key.seed, setup.budget)
    feed = setup.feed(key.severity)
    rows = test_rows(setup.labels, key.version)
    try:
        state, facts = _trained(setup, key, mixture, feed, store, note)
        network = _loaded(setup, key, state)
        if key.objective == "dfr":
            predicted, extra = _dfr(setup, key, mixture, network, feed, rows)
            facts = facts | extra
        else:
            predicted = trainer.predict(network, feed, rows, setup.parameters.batch_size)[0]
        status = "done"
    except AllDiverged:
        state, facts, predicted, status = None, {}, np.full(len(rows), -1), "diverged"
    real, synthetic = (
        scores(setup.labels, rows, predicted) if state is not None else (NOTHING, NOTHING)
    )
    record = _record(
        setup, key, mixture, real, synthetic, facts, status, time.perf_counter() - started
    )
    return TrialResult(key, record, rows, predicted, real, synthetic, curves, state)


NOTHING = Scores(None, None, None, ())


def test_rows(labels: Labels, version: int) -> np.ndarray:
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


def scores(labels: Labels, rows: np.ndarray, predicted: np.ndarray) -> tuple[Scores, Scores]:
    """Scores on the real and on the synthetic images among ``rows``; predictions are class codes."""
    right = predicted == labels.y[rows]
    made = labels.synthetic[rows]
    codes = labels.group()[rows]
    if (
        not labels.synthetic_has_bias
    ):  # then a synthetic group is a class; its first cell stands for it
        codes = np.where(made, labels.y[rows] * len(labels.biases), codes)
    return evaluation.score(right[~made], codes[~made]), evaluation.score(right[made], codes[made])


def examples(labels: Labels, stage: mixtures.Stage) -> Examples:
    """A stage's training images."""
    return Examples(stage.rows, labels.y[stage.rows], mixtures.objective_groups(labels, stage))


def validation(labels: Labels) -> Examples:
    """The real validation images, which choose in every stage, as in the paper's code."""
    rows = labels.rows(synthetic=False, split=VALID)
    return Examples(rows, labels.y[rows], np.unique(labels.group()[rows], return_inverse=True)[1])


def _trained(
    setup: Setup,
    key: TrialKey,
    mixture: mixtures.Mixture,
    feed: Feed,
    store: StateStore,
    note: Tell,
) -> tuple[State, dict[str, str]]:
    """The weights after all stages (for DFR: of the ERM network), and the facts of each stage."""
    objective = "erm" if key.objective == "dfr" else key.objective
    if key.objective == "dfr":
        found = store.get(TrialKey(key.version, key.severity, key.mixture, "erm", key.seed).name)
        if found is not None:
            return found
    state: State | None = None
    facts: dict[str, str] = {}
    for number, stage in enumerate(mixture.stages):
        last = number == len(mixture.stages) - 1
        name = _shared_name(key, mixture, number)
        found = store.get(name) if name else None
        if found is None:
            found = _train_stage(
                setup, key, number, stage, "erm" if stage.plain else objective, state, feed, note
            )
            if name:
                store.put(name, *found)
        state, stage_facts = found
        label = "lr" if last else "lr_stage1"
        facts |= {
            label: stage_facts["lr"],
            ("epochs" if last else "epochs_stage1"): stage_facts["epochs"],
        }
        if last:
            facts |= {
                "valid_worst": stage_facts["valid_worst"],
                "valid_balanced": stage_facts["valid_balanced"],
            }
    if state is None:
        raise AllDiverged
    if objective == "erm":
        store.put(
            TrialKey(key.version, key.severity, key.mixture, "erm", key.seed).name, state, facts
        )
    return state, facts


def _shared_name(key: TrialKey, mixture: mixtures.Mixture, number: int) -> str:
    """The store's name for a first stage on synthetic images alone, which all objectives share; ''
    otherwise.
    """
    if number or not mixture.stages[0].plain:
        return ""
    kind = "biased" if mixture.name == "ffr_biased" else "balanced"
    return TrialKey(key.version, key.severity, f"stage1_{kind}", "erm", key.seed).name


def _train_stage(
    setup: Setup,
    key: TrialKey,
    number: int,
    stage: mixtures.Stage,
    objective: str,
    start: State | None,
    feed: Feed,
    note: Tell,
) -> tuple[State, dict[str, str]]:
    parameters, labels = setup.parameters, setup.labels
    train, valid = examples(labels, stage), validation(labels)
    rates = parameters.rates
    grids = [rates] if setup.side_by_side else [(rate,) for rate in rates]
    network = setup.make(len(grids[0]), key.seed)
    start = start if start is not None else network.state(0)
    members = []
    for grid in grids:
        network.load(start)
        aim = make_objective(objective, train.groups, len(grid), network.device, parameters)
        members += trainer.fit(
            network,
            feed,
            train,
            valid,
            aim,
            rates=grid,
            epochs=parameters.max_epochs,
            patience=parameters.patience,
            batch_size=parameters.batch_size,
            weight_decay=parameters.weight_decay,
            select=parameters.select,
            seed=1000 * key.seed + number,
            freeze_batchnorm=parameters.freeze_batchnorm and number > 0,
            on_epoch=lambda epochs: note(stage.name, epochs),
        )
    best = trainer.choose(members)
    if best is None or best.state is None:
        raise AllDiverged
    score = best.history[best.best_epoch - 1]
    return best.state, {
        "lr": repr(best.rate),
        "epochs": str(best.best_epoch),
        "valid_worst": repr(score.valid_worst),
        "valid_balanced": repr(score.valid_balanced),
    }


def make_objective(
    name: str,
    groups: np.ndarray,
    members: int,
    device: torch.device | str,
    parameters: StudyParameters,
) -> objectives.ERM:
    """The objective called ``name`` for these training groups."""
    if name == "groupdro":
        return objectives.GroupDRO(groups, members, device, parameters.groupdro_step)
    return objectives.GRADIENT_OBJECTIVES[name](groups, members, device)


def _loaded(setup: Setup, key: TrialKey, state: State) -> Network:
    network = setup.make(1, key.seed)
    network.load(state)
    return network


def _dfr(
    setup: Setup,
    key: TrialKey,
    mixture: mixtures.Mixture,
    network: Network,
    feed: Feed,
    rows: np.ndarray,
) -> tuple[np.ndarray, dict[str, str]]:
    parameters, valid = setup.parameters, validation(setup.labels)
    size = parameters.batch_size
    last = trainer.extract(network, feed, mixture.stages[-1].rows, size)
    refit = objectives.DFR(parameters.dfr_strengths, parameters.dfr_refits, key.seed)
    refit.fit(last, trainer.extract(network, feed, valid.rows, size), valid.y, valid.groups)
    predicted = refit.logits(trainer.extract(network, feed, rows, size)).argmax(axis=1)
    return predicted, {"dfr_strength": repr(refit.strength)}


def _record(
    setup: Setup,
    key: TrialKey,
    mixture: mixtures.Mixture,
    real: Scores,
    synthetic: Scores,
    facts: dict[str, str],
    status: str,
    seconds: float,
) -> dict[str, object]:
    labels = setup.labels
    named = {code: labels.group_name(code) for code in mixtures.crosses(labels)}
    excluded = [
        name for code, name in named.items() if code not in {group.code for group in real.groups}
    ]
    worst = next((group for group in real.groups if group.code == real.worst), None)

    def number(name: str) -> float | None:
        return float(facts[name]) if name in facts else None

    return {
        "trial": key.name,
        "mixture": key.mixture,
        "objective": key.objective,
        "seed": key.seed,
        "severity": key.severity,
        "version_id": None if key.version < 0 else labels.versions[key.version],
        "status": status,
        "lr": number("lr"),
        "lr_stage1": number("lr_stage1"),
        "worst_accuracy": real.worst_accuracy,
        "worst_group": None if worst is None else named[worst.code],
        "worst_n": None if worst is None else worst.n,
        "worst_low": None if worst is None else worst.low,
        "worst_high": None if worst is None else worst.high,
        "balanced_accuracy": real.balanced_accuracy,
        "valid_worst": number("valid_worst"),
        "valid_balanced": number("valid_balanced"),
        "synthetic_worst_accuracy": synthetic.worst_accuracy,
        "synthetic_worst_group": None
        if synthetic.worst is None
        else (
            labels.group_name(synthetic.worst)
            if labels.synthetic_has_bias
            else labels.classes[synthetic.worst // len(labels.biases)]
        ),
        "synthetic_balanced_accuracy": synthetic.balanced_accuracy,
        "n_real": sum(int(np.sum(~labels.synthetic[stage.rows])) for stage in mixture.stages),
        "n_synthetic": mixture.n_synthetic,
        "wanted": mixture.wanted,
        "shortfall": mixture.shortfall,
        "epochs": None if "epochs" not in facts else int(facts["epochs"]),
        "epochs_stage1": None if "epochs_stage1" not in facts else int(facts["epochs_stage1"]),
        "dfr_strength": number("dfr_strength"),
        "seconds": seconds,
        "excluded": json.dumps(excluded),
        "parameters": setup.parameters.as_json(),
        "software": json.dumps(software()),
    }


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
