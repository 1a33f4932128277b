"""Which encoder sees gaps best in this data: the same gaps, injected under every encoder.

All encoders are tried on the same images and the same groups of real images: classes where those
are known, else clusters of all encoders' vectors side by side, so that no encoder plays at home. A
group's look-alikes are hidden from the version, and the encoder is scored by how well its ranking
then sets the group's images apart (AUROC). The intervals are over gaps: another draw of gaps in
data like these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.analysis.coverage.clusters import real_clusters
from core.analysis.coverage.judgement import InjectedGap
from core.analysis.coverage.selftest import WHOLE, injected_gaps
from core.analysis.types import Floats, Ints, OnProgress, unheard
from core.analysis.vectors.alignment import Views
from core.contracts.compare_spec import CompareParameters
from core.errors import InputError

# gaps that two encoders must share before one is said to be better: below, the interval of their
# difference hangs on single gaps
LEAST_GAPS = 4
GAPS_MOST = 30  # groups that are hidden, the largest first: seconds each
# images of a class, below which it is no gap to find: a score is a mean over 20 neighbours
LEAST_CLASS = 20
LABELLED = 0.9  # of the real images, for the classes to be the groups


@dataclass(frozen=True)
class Sides:
    """One encoder's vectors of the n real and m synthetic images."""

    real: Views
    synthetic: Views


@dataclass(frozen=True)
class Trial:
    """What one encoder saw.

    ``groups``: gaps that any encoder could be tested on; ``gaps``: that this one could;
    ``recovered``: of them found; ``auroc``: mean, with its 95 % interval over gaps (None below two
    gaps). ``behind``: by how much the best encoder's AUROC is higher on the gaps that both were
    tested on, with its interval (None for the best itself, or too few gaps). ``clear``: it is the
    best, and by more than chance gives against every other.
    """

    groups: int
    gaps: int
    recovered: int
    auroc: float | None
    low: float | None
    high: float | None
    behind: float | None
    behind_low: float | None
    behind_high: float | None
    clear: bool


def try_encoders(
    encoders: Sequence[Sides],
    classes: Sequence[str | None],
    *,
    seed: int = 0,
    progress: OnProgress = unheard,
) -> tuple[tuple[Trial, ...], bool]:
    """One trial for each encoder, and whether the gaps were classes.

    Row i is the same image in every encoder's vectors; ``classes`` (n,): None where unknown. Raises
    :class:`InputError` where the real images fall into fewer than two groups.
    """
    labels = class_groups(classes)
    by_class = labels is not None
    if labels is None:
        labels = _together([sides.real for sides in encoders], seed)
    if labels.max(initial=0) < 1:
        raise InputError(
            "The real images of the sample are one group: there is no gap to inject",
            "Take more images (--sample), or give labels.",
        )
    labels = _largest_first(labels)
    found = []
    for place, sides in enumerate(encoders):
        progress("inject gaps", place, len(encoders))
        gaps = _injected(sides, labels, seed)
        found.append({gap.injected_cluster: gap for gap in gaps})
    progress("inject gaps", len(encoders), len(encoders))
    return _trials(found), by_class


def class_groups(classes: Sequence[str | None]) -> Ints | None:
    """Groups int64 (n,) by class, where at least nine in ten images have one and four classes have
    twenty images (fewer gaps could not tell encoders apart); None otherwise. Small classes and
    images without one are a group together.
    """
    known = [name for name in classes if name]
    names = sorted({name for name in known if known.count(name) >= LEAST_CLASS})
    if len(known) < LABELLED * len(classes) or len(names) < LEAST_GAPS:
        return None
    place = {name: number for number, name in enumerate(names)}
    groups = [place.get(name or "", len(names)) for name in classes]
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _injected(sides: Sides, labels: Ints, seed: int) -> tuple[InjectedGap, ...]:
    """The gaps that one encoder was tested on. The only place that knows how gaps are injected."""
    parameters = CompareParameters(injected=GAPS_MOST)
    return injected_gaps(
        sides.real, sides.synthetic, labels, parameters, seed, strengths=(WHOLE,), every=True
    )


def _together(views: Sequence[Views], seed: int) -> Ints:
    """Clusters int64 (n,) of all encoders' vectors side by side, each with the same weight."""
    parts = []
    for one in views:
        centred = one.plain - one.plain.mean(axis=0)
        spread = float(np.sqrt((centred.astype(np.float64) ** 2).sum(axis=1).mean()))
        parts.append(centred / max(spread, 1e-12))
    return real_clusters(Views(np.hstack(parts).astype(np.float32)), 0, seed)


def _largest_first(labels: Ints) -> Ints:
    """The same groups, numbered by size: the first are the ones that are hidden."""
    order = np.argsort(-np.bincount(labels), kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place[labels]


def _trials(found: Sequence[dict[int, InjectedGap]]) -> tuple[Trial, ...]:
    groups = len(set().union(*found))
    means = [
        float(np.mean([gap.auroc for gap in gaps.values()])) if gaps else -1.0 for gaps in found
    ]
    best = int(np.argmax(means))
    behind = [_behind(found[best], gaps, len(found) - 1) for gaps in found]
    others = [one for place, one in enumerate(behind) if place != best]
    clear = bool(others) and all(one is not None and one[1] > 0 for one in others)
    trials = []
    for place, gaps in enumerate(found):
        low, high = _interval(np.array([gap.auroc for gap in gaps.values()]))
        apart = None if place == best else behind[place]
        trials.append(
            Trial(
                groups=groups,
                gaps=len(gaps),
                recovered=sum(gap.recovered for gap in gaps.values()),
                auroc=means[place] if gaps else None,
                low=None if low is None else max(0.0, low),
                high=None if high is None else min(1.0, high),
                behind=apart[0] if apart else None,
                behind_low=apart[1] if apart else None,
                behind_high=apart[2] if apart else None,
                clear=clear and place == best,
            )
        )
    return tuple(trials)


def _behind(
    best: dict[int, InjectedGap], other: dict[int, InjectedGap], comparisons: int
) -> tuple[float, float, float] | None:
    """By how much the best is ahead on the gaps that both were tested on, with an interval that
    holds for so many comparisons at once (Bonferroni). None below four such gaps.
    """
    both = sorted(best.keys() & other.keys())
    if len(both) < LEAST_GAPS:
        return None
    ahead = np.array([best[gap].auroc - other[gap].auroc for gap in both])
    low, high = _interval(ahead, comparisons)
    assert low is not None and high is not None
    return float(ahead.mean()), low, high


def _interval(values: Floats, comparisons: int = 1) -> tuple[float | None, float | None]:
    """The 95 % interval of a mean by Student's t; None below two values."""
    n = len(values)
    if n < 2:
        return None, None
    level = 1 - 0.025 / max(1, comparisons)
    reach = float(stats.t.ppf(level, n - 1)) * float(values.std(ddof=1)) / np.sqrt(n)
    return float(values.mean() - reach), float(values.mean() + reach)
