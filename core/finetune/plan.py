"""What a study would do, before anything is trained: groups, synthetic images used, bias numbers,
problems, trials.

:func:`check` is pure NumPy, so the page calls it in the server process at every change of a
parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.contracts.study import MIXTURE_NAMES, Mixture, Objective, StudySpec
from core.contracts.study_rows import BiasRow, UseRow
from core.errors import InputError
from core.finetune import bias, groups, mixtures
from core.finetune.groups import TEST, TRAIN, VALID, StudyLabels
from core.finetune.mixtures import StagedMixture
from core.finetune.problems import NEEDS_EVERY_GROUP, Problem, problems
from core.finetune.study_images import StudyImages

EVEN = 0.9  # mixtures count as unequal where one gets less than this share of another's images


@dataclass(frozen=True)
class GroupCounts:
    """Images of one cell of the Y × B table. ``exists``: some image, real or synthetic, is in it;
    ``empty``: no real training image is.
    """

    class_: str
    bias: str
    exists: bool
    real_train: int
    real_valid: int
    real_test: int
    synthetic_train: int
    synthetic_valid: int
    synthetic_test: int
    empty: bool


@dataclass(frozen=True)
class MixtureCounts:
    """Training images of a mixture; ``note`` says where synthetic ones are too few."""

    mixture: Mixture
    version_id: int | None
    n_real: int
    n_synthetic: int
    wanted: int
    shortfall: int
    note: str


@dataclass(frozen=True)
class StudyPlan:
    """Everything the page previews.

    ``groups``: one a cell of the Y × B table. ``uses``: synthetic images that each mixture draws
    from each group. ``mixtures``: one a mixture and version. ``bias``: one a mixture, version and
    stage; the real set is mixture ``none``. ``bias_ratio``: see :func:`groups.bias_ratio`.
    ``excluded``: groups without a real test image, by name. ``trials``: number of training runs.
    ``labels`` is kept for the study.
    """

    labels: StudyLabels
    groups: tuple[GroupCounts, ...]
    uses: tuple[UseRow, ...]
    mixtures: tuple[MixtureCounts, ...]
    bias: tuple[BiasRow, ...]
    bias_ratio: float
    budget: int
    excluded: tuple[str, ...]
    trials: int
    problems: tuple[Problem, ...]

    def raise_for_errors(self) -> None:
        """Raise :class:`InputError` for the first fatal problem."""
        for problem in self.problems:
            if problem.fatal:
                raise InputError(problem.what, problem.remedy)


@dataclass(frozen=True)
class TrialKey:
    """What tells one trial from another. ``version`` indexes ``labels.versions`` (-1: no synthetic
    images). ``mixture`` may also name a stage that several mixtures share.
    """

    version: int
    severity: int
    mixture: str
    objective: Objective
    seed: int

    @property
    def name(self) -> str:
        """A file name: ``v00-ffr-erm-0``, or ``real-none-erm-0``; ``…-c3`` with corruption 3."""
        owner = "real" if self.version < 0 else f"v{self.version:02d}"
        corrupted = f"-c{self.severity}" if self.severity else ""
        return f"{owner}-{self.mixture}-{self.objective}-{self.seed}{corrupted}"


def check(images: StudyImages, spec: StudySpec) -> StudyPlan:
    """What a study on these images would do. Raises :class:`InputError` where labels are missing
    altogether; everything else wrong is in ``problems``.
    """
    labels = groups.encode(
        images,
        split=spec.split,
        synthetic_split=spec.synthetic_split,
        seed=spec.split_seed,
    )
    known = problems(labels, spec)
    drawable = not any(problem.fatal for problem in known)
    budget = spec.synthetic_budget or (mixtures.usb_need(labels) if drawable else 0)
    built = _built(labels, spec, budget) if drawable else []
    counted = [_mixture_counts(labels, one, budget) for one in built if one.chosen]
    known += _shortfalls(counted)
    known += [Problem(note) for note in labels.notes]
    test = labels.counts(synthetic=False, split=TEST)
    return StudyPlan(
        labels=labels,
        groups=_group_counts(labels),
        uses=tuple(use for one in built if one.chosen for use in _uses(labels, one, budget)),
        mixtures=tuple(counted),
        bias=tuple(row for one in built for row in _bias_rows(labels, one)),
        bias_ratio=groups.bias_ratio(labels),
        budget=budget,
        excluded=tuple(
            labels.group_name(code) for code in mixtures.crosses(labels) if test[code] == 0
        ),
        trials=len(trial_keys(labels, spec)),
        problems=tuple(known),
    )


def trial_keys(labels: StudyLabels, spec: StudySpec) -> list[TrialKey]:
    """All trials in the order they run: seed by seed and objective by objective, so that a study
    that runs out of time has compared all mixtures on what it finished. "Synthetic only" is ERM by
    definition.
    """
    keys = []
    for seed in spec.seeds:
        for objective in spec.objectives:
            for mixture in spec.mixtures:
                if mixture == Mixture.NONE:
                    keys.append(TrialKey(-1, 0, mixture, objective, seed))
                    continue
                if mixture == Mixture.SYNTHETIC and objective != Objective.ERM:
                    continue
                keys.extend(
                    TrialKey(version, severity, mixture, objective, seed)
                    for version in range(len(labels.versions))
                    for severity in spec.severities
                )
    return keys


@dataclass(frozen=True)
class _Built:
    """One mixture as it would be trained. ``chosen``: the study asks for it (``none`` is built in
    any case, for the bias numbers of the real set).
    """

    mixture: StagedMixture
    version: int
    chosen: bool


def _built(labels: StudyLabels, spec: StudySpec, budget: int) -> list[_Built]:
    built = []
    for name in dict.fromkeys((Mixture.NONE, *spec.mixtures)):
        for version in [-1] if name == Mixture.NONE else range(len(labels.versions)):
            mixture = mixtures.build(labels, name, version, seed=0, budget=budget)
            built.append(_Built(mixture, version, name in spec.mixtures))
    return built


def _group_counts(labels: StudyLabels) -> tuple[GroupCounts, ...]:
    known = set(mixtures.crosses(labels).tolist())
    real, synthetic = (
        [labels.counts(synthetic=made, split=split).tolist() for split in (TRAIN, VALID, TEST)]
        for made in (False, True)
    )
    rows = []
    for code in range(labels.n_groups):
        klass, value = labels.group_parts(code)
        rows.append(
            GroupCounts(
                class_=klass,
                bias=value,
                exists=code in known,
                real_train=real[TRAIN][code],
                real_valid=real[VALID][code],
                real_test=real[TEST][code],
                synthetic_train=synthetic[TRAIN][code],
                synthetic_valid=synthetic[VALID][code],
                synthetic_test=synthetic[TEST][code],
                empty=real[TRAIN][code] == 0,
            )
        )
    return tuple(rows)


def _mixture_counts(labels: StudyLabels, built: _Built, budget: int) -> MixtureCounts:
    mixture = built.mixture
    n_real = len(labels.rows(synthetic=False, split=TRAIN))
    return MixtureCounts(
        mixture=mixture.name,
        version_id=labels.version_id(built.version),
        n_real=0 if mixture.name == Mixture.SYNTHETIC else n_real,
        n_synthetic=mixture.n_synthetic,
        wanted=mixture.wanted,
        shortfall=mixture.shortfall,
        note=_shortfall_note(labels, built, budget),
    )


def _uses(labels: StudyLabels, built: _Built, budget: int) -> list[UseRow]:
    name = built.mixture.name
    if name == Mixture.NONE:
        return []
    counts, _ = mixtures.draw_counts(labels, name, built.version, budget)
    rows = []
    for cell, number in enumerate(counts):
        klass, value = (
            labels.group_parts(cell) if labels.synthetic_has_bias else (labels.classes[cell], None)
        )
        rows.append(UseRow(name, labels.version_id(built.version), klass, value, int(number)))
    return rows


def _bias_rows(labels: StudyLabels, built: _Built) -> list[BiasRow]:
    rows = []
    for stage in built.mixture.stages:
        counts = mixtures.stage_counts(labels, stage)
        numbers = bias.bias_numbers(counts) if counts.sum() else bias.UNKNOWN
        rows.append(
            BiasRow(
                mixture=built.mixture.name,
                version_id=labels.version_id(built.version),
                stage=stage.name,
                images=len(stage.rows),
                entropy=numbers.entropy,
                by_bias=numbers.by_bias,
                by_bias_domain=numbers.by_bias_domain,
                sentence=numbers.sentence,
            )
        )
    return rows


def _shortfalls(counted: list[MixtureCounts]) -> list[Problem]:
    """Mixtures that want more synthetic images than there are, and an unequal comparison."""
    known = [Problem(f"{MIXTURE_NAMES[one.mixture]}: {one.note}") for one in counted if one.note]
    compared = (Mixture.USB, Mixture.ASB, Mixture.FFR)
    drawn = {one.mixture: one.n_synthetic for one in counted if one.mixture in compared}
    if len(drawn) > 1 and min(drawn.values()) < EVEN * max(drawn.values()):
        listed = ", ".join(f"{MIXTURE_NAMES[name]} {number:,}" for name, number in drawn.items())
        known.append(
            Problem(
                f"The mixtures do not get the same number of synthetic images ({listed})",
                f"Set the synthetic budget to {min(drawn.values())} for an equal comparison.",
            )
        )
    return known


def _shortfall_note(labels: StudyLabels, built: _Built, budget: int) -> str:
    mixture = built.mixture
    if mixture.shortfall <= 0:
        return ""
    note = (
        f"wants {mixture.wanted:,} synthetic images and gets {mixture.n_synthetic:,} "
        f"({mixture.shortfall:,} too few)"
    )
    counts, _ = mixtures.draw_counts(labels, mixture.name, built.version, budget)
    balanced = mixture.name in NEEDS_EVERY_GROUP and labels.synthetic_has_bias
    if balanced and counts.max() > 0:
        cells = mixtures.crosses(labels)
        have = labels.counts(synthetic=True, split=TRAIN, version=built.version)[cells]
        fewest = cells[int(np.argmin(have))]
        note += f"; the balance is limited by {labels.group_name(fewest)} with {have.min():,}"
    return note
