"""Evidence from the user's own data: what would a gap look like here?

How far a covered cluster of real images lies from the synthetic ones depends on the renderer's
look, so no fixed number can say what is far. The answer is planted: the synthetic images that look
most like a cluster are hidden from the comparison, and the cluster's distance then shows what a gap
is like in this data. A cluster's *emptiness* is where its distance stands between a typical cluster
(0) and a typical planted gap (1). The same figures say whether the list can find gaps at all (its
power), and in which view it does best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.metrics import roc_auc_score

from core.analysis.coverage.score import distance_ratio, neighborhoods, smooth
from core.analysis.vectors.neighbors import Floats, Ints, nearest

VOTERS = 5  # nearest real images that say which cluster a synthetic image looks like
NEEDED = 2  # of them in a cluster for the image to be hidden when that cluster's gap is planted
ROWS = 120  # real images of a cluster whose distances are taken again for a planted gap
# share of its planted distance that an absent cluster reaches; covered halves of one set reach
# 0.6–0.82
LIKE_A_GAP = 0.86
LEFT = 10  # fewest synthetic images that must be left for a planted gap to mean anything


@dataclass(frozen=True)
class Evidence:
    """One view's evidence about one version; n real images in C clusters.

    ``emptiness`` (n,) of each image (smoothed over its neighbours) and ``cluster_emptiness`` (C,):
    0 a typical cluster, 1 a typical planted gap. ``planted`` (C,): emptiness of the cluster when
    its own gap is planted, NaN where that was not possible. ``hidden`` (C,): synthetic images
    hidden for it; ``home`` (C,): synthetic images that look most like it. ``auroc`` (C,): how well
    the planted cluster's images rank above all others. ``crowding``: the emptiness which only one
    in five covered clusters exceeds; where it is near 1, planted gaps and covered clusters cannot
    be told apart. ``likeness`` (C,): the cluster's distance as a share of what it is when its own
    gap is planted: near 1, hiding what looks most like the cluster changes nothing, so nothing like
    it was there. ``certain``: whether a typical planted gap differs from a typical cluster at all.
    """

    emptiness: Floats
    cluster_emptiness: Floats
    planted: Floats
    hidden: Ints
    home: Ints
    auroc: Floats
    likeness: Floats
    crowding: float
    certain: bool

    def listed(self, threshold: float) -> np.ndarray:
        """Which clusters are absent, bool (C,): nearer to a planted gap than to a typical cluster,
        and hardly any nearer than when their own gap is planted.
        """
        return self.certain & (self.cluster_emptiness >= threshold) & (self.likeness >= LIKE_A_GAP)


def joined(parts: Sequence[Evidence], labels: np.ndarray) -> Evidence:
    """Evidence of several views taken together: the mean of each figure."""

    def mean(name: str) -> Floats:
        return np.mean([getattr(part, name) for part in parts], axis=0).astype(np.float32)

    standing = mean("cluster_emptiness")
    return replace(
        parts[0],
        emptiness=mean("emptiness"),
        cluster_emptiness=standing,
        planted=mean("planted"),
        auroc=mean("auroc"),
        likeness=mean("likeness"),
        certain=all(part.certain for part in parts),
        crowding=_crowding(standing, np.bincount(labels, minlength=len(standing))),
    )


def evidence(
    real: np.ndarray,
    synthetic: np.ndarray,
    labels: np.ndarray,
    near: Ints,
    wide: Ints,
    *,
    nearest_images: int = 2,
    seed: int = 0,
) -> Evidence:
    """Plant a gap at every cluster of real images and see where the clusters stand.

    ``real`` (n, d) and ``synthetic`` (m, d) in one look-removed space; ``labels`` int64 (n,),
    clusters 0 … C − 1, no noise; ``near`` int64 (n, k): the neighbourhood that is compared,
    ``wide`` (n, k'): the one that is smoothed over.
    """
    around = neighborhoods(real, near)
    ratio = distance_ratio(around, synthetic, k=nearest_images, seed=seed)
    count = int(labels.max()) + 1
    size = np.bincount(labels, minlength=count)
    level = np.bincount(labels, weights=ratio, minlength=count) / size
    votes = labels[nearest(synthetic, real, VOTERS, seed=seed)[0]]
    home = np.bincount(_commonest(votes), minlength=count)
    hidden, planted, auroc = (
        np.zeros(count, np.int64),
        np.full(count, np.nan),
        np.full(count, np.nan),
    )
    draw = np.random.default_rng(seed)
    for cluster in range(count):
        hide = (votes == cluster).sum(axis=1) >= min(NEEDED, votes.shape[1])
        hidden[cluster] = hide.sum()
        if (~hide).sum() < LEFT or count < 2:
            continue
        rows = np.flatnonzero(labels == cluster)
        rows = np.sort(draw.choice(rows, min(ROWS, len(rows)), replace=False))
        again = distance_ratio(around[rows], synthetic[~hide], k=nearest_images, seed=seed)
        planted[cluster] = again.mean()
        others = ratio[labels != cluster]
        auroc[cluster] = roc_auc_score(
            np.repeat([1, 0], [len(again), len(others)]), np.concatenate([again, others])
        )
    typical = _weighted_median(level, size)
    gap = float(np.nanmedian(planted)) if np.isfinite(planted).any() else np.nan
    certain = bool(np.isfinite(gap) and gap > typical * 1.02)
    scale = gap - typical if certain else max(float(ratio.std()), 1e-6)
    standing = ((level - typical) / scale).astype(np.float32)
    return Evidence(
        emptiness=((smooth(ratio, wide) - typical) / scale).astype(np.float32),
        cluster_emptiness=standing,
        planted=((planted - typical) / scale).astype(np.float32),
        hidden=hidden,
        home=home,
        auroc=auroc.astype(np.float32),
        likeness=np.nan_to_num(level / planted).astype(np.float32),
        crowding=_crowding(standing, size),
        certain=certain,
    )


def homes(real: np.ndarray, synthetic: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> Ints:
    """The cluster int64 (m,) of real images that each synthetic image looks most like: a vote of
    its five nearest.
    """
    return _commonest(labels[nearest(synthetic, real, VOTERS, seed=seed)[0]])


def _commonest(votes: np.ndarray) -> Ints:
    """The commonest of each row (m, k), the first (nearest) of those that tie."""
    agree = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return votes[np.arange(len(votes)), agree.argmax(axis=1)].astype(np.int64)


def _crowding(standing: np.ndarray, size: np.ndarray) -> float:
    """The emptiness that 20 % of the images' clusters exceed, the emptiest cluster (a gap, perhaps)
    left out.
    """
    if len(standing) < 3:
        return float("inf")
    order = np.argsort(standing)[:-1]
    share = np.cumsum(size[order]) / size[order].sum()
    return float(np.maximum(standing[order][np.searchsorted(share, 0.8)], 0))


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value below which half of the weight lies."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(share, 0.5)])
