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

from core.analysis.vectors.neighbors import unit
from core.contracts.comparison import TagEvidence
from core.errors import InputError

TOP = 5  # an image's likeliest classes
LEAST_PROBABILITY = 0.03  # below, a place among the five says nothing
FAMILY_PROBABILITY = 0.5  # of a family's classes together, for an image to belong to it
LEAST_SHARE = 0.1  # of a gap's images, for a tag to describe it
MOST_Q = 0.01  # false discovery rate
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
    tagged: Tagged, gap: np.ndarray, covered: np.ndarray, *, most: int = 6
) -> list[TagEvidence]:
    """Tags that the images ``gap`` (row numbers) have more often than ``covered``: the most
    telling, by share.

    An image has a tag when it is among its five likeliest with at least 3 %. Kept: a false
    discovery rate of 1 %, at least a tenth of the gap. Close tags are told together under the one
    most common in the gap.
    """
    if not len(gap) or not len(covered):
        return []
    number = len(tagged.names)
    in_gap, in_covered = (_counts(tagged, rows, number) for rows in (gap, covered))
    tried = np.flatnonzero(in_gap)
    more_often = enriched(
        [tagged.names[index] for index in tried],
        in_gap[tried],
        len(gap),
        in_covered[tried],
        len(covered),
    )
    index_of = {tagged.names[index]: int(index) for index in tried}
    chosen: list[TagEvidence] = []
    taken: set[int] = set()
    for tag in sorted(more_often, key=lambda tag: (-tag.share * tag.lift, tag.name)):
        index = index_of[tag.name]
        if index in taken:
            continue
        close = [
            other
            for other in more_often
            if index_of[other.name] in tagged.alike.get(index, ())
            and index_of[other.name] not in taken
            and other is not tag
        ]
        taken |= {index, *(index_of[other.name] for other in close)}
        close.sort(key=lambda other: -other.share)
        chosen.append(replace(tag, also=tuple(other.name for other in close[:4])))
    return sorted(chosen[:most], key=lambda tag: -tag.share)


def over_represented_families(
    tagged: Tagged, gap: np.ndarray, covered: np.ndarray, *, most: int = 3
) -> list[TagEvidence]:
    """Families of ImageNet classes that ``gap`` has more often than ``covered``, the narrowest that
    tell most first.
    """
    if not len(gap) or not len(covered) or not tagged.families.shape[1]:
        return []
    belongs = tagged.families >= FAMILY_PROBABILITY
    in_gap, in_covered = belongs[gap].sum(axis=0), belongs[covered].sum(axis=0)
    names = [name for name, _ in FAMILIES]
    families = enriched(names, in_gap, len(gap), in_covered, len(covered))
    return sorted(families, key=lambda family: -family.share * family.lift)[:most]


def enriched(
    names: Sequence[str],
    in_gap: np.ndarray,
    size: int,
    in_covered: np.ndarray,
    size_covered: int,
    *,
    most_q: float = MOST_Q,
    least_share: float = LEAST_SHARE,
) -> list[TagEvidence]:
    """Those of ``names`` that are more frequent among ``size`` images (counts ``in_gap``) than
    among ``size_covered`` (counts ``in_covered``).

    Kept: ``q`` (p of Fisher's exact test, one-sided, after Benjamini and Hochberg over all names)
    below ``most_q``, and a share of at least ``least_share``. ``lift``: log odds ratio (natural
    logarithm, half a count added to each cell).
    """
    if not len(names):
        return []
    in_gap, in_covered = np.asarray(in_gap, np.int64), np.asarray(in_covered, np.int64)
    # The exact test is the tail of a hypergeometric distribution, for all names at once.
    p = stats.hypergeom.sf(in_gap - 1, size + size_covered, in_gap + in_covered, size)
    q = stats.false_discovery_control(np.clip(p, 0.0, 1.0))
    lift = np.log((in_gap + 0.5) / (size - in_gap + 0.5)) - np.log(
        (in_covered + 0.5) / (size_covered - in_covered + 0.5)
    )
    return [
        TagEvidence(
            name,
            float(count / size),
            float(other / size_covered),
            int(count),
            size,
            float(lifted),
            float(q_value),
        )
        for name, count, other, lifted, q_value in zip(
            names, in_gap, in_covered, lift, q, strict=True
        )
        if q_value < most_q and count >= least_share * size and lifted > 0
    ]


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
