"""Near-identical images: frames of one sequence, which say the same thing many times.

A clip of eight frames is not eight witnesses. Each image gets the number of its *unit*: itself
alone, or the sequence it belongs to, so that intervals, baselines and self-tests can count a unit
once. Two signs are asked. Names: files that differ in their last number only are a sequence, as far
as the vectors confirm it frame by frame. Vectors alone: images hardly any distance apart. Both
measure against the usual distance between an image and its nearest neighbour in this set, so they
hold for any encoder. An image joins a unit only if it is near to that unit's first image: a long
slow pan becomes several units, not one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch

from core.analysis.types import Floats, Ints
from core.analysis.vectors.neighbors import check_vectors, nearest, unit

ALONE = 0.15
"""Cosine distance below which images count as one, in usual nearest-neighbour distances. Of 2,995
PACS images fewer than 1 in 500 lie so close to another (tests/analysis/vectors/test_sequences.py).
"""
NAMED = 0.35
"""The same where consecutive file names say that the images are a sequence."""
FARTHEST, FARTHEST_NAMED = 0.015, 0.03
"""Cosine distances above which images are never one, whatever is usual, by vectors alone and where
names say so: a renderer that varies little makes tight clusters, not one image many times.
"""
PAIRS_TO_NEAREST = 1 / 3
"""The usual nearest-neighbour distance that is tried first, of the median over random pairs. In a
set made of clips the nearest neighbours say nothing, random pairs still do; PACS has 0.35 to 0.55.
"""
ROUNDS = 5  # in which the usual distance is taken again, without what was found to be one
SETTLED = 0.9  # of the distance before: it changed little
SAMPLE = 1_000  # images that the usual distances are taken from
FILTER = 64  # dimensions in which far pairs are ruled out
BLOCK_BYTES = 64 * 2**20  # of similarities held at once

_LAST_NUMBER = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>\D*)", re.DOTALL)


def frames(vectors: np.ndarray, paths: Sequence[str] | np.ndarray, *, seed: int = 0) -> Ints:
    """The unit of each image, int64 (n,), numbered from 0 in the order of their first images.

    ``vectors`` float32 (n, d); ``paths``: what the files are called, (n,). Unit numbers are those
    of one call: images of two sets never share a unit. Time grows with the square of n, 64
    dimensions a pair: 20,000 images take about 8 seconds of one core. Raises
    :class:`~core.errors.InputError` for vectors that are not finite.
    """
    points = unit(check_vectors(np.asarray(vectors), at_least=0))
    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    rng = np.random.default_rng(seed)
    sequences = _named(paths)
    usual = PAIRS_TO_NEAREST * _between_pairs(points, rng)
    first = np.arange(len(points))
    for _ in range(ROUNDS):
        first = _first_images(points, sequences, usual)
        among = _between_units(points[np.unique(first)], rng)
        if among >= SETTLED * usual:
            break
        usual = among
    return np.unique(first, return_inverse=True)[1].astype(np.int64)


def unit_weights(units: np.ndarray) -> Floats:
    """What each image counts for, float32 (n,): 1 / the size of its unit, so that a unit counts as
    one image. ``units`` as :func:`frames` gives them.
    """
    sizes = np.bincount(units)
    return (1 / sizes[units]).astype(np.float32) if len(units) else np.zeros(0, np.float32)


def one_of_each(units: np.ndarray, *, seed: int = 0) -> Ints:
    """Rows of one image of every unit, drawn at random, in ascending order: for what cannot take
    weights.
    """
    order = np.random.default_rng(seed).permutation(len(units))
    _, first = np.unique(units[order], return_index=True)
    return np.sort(order[first])


# --- inside ---------------------------------------------------------------------------------------


def _named(paths: Sequence[str] | np.ndarray) -> list[Ints]:
    """Rows whose paths differ in their last number only, in the order of that number; sequences of
    one are left out.
    """
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row, path in enumerate(paths):
        stem, dot, suffix = str(path).rpartition(".")
        parts = _LAST_NUMBER.fullmatch(stem if dot else suffix)
        if parts and "/" not in parts["after"]:  # a number in a folder's name tells no frames apart
            key = (parts["before"], f"{parts['after']}.{suffix if dot else ''}")
            found.setdefault(key, []).append((int(parts["number"]), row))
    return [np.array([row for _, row in sorted(rows)]) for rows in found.values() if len(rows) > 1]


def _first_images(points: Floats, sequences: Sequence[Ints], usual: float) -> Ints:
    """The row of the first image of each image's unit, (n,)."""
    first = np.arange(len(points))
    for rows in sequences:
        _walk(points, rows, min(NAMED * usual, FARTHEST_NAMED), first)
    leaders = np.unique(first)
    joined = leaders[_near_identical(points[leaders], min(ALONE * usual, FARTHEST))]
    return joined[np.searchsorted(leaders, first)]


def _walk(points: Floats, rows: Ints, limit: float, first: Ints) -> None:
    """Give each of the rows, in order, the unit of the row before it while it is near to that
    unit's first image; writes into ``first``.
    """
    start = 0
    while start < len(rows):
        leader = rows[start]
        stop, width = start + 1, 16
        while stop < len(rows):  # ahead in steps that double: most units are short
            ahead = rows[stop : stop + width]
            away = 1 - points[ahead] @ points[leader] > limit
            near = int(away.argmax()) if away.any() else len(ahead)
            stop += near
            if near < len(ahead):
                break
            width *= 2
        first[rows[start:stop]] = min(rows[start:stop])
        start = stop


def _near_identical(points: Floats, limit: float) -> Ints:
    """For each point the first point within ``limit`` of it that is no follower itself, (n,)
    positions; itself where there is none.

    Far pairs are ruled out in the leading dimensions of a rotation: a projection never lengthens a
    distance, so no near pair is lost.
    """
    first = np.arange(len(points))
    short = torch.from_numpy(_projected(points))
    # Of (x, −|x|²/2, 1) and (y, 1, −|y|²/2) the product is −|x − y|²/2, and that is cos − 1.
    halves, ones = -(short * short).sum(1, keepdim=True) / 2, torch.ones(len(points), 1)
    left, right = torch.hstack([short, halves, ones]), torch.hstack([short, ones, halves]).T
    rows = max(1, BLOCK_BYTES // (4 * len(points)))
    for start in range(0, len(points), rows):
        close = left[start : start + rows] @ right[:, start:] >= -limit - 1e-5
        hits = torch.nonzero(close).numpy() + start
        hits = hits[hits[:, 0] < hits[:, 1]]
        here, at = np.unique(hits[:, 0], return_index=True)
        ends = np.append(at[1:], len(hits))[: len(here)]
        for row, begin, end in zip(here, at, ends, strict=True):
            if first[row] != row:
                continue
            others = hits[begin:end, 1]
            free = others[first[others] == others]
            difference = points[free] - points[row]
            near = np.einsum("ij,ij->i", difference, difference) / 2 <= limit
            first[free[near]] = row
    return first


def _projected(points: Floats) -> Floats:
    """Points in about the directions in which a sample of them varies most, float32 (n, ≤ 64): no
    distance is longer than it was, whatever the directions. One power iteration finds them: the
    filter needs no more, and a decomposition would take longer than everything else.
    """
    if points.shape[1] <= FILTER:
        return points
    sample = points[:: max(1, len(points) // SAMPLE)]
    sample = sample - sample.mean(axis=0)
    start = np.random.default_rng(0).normal(size=(points.shape[1], FILTER)).astype(np.float32)
    directions = np.linalg.qr(sample.T @ (sample @ start))[0]
    return np.ascontiguousarray(points @ directions, np.float32)


def _between_pairs(points: Floats, rng: np.random.Generator) -> float:
    """Median cosine distance of random pairs."""
    one, other = (rng.integers(len(points), size=20 * SAMPLE) for _ in range(2))
    apart = np.einsum("ij,ij->i", points[one], points[other])[one != other]
    return float(np.median(1 - apart)) if len(apart) else 0.0


def _between_units(points: Floats, rng: np.random.Generator) -> float:
    """Median cosine distance to the nearest other point; infinite where there is no other."""
    if len(points) < 2:
        return np.inf
    chosen = rng.permutation(len(points))[:SAMPLE]
    return float(np.median(nearest(points[chosen], points, 2)[1][:, 1]))
