"""How many images of each gap: shares that match once all gaps are filled."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.reports.wanted import Need, wanted


def test_one_gap_takes_its_share_of_the_version_that_it_makes_larger() -> None:
    """A fifth of the real images, none rendered: 25 beside 100 are a fifth of 125."""
    assert wanted([Need(0.2, 0)], 100) == [25]


def test_gaps_are_filled_together() -> None:
    """Three equal classes, one rendered: as many of the two others, whatever the order."""
    assert wanted([Need(1 / 3, 0), Need(1 / 3, 0)], 30) == [30, 30]
    assert wanted([Need(1 / 3, 10), Need(1 / 3, 0)], 40) == [20, 30]


def test_thirty_dogs_of_seven_classes_cost_a_hundred_and_eighty() -> None:
    assert wanted([Need(1 / 7, 0)] * 6, 30) == [30] * 6


def test_a_gap_that_has_its_share_in_number_gets_none() -> None:
    """An eighth of the real images and 40 of 100: the other gap's 14 do not change that."""
    assert wanted([Need(1 / 8, 40), Need(1 / 8, 0)], 100) == [0, 15]


@pytest.mark.parametrize(
    ("needs", "images", "many"),
    [
        ([], 100, []),
        ([Need(0.0, 0)], 100, [0]),
        ([Need(0.5, 0), Need(0.5, 0)], 100, [50, 50]),  # nothing is covered: a version anew
        ([Need(0.5, 80), Need(0.5, 20)], 100, [0, 60]),  # the fuller one sets the measure
        ([Need(1.0, 100)], 100, [0]),
    ],
)
def test_the_edges_have_answers(needs: list[Need], images: int, many: list[int]) -> None:
    assert wanted(needs, images) == many


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 300)), min_size=1, max_size=12),
    st.integers(1, 2000),
    st.integers(0, 3000),
)
def test_rendered_as_asked_every_gap_has_its_share(
    gaps: list[tuple[int, int]], covered: int, others: int
) -> None:
    """To within the images that rounding up adds; and no gap gets any that has its share."""
    real = covered + sum(size for size, _ in gaps)
    images = others + sum(rendered for _, rendered in gaps)
    many = wanted([Need(size / real, rendered) for size, rendered in gaps], images)
    after = images + sum(many)
    for (size, rendered), more in zip(gaps, many, strict=True):
        share = size / real * after
        if more:
            assert -1 - len(gaps) <= rendered + more - share <= 1
        else:
            assert rendered >= share - 1 - len(gaps)
