"""Surplus: synthetic images that no real image is near, the other direction of coverage.

The version's images are clustered by themselves. A cluster is surplus when two things agree:

* it is *far*. The mean distance of its neighbourhoods to the nearest neighbourhoods of real images
  (in the domain-aligned space, as a share of ordinary distances) stands nearer to an injected
  surplus than to a typical cluster. A surplus is injected by hiding the real images that look most
  like a cluster; that cluster's distance then says what surplus is like in this data.
* it is *not chosen*. Each neighbourhood of real images chooses the synthetic images nearest to it;
  a cluster that real images choose far less often than its size would lead one to expect is of no
  use to any of them. Under a far look some covered clusters are far, but they are chosen.

Nothing is said (an empty list) of a version with fewer than two clusters, or where injected surplus
cannot be told from a typical cluster. ``benchmarks/surplus.py`` measures the list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.coverage.clusters import real_clusters
from core.analysis.coverage.confidence import wilson
from core.analysis.coverage.score import distance_ratio, neighborhoods, smooth
from core.analysis.types import Bools, Floats, Ints
from core.analysis.vectors.alignment import Views, aligned_views, domain_aligned
from core.analysis.vectors.neighbors import graph, nearest

NEIGHBORHOOD = 10  # synthetic neighbours with which an image is taken together, as for gaps
SMOOTHING = 20  # over which an image's score is averaged, as for gaps
REAL_NEIGHBORHOOD = 5
"""Real neighbours with which a real image is taken together: against photographs it ranks paintings
of a class that was removed from them with AUROC 0.90 instead of 0.85 without.
"""
NEAREST = 2  # neighbourhoods of real images whose mean distance is taken
VOTERS = 5  # nearest images that say where an image belongs
NEEDED = 2  # of them in a cluster, for a real image to be hidden when that cluster is injected
LEFT = 10  # fewest real images that must be left for an injected surplus to mean anything
CLEARLY = 1.02  # a typical injected surplus's least distance, in those of a typical cluster
THRESHOLD = 0.5  # surplus score from which a cluster is far: nearer to injected than to typical
# Set on eight draws of each of six pairings (photographs, paintings, cartoons; none to two classes
# removed from the real side): under one look clusters of removed classes had 0.11 and less in nine
# of ten, covered ones 0.55 and more.
CHOSEN = 0.25  # of the choices that its size would lead one to expect, at most, to be surplus
SURELY = 0.5  # the upper end of the same share's 95 % interval, at most


@dataclass(frozen=True)
class SurplusGroup:
    """A cluster of synthetic images that no real image is near: ``rows`` of its images, ``score``:
    its surplus score, ``chosen``: how often real images choose it, 1 = as its size would lead one
    to expect.
    """

    rows: Ints
    score: float
    chosen: float


@dataclass(frozen=True)
class Surplus:
    """What is surplus of m synthetic images.

    ``score`` (m,): 0 as a typical synthetic image, 1 as far as a typical injected surplus;
    ``groups``, the largest first. ``nearest`` (m,) and ``distance`` (m,): row of, and cosine
    distance to, the nearest real image as it is.
    """

    score: Floats
    groups: tuple[SurplusGroup, ...]
    nearest: Ints
    distance: Floats

    @property
    def listed(self) -> Ints:
        """Rows of all surplus images, the farthest first."""
        rows = np.concatenate([np.zeros(0, np.int64), *(group.rows for group in self.groups)])
        return rows[np.argsort(-self.score[rows], kind="stable")]


def find_surplus(real: Views, version: Views, *, seed: int = 0) -> Surplus:
    """The synthetic images of one version that no real image is near."""
    indices, distances = nearest(version.plain, real.plain, 1, seed=seed)
    clusters = real_clusters(version, 0, seed)
    evidence = _evidence(real, version, clusters, seed)
    score = (evidence.image_score + evidence.score[clusters]) / 2
    found = [
        SurplusGroup(
            np.flatnonzero(clusters == cluster),
            float(evidence.score[cluster]),
            float(evidence.chosen[cluster]),
        )
        for cluster in np.flatnonzero(evidence.surplus)
    ]
    found.sort(key=lambda group: -len(group.rows))
    return Surplus(score.astype(np.float32), tuple(found), indices[:, 0], distances[:, 0])


@dataclass(frozen=True)
class _Evidence:
    """Of m images in C clusters: ``image_score`` (m,), ``score`` (C,), ``chosen`` (C,) and which
    clusters are ``surplus``, bool (C,).
    """

    image_score: Floats
    score: Floats
    chosen: Floats
    surplus: Bools


def _evidence(real: Views, version: Views, clusters: Ints, seed: int) -> _Evidence:
    _, (real_space, synthetic_space) = aligned_views([real, version], seed=seed)
    own = graph(_alone(version, seed), SMOOTHING + 1, seed=seed).indices
    of_real = graph(_alone(real, seed), REAL_NEIGHBORHOOD + 1, seed=seed).indices
    around_real = neighborhoods(real_space, of_real)
    around = neighborhoods(synthetic_space, own[:, : NEIGHBORHOOD + 1])
    ratio = distance_ratio(around, around_real, k=NEAREST, seed=seed)
    count = int(clusters.max()) + 1
    size = np.bincount(clusters, minlength=count)
    distance = np.bincount(clusters, weights=ratio, minlength=count) / size
    looks_like = clusters[nearest(real_space, synthetic_space, VOTERS, seed=seed)[0]]
    injected = np.full(count, np.nan)
    for cluster in range(count if count > 1 else 0):
        kept = (looks_like == cluster).sum(axis=1) < NEEDED
        if kept.sum() >= LEFT:
            inside = around[clusters == cluster]
            injected[cluster] = distance_ratio(
                inside, around_real[kept], k=NEAREST, seed=seed
            ).mean()
    typical = float(
        np.repeat(distance, size)[np.argsort(np.repeat(distance, size))[size.sum() // 2]]
    )
    standard = float(np.nanmedian(injected)) if np.isfinite(injected).any() else np.nan
    certain = standard > typical * CLEARLY
    scale = standard - typical if certain else max(float(ratio.std()), 1e-6)
    score = (distance - typical) / scale
    votes = clusters[nearest(around_real, around, VOTERS, seed=seed)[0]]
    chosen, at_most = _chosen(votes, size)
    return _Evidence(
        image_score=(smooth(ratio, own) - np.float32(typical)) / np.float32(scale),
        score=score.astype(np.float32),
        chosen=chosen,
        surplus=np.asarray(
            certain & (score >= THRESHOLD) & (chosen <= CHOSEN) & (at_most <= SURELY)
        ),
    )


def _alone(views: Views, seed: int) -> Floats:
    return domain_aligned([views.plain], seed=seed)[0]


def _chosen(votes: Ints, size: Ints) -> tuple[Floats, Floats]:
    """How often ``votes`` (n, k) of n real images name each cluster, as a share of what its
    ``size`` (C,) would lead one to expect, and the upper end of that share's 95 % interval (a real
    image counts as one, however many votes it has).
    """
    expected = size / size.sum()
    share = np.bincount(votes.ravel(), minlength=len(size)) / votes.size
    upper = np.array([wilson(float(one) * len(votes), len(votes))[1] for one in share])
    return share / expected, upper / expected
