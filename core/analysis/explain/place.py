"""Where in the frame a gap lies: the tile that stands out, image by image and for a group.

A tile stands out by its distance to the version's nearest tile at the same place, against what is
usual for real tiles there: sky is near to sky in most frames, whatever the renderer, and what is
missing is far. For a group it is said only where its images agree more than the others do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.analysis.types import Ints
from core.analysis.vectors.alignment import domain_aligned
from core.analysis.vectors.neighbors import nearest

AGREE = 0.5  # share of a group's images whose outstanding tile must be the same one
CHANCE = (
    0.01  # probability of so many, were the group like the other images, below which it is said
)
LEAST = 5  # images in a group below which nothing is said


@dataclass(frozen=True)
class Place:
    """Where the images of a group differ: ``place`` among the tiles, ``count`` of ``size`` images
    agree on it.
    """

    place: int
    count: int
    size: int


def outstanding_tiles(
    real: Sequence[np.ndarray], version: Sequence[np.ndarray], *, seed: int = 0
) -> Ints:
    """The tile of each real image that stands out most, int64 (n,).

    ``real`` and ``version``: one array (n, d), or (m, d), for each place in the frame. Distances
    are Euclidean in the domain-aligned space of that place (cosines named the right tile of a
    composite half as often, docs/coverage.md); each is taken in units of the median absolute
    deviation there, from the median.
    """
    standing = []
    for own, rendered in zip(real, version, strict=True):
        aligned, targets = domain_aligned([own, rendered], seed=seed)
        away = nearest(aligned, targets, 1, metric="euclidean", seed=seed)[1][:, 0]
        spread = np.median(np.abs(away - np.median(away)))
        standing.append((away - np.median(away)) / max(float(spread), 1e-6))
    return np.argmax(np.stack(standing), axis=0).astype(np.int64)


def common_place(places: np.ndarray, members: np.ndarray, others: np.ndarray) -> Place | None:
    """The place that stands out in most images of a group, or None where they do not agree, or no
    more than the others do.

    ``places`` (n,) as :func:`outstanding_tiles` gives them; ``members`` and ``others``: row numbers
    of the group and of the images it is compared with.
    """
    if len(members) < LEAST or len(others) < LEAST:
        return None
    kinds = int(places.max()) + 1
    inside, outside = (np.bincount(places[rows], minlength=kinds) for rows in (members, others))
    place = int(inside.argmax())
    count, usual = int(inside[place]), (outside[place] + 1) / (len(others) + kinds)
    by_chance = float(stats.binom.sf(count - 1, len(members), usual))
    if count < AGREE * len(members) or by_chance > CHANCE:
        return None
    return Place(place, count, len(members))


def place_sentence(found: Place, names: Sequence[str]) -> str:
    """That place in words; ``names``: what each tile's place is called."""
    return (
        f"In {found.count} of {found.size} images the {names[found.place]} of the frame differs "
        "most from what is rendered there."
    )
