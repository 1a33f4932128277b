"""Framing: which part of an image a view shows, and that nothing of a frame is lost to tiles."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.contracts.framings import SHOWN, Tile, places, views_of
from core.contracts.words import Framing, View
from core.encoders.base import Transform
from core.images.framing import cropped

TRANSFORM = Transform(size=8, resize=8, mean=(0.5,) * 3, std=(0.5,) * 3)


def numbered(width: int, height: int) -> Image.Image:
    """A grey picture whose pixels all differ (up to 255 of them)."""
    return Image.fromarray(np.arange(width * height, dtype=np.uint8).reshape(height, width))


@pytest.mark.parametrize("size", [(16, 9), (7, 5), (3, 2), (1, 1)])
@pytest.mark.parametrize("framing", [Framing.TILES_2X2, Framing.TILES_3X2])
def test_tiles_show_every_pixel(size: tuple[int, int], framing: Framing) -> None:
    image = numbered(*size)
    tiles = [SHOWN[view].tile for view in views_of(framing, simplified=False)]
    shown = [np.asarray(cropped(image, tile)) for tile in tiles if tile]
    assert set(np.concatenate([part.ravel() for part in shown])) == set(np.asarray(image).ravel())
    if min(size) > 2:  # and none twice
        assert sum(part.size for part in shown) == size[0] * size[1]


def test_a_tile_is_where_its_words_say() -> None:
    image = Image.new("RGB", (90, 40))
    image.paste((255, 0, 0), (60, 0, 90, 20))
    names = places(Framing.TILES_3X2)
    assert names == (
        *("upper left", "upper middle", "upper right"),
        *("lower left", "lower middle", "lower right"),
    )
    for place, name in enumerate(names):
        reds = np.asarray(cropped(image, Tile(3, 2, place)))[..., 0]
        assert (reds == 255).all() if name == "upper right" else not reds.any()


def test_the_whole_frame_loses_nothing_and_the_central_square_its_ends() -> None:
    """At 16:9 the square keeps 9/16 of the pixels: what the form says is lost, 44 %."""
    image = Image.new("RGB", (160, 90))
    image.paste((255, 255, 255), (0, 0, 30, 90))  # the left end
    assert TRANSFORM.pixels(image).max() == 0
    assert TRANSFORM.pixels(image, whole=True)[0, :, 0].min() == 255
    assert round(100 * (1 - 9 / 16)) == 44


def test_every_view_belongs_to_one_framing() -> None:
    """Each framing has its plain views and as many simplified ones, in the same order of places."""
    every = [view for framing in Framing for view in views_of(framing)]
    assert sorted(every) == sorted(View)
    for framing in Framing:
        plain, simplified = (views_of(framing, simplified=which) for which in (False, True))
        assert [SHOWN[view].tile for view in plain] == [SHOWN[view].tile for view in simplified]
    assert places(Framing.CENTRE) == places(Framing.WHOLE) == ()
