"""What is near each real image in two versions at once: one space for both, the nearest images of
both together, and how much nearer they came, whichever images belong to which version.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.coverage.score import smooth
from core.analysis.types import Bools, Floats, Ints
from core.analysis.vectors.alignment import Views, centred, reduced
from core.analysis.vectors.neighbors import graph, nearest

SMOOTHING = 20  # real neighbours that a change is averaged over
# how rarely a redealt version may have none of the nearest images that were looked up
FALLBACK = 1e-3
MATCHING = 2000  # images of a version among which mutual neighbours are looked for
ROUNDS = 5  # how often mutual neighbours are looked for again
MATCHED = 3  # real images that are near an image which both versions show
SHALLOWEST, DEEPEST = 8, 64  # nearest images that are looked up: at least, at most

Space = tuple[Floats, Floats, Floats]  # real images, the earlier version, the later one


@dataclass(frozen=True)
class Members:
    """Which images two versions are made of: a pool of all contents, each image's number in it
    (``first``, ``second``), and ``belongs`` bool (2, pool).
    """

    first: Ints
    second: Ints
    belongs: Bools

    @classmethod
    def of(cls, before: Sequence[str], after: Sequence[str]) -> Members:
        """From what names each version's images."""
        pool, numbers = np.unique(np.asarray([*before, *after]), return_inverse=True)
        first, second = numbers[: len(before)], numbers[len(before) :]
        belongs = np.zeros((2, len(pool)), bool)
        belongs[0, first], belongs[1, second] = True, True
        return cls(first, second, belongs)

    @property
    def common(self) -> Bools:
        """Which images of the pool belong to both."""
        return self.belongs[0] & self.belongs[1]

    def common_rows(self) -> tuple[Ints, Ints]:
        """Rows in the earlier and in the later version of each common image, int64 (p,) each."""
        _, one, two = np.intersect1d(self.first, self.second, return_indices=True)
        return one, two

    @property
    def paired(self) -> float:
        """The share of common images, of the smaller version's."""
        return float(self.common.sum() / self.belongs.sum(axis=1).min())


@dataclass(frozen=True)
class Nearness:
    """In one view: each real image's nearest synthetic images of both versions together, nearest
    first (``numbers`` in the pool and ``distances``, (n, k)), and its nearest real neighbours
    ``around`` (n, smoothing + 1).
    """

    numbers: Ints
    distances: Floats
    around: Ints


def shared_spaces(
    real: Views, before: Views, after: Views, members: Members, common: bool, seed: int
) -> list[tuple[Space, Ints]]:
    """Real images and both versions in one domain-aligned space, for each view that all three have;
    and beside each the real images nearest to what both versions show (rows, each once).

    What both show are ``common`` images, else those that are each other's nearest. Both versions
    are centred on one middle, that of all their images, after the mean difference of what both show
    was taken off: a version that shows less is not moved to the middle of everything.
    """
    views = [(real.plain, before.plain, after.plain)]
    if (
        real.simplified is not None
        and before.simplified is not None
        and after.simplified is not None
    ):
        views.append((real.simplified, before.simplified, after.simplified))
    return [_space(view, members, common, seed) for view in views]


def _space(view: Space, members: Members, common: bool, seed: int) -> tuple[Space, Ints]:
    photos, first, second = view
    rng = np.random.default_rng(seed)
    one, two = members.common_rows() if common else mutual_nearest(first, second, rng)
    second = second - (second[two] - first[one]).mean(axis=0)
    middle = np.vstack([first, second]).mean(axis=0)
    sides = reduced([centred(photos), first - middle, second - middle], seed=seed)
    both = sides[1][one[_some(len(one), rng)]]
    near = nearest(both, sides[0], MATCHED, exact=True)[0]
    return (sides[0], sides[1], sides[2]), np.unique(near)


def mutual_nearest(
    first: np.ndarray, second: np.ndarray, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Rows of images of two versions that are each other's nearest, once the mean difference of
    such pairs is taken off (found again until it stays), among some of very many. Float32 (n, d)
    and (m, d) in, two int64 (p,) out. The idea is that of batch correction by mutual nearest
    neighbours (Haghverdi et al. 2018): what only one side has is nobody's mutual neighbour.
    """
    some, others = _some(len(first), rng), _some(len(second), rng)
    still, moving = first[some], second[others]
    moved, one, two = moving, np.arange(1), np.arange(1)
    for _ in range(ROUNDS):
        there = nearest(still, moved, 1, exact=True)[0][:, 0]
        back = nearest(moved, still, 1, exact=True)[0][:, 0]
        found = np.flatnonzero(back[there] == np.arange(len(still)))
        if not len(found):  # nothing but ties
            break
        stays = np.array_equal(found, one) and np.array_equal(there[found], two)
        one, two = found, there[found]
        if stays:
            break
        moved = moving - (moving[two] - still[one]).mean(axis=0)
    return some[one], others[two]


def _some(count: int, rng: np.random.Generator) -> Ints:
    """All rows, or at most :data:`MATCHING` of them, in order."""
    if count <= MATCHING:
        return np.arange(count)
    return np.sort(rng.choice(count, MATCHING, replace=False))


def nearness(space: Space, members: Members, depth: int, seed: int) -> Nearness:
    """The ``depth`` nearest images of each version. Exactly: an index misses most where it matters
    most, at real images that are far from everything rendered.
    """
    photos, before, after = space
    old, old_distances = nearest(photos, before, depth, exact=True)
    new, new_distances = nearest(photos, after, depth, exact=True)
    numbers = np.concatenate([members.first[old], members.second[new]], axis=1)
    distances = np.concatenate([old_distances, new_distances], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return Nearness(
        np.take_along_axis(numbers, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
        graph(photos, SMOOTHING + 1, seed=seed).indices,
    )


def depth_of(belongs: Bools) -> int:
    """How many nearest images to look up: a redealt version then has one of them nearly always."""
    share = belongs.mean(axis=1).min()
    if share >= 1:
        return 1
    wanted = math.ceil(math.log(FALLBACK) / math.log(1 - share))
    return min(DEEPEST, max(SHALLOWEST, wanted))


def movement(views: Sequence[Nearness], belongs: Bools) -> Floats:
    """Smoothed change (n,), mean over views, where ``belongs`` (2, pool) says which images belong
    to which version.
    """
    total = np.zeros(len(views[0].numbers), np.float32)
    for near in views:
        apart = []
        for side in belongs:
            there = side[near.numbers]
            place = np.where(there.any(axis=1), there.argmax(axis=1), near.numbers.shape[1] - 1)
            apart.append(near.distances[np.arange(len(place)), place])
        total += smooth(apart[0] - apart[1], near.around) / len(views)
    return total
