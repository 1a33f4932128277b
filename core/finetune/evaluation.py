"""Accuracies by group, worst and balanced accuracy, Wilson intervals, confusion: from predictions
to numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GroupScore:
    """One group's result: ``n`` images, ``correct`` of them, the accuracy and its 95 % Wilson
    interval.
    """

    code: int
    n: int
    correct: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """Worst accuracy (lowest over groups, ``worst`` its code), balanced accuracy (mean over
    groups), all groups.

    NaN-free: groups without an image are not in ``groups``; without any group, both are None.
    """

    worst_accuracy: float | None
    worst: int | None
    balanced_accuracy: float | None
    groups: tuple[GroupScore, ...]


def wilson(correct: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson 1927), 95 % by default. (0, 1) where n = 0."""
    if n <= 0:
        return 0.0, 1.0
    p = correct / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def score(right: np.ndarray, groups: np.ndarray) -> Scores:
    """Scores from ``right`` (n,) bool and group codes (n,), -1 for images of no group."""
    found = []
    for code in np.unique(groups[groups >= 0]):
        mine = right[groups == code]
        correct = int(mine.sum())
        low, high = wilson(correct, len(mine))
        found.append(GroupScore(int(code), len(mine), correct, correct / len(mine), low, high))
    if not found:
        return Scores(None, None, None, ())
    worst = min(found, key=lambda group: group.accuracy)
    return Scores(
        worst.accuracy,
        worst.code,
        float(np.mean([group.accuracy for group in found])),
        tuple(found),
    )


def worst_and_balanced(
    right: np.ndarray, codes: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Worst and balanced accuracy of K predictions at once, each (K,).

    ``right`` (K, n) bool, ``codes`` (n,) dense group codes 0 … k-1, ``sizes`` (k,) images in each.
    """
    hits = np.zeros((right.shape[0], len(sizes)))
    for row, member in zip(hits, right, strict=True):
        row[:] = np.bincount(codes[member], minlength=len(sizes))
    accuracy = hits / sizes
    return accuracy.min(axis=1), accuracy.mean(axis=1)


def confusion(
    y: np.ndarray, predicted: np.ndarray, groups: np.ndarray
) -> list[tuple[int, int, int]]:
    """(group, predicted class, images) of every combination that occurs."""
    known = groups >= 0
    pairs, counts = np.unique(
        np.stack([groups[known], predicted[known]], axis=1), axis=0, return_counts=True
    )
    return [
        (int(group), int(label), int(count))
        for (group, label), count in zip(pairs, counts, strict=True)
    ]
