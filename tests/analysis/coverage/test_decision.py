"""The decision: from distances to probabilities, tiers and reasons."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.coverage import tiers
from core.analysis.coverage.decision import decide, look_strength, q_values, reliability
from core.analysis.coverage.evidence import Evidence
from core.contracts.words import Tier

GAP = 0.8  # median distance of an injected gap
SIZE = np.full(5, 40)
NEAR_LOOK, FAR_LOOK = 0.9, 0.4  # of paintings and of cartoons


def _evidence(distance: list[float], alike: list[int] | None = None) -> Evidence:
    count = len(distance)
    return Evidence(
        ratio=np.zeros(0, np.float32),
        distance=np.array(distance, np.float32),
        injected=np.full(count, GAP, np.float32),
        hidden=np.full(count, 30),
        auroc=np.ones(count, np.float32),
        alike=np.array(alike or [40] * count),
        separation=np.full(count, 0.4, np.float32),
        look=1.0,
    )


def _told(distance: list[float], reliable: float, again: np.ndarray | None = None) -> list:
    found = _evidence(distance)
    return tiers.tell(found, decide(found.distance, GAP, reliable), again, SIZE, 200)


def test_what_lies_with_gaps_is_absent_and_what_lies_with_the_others_is_covered() -> None:
    told = _told([0.78, 0.55, 0.5, 0.6, 0.52], NEAR_LOOK)
    assert [one.tier for one in told] == [Tier.ABSENT] + [Tier.COVERED] * 4
    assert "distance 0.78" in told[0].reason


def test_a_missing_majority_is_no_norm_for_the_rest() -> None:
    told = _told([0.78, 0.77, 0.8, 0.76, 0.5], NEAR_LOOK)
    assert [one.tier for one in told] == [Tier.ABSENT] * 4 + [Tier.COVERED]


def test_the_farther_the_surer() -> None:
    decision = decide(np.array([0.45, 0.47, 0.5, 0.52, 0.55, 0.76, 0.8, 1.1]), GAP, 1.0)
    assert (np.diff(decision.probability) >= 0).all()
    assert decision.probability[0] < 0.05 and decision.probability[-1] > 0.5


def test_under_a_far_look_nothing_is_called_absent_and_the_reason_is_the_look() -> None:
    told = _told([0.78, 0.55, 0.5, 0.6, 0.52], FAR_LOOK)
    assert [one.tier for one in told] == [Tier.CANNOT_TELL] + [Tier.COVERED] * 4
    assert "looks so different" in told[0].reason


def test_reruns_that_disagree_leave_it_open_and_say_so() -> None:
    again = np.array([0.05, 0.0, 0.0, 0.0, 0.0])
    told = _told([0.78, 0.55, 0.5, 0.6, 0.52], NEAR_LOOK, again)
    assert told[0].tier == Tier.CANNOT_TELL
    assert "Repeated runs disagree" in told[0].reason


def test_a_group_between_both_is_left_open() -> None:
    told = _told([0.71, 0.5, 0.5, 0.55, 0.52], NEAR_LOOK)
    assert told[0].tier == Tier.CANNOT_TELL and "between" in told[0].reason


def test_hardly_any_image_like_it_is_thin() -> None:
    found = _evidence([0.5] * 5, [1, 49, 50, 50, 50])
    told = tiers.tell(found, decide(found.distance, GAP, NEAR_LOOK), None, SIZE, 200)
    assert [one.tier for one in told] == [Tier.THIN] + [Tier.COVERED] * 4
    assert told[0].reason.startswith("About 1 synthetic images look like it, where 40")


@pytest.mark.parametrize(
    ("real", "version", "groups", "why"),
    [
        (20, 300, 4, "20 real images"),
        (200, 300, 1, "one group only"),
        (200, 30, 7, "too few for 7"),
    ],
)
def test_what_cannot_be_judged_says_why(real: int, version: int, groups: int, why: str) -> None:
    assert why in str(tiers.obstacle(real, version, groups, _evidence([0.5] * 5)))


def test_without_an_injected_gap_nothing_is_judged() -> None:
    found = _evidence([0.5] * 5)
    found.injected[:] = np.nan
    assert "No gap could be injected" in str(tiers.obstacle(200, 300, 5, found))
    assert tiers.obstacle(200, 300, 5, _evidence([0.5] * 5)) is None


def test_a_look_that_scrambles_images_is_farther_and_missing_ones_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    places = rng.normal(size=(6, 24)) * 3
    real = np.repeat(places, 40, axis=0) + rng.normal(size=(240, 24))
    same = np.repeat(places, 40, axis=0) + rng.normal(size=(240, 24))
    scrambled = same + 3 * rng.normal(size=same.shape)
    none = look_strength(real, same)
    assert none < 1 and look_strength(real, scrambled) > none + 0.5
    assert look_strength(real, same[80:]) == pytest.approx(none, abs=0.15)


def test_a_nearer_look_and_tighter_groups_are_more_reliable() -> None:
    assert reliability(0.6, 9, 0.5) > reliability(1.06, 9, 0.5) > reliability(1.26, 9, 0.5)
    assert reliability(9, 0.1, 0.5) > reliability(9, 0.24, 0.5)
    assert reliability(1.0, 9, 0.3) > reliability(1.0, 9, 0.9)
    assert reliability(1.06, 0.1, 0.45) > 0.85 and reliability(1.26, 0.24, 0.6) < 0.5
    assert reliability(1.0, 0.1, np.array([0.4, 0.9])).shape == (2,)
    assert reliability(1.2, 0.2, 0.6, 0.06) > reliability(1.2, 0.2, 0.6)


def test_a_shift_of_all_images_alike_is_no_far_look_by_itself() -> None:
    assert reliability(0.8, 20.0, 0.5) > 0.9


def test_q_is_the_expected_share_of_false_ones_so_far() -> None:
    np.testing.assert_allclose(q_values(np.array([0.7, 0.9, 1.0])), [0.4 / 3, 0.05, 0.0])
