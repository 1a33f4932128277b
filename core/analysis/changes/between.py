"""What changed between two renderer versions, judged on the same real images: closed, opened, open,
covered.

Two lists of absent images, one for each version, are a blunt way to compare versions: each list has
its own misses. The *change* of each real image's coverage is far sharper, because what is peculiar
to an image is the same in both versions and cancels.

1. Both versions are brought into one domain-aligned space. What tells their looks apart is the mean
   difference of what both show: images they share, or where they share few, images that are each
   other's nearest. So what only one of them has cannot move the other.
2. The change of a real image is how much nearer its nearest synthetic image came (cosine distance,
   averaged over its nearest real neighbours and over the views). Where the versions share few
   images the median change of the real images near what both show is taken away: a new look moves
   all images at once and is no gap closed.
3. Noise is what the change would be if only chance had decided which synthetic image belongs to
   which version: the images of both are dealt out again, as many to each and as many to both as
   there were (a permutation test that keeps the pairing).
4. Changed are *neighbourhoods*: connected real images whose change stands out, whose sum of
   deviations is larger than all but 2.5 % of the largest found by chance (the cluster-mass test of
   Bullmore et al. 1999; Maris and Oostenveld 2007). So for both directions together a version that
   only differs by chance is told apart from itself in at most one of twenty cases.

5. The judgement of both versions has the last word on what a change means (:func:`states`).

``docs/versions.md`` says what it reaches, ``docs/research/versions.md`` what was tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.changes.nearness import (
    Members,
    Nearness,
    depth_of,
    movement,
    nearness,
    shared_spaces,
)
from core.analysis.changes.neighborhoods import changed_neighborhoods, half_width
from core.analysis.types import Bools, Floats, OnProgress, unheard
from core.analysis.vectors.alignment import Views
from core.contracts.words import State, Tier

DRAWS = 240  # how often the synthetic images are dealt out again
SPREAD = 2.5  # where domains differ: least change, in deviations of all changes
# cosine distance below which a change is no gap, however sure: with many images all is sure
SMALLEST = 0.02
PAIRED = 0.3  # least share of common images for centring on them
ROWS_LIMIT = 1_000_000  # rows of the changes table up to which all pairs of versions are compared


@dataclass(frozen=True)
class VersionImages:
    """One version, as :func:`changes_between` wants it.

    ``views``: its vectors (m, d); ``contents``: what names each image's content, (m,); ``tier``
    (n,): its judgement of each real image, a :class:`~core.contracts.words.Tier`.
    """

    views: Views
    contents: Sequence[str]
    tier: np.ndarray


@dataclass(frozen=True)
class Change:
    """How each of n real images' coverage changed from one version to another.

    ``change`` float (n,): cosine distance by which the nearest synthetic image came nearer,
    smoothed; positive is better. ``deviation`` float (n,): the same in standard deviations of
    chance. ``closed``, ``opened`` bool (n,): clearly better, clearly worse by the test against
    chance. ``shift``: what was taken away from all changes (0 where versions are paired).
    ``paired``: the share of common images.
    """

    change: Floats
    deviation: Floats
    closed: Bools
    opened: Bools
    shift: float
    paired: float


@dataclass(frozen=True)
class PairChange:
    """What happened to n real images between two versions, by their places in the comparison.

    ``states``: a :class:`~core.contracts.words.State` for each image (n,); ``regressed`` bool (n,):
    opened here, and had closed between two neighbouring versions before.
    """

    first: int
    second: int
    change: Change
    states: np.ndarray
    regressed: Bools


def changes_between(
    real: Views,
    versions: Sequence[VersionImages],
    *,
    seed: int = 0,
    progress: OnProgress = unheard,
) -> list[PairChange]:
    """How the coverage of ``real`` (n images) changed between versions, pair by pair in their
    order. Fewer than two versions: nothing.
    """
    chosen = pairs(len(versions), len(real))
    found: dict[tuple[int, int], PairChange] = {}
    for done, (first, second) in enumerate(chosen, start=1):
        before, after = versions[first], versions[second]
        change = coverage_change(
            real, before.views, after.views, before.contents, after.contents, seed=seed
        )
        state = states(change, before.tier, after.tier)
        earlier = [
            found[step, step + 1].states == State.CLOSED
            for step in range(first)
            if (step, step + 1) in found
        ]
        closed_before = np.any(earlier, axis=0) if earlier else np.zeros(len(real), bool)
        regressed = (state == State.OPENED) & closed_before
        found[first, second] = PairChange(first, second, change, state, regressed)
        progress("changes between versions", done, len(chosen))
    return list(found.values())


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


def coverage_change(
    real: Views,
    before: Views,
    after: Views,
    before_contents: Sequence[str],
    after_contents: Sequence[str],
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> Change:
    """How the coverage of ``real`` (n images) changed from ``before`` to ``after``.

    The contents name each version's images, so that common ones are known. Views that one side
    lacks are left out. Two versions of the very same images have no change at all.
    """
    members = Members.of(before_contents, after_contents)
    paired, n = members.paired, len(real)
    if members.common.all():
        still = np.zeros(n, np.float32)
        return Change(still, still, np.zeros(n, bool), np.zeros(n, bool), 0.0, 1.0)

    depth = depth_of(members.belongs)
    spaces = shared_spaces(real, before, after, members, paired >= PAIRED, seed)
    views = [nearness(space, members, depth, seed) for space, _ in spaces]
    raw = movement(views, members.belongs)
    shown_by_both = np.unique(np.concatenate([rows for _, rows in spaces]))
    middle = float(np.median(raw[shown_by_both]))
    chance = _by_chance(views, members, draws, seed)
    variance = chance.var(axis=0)
    # Half of each image's variance is everyone's: an image whose nearest images happened to stay is
    # not known to a hair.
    scale = np.sqrt(np.maximum(variance + np.median(variance), 1e-12))
    deviation = (raw - middle) / scale
    chance /= scale
    shift = 0.0 if paired >= PAIRED else middle
    change = raw - shift
    least = max(SMALLEST, 0.0 if paired >= PAIRED else SPREAD * half_width(change))
    closed, opened = (
        changed_neighborhoods(
            sign * deviation, sign * chance, sign * change > least, views[0].around
        )
        for sign in (1, -1)
    )
    return Change(
        change.astype(np.float32), deviation.astype(np.float32), closed, opened, shift, paired
    )


def states(change: Change, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """A :class:`~core.contracts.words.State` for each real image (n,), from its change and its tier
    in both versions (n,).

    *Closed*: it changed for the better, or was absent and is covered now, and the new version is
    known to render it: what it cannot tell of has not closed. *Opened*: it changed for the worse,
    or was covered and is absent now, and it was not absent before. Tiers that differ count only
    where the nearest synthetic images did come nearer or go away. What is neither is open where the
    new version lacks it, else covered.
    """
    was_absent, was_covered = before == Tier.ABSENT, before == Tier.COVERED
    is_absent, is_covered = after == Tier.ABSENT, after == Tier.COVERED
    moved = change.change + change.shift
    better = change.closed | (was_absent & is_covered & (moved > SMALLEST))
    worse = change.opened | (was_covered & is_absent & (moved < -SMALLEST))
    found = np.full(len(after), State.COVERED, dtype=object)
    found[is_absent] = State.OPEN
    found[better & (is_covered | (after == Tier.THIN))] = State.CLOSED
    found[worse & ~was_absent] = State.OPENED
    return found


def _by_chance(views: Sequence[Nearness], members: Members, draws: int, seed: int) -> Floats:
    """Changes (draws, n) where only chance decides which image belongs to which version."""
    rng = np.random.default_rng(seed)
    chance = np.empty((draws, len(views[0].numbers)), np.float32)
    for draw in range(draws):
        dealt = movement(views, members.belongs[:, rng.permutation(members.belongs.shape[1])])
        # A larger version is nearer to everything by chance alone: what all images share is no sign
        # of a gap closed.
        chance[draw] = dealt - np.median(dealt)
    return chance
