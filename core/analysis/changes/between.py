"""What changed between two renderer versions, judged on the same real images: closed, opened, open,
covered.

Two lists of absent images, one for each version, are a blunt way to compare versions: each list has
its own misses. The *change* of each real image's coverage is far sharper, because what is peculiar
to an image is the same in both versions and cancels.

1. Both versions are brought into one space, their look removed. Versions that share many images are
   centred on the images they share, so that what only one of them has cannot move the other;
   versions that share few are centred each on itself.
2. The change of a real image is how much nearer its nearest synthetic image came (cosine distance,
   averaged over its nearest real neighbours and over the views). Where the versions share few
   images the median change is taken away: a new look moves all images at once and is no gap closed.
3. Noise is what the change would be if only chance had decided which synthetic image belongs to
   which version: the images of both are dealt out again, as many to each and as many to both as
   there were (a permutation test that keeps the pairing).
4. Changed are *neighbourhoods*: connected real images whose change stands out, whose sum of
   deviations is larger than all but 2.5 % of the largest found by chance (the cluster-mass test of
   Bullmore et al. 1999; Maris and Oostenveld 2007). So for both directions together a version that
   only differs by chance is told apart from itself in at most one of twenty cases.

``docs/versions.md`` says what was tried and measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.decomposition import PCA

from core.analysis.coverage.score import Views, smooth
from core.analysis.vectors.neighbors import Floats, Ints, graph, nearest

Bools = np.ndarray
Report = Callable[[str, int, int], None]

COMPONENTS = 48  # principal components of the shared space
SMOOTHING = 20  # real neighbours that a change is averaged over
DRAWS = 240  # how often the synthetic images are dealt out again
LEVELS = (
    2.0,
    3.0,
    4.0,
)  # deviations from which an image belongs to a changed neighbourhood: broad ones and sharp ones
RISK = 0.025  # of calling chance a change, for one direction
REACH = 5  # real neighbours through which a neighbourhood hangs together
CORE = 0.4  # a member's least deviation, of the median in its neighbourhood: keeps the rim out
RIM = 1.5  # least deviation of an image that is taken in because most of its neighbours are changed
SPREAD = 2.5  # where looks differ: least change, in deviations of all changes
# cosine distance below which a change is no gap, however sure: with many images all is sure
SMALLEST = 0.02
PAIRED = 0.3  # least share of common images for centring on them
FALLBACK = (
    1e-3  # how rarely a redealt version may have none of the nearest images that were looked up
)
ROWS_LIMIT = 1_000_000  # rows of the changes table up to which all pairs of versions are compared
STATES = ("closed", "opened", "open", "covered")


@dataclass(frozen=True)
class Version:
    """One version, as :func:`changes_table` wants it.

    ``views``: its vectors (m, d); ``paths`` and ``contents``: path and content id of each image;
    ``absent`` bool (n,): which real images its list says are absent; ``nearest`` int (n,): each
    real image's nearest synthetic image, as a row.
    """

    id: int
    views: Views
    paths: Sequence[str]
    contents: Sequence[str]
    absent: Bools
    nearest: Ints


@dataclass(frozen=True)
class Change:
    """How each of n real images' coverage changed from one version to another.

    ``change`` float (n,): cosine distance by which the nearest synthetic image came nearer,
    smoothed; positive is better. ``deviation`` float (n,): the same in standard deviations of
    chance. ``closed``, ``opened`` bool (n,): clearly better, clearly worse. ``look``: what was
    taken away from all changes (0 where versions are paired). ``paired``: the share of common
    images.
    """

    change: Floats
    deviation: Floats
    closed: Bools
    opened: Bools
    look: float
    paired: float


def coverage_change(
    real: Views,
    before: Views,
    after: Views,
    before_contents: Sequence[str],
    after_contents: Sequence[str],
    *,
    seed: int = 0,
    draws: int = DRAWS,
    progress: Callable[[int, int], None] | None = None,
) -> Change:
    """How the coverage of ``real`` (n images) changed from ``before`` to ``after``.

    The contents name each version's images, so that common ones are known. Views that one side
    lacks are left out. Two versions of the very same images have no change at all.
    """
    pool, numbers = np.unique(np.asarray([*before_contents, *after_contents]), return_inverse=True)
    first, second = numbers[: len(before_contents)], numbers[len(before_contents) :]
    members = np.zeros((2, len(pool)), bool)
    members[0, first], members[1, second] = True, True
    common: Bools = members[0] & members[1]
    paired = float(common.sum() / members.sum(axis=1).min())
    n = len(real)
    if common.all():
        still = np.zeros(n, np.float32)
        return Change(still, still, np.zeros(n, bool), np.zeros(n, bool), 0.0, 1.0)

    depth = _depth(members)
    lists = [
        _near(space, first, second, depth, seed)
        for space in _spaces(
            real, before, after, common[first], common[second], paired >= PAIRED, seed
        )
    ]
    around = lists[0].around
    raw = _change(lists, members)
    middle = float(np.median(raw))
    chance = np.empty((draws, n), np.float32)
    rng = np.random.default_rng(seed)
    for draw in range(draws):
        dealt = _change(lists, members[:, rng.permutation(len(pool))])
        # A larger version is nearer to everything by chance alone: what all images share is no sign
        # of a gap closed.
        chance[draw] = dealt - np.median(dealt)
        if progress:
            progress(draw + 1, draws)
    variance = chance.var(axis=0)
    # Half of each image's variance is everyone's: an image whose nearest images happened to stay is
    # not known to a hair.
    scale = np.sqrt(np.maximum(variance + np.median(variance), 1e-12))
    deviation = (raw - middle) / scale
    chance /= scale
    look = 0.0 if paired >= PAIRED else middle
    change = raw - look
    least = max(SMALLEST, 0.0 if paired >= PAIRED else SPREAD * _half_width(change))
    closed, opened = (
        _changed(sign * deviation, sign * chance, sign * change > least, around) for sign in (1, -1)
    )
    return Change(
        change.astype(np.float32), deviation.astype(np.float32), closed, opened, look, paired
    )


def states(change: Change, absent_before: Bools, absent_after: Bools) -> np.ndarray:
    """One of :data:`STATES` for each real image (n,).

    The change decides what is closed and what opened; an image that got clearly better and is still
    on the new version's list is open. What did not clearly change is open where the new list has
    it, else covered.
    """
    found = np.where(absent_after, "open", "covered").astype(object)
    found[change.closed & ~absent_after] = "closed"
    found[change.opened & ~absent_before] = "opened"
    return found


def pairs(count: int, images: int) -> list[tuple[int, int]]:
    """Which versions (by place) to compare: all pairs, or where that is too much, neighbours and
    the first with the last.
    """
    every = [(first, second) for first in range(count) for second in range(first + 1, count)]
    if len(every) * images <= ROWS_LIMIT:
        return every
    return [
        (first, second)
        for first, second in every
        if second == first + 1 or (first, second) == (0, count - 1)
    ]


def changes_table(
    real: Views,
    paths: Sequence[str],
    contents: Sequence[str],
    clusters: np.ndarray,
    versions: Sequence[Version],
    *,
    seed: int = 0,
    progress: Report | None = None,
) -> pa.Table:
    """The ``changes`` table of a comparison: one row for each real image and pair of versions, in
    the versions' order.

    ``clusters`` int (n,): the real clusters. A real image is *regressed* in a pair when it opened
    there, and had closed between two neighbouring versions before. Fewer than two versions: no
    rows.
    """
    chosen = pairs(len(versions), len(real))
    found: dict[tuple[int, int], tuple[Change, np.ndarray]] = {}
    for done, (first, second) in enumerate(chosen):
        before, after = versions[first], versions[second]
        change = coverage_change(
            real, before.views, after.views, before.contents, after.contents, seed=seed
        )
        found[first, second] = change, states(change, before.absent, after.absent)
        if progress:
            progress("changes between versions", done + 1, len(chosen))
    parts = []
    for (first, second), (change, state) in found.items():
        before, after = versions[first], versions[second]
        earlier = [
            found[step, step + 1][1] == "closed"
            for step in range(first)
            if (step, step + 1) in found
        ]
        closed_before = np.any(earlier, axis=0) if earlier else np.zeros(len(real), bool)
        old, new = (np.asarray(side.nearest) for side in (before, after))
        parts.append(
            pa.table(
                {
                    "from_id": pa.array(np.full(len(real), before.id, np.int32)),
                    "to_id": pa.array(np.full(len(real), after.id, np.int32)),
                    "path": pa.array(list(paths), pa.string()),
                    "content_id": pa.array(list(contents), pa.string()),
                    "state": pa.array(state.tolist(), pa.string()),
                    "change": pa.array(change.change.astype(float)),
                    "regressed": pa.array((state == "opened") & closed_before),
                    "before_path": pa.array([before.paths[row] for row in old], pa.string()),
                    "before_id": pa.array([before.contents[row] for row in old], pa.string()),
                    "after_path": pa.array([after.paths[row] for row in new], pa.string()),
                    "after_id": pa.array([after.contents[row] for row in new], pa.string()),
                    "cluster": pa.array(np.asarray(clusters, np.int32)),
                },
                SCHEMA,
            )
        )
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


SCHEMA = pa.schema(
    [
        ("from_id", pa.int32()),
        ("to_id", pa.int32()),
        ("path", pa.string()),
        ("content_id", pa.string()),
        ("state", pa.string()),
        ("change", pa.float64()),
        ("regressed", pa.bool_()),
        ("before_path", pa.string()),
        ("before_id", pa.string()),
        ("after_path", pa.string()),
        ("after_id", pa.string()),
        ("cluster", pa.int32()),
    ]
)


# --- one space, and what is near in it ------------------------------------------------------------


@dataclass(frozen=True)
class _Near:
    """In one view: each real image's nearest synthetic images of both versions together, nearest
    first (numbers in the pool and distances, (n, k)), and its nearest real neighbours (n, smoothing
    + 1).
    """

    numbers: Ints
    distances: Floats
    around: Ints


def _spaces(
    real: Views,
    before: Views,
    after: Views,
    common_before: Bools,
    common_after: Bools,
    paired: bool,
    seed: int,
) -> list[tuple[Floats, Floats, Floats]]:
    """Real images and both versions in one space with the look removed, for each view that all
    three have.
    """
    views = [(real.plain, before.plain, after.plain)]
    if (
        real.simplified is not None
        and before.simplified is not None
        and after.simplified is not None
    ):
        views.append((real.simplified, before.simplified, after.simplified))
    spaces = []
    for photos, first, second in views:
        if paired:
            middle = np.vstack([first[common_before], second[common_after]]).mean(axis=0)
            sides = [photos - photos.mean(axis=0), first - middle, second - middle]
        else:
            sides = [side - side.mean(axis=0) for side in (photos, first, second)]
        together = np.vstack(sides)
        count = min(COMPONENTS, *together.shape)
        if not np.ptp(together, axis=0).any():
            spaces.append(tuple(side[:, :count] for side in sides))
            continue
        basis = PCA(count, random_state=seed).fit(together)
        spaces.append(tuple(basis.transform(side).astype(np.float32) for side in sides))
    return spaces


def _near(
    space: tuple[Floats, Floats, Floats], first: Ints, second: Ints, depth: int, seed: int
) -> _Near:
    photos, before, after = space
    # Exactly: an index misses most where it matters most, at real images that are far from
    # everything rendered.
    old, old_distances = nearest(photos, before, depth, exact=True)
    new, new_distances = nearest(photos, after, depth, exact=True)
    numbers = np.concatenate([first[old], second[new]], axis=1)
    distances = np.concatenate([old_distances, new_distances], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return _Near(
        np.take_along_axis(numbers, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
        graph(photos, SMOOTHING + 1, seed=seed).indices,
    )


def _depth(members: Bools) -> int:
    """How many nearest images to look up, so that a redealt version has one of them nearly always."""
    share = members.mean(axis=1).min()
    return 1 if share >= 1 else min(64, max(8, math.ceil(math.log(FALLBACK) / math.log(1 - share))))


def _change(lists: Sequence[_Near], members: Bools) -> Floats:
    """Smoothed change (n,), mean over views, where ``members`` (2, pool) says which images belong
    to which version.
    """
    total = np.zeros(len(lists[0].numbers), np.float32)
    for near in lists:
        apart = []
        for side in members:
            there = side[near.numbers]
            place = np.where(there.any(axis=1), there.argmax(axis=1), near.numbers.shape[1] - 1)
            apart.append(near.distances[np.arange(len(place)), place])
        total += smooth(apart[0] - apart[1], near.around) / len(lists)
    return total


# --- what stands out ------------------------------------------------------------------------------


def _changed(deviation: Floats, chance: Floats, large: Bools, around: Ints) -> Bools:
    """Which real images (n,) belong to a neighbourhood that changed upwards beyond chance (draws,
    n).
    """
    shown = np.where(large, deviation, 0)
    found = np.zeros(len(deviation), bool)
    for level in LEVELS:
        labels, masses = _masses(shown, level, around)
        if not len(masses):
            continue
        by_chance = np.array([_masses(draw, level, around)[1].max(initial=0) for draw in chance])
        least = np.quantile(by_chance, 1 - RISK / len(LEVELS), method="higher")
        for label in np.flatnonzero(masses > least):
            members = labels == label
            found |= members & (shown > CORE * np.median(shown[members]))
    while found.any():
        rim = ~found & large & (deviation > RIM) & (found[around[:, 1:]].mean(axis=1) >= 0.5)
        if not rim.any():
            break
        found |= rim
    return found


def _masses(deviation: Floats, level: float, around: Ints) -> tuple[Ints, Floats]:
    """Neighbourhoods of connected images above ``level``: each image's label (−1: none) and each
    neighbourhood's sum."""
    above = deviation > level
    rows = np.flatnonzero(above)
    labels = np.full(len(deviation), -1, np.int64)
    if not len(rows):
        return labels, np.zeros(0, np.float32)
    place = np.cumsum(above) - 1
    reach = around[rows, 1 : REACH + 1]
    tied = above[reach]
    edges = csr_matrix(
        (np.ones(int(tied.sum()), np.int8), (np.nonzero(tied)[0], place[reach[tied]])),
        (len(rows), len(rows)),
    )
    count, labels[rows] = connected_components(edges, directed=False)
    return labels, np.bincount(labels[rows], deviation[rows], count).astype(np.float32)


def _half_width(values: Floats) -> float:
    """Standard deviation of the bulk of ``values``: from the shortest interval that holds half of
    them (a normal's is 1.349).
    """
    ordered = np.sort(values)
    half = max(len(ordered) // 2, 1)
    return (
        float(np.min(ordered[half:] - ordered[: len(ordered) - half])) / 1.349
        if len(ordered) > half
        else 0.0
    )
