"""Clusters are called after what is in them, and every name is there once."""

from __future__ import annotations

from collections import Counter

from core.contracts.cluster_words import ClusterContent, judged_names, map_names


def content(real: int, judged: dict[int, int], *, synthetic: int = 0, **labels: str):
    many = real + synthetic
    return ClusterContent(
        many,
        real,
        Counter(judged),
        Counter({labels["of"]: many} if "of" in labels else {}),
        Counter({labels["looks"]: many} if "looks" in labels else {}),
    )


def test_a_judged_cluster_is_called_after_its_explanation_its_class_or_its_look() -> None:
    contents = {
        0: content(30, {0: 30}, of="dog"),
        1: content(20, {1: 20}, of="dog", looks="tabby"),
        2: content(10, {2: 10}, looks="tabby"),
        3: content(5, {3: 5}),
        -1: content(4, {-1: 4}),
    }
    assert judged_names(contents, {0: "dog at night"}) == {
        0: "dog at night",
        1: "dog",  # the user's labels before what a network says
        2: "tabby",
        3: "Group 3",
        -1: "in no cluster",
    }


def test_two_of_one_name_are_told_apart_the_larger_first() -> None:
    contents = {0: content(10, {0: 10}, of="dog"), 1: content(30, {1: 30}, of="dog")}
    assert judged_names(contents, {}) == {1: "dog", 0: "dog (2)", -1: "in no cluster"}


def test_a_maps_cluster_is_called_after_the_judged_one_that_most_of_its_real_images_are_of() -> (
    None
):
    contents = {
        7: content(10, {1: 9, 0: 1}, of="dog"),
        8: content(10, {1: 6, 0: 4}),
        9: content(10, {0: 5, 1: 5}),  # half and half
        10: content(0, {}, synthetic=8, of="house"),
        11: content(6, {-1: 6}, looks="mosque"),  # real images that no judged cluster holds
    }
    assert map_names(contents, {0: "cat", 1: "dog at night", -1: "in no cluster"}) == {
        7: "dog at night",
        8: "dog at night (2)",
        9: "mixed images",
        10: "house, synthetic images only",
        11: "mosque",
        -1: "in no cluster",
    }
