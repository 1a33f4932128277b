"""Tags: what the classifier says, and what a gap has more of than chance allows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from timm.data import ImageNetInfo

from core.analysis.explain.held_out import Halves, halved
from core.analysis.explain.tags import (
    FAMILIES,
    Tagged,
    frequent,
    lift_interval,
    over_represented,
    over_represented_families,
    tag_images,
)
from core.errors import InputError

NAMES = ("car", "bus", "tram", "tree", "lamp", "sign")


def tagged(classes: list[list[int]], probability: float = 0.2) -> Tagged:
    indices = np.array(classes)
    return Tagged(
        indices,
        np.full(indices.shape, probability, np.float32),
        NAMES,
        np.zeros((len(indices), 0), np.float32),
        {},
    )


def test_tags_are_the_softmax_of_the_head():
    rng = np.random.default_rng(0)
    vectors, weight, bias = rng.normal(size=(9000, 4)), rng.normal(size=(6, 4)), rng.normal(size=6)
    found = tag_images(vectors, weight, bias, NAMES)
    scores = np.exp(vectors @ weight.T + bias)
    scores /= scores.sum(1, keepdims=True)
    assert np.array_equal(found.classes[:, 0], scores.argmax(1))
    assert found.confidence == pytest.approx(scores.max(1), rel=1e-4)
    assert found.tags[0] == NAMES[scores[0].argmax()]
    assert (np.diff(found.probability, axis=1) <= 0).all()


def test_an_encoder_without_a_classifier_is_told_so():
    with pytest.raises(InputError, match=r"clip:ViT-B-32 has no classifier.*Use lite0"):
        tag_images(np.zeros((2, 4)), None, None, (), encoder="clip:ViT-B-32")
    with pytest.raises(InputError, match="does not fit vectors of 4 dimensions"):
        tag_images(np.zeros((2, 4)), np.zeros((6, 5)), np.zeros(6), NAMES)


def halves(first: int, after: int) -> Halves:
    return halved(np.arange(first, after))


def test_what_is_frequent_is_chosen_by_fishers_exact_test():
    counts, others = np.array([9, 5, 2, 11]), np.array([3, 40, 0, 40])
    p = [
        stats.fisher_exact([[count, 20 - count], [other, 200 - other]], "greater").pvalue
        for count, other in zip(counts, others, strict=True)
    ]
    q = stats.false_discovery_control(p)
    assert set(np.flatnonzero(q < 0.01)) == {0, 3}
    assert frequent(counts, others, (20, 200)).tolist() == [0, 3]  # 9 × 3.9 before 11 × 1.6
    assert frequent(np.array([1]), np.array([0]), (20, 2000)).size == 0  # one image in twenty
    assert frequent(counts, others * 0, (20, 0)).size == 0


def test_a_lift_is_a_log_odds_ratio_and_its_interval_holds():
    lift, low, high = lift_interval(9, 20, 3, 200)
    assert lift == pytest.approx(np.log((9.5 / 11.5) / (3.5 / 197.5))) and low < lift < high
    rng, held = np.random.default_rng(0), 0
    truth = np.log((0.4 / 0.6) / (0.1 / 0.9))
    for count, other in rng.binomial([25, 150], [0.4, 0.1], (1000, 2)):
        _, low, high = lift_interval(int(count), 25, int(other), 150)
        held += low <= truth <= high
    assert 0.93 <= held / 1000 <= 0.98


def test_a_gap_is_told_by_what_it_has_more_of():
    classes = [[2, 3]] * 20 + [[0, 3]] * 50 + [[1, 3]] * 50  # trees are everywhere
    found = over_represented(tagged(classes), halves(0, 20), halves(20, 120))
    assert [finding.name for finding in found] == ["tram"]
    assert found[0].share == 1 and found[0].share_covered == 0
    assert (found[0].count, found[0].size) == (10, 10)  # of the half that measures


def test_what_the_other_half_does_not_have_is_not_told():
    classes = np.full((120, 1), 3)
    classes[halves(0, 20).choosing] = 2  # a tram in every image that chooses, in no other
    assert over_represented(tagged(classes.tolist()), halves(0, 20), halves(20, 120)) == []


def test_chance_tells_nothing():
    rng = np.random.default_rng(1)
    mistaken = 0
    for _ in range(50):
        made = tagged(rng.integers(0, 6, (200, 2)).tolist())
        mistaken += bool(over_represented(made, halves(0, 40), halves(40, 200)))
    assert mistaken <= 1


def test_unlikely_places_among_the_five_do_not_count():
    classes = [[2, 3]] * 20 + [[0, 3]] * 50
    assert over_represented(tagged(classes, probability=0.01), halves(0, 20), halves(20, 70)) == []


def test_close_names_are_told_together():
    weight = np.array([[1, 0, 0], [0, 1, 0], [0.05, 1, 0.1], [0, 0, 1.0], [-1, -1, -1], [0, 0, -1]])
    vectors = np.concatenate([np.tile([0, 8, 0], (30, 1)), np.tile([8, 0, 0], (90, 1))])
    found = over_represented(
        tag_images(vectors, weight, np.zeros(6), NAMES), halves(0, 30), halves(30, 120)
    )
    assert {found[0].name, *found[0].also} == {"bus", "tram"}
    assert len(found) == 1


def test_families_hold_the_classes_they_name():
    """The ranges follow ImageNet's numbering: spot checks against timm's list of names."""
    info = ImageNetInfo()
    index = {info.index_to_description(number).split(",")[0]: number for number in range(1000)}
    examples = {
        "fish": ("tench", "great white shark"),
        "birds": ("ostrich", "flamingo"),
        "dogs and wolves": ("beagle", "timber wolf"),
        "cats": ("tabby",),
        "big cats": ("cheetah", "lion"),
        "bears": ("giant panda", "brown bear"),
        "hoofed animals": ("gazelle", "zebra", "llama"),
        "apes and monkeys": ("gorilla",),
        "elephants": ("African elephant", "tusker"),
        "spiders and insects": ("tarantula", "bee"),
        "reptiles and amphibians": ("bullfrog", "Indian cobra"),
        "food": ("pizza",),
        "landscapes": ("seashore",),
        "plants and fungi": ("daisy", "bolete"),
        "animals": ("gazelle", "tench"),
        "sea animals": ("starfish", "killer whale"),
        "foxes": ("red fox",),
        "small mammals": ("hamster", "skunk"),
    }
    assert set(examples) == {name for name, _ in FAMILIES}
    ranges = dict(FAMILIES)
    for family, names in examples.items():
        for name in names:
            assert any(first <= index[name] <= last for first, last in ranges[family]), (
                family,
                name,
            )
    assert not any(first <= index["electric guitar"] <= last for first, last in ranges["animals"])


def test_families_of_a_gap():
    weight = np.zeros((1000, 2), np.float32)
    weight[[351, 352, 353], 0] = 9, 9.1, 9.2  # three antelopes
    weight[546, 1] = 9  # electric guitar
    vectors = np.concatenate([np.tile([1.0, 0], (20, 1)), np.tile([0, 1.0], (60, 1))])
    found = tag_images(vectors, weight, np.zeros(1000), [str(number) for number in range(1000)])
    families = over_represented_families(found, halves(0, 20), halves(20, 80))
    assert {family.name for family in families} == {"hoofed animals", "animals"}
    assert over_represented_families(tagged([[0, 1]] * 10), halves(0, 4), halves(4, 10)) == []
