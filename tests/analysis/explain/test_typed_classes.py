"""Typed class names: how a list is read, which ImageNet classes belong to a name, which name an
image gets.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax
from timm.data import ImageNetInfo

from core.analysis.explain.imagenet_names import KINDS, MORE, NOT, match_classes
from core.analysis.explain.typed_classes import (
    LEAST_PROBABILITY,
    by_head,
    by_words,
    likeliest,
    rank_correlation,
)
from core.analysis.explain.typed_names import MOST, TypedName, parse_names
from core.errors import InputError

INFO = ImageNetInfo()
DESCRIPTIONS = [INFO.index_to_description(index, detailed=True) for index in range(1000)]
FIRST = [INFO.index_to_description(index).split(",")[0] for index in range(1000)]


def matched(*lines: str) -> dict[str, set[str]]:
    names = parse_names(lines)
    groups = match_classes(names, DESCRIPTIONS)
    return {
        name.name: {FIRST[index] for index in group}
        for name, group in zip(names, groups, strict=True)
    }


def test_a_list_has_names_and_what_else_they_are_called():
    found = parse_names(["dog", "", "  traffic_light ", "horse = sorrel,  zebra", "DOG"])
    assert found == (
        TypedName("dog", ("dog",)),
        TypedName("traffic_light", ("traffic light",)),
        TypedName("horse", ("sorrel", "zebra")),
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["dog"], "two names or more, not 1"),
        (["dog", "= sorrel"], 'no name before the "="'),
        (["dog", "x" * 101], "too long"),
        ([f"class {place}" for place in range(MOST + 1)], f"{MOST + 1} class names"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(lines: list[str], said: str):
    with pytest.raises(InputError, match=said):
        parse_names(lines)


def test_names_find_their_imagenet_classes():
    found = matched("guitar", "elephants", "horse", "frog", "pig", "automobile", "truck", "ship")
    assert found["guitar"] == {"acoustic guitar", "electric guitar"}
    assert found["elephants"] == {"tusker", "Indian elephant", "African elephant"}
    assert found["horse"] == {"sorrel"}  # by its definition; not the horse cart or the chestnut
    assert found["frog"] == {"bullfrog", "tree frog", "tailed frog"}
    assert "hog" in found["pig"]
    assert {"convertible", "sports car", "jeep"} <= found["automobile"]
    assert not {"car wheel", "car mirror", "freight car", "passenger car"} & found["automobile"]
    assert {"garbage truck", "pickup", "tow truck"} <= found["truck"]
    assert "container ship" in found["ship"]


def test_a_name_that_imagenet_lacks_matches_nothing():
    found = matched("giraffe", "person", "deer", "dog")
    assert not found["giraffe"] and not found["person"] and not found["deer"]
    assert len(found["dog"]) == 118


def test_what_stands_behind_the_sign_is_sought_instead():
    assert matched("horse = sorrel, zebra", "dog")["horse"] == {"sorrel", "zebra"}


def test_a_class_that_two_names_ask_for_goes_to_the_narrower():
    found = matched("animal", "dog", "cat")
    assert len(found["dog"]) == 118 and "tabby" in found["cat"]
    assert not found["animal"] & (found["dog"] | found["cat"])
    assert "zebra" in found["animal"]


def test_the_lists_speak_of_imagenets_classes():
    for words in (*MORE.values(), *NOT.values()):
        assert set(words) <= set(FIRST)
    ends = {kind: (FIRST[KINDS[kind][0][0]], FIRST[KINDS[kind][-1][-1]]) for kind in KINDS}
    assert ends["dog"] == ("Chihuahua", "Mexican hairless")
    assert ends["cat"] == ("tabby", "Egyptian cat")
    assert ends["bird"] == ("cock", "albatross")
    assert ends["fish"] == ("tench", "puffer")
    assert ends["snake"] == ("thunder snake", "sidewinder")
    assert ends["monkey"] == ("guenon", "squirrel monkey")


def test_a_head_gives_the_sum_of_a_names_classes():
    rng = np.random.default_rng(0)
    vectors, weight, bias = rng.normal(size=(50, 4)), rng.normal(size=(6, 4)), rng.normal(size=6)
    groups = ((0, 3), (), (5,))
    found = by_head(vectors, weight, bias, groups)
    every = softmax(vectors @ weight.T + bias, axis=1)
    expected = np.column_stack([every[:, 0] + every[:, 3], np.zeros(50), every[:, 5]])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_words_share_out_all_probability_and_the_like_wins():
    texts = np.eye(3, 8, dtype=np.float32)
    images = np.vstack([texts[1] * 3 + 0.1, texts[2]])
    found = by_words(images, texts)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert likeliest(found)[0].tolist() == [1, 2]


def test_an_image_of_none_of_the_names_gets_none():
    probability = np.array([[0.7, 0.1], [0.02, 0.05], [0.0, LEAST_PROBABILITY]])
    best, sure = likeliest(probability, LEAST_PROBABILITY)
    assert best.tolist() == [0, -1, 1]
    assert sure[0] == 0.7 and np.isnan(sure[1]) and sure[2] == LEAST_PROBABILITY


def test_the_rank_correlation_is_spearmans_with_an_exact_p():
    first, second = [0.1, 0.4, 0.2, 0.9, 0.8], [1.0, 3.0, 2.0, 5.0, 4.0]
    found = rank_correlation(first, second)
    assert found.n == 5 and found.rho == pytest.approx(1)
    assert found.p == pytest.approx(2 / 120)  # of 5! orders one agrees and one opposes wholly
    rng = np.random.default_rng(1)
    many = rng.normal(size=(2, 30))
    expected = stats.spearmanr(*many)
    found = rank_correlation(*many.tolist())
    assert (found.rho, found.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_a_rank_correlation_of_few_or_equal_classes_is_not_told():
    assert rank_correlation([1, 2, 3], [1, 2, 3]).rho is None
    assert rank_correlation([1, 1, 1, 1], [1, 2, 3, 4]).p is None
