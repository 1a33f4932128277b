"""The simplified view keeps shapes and drops texture; its median filter equals SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from core.images.views import COLOURS, SIDE, median_filter, reduced, simplified


def noisy_square(side: int = 200, seed: int = 0) -> Image.Image:
    """A red square on blue ground under strong grain."""
    pixels = np.full((side, side, 3), (40.0, 60.0, 160.0))
    pixels[side // 4 : -side // 4, side // 4 : -side // 4] = (200, 40, 40)
    pixels += np.random.default_rng(seed).normal(0, 20, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("shape", [(37, 51, 3), (5, 5, 3), (1, 9, 3), (1, 1, 3)])
def test_median_filter_equals_scipy(shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(
        median_filter(pixels), ndimage.median_filter(pixels, (5, 5, 1), mode="nearest")
    )


def test_grain_goes_and_the_square_stays():
    before = np.asarray(noisy_square()).astype(float)
    after = np.asarray(simplified(noisy_square())).astype(float)
    inside = (slice(70, 130), slice(70, 130))
    assert before[inside].std(axis=(0, 1)).mean() > 15
    assert after[inside].std(axis=(0, 1)).mean() < 8
    np.testing.assert_allclose(after[100, 100], (200, 40, 40), atol=25)
    np.testing.assert_allclose(after[10, 10], (40, 60, 160), atol=25)


def test_two_renderings_of_one_scene_come_closer():
    one, other = (np.asarray(simplified(noisy_square(seed=seed))).astype(float) for seed in (1, 2))
    plain = np.abs(
        np.asarray(noisy_square(seed=1)).astype(float) - np.asarray(noisy_square(seed=2))
    ).mean()
    assert np.abs(one - other).mean() < plain / 2


def test_a_flat_image_stays_as_it_is():
    image = Image.new("RGB", (64, 48), (10, 200, 90))
    np.testing.assert_array_equal(np.asarray(simplified(image)), np.asarray(image))


def test_few_colours_and_a_bounded_size():
    image = Image.effect_mandelbrot((900, 600), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    small = simplified(image)
    assert min(small.size) == SIDE and small.width / small.height == pytest.approx(1.5, abs=0.01)
    # the median works channel by channel, so a few mixtures of the palette's colours may appear
    assert len(np.unique(np.asarray(small).reshape(-1, 3), axis=0)) <= COLOURS**3
    assert all(len(np.unique(np.asarray(small)[..., channel])) <= COLOURS for channel in range(3))


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2)])
def test_odd_shapes_pass(size):
    assert min(simplified(Image.new("RGB", size, (1, 2, 3))).size) == min(size)


def test_reduced_never_enlarges():
    image = Image.new("RGB", (100, 80))
    assert reduced(image, 200) is image
    assert reduced(image, 40).size == (50, 40)
