"""Zero-shot classes among names that a user typed, and how far they can be trusted.

Two ways to a class. An encoder with words (CLIP) compares an image with each name; its probability
is among the typed names, so every image gets one of them. An ImageNet head's classes are grouped
to the names; a name's probability is the sum over its classes, so an image that shows none of them
has little, and gets none below :data:`LEAST_PROBABILITY`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import softmax

from core.analysis.explain.concepts import CLIP_SCALE, concept_scores

NONE = -1  # no class
# Of a name's ImageNet classes together, below which an image shows none of the names. With
# lite0 on 420 photographs of seven classes, three of which ImageNet lacks
# (benchmarks/typed_classes.py): 93 % of those three get no class (32 % at 0.03), and 85 % of the
# other four get their own (86 %).
LEAST_PROBABILITY = 0.1
BLOCK = 4096  # images at once
LEAST_CLASSES = 4  # for a rank correlation: with three any order is likely


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation ``rho`` over ``n`` classes and its two-sided ``p``; None where
    there are fewer than four, or all values of a side are equal.
    """

    n: int
    rho: float | None
    p: float | None


def by_words(vectors: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """Probability of each name (n, k): softmax of CLIP's scaled cosines of vectors (n, d) with one
    text vector a name (k, d).
    """
    return softmax(concept_scores(vectors, texts) * CLIP_SCALE, axis=1)


def by_head(
    vectors: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    groups: Sequence[Sequence[int]],
) -> np.ndarray:
    """Probability of each name (n, k): the head's (classes, d) softmax, summed over each name's
    classes. A name without classes has probability 0.
    """
    scores = softmax(vectors.astype(np.float32) @ weight.T + bias, axis=1)
    return np.column_stack([scores[:, list(group)].sum(axis=1) for group in groups])


def likeliest(probability: np.ndarray, least: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest name of each image, int (n,), and its probability (n,): -1 and NaN where that
    is below ``least``. ``probability`` (n, k).
    """
    best = probability.argmax(axis=1)
    sure = probability[np.arange(len(best)), best]
    none = sure < least
    return np.where(none, NONE, best), np.where(none, np.nan, sure)


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> RankCorrelation:
    """Spearman's rank correlation of two numbers of n classes. The p-value is exact over all
    orders up to seven classes, by Student's t above.
    """
    n = len(first)
    if n < LEAST_CLASSES or len(set(first)) < 2 or len(set(second)) < 2:
        return RankCorrelation(n, None, None)
    rho = float(stats.spearmanr(first, second).statistic)
    if n > 7:
        return RankCorrelation(n, rho, float(stats.spearmanr(first, second).pvalue))
    ranked = stats.rankdata(second)
    orders = stats.permutation_test(
        (stats.rankdata(first),),
        lambda one: float(np.corrcoef(one, ranked)[0, 1]),
        permutation_type="pairings",
        n_resamples=np.inf,
        vectorized=False,
    )
    return RankCorrelation(n, rho, float(orders.pvalue))
