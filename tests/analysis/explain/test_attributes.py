"""Attributes: each moves the way its name says, and effect sizes are the textbook's."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.analysis.explain import attributes
from core.analysis.explain.attributes import (
    ATTRIBUTES,
    MEANING,
    WORDS,
    effect_size,
    photometric,
)


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Something like a photograph: smooth shapes, edges and a little grain, (200, 240, 3)."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(40, 200, (10, 12, 3)).astype(np.uint8)
    image = np.asarray(Image.fromarray(coarse).resize((240, 200), Image.Resampling.BICUBIC)).astype(
        float
    )
    image[60:120, 80:160] *= 0.5
    return np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def grainy(image: np.ndarray, sigma: float) -> np.ndarray:
    grain = np.random.default_rng(1).normal(0, sigma, image.shape[:2])[..., None]
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def blurred(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(2)))


CHANGES = [
    ("brightness", lambda image: (image * 0.5).astype(np.uint8), -1),
    ("contrast", lambda image: (image * 0.5 + 64).astype(np.uint8), -1),
    (
        "saturation",
        lambda image: np.repeat(image.mean(2, keepdims=True), 3, 2).astype(np.uint8),
        -1,
    ),
    (
        "colourfulness",
        lambda image: np.repeat(image.mean(2, keepdims=True), 3, 2).astype(np.uint8),
        -1,
    ),
    ("colour_temperature", lambda image: (image * [1.0, 0.9, 0.6]).astype(np.uint8), +1),
    ("sharpness", blurred, -1),
    ("noise", lambda image: grainy(image, 12), +1),
    ("edge_density", lambda image: grainy(image, 40), +1),
    ("high_frequency_power", lambda image: grainy(image, 20), +1),
    ("high_frequency_power", blurred, -1),
]


@pytest.mark.parametrize(("name", "change", "sign"), CHANGES)
def test_a_change_moves_its_attribute_the_right_way(scene, name, change, sign):
    before, after = photometric(scene)[name], photometric(change(scene))[name]
    assert np.sign(after - before) == sign
    assert abs(after - before) > 0.1 * abs(before)


def test_known_values():
    noise = np.random.default_rng(2).normal(128, 20, (256, 256))
    grey = np.repeat(np.clip(noise, 0, 255).astype(np.uint8)[..., None], 3, 2)
    values = photometric(grey)
    assert values["brightness"] == pytest.approx(127.5 / 255, abs=0.005)
    assert values["contrast"] == pytest.approx(20 / 255, rel=0.03)
    assert values["noise"] == pytest.approx(
        20 / 255, rel=0.05
    )  # Immerkær finds the sigma that was put in
    assert values["sharpness"] == pytest.approx(1.0, abs=0.03)  # white noise is the unit
    assert values["high_frequency_power"] == pytest.approx(
        1 - np.pi / 16, abs=0.03
    )  # area outside r = 1/4
    assert values["saturation"] == values["colour_temperature"] == 0

    red = photometric(np.full((20, 30, 3), (255, 0, 0), np.uint8))
    assert red["saturation"] == pytest.approx(1) and red["colour_temperature"] == pytest.approx(1)


def test_edges_do_not_count_as_noise():
    board = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((32, 32)))
    image = np.repeat((board * 255).astype(np.uint8)[..., None], 3, 2)
    assert photometric(image)["noise"] == 0
    assert photometric(image)["edge_density"] > 0.05


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (2, 300, 3), (7, 7, 3), (300, 1, 3), (64, 64, 3), (1000, 999, 3)]
)
@pytest.mark.parametrize("value", [0, 37, 255])
def test_constant_images_of_any_size_are_finite_and_flat(shape, value):
    values = photometric(np.full(shape, value, np.uint8))
    assert tuple(values) == ATTRIBUTES
    assert all(np.isfinite(number) for number in values.values())
    assert all(
        values[name] == 0
        for name in (
            "contrast",
            "sharpness",
            "noise",
            "edge_density",
            "high_frequency_power",
            "saturation",
            "colourfulness",
        )
    )


def test_size_matters_little_once_an_image_is_reduced(scene):
    large = np.asarray(Image.fromarray(scene).resize((1920, 1600), Image.Resampling.BICUBIC))
    small = np.asarray(Image.fromarray(large).resize((480, 400), Image.Resampling.BOX))
    for name in (
        "brightness",
        "contrast",
        "saturation",
        "colour_temperature",
        "colourfulness",
        "edge_density",
    ):
        assert photometric(large)[name] == pytest.approx(
            photometric(small)[name], rel=0.05, abs=0.005
        )


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), float), np.zeros((0, 4, 3), np.uint8)]
)
def test_anything_but_rgb_bytes_is_refused(bad):
    with pytest.raises(ValueError, match="uint8"):
        photometric(bad)


def test_effect_size_is_cohens_d_and_cliffs_delta():
    rng = np.random.default_rng(3)
    values, others = rng.normal(0.4, 0.1, 80), rng.normal(0.5, 0.1, 300)
    effect = effect_size("brightness", values, others)
    pooled = np.sqrt((79 * values.var(ddof=1) + 299 * others.var(ddof=1)) / 378)
    assert effect.d == pytest.approx((values.mean() - others.mean()) / pooled)
    pairs = np.sign(values[:, None] - others[None]).mean()
    assert effect.delta == pytest.approx(pairs)
    assert effect.low < effect.d < effect.high < 0
    assert effect.words == "darker"


@pytest.mark.parametrize(
    ("n", "m", "spread"), [(40, 60, 1.0), (6, 300, 0.5), (15, 300, 2.0), (30, 30, 3.0)]
)
def test_the_interval_holds_the_truth_as_often_as_it_says(n, m, spread):
    """Also where a small group is tighter or wider than the others."""
    rng = np.random.default_rng(4)
    pooled = np.sqrt(((n - 1) * spread**2 + m - 1) / (n + m - 2))
    held = 0
    for _ in range(400):
        effect = effect_size("noise", rng.normal(0.5, spread, n), rng.normal(0, 1, m))
        held += effect.low <= 0.5 / pooled <= effect.high
    assert 0.92 <= held / 400 <= 0.98


def test_an_effect_survives_bad_columns():
    rng = np.random.default_rng(5)
    others = rng.normal(0, 1, 50)
    effect = effect_size("noise", np.r_[rng.normal(3, 1, 30), np.nan], others)
    assert effect.words == "noisier" and effect.n == 30
    assert effect_size("sharpness", np.full(30, np.nan), others) is None
    assert effect_size("contrast", np.full(30, 0.2), np.full(50, 0.2)).d == 0
    apart = effect_size("contrast", np.full(30, 0.2), np.full(50, 0.3))
    assert (apart.d, apart.delta) == (-10, -1)
    for one in (effect, apart):
        assert np.isfinite([one.d, one.low, one.high, one.delta]).all()
    assert effect_size("noise", np.ones(1), np.ones(5)) is None


def test_every_attribute_has_its_words():
    assert set(ATTRIBUTES) == set(WORDS) == set(MEANING)
    assert attributes.direction("brightness", 0.3) == "brighter"
