"""Classes that split: those whose real and synthetic images live in different clusters of the map.

A class can have enough synthetic images and still not be covered, because the renderer's idea of it
is another. In CIFAKE, one cluster of 4,930 frogs holds 89 real ones. For each class the real and
the synthetic images are counted by cluster; the separation is how far the two distributions are
apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.vectors.clustering import NOISE

PERMUTATIONS = 200
LEAST = 5  # clustered images of a class, on each side


@dataclass(frozen=True)
class ClassSplit:
    """How far apart one class's real and synthetic images live.

    ``separation``: 0 where they share clusters as random labels would, 1 where they share none;
    None where it cannot be said (``note`` tells why). ``real_cluster`` and ``synthetic_cluster``:
    where most of either side is. ``n_real`` and ``n_synthetic`` count all images of the class.
    """

    name: str
    n_real: int
    n_synthetic: int
    separation: float | None
    real_cluster: int | None
    synthetic_cluster: int | None
    note: str


def split_classes(
    real_clusters: np.ndarray,
    real_classes: Sequence[str | None],
    clusters: np.ndarray,
    classes: Sequence[str | None],
    *,
    seed: int = 0,
) -> list[ClassSplit]:
    """Rank the classes by how separately their real and synthetic images live, the most separate
    first.

    ``real_clusters`` (n,) and ``clusters`` (m,): cluster of each image, -1 for none.
    ``real_classes`` and ``classes``: its class, None where unknown. Separation: total variation
    distance between both distributions over clusters, ½ Σ |p - q|, corrected for chance like the
    adjusted Rand index: (TV − E) / (1 − E), with E its mean over 200 random exchanges of real and
    synthetic within the class. Images in no cluster are left out of it.
    """
    real_labels, labels = np.asarray(real_classes, object), np.asarray(classes, object)
    names = sorted({str(label) for label in (*real_labels, *labels) if label})
    rng = np.random.default_rng(seed)
    found = [
        _split(name, real_clusters[real_labels == name], clusters[labels == name], rng)
        for name in names
    ]
    return sorted(
        found, key=lambda split: (split.separation is None, -(split.separation or 0.0), split.name)
    )


def _split(
    name: str, real: np.ndarray, synthetic: np.ndarray, rng: np.random.Generator
) -> ClassSplit:
    n, m = len(real), len(synthetic)
    inside_real, inside = real[real != NOISE], synthetic[synthetic != NOISE]
    common_real, common = _most_common(inside_real), _most_common(inside)
    if not n or not m:
        side = "real" if not n else "synthetic"
        return ClassSplit(
            name, n, m, None, common_real, common, f"No {side} image has the class {name}."
        )
    if min(len(inside_real), len(inside)) < LEAST:
        return ClassSplit(
            name,
            n,
            m,
            None,
            common_real,
            common,
            f"Fewer than {LEAST} images of a side are in a cluster ({len(inside_real)} real, "
            f"{len(inside)} synthetic).",
        )
    _, which = np.unique(np.concatenate([inside_real, inside]), return_inverse=True)
    size = int(which.max()) + 1
    apart = _total_variation(which, len(inside_real), size)
    chance = float(
        np.mean(
            [
                _total_variation(rng.permutation(which), len(inside_real), size)
                for _ in range(PERMUTATIONS)
            ]
        )
    )
    separation = max(0.0, (apart - chance) / (1 - chance)) if chance < 1 else 0.0
    there_real, there = int((real == common).sum()), int((synthetic == common).sum())
    here_real, here = int((real == common_real).sum()), int((synthetic == common_real).sum())
    note = (
        f"Most synthetic images are in cluster {common}: {there} synthetic, {there_real} real. "
        f"Most real ones are in cluster {common_real}: {here_real} real, {here} synthetic."
        if common != common_real
        else f"Most of both are in cluster {common}: {there_real} real, {there} synthetic."
    )
    return ClassSplit(name, n, m, separation, common_real, common, note)


def _most_common(clusters: np.ndarray) -> int | None:
    return int(Counter(clusters.tolist()).most_common(1)[0][0]) if len(clusters) else None


def _total_variation(which: np.ndarray, n: int, size: int) -> float:
    """½ Σ |p - q| between the first ``n`` and the other images' distributions over ``size``
    clusters.
    """
    first, second = (
        np.bincount(which[:n], minlength=size) / n,
        np.bincount(which[n:], minlength=size) / (len(which) - n),
    )
    return float(np.abs(first - second).sum() / 2)
