"""Which points of a map lie inside what the user drew, what they are, and which points to draw at
all.

A lasso comes back from the browser as a polygon of a few corners. It is resolved here over all
points, also over those that were not drawn, so a selection is right however many points the map
has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def inside_polygon(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Which of ``points`` (n, 2) lie inside the polygon ``corners`` (m, 2): bool (n,).

    The polygon is closed by itself and may cross itself: a point is inside where a ray from it
    crosses the outline an odd number of times (Shimrat 1962, Algorithm 112). Points that are not
    finite are outside, and so is every point where there are fewer than three corners.
    """
    inside = np.zeros(len(points), bool)
    if len(corners) < 3 or not len(points):
        return inside
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    corners = np.asarray(corners, np.float64)
    # points outside the polygon's bounding box are out at once: most of a large map
    near = np.flatnonzero(
        (x >= corners[:, 0].min())
        & (x <= corners[:, 0].max())
        & (y >= corners[:, 1].min())
        & (y <= corners[:, 1].max())
    )
    near = near[np.argsort(y[near], kind="stable")]
    x, y = x[near], y[near]
    odd = np.zeros(len(near), bool)
    # sorted by height, the points that an edge's level rays can cross are one slice
    following = np.roll(corners, -1, axis=0)
    bottom = np.searchsorted(y, np.minimum(corners[:, 1], following[:, 1]), "left")
    top = np.searchsorted(y, np.maximum(corners[:, 1], following[:, 1]), "left")
    for (x0, y0), (x1, y1), low, high in zip(corners, following, bottom, top, strict=True):
        if low < high:
            odd[low:high] ^= x[low:high] < (x1 - x0) * (y[low:high] - y0) / (y1 - y0) + x0
    inside[near] = odd
    return inside


def seen_through(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Where points in space (n, 3) appear on the screen, (n, 2), under a projection (4, 4) in
    homogeneous coordinates; both from -1 to 1. NaN for points behind the eye.
    """
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ np.asarray(matrix).T
    depth = np.where(homogeneous[:, 3] > 0, homogeneous[:, 3], np.nan)
    return homogeneous[:, :2] / depth[:, None]


@dataclass(frozen=True)
class Composition:
    """What a selection is made of. ``by_version``, ``by_cluster`` and ``by_class``: (label, count),
    the most first; a class None counts images without one.
    """

    total: int
    real: int
    synthetic: int
    by_version: tuple[tuple[str, int], ...]
    by_cluster: tuple[tuple[int, int], ...]
    by_class: tuple[tuple[str | None, int], ...] = ()

    @property
    def sentence(self) -> str:
        """``4,930 images: 89 real, 4,841 synthetic``."""
        images = "image" if self.total == 1 else "images"
        return f"{self.total:,} {images}: {self.real:,} real, {self.synthetic:,} synthetic"


def composition(
    group: np.ndarray,
    groups: Sequence[str],
    cluster: np.ndarray,
    classes: np.ndarray | None = None,
) -> Composition:
    """Count a selection of n images by domain, version, cluster and class.

    ``group``: int (n,), indices into ``groups``, the labels of the real dataset (0) and of the
    versions. ``cluster``: int (n,); -1 (no cluster) is counted as one of them. ``classes``: names
    (n,), None where unknown; without it nothing is counted by class.
    """
    counts = np.bincount(group, minlength=len(groups))
    order = 1 + np.argsort(-counts[1:], kind="stable")
    values, sizes = np.unique(cluster, return_counts=True)
    largest = np.argsort(-sizes, kind="stable")
    return Composition(
        len(group),
        int(counts[0]),
        int(len(group) - counts[0]),
        tuple((groups[index], int(counts[index])) for index in order if counts[index]),
        tuple((int(values[index]), int(sizes[index])) for index in largest),
        () if classes is None else tuple(Counter(classes.tolist()).most_common()),
    )


def plot_sample(keep: np.ndarray, limit: int, seed: int = 0) -> np.ndarray:
    """Rows of n points to draw: all if they fit into ``limit``, else those in ``keep`` (bool (n,))
    and a random rest.

    Ascending int64 rows. Every point of ``keep`` is drawn even when they are more than ``limit``.
    """
    if len(keep) <= limit:
        return np.arange(len(keep))
    others = np.flatnonzero(~keep)
    room = min(len(others), max(0, limit - int(keep.sum())))
    drawn = np.random.default_rng(seed).choice(others, room, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(keep), drawn]))
