"""Does it help? Means over seeds, paired tests, and the sentence that says it plainly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.finetune.evaluation import wilson
from core.finetune.parameters import MIXTURE_NAMES, OBJECTIVE_NAMES

RESAMPLES = 1000


@dataclass(frozen=True)
class Outcome:
    """One trial's part of a comparison: ``right`` (n,) bool on the real test images, in one order
    for all trials.
    """

    seed: int
    worst_accuracy: float
    balanced_accuracy: float
    right: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Worst accuracy of one mixture minus another's, in shares of 1.

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
    ours: list[Outcome], theirs: list[Outcome], groups: np.ndarray, seed: int = 0
) -> Comparison:
    """Compare two mixtures on the seeds that both have. ``groups`` (n,): group of each real test
    image.
    """
    pairs = [(a, b) for a in ours for b in theirs if a.seed == b.seed]
    if not pairs:
        raise ValueError("the two mixtures share no seed")
    change = np.array([a.worst_accuracy - b.worst_accuracy for a, b in pairs])
    deviation = float(change.std(ddof=1)) if len(change) > 1 else 0.0
    p = None
    if len(change) > 1 and deviation > 1e-12:
        p = float(stats.ttest_1samp(change, 0.0).pvalue)
    our_right = np.array([a.right for a, _ in pairs], dtype=float)
    their_right = np.array([b.right for _, b in pairs], dtype=float)
    low, high = _bootstrap(our_right, their_right, groups, seed)
    return Comparison(
        float(change.mean()),
        deviation,
        len(change),
        p,
        low,
        high,
        _mcnemar(our_right, their_right, groups),
    )


def sentence(comparison: Comparison, mixture: str, baseline: str, objective: str) -> str:
    """ "Under ERM, FFR improves worst accuracy by 17 ± 4 points over no synthetic data; p = 0.01, 3
    seeds."

    It says "improves" or "lowers" only where the 95 % interval over test images and, with two seeds
    or more, the paired test over seeds both leave zero out; else that there is no clear difference.
    """
    ours, theirs = MIXTURE_NAMES[mixture], MIXTURE_NAMES[baseline]
    ours = ours[0].upper() + ours[1:]
    points = 100 * comparison.difference
    if comparison.seeds < 2:
        spread, test = "", "one seed, so no test over seeds"
    else:
        spread = f" ± {100 * comparison.deviation:.0f}"
        test = (
            f"{_p(comparison.p)}, {comparison.seeds} seeds"
            if comparison.p is not None
            else (f"the same difference in all {comparison.seeds} seeds")
        )
    by_images = comparison.low > 0 or comparison.high < 0
    by_seeds = comparison.p is None or comparison.p < 0.05
    tail = f"{test} (test images alone: {100 * comparison.low:+.0f} to {100 * comparison.high:+.0f} points)"
    under = f"Under {OBJECTIVE_NAMES[objective]}, "
    if by_images and by_seeds and comparison.difference != 0:
        verb = "improves" if points > 0 else "lowers"
        return f"{under}{ours} {verb} worst accuracy by {abs(points):.0f}{spread} points over {theirs}; {tail}."
    return (
        f"{under}{ours} makes no clear difference to worst accuracy over {theirs}: {round(points) + 0:+d}{spread} points; "
        f"{tail}."
    )


def verdicts(
    outcomes: dict[tuple[str, str], list[Outcome]], groups: np.ndarray
) -> list[dict[str, object]]:
    """One verdict for each objective and mixture against the baseline ``none``, and for FFR against
    USB and ASB.

    ``outcomes``: (mixture, objective) → its trials. Returns flat dicts with the comparison's
    numbers and ``text``.
    """
    found: list[dict[str, object]] = []
    for objective in OBJECTIVE_NAMES:
        have = [mixture for mixture, other in outcomes if other == objective]
        pairs = [(mixture, "none") for mixture in have if mixture != "none" and "none" in have]
        pairs += [("ffr", other) for other in ("usb", "asb") if "ffr" in have and other in have]
        for mixture, baseline in pairs:
            ours, theirs = outcomes[mixture, objective], outcomes[baseline, objective]
            if not {a.seed for a in ours} & {b.seed for b in theirs}:
                continue
            result = compare(ours, theirs, groups)
            found.append(
                {
                    "mixture": mixture,
                    "baseline": baseline,
                    "objective": objective,
                    **vars(result),
                    "text": sentence(result, mixture, baseline, objective),
                }
            )
    return found


def summarise(
    outcomes: dict[tuple[str, str], list[Outcome]], groups: np.ndarray
) -> list[dict[str, object]]:
    """Mean ± deviation over seeds of worst and balanced accuracy for each (mixture, objective), and
    the pooled worst group: the group with the lowest accuracy averaged over seeds.

    Its Wilson interval counts each test image once however many seeds looked at it, since the same
    images seen by three seeds are not three times as many images.
    """
    found = []
    for (mixture, objective), trials in outcomes.items():
        worst = np.array([trial.worst_accuracy for trial in trials])
        balanced = np.array([trial.balanced_accuracy for trial in trials])
        means = _group_means(
            np.mean([trial.right for trial in trials], axis=0)[None].astype(float), groups
        )[0]
        codes = np.unique(groups)
        place = int(np.argmin(means))
        n = int(np.sum(groups == codes[place]))
        low, high = wilson(means[place] * n, n)
        found.append(
            {
                "mixture": mixture,
                "objective": objective,
                "seeds": len(trials),
                "worst_mean": float(worst.mean()),
                "worst_sd": _sd(worst),
                "balanced_mean": float(balanced.mean()),
                "balanced_sd": _sd(balanced),
                "pooled_worst": float(means[place]),
                "pooled_worst_code": int(codes[place]),
                "pooled_worst_n": n,
                "pooled_low": low,
                "pooled_high": high,
            }
        )
    return found


def _sd(values: np.ndarray) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _group_means(right: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Accuracy of each group in each row of ``right`` (r, n): (r, number of groups)."""
    codes, index = np.unique(groups, return_inverse=True)
    member = np.zeros((len(groups), len(codes)))
    member[np.arange(len(groups)), index] = 1
    return (right @ member) / member.sum(axis=0)


def _bootstrap(
    ours: np.ndarray, theirs: np.ndarray, groups: np.ndarray, seed: int
) -> tuple[float, float]:
    """95 % interval of the mean difference of worst accuracies when test images are redrawn within
    groups.
    """
    rng = np.random.default_rng(seed)
    members = defaultdict(list)
    for place, code in enumerate(groups):
        members[int(code)].append(place)
    changes = []
    sets = [np.array(rows) for rows in members.values()]
    our_groups, their_groups = [], []
    for rows in sets:
        drawn = rng.integers(0, len(rows), size=(RESAMPLES, len(rows)))
        our_groups.append(ours[:, rows][:, drawn].mean(axis=2))
        their_groups.append(theirs[:, rows][:, drawn].mean(axis=2))
    changes = np.min(our_groups, axis=0) - np.min(their_groups, axis=0)  # (seeds, RESAMPLES)
    low, high = np.percentile(changes.mean(axis=0), [2.5, 97.5])
    return float(low), float(high)


def _mcnemar(ours: np.ndarray, theirs: np.ndarray, groups: np.ndarray) -> float:
    """McNemar's exact test on the images of the baseline's worst group (majority over seeds decides
    an image).
    """
    codes = np.unique(groups)
    means = _group_means(theirs.mean(axis=0)[None], groups)[0]
    mine = groups == codes[int(np.argmin(means))]
    a, b = ours[:, mine].mean(axis=0) > 0.5, theirs[:, mine].mean(axis=0) > 0.5
    gained, lost = int(np.sum(a & ~b)), int(np.sum(b & ~a))
    if gained + lost == 0:
        return 1.0
    return float(stats.binomtest(gained, gained + lost, 0.5).pvalue)


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
