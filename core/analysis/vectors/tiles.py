"""Tiles: a frame looked at in parts, and the parts taken together again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.analysis.types import Floats


def of_tiles(tiles: Sequence[np.ndarray]) -> Floats:
    """The vectors of images from those of their tiles: the mean, float32 (n, d).

    ``tiles``: one array (n, d) a tile, rows in one order; a single one is the images' own vectors.
    The mean, not the tiles side by side: what an image shows counts, wherever in the frame it is
    (benchmarks/framing.py, docs/coverage.md).
    """
    total = np.array(tiles[0], np.float32)
    for tile in tiles[1:]:
        total += tile
    return total / np.float32(len(tiles))
