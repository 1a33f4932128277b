"""Framing: the part of an image that a view shows to the encoder.

The central square leaves the ends of a wide frame out. A whole frame, or a tile of one, is squashed
to the encoder's square instead, so that nothing is cut off (docs/coverage.md has what that gains).
"""

from __future__ import annotations

from PIL import Image

from core.contracts.framings import Tile


def cropped(image: Image.Image, tile: Tile) -> Image.Image:
    """One cell of an image's grid, an image of its own; the image itself where the grid has one
    cell. Cells meet without overlap and cover every pixel.
    """
    if (tile.columns, tile.rows) == (1, 1):
        return image
    row, column = divmod(tile.place, tile.columns)
    across = [round(image.width * end / tile.columns) for end in (column, column + 1)]
    down = [round(image.height * end / tile.rows) for end in (row, row + 1)]
    # An image narrower than its grid still gives one pixel a cell.
    left, top = min(across[0], image.width - 1), min(down[0], image.height - 1)
    return image.crop((left, top, max(across[1], left + 1), max(down[1], top + 1)))
