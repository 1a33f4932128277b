"""Does it help? Means over seeds, paired tests, and the sentence that says it plainly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from core.analysis.coverage.confidence import wilson
from core.contracts.study import (
    MIXTURE_NAMES,
    OBJECTIVE_NAMES,
    OBJECTIVES,
    Mixture,
    Objective,
)
from core.contracts.study_rows import MixtureVerdict, SummaryRow

RESAMPLES = 1000  # of the bootstrap: the ends of a 95 % interval rest on 25 of them each
SIGNIFICANT = 0.05  # p of the paired test below which seeds agree: the usual 5 %


@dataclass(frozen=True)
class TrialOutcome:
    """One trial's part of a comparison: ``right`` (n,) bool on the real test images, in one order
    for all trials.
    """

    seed: int
    worst_accuracy: float
    balanced_accuracy: float
    right: np.ndarray


@dataclass(frozen=True)
class ComparedTrials:
    """Trials that can be compared: of one version at one severity, and those on real images alone.

    ``outcomes``: (mixture, objective) → its trials; ``groups`` (n,): group code of each real test
    image; ``name``: a group code in words.
    """

    version_id: int | None
    severity: int
    outcomes: dict[tuple[Mixture, Objective], list[TrialOutcome]]
    groups: np.ndarray
    name: Callable[[int], str]


@dataclass(frozen=True)
class PairedDifference:
    """Worst-group accuracy of one mixture minus another's, in shares of 1.

    ``difference`` ± ``deviation`` over seeds; ``p`` of the paired t test over seeds (None with one
    seed, or where all seeds differ by the same amount); ``low``, ``high``: 95 % bootstrap interval
    over test images, drawn within groups; ``p_images``: McNemar's exact test on the images of the
    baseline's worst group.
    """

    difference: float
    deviation: float
    seeds: int
    p: float | None
    low: float
    high: float
    p_images: float


def compare(
    outcomes: list[TrialOutcome], baseline: list[TrialOutcome], groups: np.ndarray, seed: int = 0
) -> PairedDifference:
    """Compare two mixtures on the seeds that both have. ``groups`` (n,): group of each real test
    image. Raises ValueError where they share no seed.
    """
    pairs = [(a, b) for a in outcomes for b in baseline if a.seed == b.seed]
    if not pairs:
        raise ValueError("the two mixtures share no seed")
    change = np.array([a.worst_accuracy - b.worst_accuracy for a, b in pairs])
    deviation = float(change.std(ddof=1)) if len(change) > 1 else 0.0
    p = None
    if len(change) > 1 and deviation > 1e-12:
        p = float(stats.ttest_1samp(change, 0.0).pvalue)
    right = np.array([a.right for a, _ in pairs], dtype=float)
    baseline_right = np.array([b.right for _, b in pairs], dtype=float)
    low, high = _bootstrap(right, baseline_right, groups, seed)
    return PairedDifference(
        float(change.mean()),
        deviation,
        len(change),
        p,
        low,
        high,
        _mcnemar(right, baseline_right, groups),
    )


def sentence(
    paired: PairedDifference, mixture: Mixture, baseline: Mixture, objective: Objective
) -> str:
    """ "Under ERM, FFR improves worst-group accuracy by 17 ± 4 points over no synthetic data; p =
    0.01, 3 seeds."

    It says "improves" or "lowers" only where the 95 % interval over test images and, with two seeds
    or more, the paired test over seeds both leave zero out; else that there is no clear difference.
    """
    name, other = MIXTURE_NAMES[mixture], MIXTURE_NAMES[baseline]
    start = f"Under {OBJECTIVE_NAMES[objective]}, {name[0].upper()}{name[1:]}"
    points = 100 * paired.difference
    spread = f" ± {100 * paired.deviation:.0f}" if paired.seeds > 1 else ""
    by_images = f"{100 * paired.low:+.0f} to {100 * paired.high:+.0f} points"
    tail = f"{_seeds_test(paired)} (test images alone: {by_images})."
    images_agree = paired.low > 0 or paired.high < 0
    seeds_agree = paired.p is None or paired.p < SIGNIFICANT
    if images_agree and seeds_agree and points != 0:
        verb = "improves" if points > 0 else "lowers"
        return (
            f"{start} {verb} worst-group accuracy by {abs(points):.0f}{spread} points over "
            f"{other}; {tail}"
        )
    return (
        f"{start} makes no clear difference to worst-group accuracy over {other}: "
        f"{round(points) + 0:+d}{spread} points; {tail}"
    )


def verdicts(trials: ComparedTrials) -> list[MixtureVerdict]:
    """One verdict for each objective and mixture against the baseline ``none``, and for FFR against
    USB and ASB.
    """
    rows = []
    for objective in OBJECTIVES:
        have = [mixture for mixture, other in trials.outcomes if other == objective]
        for mixture, baseline in _pairs(have):
            outcomes = trials.outcomes[mixture, objective]
            others = trials.outcomes[baseline, objective]
            if not {a.seed for a in outcomes} & {b.seed for b in others}:
                continue
            paired = compare(outcomes, others, trials.groups)
            rows.append(
                MixtureVerdict(
                    version_id=trials.version_id,
                    severity=trials.severity,
                    mixture=mixture,
                    baseline=baseline,
                    objective=objective,
                    **asdict(paired),
                    text=sentence(paired, mixture, baseline, objective),
                )
            )
    return rows


def summarise(trials: ComparedTrials) -> list[SummaryRow]:
    """Mean ± deviation over seeds of worst-group and mean-group accuracy for each (mixture,
    objective), and the pooled worst group: the group with the lowest accuracy averaged over seeds.

    Its Wilson interval counts each test image once however many seeds looked at it, since the same
    images seen by three seeds are not three times as many images.
    """
    rows = []
    codes = np.unique(trials.groups)
    for (mixture, objective), outcomes in trials.outcomes.items():
        worst = np.array([trial.worst_accuracy for trial in outcomes])
        balanced = np.array([trial.balanced_accuracy for trial in outcomes])
        right = np.mean([trial.right for trial in outcomes], axis=0)[None].astype(float)
        means = _group_means(right, trials.groups)[0]
        place = int(np.argmin(means))
        n = int(np.sum(trials.groups == codes[place]))
        low, high = wilson(means[place] * n, n)
        rows.append(
            SummaryRow(
                version_id=trials.version_id,
                severity=trials.severity,
                mixture=mixture,
                objective=objective,
                seeds=len(outcomes),
                worst_mean=float(worst.mean()),
                worst_sd=_sd(worst),
                balanced_mean=float(balanced.mean()),
                balanced_sd=_sd(balanced),
                pooled_worst=float(means[place]),
                pooled_worst_n=n,
                pooled_low=low,
                pooled_high=high,
                pooled_worst_group=trials.name(int(codes[place])),
            )
        )
    return rows


def _pairs(have: list[Mixture]) -> list[tuple[Mixture, Mixture]]:
    """What is compared with what: everything with ``none``, FFR with USB and ASB."""
    pairs: list[tuple[Mixture, Mixture]] = [
        (one, Mixture.NONE) for one in have if one != Mixture.NONE and Mixture.NONE in have
    ]
    if Mixture.FFR in have:
        pairs += [(Mixture.FFR, other) for other in (Mixture.USB, Mixture.ASB) if other in have]
    return pairs


def _seeds_test(paired: PairedDifference) -> str:
    if paired.seeds < 2:
        return "one seed, so no test over seeds"
    if paired.p is None:
        return f"the same difference in all {paired.seeds} seeds"
    p = "p < 0.001" if paired.p < 0.001 else f"p = {paired.p:.2g}"
    return f"{p}, {paired.seeds} seeds"


def _sd(values: np.ndarray) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _group_means(right: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Accuracy of each group in each row of ``right`` (r, n): (r, number of groups)."""
    codes, index = np.unique(groups, return_inverse=True)
    member = np.zeros((len(groups), len(codes)))
    member[np.arange(len(groups)), index] = 1
    return (right @ member) / member.sum(axis=0)


def _bootstrap(
    right: np.ndarray, baseline: np.ndarray, groups: np.ndarray, seed: int
) -> tuple[float, float]:
    """95 % interval of the mean difference of worst-group accuracies when test images are redrawn
    within groups. ``right`` and ``baseline`` (seeds, n).
    """
    rng = np.random.default_rng(seed)
    accuracies, baseline_accuracies = [], []
    for code in dict.fromkeys(groups.tolist()):  # in the order in which groups first occur
        rows = np.flatnonzero(groups == code)
        drawn = rng.integers(0, len(rows), size=(RESAMPLES, len(rows)))
        accuracies.append(right[:, rows][:, drawn].mean(axis=2))
        baseline_accuracies.append(baseline[:, rows][:, drawn].mean(axis=2))
    changes = np.min(accuracies, axis=0) - np.min(baseline_accuracies, axis=0)
    low, high = np.percentile(changes.mean(axis=0), [2.5, 97.5])
    return float(low), float(high)


def _mcnemar(right: np.ndarray, baseline: np.ndarray, groups: np.ndarray) -> float:
    """McNemar's exact test on the images of the baseline's worst group (majority over seeds decides
    an image).
    """
    codes = np.unique(groups)
    means = _group_means(baseline.mean(axis=0)[None], groups)[0]
    members = groups == codes[int(np.argmin(means))]
    a, b = right[:, members].mean(axis=0) > 0.5, baseline[:, members].mean(axis=0) > 0.5
    gained, lost = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    if gained + lost == 0:
        return 1.0
    return float(stats.binomtest(gained, gained + lost, 0.5).pvalue)
