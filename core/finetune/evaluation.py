"""From predictions to numbers: accuracies by group, their worst and mean, confusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.coverage.confidence import wilson


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
    """Worst-group accuracy (``worst`` is that group's code), mean-group accuracy, all groups.

    NaN-free: groups without an image are not in ``groups``; without any group, both are None.
    """

    worst_accuracy: float | None
    worst: int | None
    balanced_accuracy: float | None
    groups: tuple[GroupScore, ...]


NO_SCORES = Scores(None, None, None, ())


def score(right: np.ndarray, groups: np.ndarray) -> Scores:
    """Scores from ``right`` (n,) bool and group codes (n,), -1 for images of no group."""
    scores = []
    for code in np.unique(groups[groups >= 0]):
        members = right[groups == code]
        n, correct = len(members), int(members.sum())
        scores.append(GroupScore(int(code), n, correct, correct / n, *wilson(correct, n)))
    if not scores:
        return NO_SCORES
    worst = min(scores, key=lambda group: group.accuracy)
    mean = float(np.mean([group.accuracy for group in scores]))
    return Scores(worst.accuracy, worst.code, mean, tuple(scores))


def worst_and_mean(
    right: np.ndarray, codes: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Worst-group and mean-group accuracy of K predictions at once, each (K,).

    ``right`` (K, n) bool, ``codes`` (n,) dense group codes 0 … k-1, ``sizes`` (k,) images in each.
    """
    hits = np.zeros((right.shape[0], len(sizes)))
    for row, member in zip(hits, right, strict=True):
        row[:] = np.bincount(codes[member], minlength=len(sizes))
    accuracy = hits / sizes
    return accuracy.min(axis=1), accuracy.mean(axis=1)


@dataclass(frozen=True)
class ConfusionCell:
    """``n`` images of the group with this code that were taken for class ``predicted`` (a code)."""

    group: int
    predicted: int
    n: int


def confusion(predicted: np.ndarray, groups: np.ndarray) -> list[ConfusionCell]:
    """Every combination of group and predicted class that occurs. Both (n,); group -1: none."""
    known = groups >= 0
    pairs, counts = np.unique(
        np.stack([groups[known], predicted[known]], axis=1), axis=0, return_counts=True
    )
    return [
        ConfusionCell(int(group), int(label), int(count))
        for (group, label), count in zip(pairs, counts, strict=True)
    ]
