"""Doing it again on purpose: gaps injected to test the judgement, re-runs to see which groups last,
and one half of the real images against the other, where nothing is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score

from core.analysis.coverage.evidence import LEFT, resembled
from core.analysis.coverage.judge import Judged, judge
from core.analysis.coverage.judgement import InjectedGap
from core.analysis.coverage.space import neighbourhoods, view_name
from core.analysis.types import Floats, Ints
from core.analysis.vectors.alignment import Views, aligned_views, domain_aligned
from core.analysis.vectors.neighbors import unit
from core.contracts.compare_spec import CompareParameters
from core.contracts.words import Tier

SMALLEST_HALVED = 80  # real images below which half of them cannot be judged
RERUN_SHARE = 0.8  # of both sides: halves of a small set are another set
RERUN_SIZE = 1200  # images of each side that a re-run looks at: seconds, at any size of the sets
WHOLE = 1.0
STRENGTHS = (WHOLE, 0.95, 0.8)  # share of a kind's images that an injected gap hides
MOST_HIDDEN = 0.5  # share of the version, beyond which what is left is another version


@dataclass(frozen=True)
class Reruns:
    """What re-runs say of C clusters: ``probability`` (C,), the mean over re-runs, NaN where a
    cluster was in none; ``stability`` (C,): share of them that say absent; ``rates`` (runs,): the
    share of the real images that each lists.
    """

    probability: Floats
    stability: Floats
    rates: Floats


def baseline(real: Views, labels: Ints, parameters: CompareParameters, seed: int) -> float | None:
    """The share of real images listed of one half against the other, where nothing is missing. None
    where the halves are too small to be judged.
    """
    if len(real) < SMALLEST_HALVED:
        return None
    order = np.random.default_rng(seed).permutation(len(real))
    half, other = np.sort(order[: len(real) // 2]), np.sort(order[len(real) // 2 :])
    compact, one = _compact(labels[half]), real.take(half)
    judged = judge(one, real.take(other), compact, neighbourhoods(one, parameters, seed), seed)
    if judged.decision is None:
        return None
    return float(_absent(judged, compact, len(other))[compact].mean())


def injected_gaps(
    real: Views,
    version: Views,
    labels: Ints,
    parameters: CompareParameters,
    seed: int,
    *,
    strengths: tuple[float, ...] = STRENGTHS,
    every: bool = False,
) -> tuple[InjectedGap, ...]:
    """The self-test: hide what a renderer would have left out, and see what is said of it.

    The version's images are grouped by themselves, without the score that is tested; a cluster of
    real images is given the groups that look most like it, and of these all, 95 % and 80 % of the
    images are hidden. Up to 1,200 images of each side are used. Clusters that are absent already,
    that nothing looks most like, or whose hiding would leave less than half of the version cannot
    be tested. ``every``: also clusters that are absent already, and versions that cannot be judged.
    """
    rows, columns = (
        _part(len(side), np.random.default_rng((seed, 77, place)))
        for place, side in enumerate((real, version))
    )
    real, version, labels = real.take(rows), version.take(columns), _compact(labels[rows])
    count = int(labels.max()) + 1
    if not parameters.injected or count < 2 or len(version) < 4 * LEFT:
        return ()
    around = neighbourhoods(real, parameters, seed)
    before = judge(real, version, labels, around, seed)
    if before.decision is None and not every:
        return ()
    known = _absent(before, labels, len(version))
    belongs = _belongs(real, version, labels, seed)
    found: list[InjectedGap] = []
    tested = 0
    for cluster in range(count):
        alike = np.flatnonzero(belongs == cluster)
        if tested >= parameters.injected:
            break
        if (
            (known[cluster] and not every)
            or not len(alike)
            or len(alike) > MOST_HIDDEN * len(version)
        ):
            continue
        tested += 1
        order = np.random.default_rng((seed, cluster)).permutation(alike)
        for strength in strengths:
            hide = order[: max(1, round(strength * len(order)))]
            left = version.take(np.setdiff1d(np.arange(len(version)), hide))
            judged = judge(real, left, labels, around, seed)
            if judged.decision is None and not every:
                continue
            told, inside = judged.told(_sizes(labels), len(left)), labels == cluster
            now = np.array([one.tier == Tier.ABSENT for one in told])
            found.append(
                InjectedGap(
                    view=view_name(real, version),
                    strength=strength,
                    injected_cluster=cluster,
                    seed=seed,
                    size=int(inside.sum()),
                    hidden=len(hide),
                    auroc=float(roc_auc_score(inside, judged.evidence.distance[labels])),
                    tier=told[cluster].tier,
                    recovered=told[cluster].tier in (Tier.ABSENT, Tier.THIN),
                    false_alarm_share=float((now & ~known)[labels[~inside]].mean()),
                )
            )
    return tuple(found)


def reruns(
    real: Views, version: Views, labels: Ints, parameters: CompareParameters, seed: int
) -> Reruns | None:
    """Everything again and again with four fifths of each side (at most 1,200 images) and another
    seed, for the same groups; None where there was no re-run.
    """
    if not parameters.reruns or len(real) < SMALLEST_HALVED or len(version) < 2 * LEFT:
        return None
    count = int(labels.max()) + 1
    total, listed, seen = np.zeros(count), np.zeros(count), np.zeros(count)
    rates = []
    for run in range(1, parameters.reruns + 1):
        draw = np.random.default_rng((seed, run))
        rows, columns = _again(len(real), draw), _again(len(version), draw)
        part, other = real.take(rows), version.take(columns)
        own = _compact(labels[rows])
        judged = judge(part, other, own, neighbourhoods(part, parameters, seed), seed + run)
        if judged.decision is None:
            continue
        p = judged.decision.probability[own]
        absent = _absent(judged, own, len(other))[own]
        rates.append(float(absent.mean()))
        for cluster in np.unique(labels[rows]):
            inside = labels[rows] == cluster
            seen[cluster] += 1
            total[cluster] += p[inside].mean()
            listed[cluster] += absent[inside].mean() >= 0.5
    if not rates:
        return None
    with np.errstate(invalid="ignore"):
        return Reruns(
            (total / seen).astype(np.float32),
            (listed / np.maximum(seen, 1)).astype(np.float32),
            np.array(rates, np.float32),
        )


def _absent(judged: Judged, labels: Ints, version: int) -> np.ndarray:
    """Which clusters one look says are absent, bool (C,)."""
    return np.array([one.tier == Tier.ABSENT for one in judged.told(_sizes(labels), version)])


def _sizes(labels: Ints) -> np.ndarray:
    return np.bincount(labels)


def _belongs(real: Views, version: Views, labels: Ints, seed: int) -> Ints:
    """The cluster of real images that each synthetic image's group looks most like, int64 (m,).

    The groups are k-means', twice as fine as the real clusters: HDBSCAN may leave one cluster that
    holds most of a version.
    """
    count = int(labels.max()) + 1
    own = domain_aligned([version.plain], seed=seed)[0]
    wanted = min(2 * count, len(version) // 2)
    groups = KMeans(wanted, n_init=3, random_state=seed).fit_predict(unit(own))
    _, space = aligned_views([real, version], seed=seed)
    alike = resembled(space[0], space[1], labels, seed=seed)
    taken = np.array(
        [
            np.bincount(alike[groups == group], minlength=count).argmax()
            for group in range(int(groups.max()) + 1)
        ]
    )
    return taken[groups]


def _compact(labels: Ints) -> Ints:
    """The same clusters numbered without gaps."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _part(count: int, draw: np.random.Generator) -> Ints:
    """Rows of at most 1,200 of ``count`` images, in order."""
    if count <= RERUN_SIZE:
        return np.arange(count)
    return np.sort(draw.choice(count, RERUN_SIZE, replace=False))


def _again(count: int, draw: np.random.Generator) -> Ints:
    """Rows of a random four fifths of ``count`` images, at most 1,200, in order."""
    return np.sort(draw.choice(count, min(RERUN_SIZE, round(RERUN_SHARE * count)), replace=False))
