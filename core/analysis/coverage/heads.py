"""How much each group of real images looks like anything that was rendered, by the rendered
classes.

A renderer's user knows what was rendered even where nothing is known of the real images. So a
linear head of each rendered class is fitted on the synthetic images and read on the real ones: a
group that no head claims is likely absent. What "no head claims it" looks like in this data is
injected: the heads are fitted again without the class that a group looks most like. The vectors
are to be made with batch norms re-estimated for each set (:mod:`core.encoders.adapted`); with plain
ones the heads are no better than distances.

It is worth its cost under a far look only, and sees no gap *within* a class.
``docs/research/judgement.md`` has what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.stats import mannwhitneyu

from core.analysis.types import Floats, Ints
from core.analysis.vectors.alignment import centred, domain_aligned
from core.analysis.vectors.neighbors import graph

NEIGHBORS = 10  # real images with which an image is taken together
SHRINKAGE = 0.5  # of the scatter within classes towards that of a ball
SMALLEST, SMALLEST_SHARE = 5, 0.15  # images a head needs; and in median classes
FEWEST_HEADS = 4  # below, a class less leaves nothing that could claim its images
FEWEST_GROUPS = 4  # of real images: columns are standardised over them
WELL = 0.75  # quantile of the groups that is taken for well rendered, however many are absent
# a logistic regression of "the group is absent" on 298 groups of 45 pairs of random draws,
# photographs against cartoons, rounded
CONSTANT, SLOPE = 3.4, -10.0
APART = 0.02  # between injected and well rendered groups, below which nothing is told


@dataclass(frozen=True)
class Resemblance:
    """What the rendered classes say of C groups of real images. ``place`` (C,): 0 as little claimed
    by any head as under an injected gap, 1 as a well rendered group; ``probability`` (C,) that it
    is absent; ``head`` int64 (C,): the class that claims it most; ``score`` (C,) and ``injected``
    (C,): the claim in standard deviations, as it is and with that class not rendered.
    """

    place: Floats
    probability: Floats
    head: Ints
    score: Floats
    injected: Floats

    @property
    def power(self) -> float:
        """How well injected gaps are told from the groups as they are, 0.5 not at all to 1
        (AUROC).
        """
        pairs = len(self.score) * len(self.injected)
        return float(mannwhitneyu(self.score, self.injected).statistic / pairs)


def resemblance(
    plain: Floats, adapted: Floats, rendered: Floats, classes: Ints, labels: Ints
) -> Resemblance | None:
    """Ask the heads of the rendered classes about every group of real images.

    ``plain`` (n, d) and ``adapted`` (n, e): vectors of the real images as they are, and with
    re-estimated batch norms; ``rendered`` (m, e): the latter of the synthetic images; ``classes``
    int64 (m,), −1 where unknown; ``labels`` int64 (n,), the groups 0 … C − 1.

    None where there are too few classes or groups, or where injected gaps change nothing.
    """
    known = classes >= 0
    of = classes[known]
    if len(_headed(of)) < FEWEST_HEADS or int(labels.max()) + 1 < FEWEST_GROUPS:
        return None
    one, other = domain_aligned([adapted, rendered[known]])
    near = _neighbors(plain, adapted)
    claims, heads = _claims(one, other, of, labels, near)
    best = claims.argmax(axis=1)
    score, head = claims.max(axis=1), heads[best]
    injected = np.empty(len(score))
    for missing in np.unique(head):
        left = of != missing
        without, _ = _claims(one, other[left] - other[left].mean(axis=0), of[left], labels, near)
        injected[head == missing] = without.max(axis=1)[head == missing]
    low, high = float(np.median(injected)), float(np.quantile(score, WELL))
    if high - low < APART:
        return None
    place = (score - low) / (high - low)
    return Resemblance(
        place=place.astype(np.float32),
        probability=special.expit(CONSTANT + SLOPE * place).astype(np.float32),
        head=head,
        score=score.astype(np.float32),
        injected=injected.astype(np.float32),
    )


def linear_heads(space: Floats, classes: Ints) -> tuple[np.ndarray, np.ndarray, Ints]:
    """A linear discriminant of each class: weights (K, d), offsets (K,) and the classes (K,), those
    of ``classes`` int64 (m,) that have images enough; ``space`` (m, d).

    Fisher's discriminant with the scatter within classes shrunk half way to a ball's, which a few
    images a class need (Ledoit and Wolf's target, Friedman's regularised discriminant).
    """
    kept = _headed(classes)
    inside = np.isin(classes, kept)
    points, of = space[inside].astype(np.float64), np.searchsorted(kept, classes[inside])
    means = np.stack([points[of == head].mean(axis=0) for head in range(len(kept))])
    rest = points - means[of]
    within = rest.T @ rest / max(1, len(points) - len(kept))
    ball = np.trace(within) / len(within) * np.eye(len(within))
    weights = np.linalg.solve((1 - SHRINKAGE) * within + SHRINKAGE * ball, means.T).T
    return weights, -0.5 * (weights * means).sum(axis=1), kept


def _headed(classes: Ints) -> Ints:
    """The classes with images enough for a head."""
    found, count = np.unique(classes, return_counts=True)
    if not len(found):
        return found
    return np.asarray(found[count >= max(SMALLEST, SMALLEST_SHARE * float(np.median(count)))])


def _claims(
    real: Floats, rendered: Floats, classes: Ints, labels: Ints, near: Ints
) -> tuple[np.ndarray, Ints]:
    """What each head says of each group, (C, K), in standard deviations over the groups, and the
    heads' classes (K,). Groups weigh alike: a class of many real images is no weaker claimed for
    that.
    """
    weights, offsets, heads = linear_heads(rendered, classes)
    said = (real @ weights.T + offsets)[near].mean(axis=1)
    groups = np.stack([said[labels == group].mean(axis=0) for group in range(labels.max() + 1)])
    return (groups - groups.mean(axis=0)) / np.maximum(groups.std(axis=0), 1e-12), heads


def _neighbors(plain: Floats, adapted: Floats) -> Ints:
    """Each real image and its nearest in both kinds of vectors side by side, (n, 11)."""
    both = [centred(vectors) for vectors in (plain, adapted)]
    scaled = [vectors / max(float(np.sqrt((vectors**2).mean())), 1e-12) for vectors in both]
    (space,) = domain_aligned([np.hstack(scaled)])
    return graph(space, min(NEIGHBORS + 1, len(space))).indices
