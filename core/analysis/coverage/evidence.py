"""Evidence from the user's own data: what would a gap look like here?

How far a covered cluster of real images lies from the synthetic ones depends on the domain shift,
so no fixed number can say what is far. The answer is injected: the synthetic images that look most
like a cluster are hidden from the comparison, and the cluster's distance then shows what a gap is
like in this data. A cluster's *gap score* is where its distance stands between a typical cluster
(0) and a typical injected gap (1). The same figures say in which view gaps stand out best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.metrics import roc_auc_score

from core.analysis.coverage.score import distance_ratio, neighborhoods, smooth
from core.analysis.types import Bools, Floats, Ints
from core.analysis.vectors.clustering import elected
from core.analysis.vectors.neighbors import nearest

VOTERS = 5  # nearest real images that say which cluster a synthetic image looks like
NEEDED = 2  # of them in a cluster for the image to be hidden when that cluster's gap is injected
ROWS = 120  # real images of a cluster whose distances are taken again for an injected gap
# share of its distance under its own injected gap that an absent cluster reaches; covered halves of
# one set reach 0.6–0.82 (benchmarks/injected_gaps.py)
LIKE_A_GAP = 0.86
LEFT = 10  # fewest synthetic images that must be left for an injected gap to mean anything
CLEARLY = 1.02  # a typical injected gap's least distance, in those of a typical cluster


@dataclass(frozen=True)
class Neighborhoods:
    """Each of n real images' nearest real images, itself among them: ``near`` int64 (n, k) is
    compared together, ``wide`` (n, k') is smoothed over.
    """

    near: Ints
    wide: Ints


@dataclass(frozen=True)
class Evidence:
    """One view's evidence about one version; n real images in C clusters.

    ``gap_score`` (n,) of each image (smoothed over its neighbours) and ``cluster_gap_score`` (C,):
    0 a typical cluster, 1 a typical injected gap. ``injected`` (C,): gap score of the cluster when
    its own gap is injected, NaN where that was not possible. ``hidden`` (C,): synthetic images
    hidden for it; ``n_synthetic`` (C,): synthetic images that look most like it. ``auroc`` (C,):
    how well the images of the cluster rank above all others then. ``crowding``: the gap score which
    only one in five covered clusters exceeds; where it is near 1, injected gaps and covered
    clusters cannot be told apart. ``likeness`` (C,): the cluster's distance as a share of what it
    is when its own gap is injected: near 1, hiding what looks most like the cluster changes
    nothing, so nothing like it was there. ``certain``: whether a typical injected gap differs from
    a typical cluster at all.
    """

    gap_score: Floats
    cluster_gap_score: Floats
    injected: Floats
    hidden: Ints
    n_synthetic: Ints
    auroc: Floats
    likeness: Floats
    crowding: float
    certain: bool

    def absent(self, threshold: float) -> Bools:
        """Which clusters are absent, bool (C,): nearer to an injected gap than to a typical
        cluster, and hardly any nearer than when their own gap is injected.
        """
        return np.asarray(
            self.certain & (self.cluster_gap_score >= threshold) & (self.likeness >= LIKE_A_GAP)
        )

    def scores(self, labels: Ints) -> Floats:
        """The gap score (n,) that is shown: the mean of an image's own and its cluster's."""
        return ((self.gap_score + self.cluster_gap_score[labels]) / 2).astype(np.float32)


def evidence(
    real: np.ndarray,
    synthetic: np.ndarray,
    labels: Ints,
    around: Neighborhoods,
    *,
    nearest_images: int = 2,
    seed: int = 0,
) -> Evidence:
    """Inject a gap at every cluster of real images and see where the clusters stand.

    ``real`` (n, d) and ``synthetic`` (m, d) in one domain-aligned space; ``labels`` int64 (n,),
    clusters 0 … C − 1, no noise.
    """
    together = neighborhoods(real, around.near)
    ratio = distance_ratio(together, synthetic, k=nearest_images, seed=seed)
    count = int(labels.max()) + 1
    size = np.bincount(labels, minlength=count)
    distance = np.bincount(labels, weights=ratio, minlength=count) / size
    votes = labels[nearest(synthetic, real, VOTERS, seed=seed)[0]]
    hidden = np.zeros(count, np.int64)
    injected, auroc = np.full(count, np.nan), np.full(count, np.nan)
    draw = np.random.default_rng(seed)
    for cluster in range(count):
        hide = (votes == cluster).sum(axis=1) >= min(NEEDED, votes.shape[1])
        hidden[cluster] = hide.sum()
        if (~hide).sum() < LEFT or count < 2:
            continue
        rows = np.flatnonzero(labels == cluster)
        rows = np.sort(draw.choice(rows, min(ROWS, len(rows)), replace=False))
        again = distance_ratio(together[rows], synthetic[~hide], k=nearest_images, seed=seed)
        injected[cluster] = again.mean()
        others = ratio[labels != cluster]
        auroc[cluster] = roc_auc_score(
            np.repeat([1, 0], [len(again), len(others)]), np.concatenate([again, others])
        )
    typical = _weighted_median(distance, size)
    gap = float(np.nanmedian(injected)) if np.isfinite(injected).any() else np.nan
    certain = bool(np.isfinite(gap) and gap > typical * CLEARLY)
    scale = gap - typical if certain else max(float(ratio.std()), 1e-6)
    cluster_gap_score = ((distance - typical) / scale).astype(np.float32)
    return Evidence(
        gap_score=((smooth(ratio, around.wide) - typical) / scale).astype(np.float32),
        cluster_gap_score=cluster_gap_score,
        injected=((injected - typical) / scale).astype(np.float32),
        hidden=hidden,
        n_synthetic=np.bincount(elected(votes), minlength=count),
        auroc=auroc.astype(np.float32),
        likeness=np.nan_to_num(distance / injected).astype(np.float32),
        crowding=_crowding(cluster_gap_score, size),
        certain=certain,
    )


def combined(parts: Sequence[Evidence], labels: Ints) -> Evidence:
    """Evidence of several views taken together: the mean of each figure."""

    def mean(name: str) -> Floats:
        return np.mean([getattr(part, name) for part in parts], axis=0).astype(np.float32)

    cluster_gap_score = mean("cluster_gap_score")
    size = np.bincount(labels, minlength=len(cluster_gap_score))
    return replace(
        parts[0],
        gap_score=mean("gap_score"),
        cluster_gap_score=cluster_gap_score,
        injected=mean("injected"),
        auroc=mean("auroc"),
        likeness=mean("likeness"),
        certain=all(part.certain for part in parts),
        crowding=_crowding(cluster_gap_score, size),
    )


def resembled(real: np.ndarray, synthetic: np.ndarray, labels: Ints, *, seed: int = 0) -> Ints:
    """The cluster int64 (m,) of real images that each synthetic image looks most like: a vote of
    its five nearest.
    """
    return elected(labels[nearest(synthetic, real, VOTERS, seed=seed)[0]])


def _crowding(cluster_gap_score: Floats, size: Ints) -> float:
    """The gap score that 20 % of the images' clusters exceed, the highest one (a gap, perhaps) left
    out.
    """
    if len(cluster_gap_score) < 3:
        return float("inf")
    order = np.argsort(cluster_gap_score)[:-1]
    share = np.cumsum(size[order]) / size[order].sum()
    return float(np.maximum(cluster_gap_score[order][np.searchsorted(share, 0.8)], 0))


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value below which half of the weight lies."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(share, 0.5)])
