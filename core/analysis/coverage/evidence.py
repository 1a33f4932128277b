"""Evidence from the user's own data: how far is each group of real images from a version, and how
far would a gap be here?

How far a covered group lies from the synthetic images depends on the domain shift, so no fixed
number says what is far. What a gap is like is therefore injected: the synthetic images that look
most like a group are hidden, and its distance is taken again. Over all sets that were measured
(``docs/research/judgement.md``) an absent group lies within 0.1 of the median injected distance,
whatever the look, the sizes and how much is missing; where covered groups lie depends on the data
and is read from them (:mod:`core.analysis.coverage.decision`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.coverage.score import distance_ratio, neighborhoods, smooth
from core.analysis.types import Floats, Ints
from core.analysis.vectors.clustering import elected
from core.analysis.vectors.neighbors import nearest, unit

VOTERS = 5  # nearest real images that say which cluster a synthetic image looks like
NEEDED = 2  # of them in a cluster for the image to be hidden when that cluster's gap is injected
ROWS = 120  # real images of a cluster whose distances are taken again for an injected gap
LEFT = 10  # fewest synthetic images that must be left for an injected gap to mean anything
NEAREST = 2  # synthetic images whose mean distance counts: one may be a stray
SEPARATION_ROWS = 1200  # real images from which the groups' separation is read
CONCENTRATION = 10.0  # of a group's directions; 20 tells gaps of photographs apart a little worse
MIXTURE_ROUNDS = 60  # of expectation and maximisation


@dataclass(frozen=True)
class Neighborhoods:
    """Each of n real images' nearest real images, itself among them: ``near`` int64 (n, k) is
    compared together, ``wide`` (n, k') is smoothed over.
    """

    near: Ints
    wide: Ints


@dataclass(frozen=True)
class Evidence:
    """What is measured of n real images in C clusters against one version, in one domain-aligned
    space. Distances are ratios (:func:`~core.analysis.coverage.score.distance_ratio`), small =
    covered.

    ``ratio`` (n,): each image's neighbourhood, smoothed; ``distance`` (C,): each cluster's mean;
    ``injected`` (C,): the same with the images hidden that look most like it, NaN where that was
    not possible; ``alike`` int64 (C,): synthetic images that look most like it.
    """

    ratio: Floats
    distance: Floats
    injected: Floats
    alike: Ints

    @property
    def gap_distance(self) -> float:
        """The median distance of an injected gap; NaN where none could be injected."""
        return float(np.nanmedian(self.injected)) if np.isfinite(self.injected).any() else np.nan


@dataclass(frozen=True)
class Witnesses:
    """What else speaks for or against the absence of C clusters. ``share`` (C,): how much of the
    version looks like each, as a multiple of what its size would lead one to expect;
    ``separation`` (C,): how far real images of the cluster lie apart, in distances to other
    clusters: 0 tight and well separated, 1 not at all.
    """

    share: Floats
    separation: Floats


def evidence(
    real: np.ndarray,
    synthetic: np.ndarray,
    labels: Ints,
    around: Neighborhoods,
    *,
    seed: int = 0,
) -> Evidence:
    """Measure every cluster of real images, as it is and with its own gap injected.

    ``real`` (n, d) and ``synthetic`` (m, d) in one domain-aligned space; ``labels`` int64 (n,),
    clusters 0 … C − 1, no noise.
    """
    together = neighborhoods(real, around.near)
    ratio = distance_ratio(together, synthetic, k=NEAREST, seed=seed)
    count = int(labels.max()) + 1
    size = np.bincount(labels, minlength=count)
    votes = labels[nearest(synthetic, real, VOTERS, seed=seed)[0]]
    injected = np.full(count, np.nan)
    draw = np.random.default_rng(seed)
    for cluster in range(count):
        hide = (votes == cluster).sum(axis=1) >= min(NEEDED, votes.shape[1])
        if (~hide).sum() < LEFT or count < 2:
            continue
        rows = np.flatnonzero(labels == cluster)
        rows = np.sort(draw.choice(rows, min(ROWS, len(rows)), replace=False))
        again = distance_ratio(together[rows], synthetic[~hide], k=NEAREST, seed=seed)
        injected[cluster] = again.mean()
    return Evidence(
        ratio=smooth(ratio, around.wide),
        distance=(np.bincount(labels, weights=ratio, minlength=count) / size).astype(np.float32),
        injected=injected.astype(np.float32),
        alike=np.bincount(elected(votes), minlength=count),
    )


def witnesses(
    real: np.ndarray,
    synthetic: np.ndarray,
    labels: Ints,
    around: Neighborhoods,
    *,
    seed: int = 0,
) -> Witnesses:
    """The same arguments as :func:`evidence`."""
    together = neighborhoods(real, around.near)
    return Witnesses(
        _shares(real, synthetic, labels),
        _separation(real, together, labels, around.near, seed),
    )


def resembled(real: np.ndarray, synthetic: np.ndarray, labels: Ints, *, seed: int = 0) -> Ints:
    """The cluster int64 (m,) of real images that each synthetic image looks most like: a vote of
    its five nearest.
    """
    return elected(labels[nearest(synthetic, real, VOTERS, seed=seed)[0]])


def _shares(real: np.ndarray, synthetic: np.ndarray, labels: Ints) -> Floats:
    """The version as a mixture of the clusters of real images, (C,), in multiples of their own
    shares: a von Mises–Fisher component at each cluster's mean direction, all of one
    concentration, whose weights alone are fitted by expectation–maximisation (the estimate of
    class shares under label shift of Saerens, Latinne, Decaestecker 2002).
    """
    count = int(labels.max()) + 1
    size = np.bincount(labels, minlength=count)
    centres = np.zeros((count, real.shape[1]))
    np.add.at(centres, labels, unit(real))
    closeness = unit(synthetic) @ unit(centres.astype(np.float32)).T
    likelihood = np.exp(CONCENTRATION * (closeness - closeness.max(axis=1, keepdims=True)))
    share = np.full(count, 1 / count)
    for _ in range(MIXTURE_ROUNDS):
        belongs = likelihood * share
        belongs /= belongs.sum(axis=1, keepdims=True)
        share = belongs.mean(axis=0)
    return (share * len(real) / size).astype(np.float32)


def _separation(
    real: np.ndarray, together: np.ndarray, labels: Ints, near: Ints, seed: int
) -> Floats:
    """For each cluster (distance to the two nearest of the own cluster, the neighbourhood itself
    left out) / (distance to the two nearest of another), (C,); 1 where that is not known.
    """
    count = int(labels.max()) + 1
    shares = np.ones(count, np.float32)
    if count < 2:
        return shares
    draw = np.random.default_rng(seed)
    rows = np.arange(len(real))
    if len(real) > SEPARATION_ROWS:
        rows = np.sort(draw.choice(len(real), SEPARATION_ROWS, replace=False))
    distance = 1 - together[rows] @ unit(real)[rows].T
    same = labels[rows][:, None] == labels[rows][None, :]
    place = np.full(len(real), -1)
    place[rows] = np.arange(len(rows))
    own = np.where(same, distance, np.inf)
    at = place[near[rows]]
    line, column = np.nonzero(at >= 0)
    own[line, at[line, column]] = np.inf
    inside = _two_nearest(own)
    outside = _two_nearest(np.where(same, np.inf, distance))
    for cluster in np.unique(labels[rows]):
        members = labels[rows] == cluster
        within = inside[members & np.isfinite(inside)]
        if len(within):
            shares[cluster] = within.mean() / max(outside[members].mean(), 1e-6)
    return shares


def _two_nearest(distance: np.ndarray) -> np.ndarray:
    """The mean of the two smallest of each row (n,); infinite where there are none."""
    if distance.shape[1] < 2:
        return np.full(len(distance), np.inf)
    return np.maximum(np.partition(distance, 1, axis=1)[:, :2], 0).mean(axis=1)
