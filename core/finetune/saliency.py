"""RISE: which parts of an image a prediction rests on, by hiding random parts and watching the
score.

Petsiuk, Das and Saenko 2018 (arXiv 1806.07421), section 3: masks are small random grids, enlarged
and shifted; the saliency of a pixel is the mean score over the masks that show it. Any model will
do: it is only asked for scores.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

CELLS = 7  # cells a side of a mask's grid
SHOWN = 0.5  # chance that a cell shows the image


def masks(
    n: int,
    size: tuple[int, int],
    rng: np.random.Generator,
    cells: int = CELLS,
    shown: float = SHOWN,
) -> np.ndarray:
    """n masks with values 0 … 1, float32 (n, height, width): a random grid, enlarged bilinearly and
    shifted by up to one cell.
    """
    height, width = size
    step_y, step_x = -(-height // cells), -(-width // cells)
    big = ((cells + 1) * step_x, (cells + 1) * step_y)
    made = np.empty((n, height, width), dtype=np.float32)
    for row in made:
        grid = (rng.random((cells, cells)) < shown).astype(np.float32)
        wide = np.asarray(Image.fromarray(grid).resize(big, Image.Resampling.BILINEAR))
        y, x = rng.integers(0, step_y), rng.integers(0, step_x)
        row[:] = wide[y : y + height, x : x + width]
    return made


def rise(
    score: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    *,
    n_masks: int,
    seed: int,
    batch: int = 64,
    cells: int = CELLS,
    shown: float = SHOWN,
) -> np.ndarray:
    """Saliency maps (k, height, width) of k scores.

    ``score`` takes images (m, height, width, 3) in the range of ``image`` and gives (m, k): several
    models or classes are explained for one set of forward passes. Hidden parts are black. Each map
    is the mean over masks of score · mask, divided by the mean mask, so that a score that ignores
    the image gives a flat map.
    """
    rng = np.random.default_rng(seed)
    total: np.ndarray | None = None
    seen = np.zeros(image.shape[:2])
    for start in range(0, n_masks, batch):
        some = masks(min(batch, n_masks - start), image.shape[:2], rng, cells, shown)
        scores = score(image[None] * some[..., None])
        part = np.tensordot(scores.T, some, axes=1)
        total = part if total is None else total + part
        seen += some.sum(axis=0)
    assert total is not None
    return total / np.maximum(seen, 1e-9)
