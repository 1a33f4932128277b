"""The decision: from distances to probabilities, tiers and reasons."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.coverage import tiers
from core.analysis.coverage.decision import Decision, decide, places, probability, q_values
from core.analysis.coverage.evidence import Evidence
from core.analysis.coverage.look import look_strength, nearness
from core.contracts.words import Tier

GAP = 0.8  # median distance of an injected gap
SIZE = np.full(5, 40)
SAME = {"look": 0.6, "shift": 0.02}  # two halves of one set
NEAR = {"look": 1.02, "shift": 0.1}  # photographs and paintings
FAR = {"look": 1.26, "shift": 0.24}  # photographs and cartoons
LIES_WITH_GAPS = [0.78, 0.55, 0.5, 0.6, 0.52]


def _evidence(distance: list[float], alike: list[int] | None = None) -> Evidence:
    count = len(distance)
    return Evidence(
        ratio=np.zeros(0, np.float32),
        distance=np.array(distance, np.float32),
        injected=np.full(count, GAP, np.float32),
        alike=np.array(alike or [40] * count),
    )


def _decided(
    distance: list[float], look: dict[str, float], share: list[float], separation: float = 0.5
) -> Decision:
    return decide(
        np.array(distance), GAP, np.array(share), np.full(len(distance), separation), **look
    )


def _told(
    distance: list[float],
    look: dict[str, float],
    again: np.ndarray | None = None,
    share: list[float] | None = None,
    separation: float = 0.5,
) -> list:
    shares = share or [0.0 if one > 0.75 else 1.0 for one in distance]
    decision = _decided(distance, look, shares, separation)
    return tiers.tell(_evidence(distance), decision, again, SIZE, 200)


def test_what_lies_with_gaps_is_absent_and_what_lies_with_the_others_is_covered() -> None:
    told = _told(LIES_WITH_GAPS, NEAR)
    assert [one.tier for one in told] == [Tier.ABSENT] + [Tier.COVERED] * 4
    assert "distance 0.78" in told[0].reason


def test_a_missing_majority_is_no_norm_for_the_rest() -> None:
    told = _told([0.78, 0.77, 0.8, 0.76, 0.5], NEAR)
    assert [one.tier for one in told] == [Tier.ABSENT] * 4 + [Tier.COVERED]


def test_the_farther_the_surer() -> None:
    decision = _decided([0.45, 0.47, 0.5, 0.52, 0.55, 0.76, 0.8, 1.1], NEAR, [0.2] * 8)
    assert (np.diff(decision.probability) >= 0).all()
    assert (np.diff(decision.places.like_a_gap) >= 0).all()
    assert decision.probability[0] < 0.05 and decision.probability[-1] > 0.5


def test_under_a_far_look_nothing_is_called_absent_and_the_reason_is_the_look() -> None:
    told = _told(LIES_WITH_GAPS, FAR)
    assert [one.tier for one in told] == [Tier.CANNOT_TELL] + [Tier.COVERED] * 4
    assert "looks so different" in told[0].reason


def test_reruns_that_disagree_leave_it_open_and_say_so() -> None:
    again = np.array([0.05, 0.0, 0.0, 0.0, 0.0])
    told = _told(LIES_WITH_GAPS, NEAR, again)
    assert told[0].tier == Tier.CANNOT_TELL
    assert "Repeated runs disagree" in told[0].reason


def test_a_group_between_both_is_left_open() -> None:
    told = _told([0.71, 0.5, 0.5, 0.55, 0.52], NEAR, share=[0.2, 1, 1, 1, 1])
    assert told[0].tier == Tier.CANNOT_TELL and "between" in told[0].reason


def test_what_lies_with_gaps_but_is_rendered_in_number_is_not_absent() -> None:
    told = _told(LIES_WITH_GAPS, NEAR, share=[1.0] * 5, separation=0.9)
    assert told[0].tier == Tier.COVERED and told[0].probability < 0.15
    between = _told(LIES_WITH_GAPS, NEAR, share=[0.2, 1, 1, 1, 1], separation=0.75)
    assert between[0].tier == Tier.CANNOT_TELL
    assert "not set well apart" in between[0].reason


def test_under_a_far_look_covered_is_said_only_of_what_lies_clearly_near() -> None:
    distance = [0.68, 0.5, 0.5, 0.55, 0.52]
    told = _told(distance, FAR, share=[1.0] * 5, separation=0.8)
    assert told[0].probability < 0.15 and told[0].tier == Tier.CANNOT_TELL
    assert [one.tier for one in told[1:]] == [Tier.COVERED] * 4
    assert _told(distance, NEAR, share=[1.0] * 5, separation=0.8)[0].tier == Tier.COVERED


def test_hardly_any_image_like_it_is_thin_where_the_look_is_the_same() -> None:
    found = _evidence([0.5] * 5, [1, 49, 50, 50, 50])
    share = [0.1, 1, 1, 1, 1]
    told = tiers.tell(found, _decided([0.5] * 5, SAME, share), None, SIZE, 200)
    assert [one.tier for one in told] == [Tier.THIN] + [Tier.COVERED] * 4
    assert told[0].reason.startswith("About 1 synthetic images look like it, where 40")
    painted = tiers.tell(found, _decided([0.5] * 5, NEAR, share), None, SIZE, 200)
    assert Tier.THIN not in [one.tier for one in painted]


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


def test_a_nearer_look_fewer_alike_and_tighter_groups_are_more_probably_absent() -> None:
    like, beyond, share, apart = np.array([0.9]), np.zeros(1), np.zeros(1), np.array([0.6])
    asked = probability(like, beyond, share, apart, 1.0)
    assert asked > 0.75 > probability(like, beyond, share, apart, 0.0)
    assert asked > probability(like, beyond, share + 1, apart, 1.0)
    assert asked > probability(like, beyond, share, apart + 0.3, 1.0)
    assert asked > probability(like - 0.6, beyond, share, apart, 1.0)
    assert asked < probability(like, beyond + 0.05, share, apart, 1.0)


def test_under_a_far_look_the_number_of_images_alike_says_nothing() -> None:
    like, beyond, apart = np.array([0.9]), np.zeros(1), np.array([0.6])
    few, many = (probability(like, beyond, np.array([one]), apart, 0.0) for one in (0.0, 1.0))
    assert few == many


def test_where_covered_groups_lie_is_read_from_them() -> None:
    near_gaps = places(np.array([0.62, 0.64, 0.66, 0.65, 0.78]), GAP)
    far_off = places(np.array([0.42, 0.44, 0.46, 0.45, 0.78]), GAP)
    assert near_gaps.covered_at > far_off.covered_at + 0.1
    assert near_gaps.absent_at == far_off.absent_at


def test_a_shift_of_all_images_alike_is_no_far_look_by_itself() -> None:
    assert nearness(0.65, 20.0) > 0.9 and nearness(1.3, 0.05) > 0.9 > 0.1 > nearness(1.26, 0.24)


def test_q_is_the_expected_share_of_false_ones_so_far() -> None:
    np.testing.assert_allclose(q_values(np.array([0.7, 0.9, 1.0])), [0.4 / 3, 0.05, 0.0])
