"""Groups made rarer on purpose, so that a set of real images is as biased as the user asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.errors import InputError
from core.finetune.groups import SPLITS, TRAIN, VALID, StudyLabels, encode
from core.finetune.study_images import StudyImages, read_images

MINIMUM_VALID = 10  # validation images that every group keeps: fewer cannot choose by worst group


@dataclass(frozen=True)
class Thinned:
    """Which images stay, (n,) bool, and the split of every image, (n,) text or None."""

    stays: np.ndarray
    split: np.ndarray


def thin(images: StudyImages, ratio: float, seed: int) -> Thinned:
    """Leave out real images of minority groups until each class is ``ratio`` biased.

    In each class the largest group stays and the others together keep (1 - ratio) / ratio of its
    size, in proportion to what they have; a group already rarer is left alone. Train and valid are
    thinned alike, but in valid every group keeps ``MINIMUM_VALID`` images (or all it has); test
    images and synthetic images stay. Which images go is drawn by ``seed`` in path order. Every real
    image has a split afterwards. The rule for two groups is the published code's (arXiv
    2308.04553). Raises :class:`InputError`.
    """
    if not 0.5 <= ratio < 1:
        raise InputError(f"A bias ratio of {ratio} cannot be made", "Choose one from 0.5 to 0.999.")
    labels = encode(images, seed=seed)
    stays = np.ones(len(images), dtype=bool)
    rng = np.random.default_rng(seed)
    for split in (TRAIN, VALID):
        _thin_split(labels, split, ratio, stays, rng)
    names = np.array([*SPLITS, None], dtype=object)
    return Thinned(stays, np.where(labels.synthetic, images.split, names[labels.split]))


def thin_table(table: pa.Table, ratio: float, seed: int) -> pa.Table:
    """:func:`thin` for the table that the images come from: its rows that stay, with ``split``."""
    thinned = thin(read_images(table), ratio, seed)
    split = pa.array(thinned.split.tolist(), pa.string())
    table = table.set_column(table.column_names.index("split"), "split", split)
    return table.filter(pa.array(thinned.stays))


def _thin_split(
    labels: StudyLabels, split: int, ratio: float, stays: np.ndarray, rng: np.random.Generator
) -> None:
    """Clear ``stays`` (n,) for the images of one split that go."""
    rows = labels.rows(synthetic=False, split=split)
    group, n_biases = labels.group(), len(labels.biases)
    counts = np.bincount(group[rows], minlength=labels.n_groups).reshape(-1, n_biases)
    for y, row_counts in enumerate(counts):
        biggest = int(np.argmax(row_counts))
        others = np.flatnonzero((np.arange(n_biases) != biggest) & (row_counts > 0))
        total = row_counts[others].sum()
        target = row_counts[biggest] * (1 - ratio) / ratio
        if total == 0 or target >= total:
            continue
        wanted = _share_out(row_counts[others], round(target))
        if split == VALID:
            wanted = np.maximum(wanted, np.minimum(MINIMUM_VALID, row_counts[others]))
        for b, left in zip(others, wanted, strict=True):
            members = rows[group[rows] == y * n_biases + b]
            stays[rng.permutation(members)[left:]] = False


def _share_out(weights: np.ndarray, total: int) -> np.ndarray:
    """``total`` whole units in proportion to ``weights``, largest remainders first (ties: first
    come).
    """
    exact = weights / weights.sum() * total
    units = np.floor(exact).astype(int)
    missing = total - int(units.sum())
    units[np.argsort(units - exact, kind="stable")[:missing]] += 1
    return units
