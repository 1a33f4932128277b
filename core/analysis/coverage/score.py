"""The coverage score: how far real images are from what a version shows, with the renderer's look
taken out.

A renderer's look shifts every image, and that must not drown what is missing. So each side's mean
is removed (each version by itself) and all are reduced together by principal components. Then each
real image is taken together with its nearest real neighbours, and the mean cosine distance of that
neighbourhood to each synthetic image is looked at: one odd photograph is not a gap, a neighbourhood
far from everything rendered is. The distance of the nearest synthetic images is divided by the
distance of ordinary ones, for a look that shifts content too shifts both. ``docs/coverage.md`` has
what was tried and what each way gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from core.analysis.vectors.neighbors import Floats, Ints, unit

BLOCK_ROWS_BYTES = 64 * 2**20  # of similarities held at once
QUANTILE_SAMPLE = 4096  # synthetic images from which the distance of ordinary ones is read


@dataclass(frozen=True)
class Views:
    """One dataset's vectors by view, rows in one order.

    ``plain`` float32 (n, d): the images as they are; ``simplified`` float32 (n, d) or None: few
    colours, no texture.
    """

    plain: Floats
    simplified: Floats | None = None

    def __len__(self) -> int:
        return len(self.plain)

    def take(self, rows: np.ndarray) -> Views:
        """The same views of some of the images."""
        return Views(self.plain[rows], None if self.simplified is None else self.simplified[rows])


def removed(sides: Sequence[np.ndarray], components: int, *, seed: int = 0) -> list[Floats]:
    """Each side's vectors without its look: its own mean removed, all reduced together.

    ``sides`` are float32 (n_i, d); returned are float32 (n_i, min(components, …)). The principal
    components are those of all sides together, so the versions of one comparison share one space.
    """
    centred = [
        np.asarray(side, np.float32) - np.asarray(side, np.float32).mean(axis=0) for side in sides
    ]
    everything = np.vstack(centred)
    components = min(components, *everything.shape)
    if not np.ptp(everything, axis=0).any():
        return [side[:, :components] for side in centred]
    basis = PCA(components, random_state=seed).fit(everything)
    return [basis.transform(side).astype(np.float32) for side in centred]


def spaces(sides: Sequence[Views], components: int, *, seed: int = 0) -> dict[str, list[Floats]]:
    """The look-removed vectors of every side by view: ``joined`` and ``simplified``, or ``plain``
    where that is all.

    ``joined`` puts both views of an image side by side, each scaled to the same mean square, before
    reducing.
    """
    if any(side.simplified is None for side in sides):
        return {"plain": removed([side.plain for side in sides], components, seed=seed)}
    simplified = [side.simplified for side in sides if side.simplified is not None]
    both = [
        np.hstack(pair)
        for pair in zip(_scaled([side.plain for side in sides]), _scaled(simplified), strict=True)
    ]
    return {
        "joined": removed(both, components, seed=seed),
        "simplified": removed(simplified, components, seed=seed),
    }


def _scaled(sides: Sequence[np.ndarray]) -> list[Floats]:
    """Each side's mean removed, and all divided by one number so that their mean square length is
    1.
    """
    centred = [
        np.asarray(side, np.float32) - np.asarray(side, np.float32).mean(axis=0) for side in sides
    ]
    squares = sum(float((side.astype(np.float64) ** 2).sum()) for side in centred) / sum(
        map(len, centred)
    )
    return [side / np.float32(np.sqrt(squares) or 1.0) for side in centred]


def smooth(values: np.ndarray, neighbors: Ints) -> Floats:
    """The mean of each image's value and those of its neighbours: ``values`` (n,), ``neighbors``
    int64 (n, k) with the image itself among them.
    """
    return values[neighbors].mean(axis=1).astype(np.float32)


def neighborhoods(space: np.ndarray, neighbors: Ints) -> Floats:
    """The mean direction (n, d) of each image's neighbourhood.

    ``space`` (n, d); ``neighbors`` int64 (n, k), the image itself among them. One minus its product
    with a unit vector is the mean cosine distance of the neighbourhood to that vector, so it is not
    scaled to length 1 again.
    """
    directions = unit(space)
    total = np.zeros_like(directions)
    for column in neighbors.T:
        total += directions[column]
    return total / neighbors.shape[1]


def distance_ratio(
    around: np.ndarray, synthetic: np.ndarray, *, k: int = 2, ordinary: float = 0.2, seed: int = 0
) -> Floats:
    """How near the nearest synthetic images are, against ordinary ones: (n,), small = covered,
    towards 1 = not.

    ``around`` (n, d) from :func:`neighborhoods`, ``synthetic`` (m, d). The mean distance of the
    ``k`` nearest is divided by the ``ordinary`` quantile of all m distances (of a seeded sample of
    4,096 where there are more).
    """
    rendered = unit(synthetic)
    k = min(k, len(rendered))
    sample = rendered
    if len(rendered) > QUANTILE_SAMPLE:
        sample = rendered[
            np.sort(
                np.random.default_rng(seed).choice(len(rendered), QUANTILE_SAMPLE, replace=False)
            )
        ]
    ratio = np.empty(len(around), np.float32)
    rows = max(1, BLOCK_ROWS_BYTES // (4 * len(rendered)))
    for start in range(0, len(around), rows):
        block = around[start : start + rows]
        closeness = block @ rendered.T
        at = int(ordinary * len(sample))
        of_all = 1 - (closeness if sample is rendered else block @ sample.T)
        usual = np.partition(of_all, at, axis=1)[:, at]
        ratio[start : start + rows] = np.maximum(1 - _largest_mean(closeness, k), 0) / np.maximum(
            usual, 1e-6
        )
    return ratio


def _largest_mean(values: Floats, k: int) -> Floats:
    """The mean of the ``k`` largest of each row; overwrites ``values``. A few passes for the
    maximum beat partitioning.
    """
    rows, total = np.arange(len(values)), np.zeros(len(values), np.float32)
    for _ in range(k):
        best = values.argmax(axis=1)
        total += values[rows, best]
        values[rows, best] = -np.inf
    return (total / k).astype(np.float32)
