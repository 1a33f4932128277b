"""Tags: what an encoder's own classifier sees in an image, and which tags a gap has more of than
the covered images.

A classifier trained on ImageNet names what an image shows without any text model. Its names are
hints: a giraffe is none of its 1000 classes, and comes out as gazelle, cheetah and llama. So tags
are counted in an image's five likeliest, close names are told together, and the ImageNet classes'
families ("hoofed animals") are counted as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from scipy.special import softmax

from core.analysis.explain.held_out import Halves
from core.analysis.vectors.neighbors import unit
from core.contracts.comparison import TagEvidence
from core.errors import InputError

TOP = 5  # an image's likeliest classes
LEAST_PROBABILITY = 0.03  # below, a place among the five says nothing
FAMILY_PROBABILITY = 0.5  # of a family's classes together, for an image to belong to it
LEAST_SHARE = 0.1  # of a gap's images, for a tag to describe it
# false discovery rate of what the choosing half chooses: a screen, not a result
MOST_Q = 0.01
ALIKE = 0.35  # cosine of two classes' centred weights from which they are told together

# ImageNet's classes are numbered along WordNet: its animals, foods and places lie together. Objects
# do not.
FAMILIES: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    ("fish", ((0, 6), (389, 397))),
    ("birds", ((7, 24), (80, 100), (127, 146))),
    ("reptiles and amphibians", ((25, 68),)),
    ("spiders and insects", ((70, 79), (300, 326))),
    ("sea animals", ((107, 126), (147, 150), (327, 329))),
    ("dogs and wolves", ((151, 275),)),
    ("foxes", ((277, 280),)),
    ("cats", ((281, 285),)),
    ("big cats", ((286, 293),)),
    ("bears", ((294, 297), (387, 388))),
    ("small mammals", ((298, 299), (330, 338), (356, 364))),
    ("hoofed animals", ((339, 355),)),
    ("apes and monkeys", ((365, 384),)),
    ("elephants", ((101, 101), (385, 386))),
    ("animals", ((0, 397),)),
    ("food", ((924, 969),)),
    ("landscapes", ((970, 980),)),
    ("plants and fungi", ((984, 998),)),
)


@dataclass(frozen=True)
class Tagged:
    """What the classifier sees in n images.

    ``classes`` (n, 5) int: its likeliest classes, the likeliest first; ``probability`` (n, 5)
    float32; ``names``: one a class; ``families`` (n, len(FAMILIES)) float32: probability of each
    family, no columns where the classes are not ImageNet's; ``alike``: for each class the classes
    that are told together with it.
    """

    classes: np.ndarray
    probability: np.ndarray
    names: tuple[str, ...]
    families: np.ndarray
    alike: dict[int, frozenset[int]]

    @property
    def tags(self) -> list[str]:
        """The likeliest class's name for each image."""
        return [self.names[index] for index in self.classes[:, 0]]

    @property
    def confidence(self) -> np.ndarray:
        """Its probability (n,)."""
        return self.probability[:, 0]


def tag_images(
    vectors: np.ndarray,
    weight: np.ndarray | None,
    bias: np.ndarray | None,
    names: Sequence[str],
    *,
    encoder: str = "",
) -> Tagged:
    """Tag images by a linear classifier: softmax of vectors (n, d) @ weight (classes, d)ᵀ + bias
    (classes,).

    Raises InputError where there is no classifier (``weight`` None) or it does not fit the vectors.
    """
    if weight is None or bias is None:
        raise InputError(
            f"The encoder {encoder or 'of these vectors'} has no classifier, so it cannot give "
            "tags",
            "Use lite0 or a timm:… encoder for tags, or a clip:… encoder for concepts.",
        )
    if weight.shape != (len(names), vectors.shape[1]):
        raise InputError(
            f"A classifier of shape {weight.shape} does not fit vectors of {vectors.shape[1]} "
            f"dimensions and {len(names)} names",
            "Use the head of the encoder that made the vectors.",
        )
    n, top = len(vectors), min(TOP, len(names))
    members = _family_members(len(names))
    classes = np.empty((n, top), np.int32)
    probability = np.empty((n, top), np.float32)
    families = np.empty((n, members.shape[1]), np.float32)
    for start in range(0, n, 4096):
        rows = slice(start, start + 4096)
        scores = softmax(vectors[rows].astype(np.float32) @ weight.T + bias, axis=1)
        likeliest = np.argpartition(scores, -top, axis=1)[:, -top:]
        found = np.take_along_axis(scores, likeliest, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        classes[rows] = np.take_along_axis(likeliest, order, axis=1)
        probability[rows] = np.take_along_axis(found, order, axis=1)
        families[rows] = scores @ members
    return Tagged(classes, probability, tuple(names), families, _alike(weight))


def over_represented(
    tagged: Tagged, gap: Halves, covered: Halves, *, most: int = 6
) -> list[TagEvidence]:
    """Tags that the images of ``gap`` have more often than those of ``covered``: the most telling,
    the most frequent first.

    An image has a tag when it is among its five likeliest with at least 3 %. The choosing halves
    choose up to ``most`` (:func:`frequent`) and their order; close tags are told together under the
    one most common in the gap. Shares and lifts are the other halves'.
    """
    number = len(tagged.names)
    in_gap, in_covered = (_counts(tagged, side.choosing, number) for side in (gap, covered))
    tried = np.flatnonzero(in_gap)
    sizes = len(gap.choosing), len(covered.choosing)
    order = tried[frequent(in_gap[tried], in_covered[tried], sizes)].tolist()
    chosen: dict[int, tuple[str, ...]] = {}
    taken: set[int] = set()
    for index in order:
        if index in taken:
            continue
        alike = tagged.alike.get(index, ())
        close = [other for other in order if other in alike and other not in taken]
        taken |= {index, *close}
        close.sort(key=lambda other: -in_gap[other])
        chosen[index] = tuple(tagged.names[other] for other in close[:4])
    kept = sorted(list(chosen)[:most], key=lambda index: -in_gap[index])
    here, there = (_counts(tagged, side.measuring, number) for side in (gap, covered))
    measured = [
        _measured(tagged.names[index], int(here[index]), int(there[index]), gap, covered)
        for index in kept
    ]
    return [
        replace(tag, also=chosen[index])
        for index, tag in zip(kept, measured, strict=True)
        if tag is not None
    ]


def over_represented_families(
    tagged: Tagged, gap: Halves, covered: Halves, *, most: int = 3
) -> list[TagEvidence]:
    """Families of ImageNet classes that ``gap`` has more often than ``covered``, the narrowest that
    tell most first; chosen and measured as tags are.
    """
    if not tagged.families.shape[1]:
        return []
    belongs = tagged.families >= FAMILY_PROBABILITY
    sizes = len(gap.choosing), len(covered.choosing)
    in_gap, in_covered = (belongs[side.choosing].sum(axis=0) for side in (gap, covered))
    here, there = (belongs[side.measuring].sum(axis=0) for side in (gap, covered))
    measured = [
        _measured(FAMILIES[index][0], int(here[index]), int(there[index]), gap, covered)
        for index in frequent(in_gap, in_covered, sizes)[:most].tolist()
    ]
    return [family for family in measured if family is not None]


def frequent(counts: np.ndarray, others: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
    """Which names are more frequent among images than among others, the most telling first (share
    times lift): their places.

    ``counts`` (names,) of ``sizes[0]`` images, ``others`` (names,) of ``sizes[1]``. Kept: a false
    discovery rate of 1 % (Fisher's exact test, one-sided; Benjamini and Hochberg over all names),
    and at least a tenth of the images. That is a screen: the images are those that choose.
    """
    size, size_other = sizes
    if not len(counts) or not size or not size_other:
        return np.zeros(0, np.int64)
    counts, others = np.asarray(counts, np.int64), np.asarray(others, np.int64)
    # The exact test is the tail of a hypergeometric distribution, for all names at once.
    p = stats.hypergeom.sf(counts - 1, size + size_other, counts + others, size)
    q = stats.false_discovery_control(np.clip(p, 0.0, 1.0))
    lift = _log_odds(counts, size) - _log_odds(others, size_other)
    places = np.flatnonzero((q < MOST_Q) & (counts >= LEAST_SHARE * size) & (lift > 0))
    return places[np.argsort(-(counts * lift)[places], kind="stable")]


def lift_interval(count: int, size: int, other: int, size_other: int) -> tuple[float, float, float]:
    """Log odds ratio (natural logarithm, half a count added to each cell) of ``count`` of ``size``
    to ``other`` of ``size_other``, and its 95 % interval (Gart 1966).
    """
    lift = float(_log_odds(np.array(count), size) - _log_odds(np.array(other), size_other))
    cells = (count, size - count, other, size_other - other)
    reach = 1.96 * float(np.sqrt(sum(1 / (cell + 0.5) for cell in cells)))
    return lift, lift - reach, lift + reach


def _measured(
    name: str, count: int, other: int, gap: Halves, covered: Halves
) -> TagEvidence | None:
    """A chosen tag as the measuring halves have it; None where they do not confirm it."""
    size, size_other = len(gap.measuring), len(covered.measuring)
    lift, low, high = lift_interval(count, size, other, size_other)
    if not size or not size_other or low <= 0:
        return None
    return TagEvidence(name, count / size, other / size_other, count, size, lift, low, high)


def _log_odds(count: np.ndarray, size: int) -> np.ndarray:
    return np.log((count + 0.5) / (size - count + 0.5))


def _counts(tagged: Tagged, rows: np.ndarray, number: int) -> np.ndarray:
    """How many of the images ``rows`` have each tag, (classes,)."""
    likely = tagged.probability[rows] >= LEAST_PROBABILITY
    return np.bincount(tagged.classes[rows][likely], minlength=number)


def _family_members(classes: int) -> np.ndarray:
    """Zeros and ones (classes, families); no columns if the classes are not ImageNet's thousand."""
    if classes != 1000:
        return np.zeros((classes, 0), np.float32)
    members = np.zeros((classes, len(FAMILIES)), np.float32)
    for column, (_, ranges) in enumerate(FAMILIES):
        for first, last in ranges:
            members[first : last + 1, column] = 1
    return members


def _alike(weight: np.ndarray) -> dict[int, frozenset[int]]:
    """For each class, the classes with nearly the same weights: the network can hardly tell them
    apart.
    """
    directions = unit(weight - weight.mean(axis=0), pairwise=True)
    close = directions @ directions.T > ALIKE
    np.fill_diagonal(close, False)
    return {
        int(index): frozenset(np.flatnonzero(close[index]).tolist())
        for index in np.flatnonzero(close.any(axis=1))
    }
