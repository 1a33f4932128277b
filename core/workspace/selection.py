"""Which points of a map lie inside what the user drew, what they are, and which points to draw at
all.

A lasso comes back from the browser as a polygon of a few corners. It is resolved here over all
points, also over those that were not drawn, so a selection is right however many points the map
has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    x, y = x[near], y[near]
    odd = np.zeros(len(near), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue  # a level edge is never crossed by a level ray
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # of points level with nearly level edges, which do not cross
            odd ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    inside[near] = odd
    return inside


def inside_box(points: np.ndarray, x: Sequence[float], y: Sequence[float]) -> np.ndarray:
    """Which of ``points`` (n, 2) lie in the box between two opposite corners (x[0], y[0]) and
    (x[1], y[1]).
    """
    (left, right), (low, high) = sorted(x[:2]), sorted(y[:2])
    return (
        (points[:, 0] >= left)
        & (points[:, 0] <= right)
        & (points[:, 1] >= low)
        & (points[:, 1] <= high)
    )


@dataclass(frozen=True)
class Composition:
    """What a selection is made of. ``by_version`` and ``by_cluster``: (label, count), the most
    first.
    """

    total: int
    real: int
    synthetic: int
    by_version: tuple[tuple[str, int], ...]
    by_cluster: tuple[tuple[int, int], ...]

    @property
    def sentence(self) -> str:
        """``4,930 images: 89 real, 4,841 synthetic``."""
        images = "image" if self.total == 1 else "images"
        return f"{self.total:,} {images}: {self.real:,} real, {self.synthetic:,} synthetic"


def composition(
    real: np.ndarray, version: Iterable[str | None], cluster: np.ndarray
) -> Composition:
    """Count a selection of n images by domain, version and cluster.

    ``real``: bool (n,). ``version``: n labels, None for real images. ``cluster``: int (n,); -1 (no
    cluster) is counted as one of them.
    """
    labels = [label for label in version if label is not None]
    return Composition(
        len(real),
        int(real.sum()),
        int(len(real) - real.sum()),
        _counts(labels),
        _counts(cluster.tolist()),
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


def _counts(labels: list) -> tuple:
    values, counts = np.unique(np.array(labels), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple((values[index].item(), int(counts[index])) for index in order)
