"""Chosen on one half, measured on the other: on noise little is said, and what is said is as large
as it says.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from core.analysis.explain.attributes import ATTRIBUTES, effect_size
from core.analysis.explain.gaps import explain_gap
from core.analysis.explain.held_out import chosen_effects, halved
from core.analysis.explain.tags import Tagged

IMAGES, CLUSTERS, CLASSES = 250, 4, 12


def noise(seed: int) -> tuple[np.ndarray, dict[str, np.ndarray], Tagged, list[str]]:
    """Clusters of vectors, and attributes, tags and labels that have nothing to do with them."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(IMAGES, 5)).astype(np.float32)
    clusters = KMeans(CLUSTERS, n_init=1, random_state=seed).fit_predict(vectors)
    columns = {
        name: rng.gamma(2.0, size=IMAGES) if number % 2 else rng.normal(size=IMAGES)
        for number, name in enumerate(ATTRIBUTES)
    }
    classes = np.array([rng.permutation(CLASSES)[:5] for _ in range(IMAGES)])
    tagged = Tagged(
        classes,
        np.full(classes.shape, 0.1, np.float32),
        tuple(f"tag {number}" for number in range(CLASSES)),
        np.zeros((IMAGES, 0), np.float32),
        {},
    )
    return clusters, columns, tagged, rng.choice(["a", "b", "c", "d"], IMAGES).tolist()


def test_halves_are_equal_and_copies_stay_together() -> None:
    rows, keys = np.arange(3, 24), [f"content {number // 3}" for number in range(30)]
    found = halved(rows, keys)
    assert sorted([*found.choosing, *found.measuring]) == rows.tolist()
    assert not {keys[row] for row in found.choosing} & {keys[row] for row in found.measuring}
    assert len(halved(rows).choosing) == 11 and len(halved(rows).measuring) == 10
    assert halved(rows, ["one"] * 30).measuring.size == 0


def test_noise_tells_little_and_the_interval_of_the_largest_of_nine_holds() -> None:
    told = groups = 0
    held_out = same_images = 0
    for seed in range(100):
        clusters, columns, tagged, labels = noise(seed)
        for cluster in range(CLUSTERS):
            group, others = np.flatnonzero(clusters == cluster), np.flatnonzero(clusters != cluster)
            found = explain_gap(group, others, tagged=tagged, attributes=columns, classes=labels)
            groups += 1
            told += found.name != "nothing in common found"
            here, there = halved(group), halved(others)
            sizes = {
                name: effect_size(name, values[here.choosing], values[there.choosing])
                for name, values in columns.items()
            }
            largest = max(sizes, key=lambda name: abs(sizes[name].d))
            values = columns[largest]
            measured = effect_size(largest, values[here.measuring], values[there.measuring])
            held_out += measured.low <= 0 <= measured.high
            same_images += sizes[largest].low <= 0 <= sizes[largest].high
    assert groups == 400 and told <= 8
    assert 0.93 <= held_out / groups <= 0.98
    assert same_images / groups < 0.8  # what choosing and measuring on one half would claim


@pytest.mark.parametrize("size", [24, 80])
@pytest.mark.parametrize("strength", [0.7, 1.5])
def test_what_is_told_is_as_large_as_it_says(size: int, strength: float) -> None:
    rng = np.random.default_rng(0)
    group, others = halved(np.arange(size)), halved(np.arange(size, size + 300))
    told = held = 0
    sizes = []
    for _ in range(400):
        columns = {name: rng.normal(size=size + 300) for name in ATTRIBUTES}
        columns["noise"][:size] += strength
        for effect in chosen_effects(columns, group, others):
            if effect.name == "noise":
                told += 1
                held += effect.low <= strength <= effect.high
                sizes.append(effect.d)
    assert told > 20 and held / told >= 0.92
    if strength > 1:  # mostly told: then also right on average
        assert np.mean(sizes) == pytest.approx(strength, abs=0.1)


def test_only_more_and_the_order_of_the_half_that_chose() -> None:
    rng = np.random.default_rng(1)
    columns = {name: rng.normal(size=400) for name in ("fog", "rain", "indoors")}
    columns["fog"][:80] += 1
    columns["rain"][:80] += 2
    columns["indoors"][:80] -= 3
    group, others = halved(np.arange(80)), halved(np.arange(80, 400))
    found = chosen_effects(columns, group, others, only_more=True)
    assert [effect.name for effect in found] == ["rain", "fog"]
    assert (found[0].n, found[0].n_other) == (40, 160)
    everything = chosen_effects(columns, group, others)
    assert [effect.name for effect in everything] == ["indoors", "rain", "fog"]
