"""Where in the frame a gap lies: the tile that was changed is the one that is named."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.explain.place import Place, common_place, outstanding_tiles, place_sentence
from core.analysis.vectors.tiles import of_tiles
from core.contracts.framings import places
from core.contracts.words import Framing

NAMES = places(Framing.TILES_2X2)
REAL, RENDERED, DIM = 120, 150, 64


@pytest.fixture
def frames() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Four tiles each with a scenery of its own, as variable as the next place is not; the version
    is shifted as a renderer's look would.
    """
    rng = np.random.default_rng(0)

    def tiles(count: int, look: float) -> list[np.ndarray]:
        scenery = np.random.default_rng(1).normal(size=(4, 5, DIM))
        return [
            (
                scenery[place][rng.integers(5, size=count)]
                + (0.1 + 0.1 * place) * rng.normal(size=(count, DIM))
                + look
            ).astype(np.float32)
            for place in range(4)
        ]

    return tiles(REAL, 0.0), tiles(RENDERED, 0.5)


@pytest.mark.parametrize("place", range(4))
def test_the_tile_that_is_missing_in_the_renders_stands_out(frames, place: int) -> None:
    real, version = frames
    real[place][:30] += 2 * np.random.default_rng(2).normal(size=DIM).astype(np.float32)
    found = outstanding_tiles(real, version)
    assert (found[:30] == place).mean() > 0.75
    common = common_place(found, np.arange(30), np.arange(30, REAL))
    assert common is not None and common.place == place
    others = common_place(found, np.arange(30, 60), np.arange(60, REAL))
    assert others is None  # where nothing is missing no place is named


def test_a_place_that_stands_out_in_all_images_is_not_the_groups() -> None:
    everywhere = np.zeros(100, int)
    everywhere[::10] = 3
    assert common_place(everywhere, np.arange(20), np.arange(20, 100)) is None
    everywhere[:20] = 3
    assert common_place(everywhere, np.arange(20), np.arange(20, 100)) == Place(3, 20, 20)
    assert common_place(everywhere, np.arange(4), np.arange(20, 100)) is None  # too few


def test_it_is_said_in_words() -> None:
    assert place_sentence(Place(1, 41, 60), NAMES) == (
        "In 41 of 60 images the upper right of the frame differs most from what is rendered there."
    )


def test_an_image_is_the_mean_of_its_tiles() -> None:
    tiles = [np.full((2, 3), value, np.float32) for value in (1, 2, 6)]
    assert of_tiles(tiles) == pytest.approx(np.full((2, 3), 3))
    assert of_tiles(tiles[:1]) == pytest.approx(tiles[0])
