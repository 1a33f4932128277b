"""The words of the judgement, from rows with known answers."""

from __future__ import annotations

from typing import Any

import pytest

from core.contracts.comparison import GroupRow, VersionRow
from core.contracts.derive import columns
from core.contracts.judgement_words import (
    LABEL,
    MEANING,
    TIERS,
    absent_words,
    doubt_sentence,
    group_name,
    groups_sentence,
    is_gap,
    rendered_words,
    sureness,
    tally,
    version_sentence,
)
from core.contracts.words import DecidedBy, GroupKind, Tier


def group(tier: Tier, **values: object) -> GroupRow:
    """A cluster of 20 real images, of this tier."""
    blank: dict[str, Any] = dict.fromkeys(one.attribute for one in columns(GroupRow))
    known: dict[str, Any] = {
        "kind": GroupKind.CLUSTER,
        "cluster": 3,
        "size": 20,
        "absent": 0,
        "decided_by": DecidedBy.VECTORS,
        "reason": "",
    }
    return GroupRow(**{**blank, **known, "tier": tier, **values})


def version(**values: object) -> VersionRow:
    """A version of which a tenth of the real images is absent."""
    blank: dict[str, Any] = dict.fromkeys(one.attribute for one in columns(VersionRow))
    known: dict[str, Any] = {
        "version": "1.1",
        "judged": True,
        "absent_rate": 0.1,
        "verdict": "10 are absent.",
    }
    return VersionRow(**{**blank, **known, **values})


def test_every_tier_has_its_words() -> None:
    assert set(TIERS) == set(LABEL) == set(MEANING) == set(Tier)
    assert [tier for tier in TIERS if is_gap(group(tier))] == [Tier.ABSENT, Tier.THIN]


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        ("aatcccv", "2 groups absent, 1 thin, 3 cannot tell"),
        ("a", "1 group absent"),
        ("tt", "2 groups thin"),
        ("tc", "1 group thin, 1 cannot tell"),
        ("ccv", "no group absent or thin, 2 cannot tell"),
        ("", "no group absent or thin"),
    ],
)
def test_groups_are_counted_in_words(tiers: str, said: str) -> None:
    of = {"a": Tier.ABSENT, "t": Tier.THIN, "c": Tier.CANNOT_TELL, "v": Tier.COVERED}
    groups = [group(of[letter]) for letter in tiers]
    assert groups_sentence(groups) == said
    assert list(tally(groups)) == list(TIERS) and sum(tally(groups).values()) == len(tiers)


def test_a_group_without_a_name_is_called_after_its_label_or_its_number() -> None:
    label = {"kind": GroupKind.LABEL, "cluster": None}
    assert group_name(group(Tier.ABSENT, name="crosses at night")) == "crosses at night"
    assert group_name(group(Tier.ABSENT, column="class", value="horse", **label)) == "horse"
    assert group_name(group(Tier.ABSENT, column="weather", value="fog", **label)) == "weather fog"
    assert group_name(group(Tier.ABSENT)) == "Group 3"


def test_what_comes_nearest_to_an_absent_cluster_is_not_called_one_of_it() -> None:
    """The brief once said that 30 synthetic giraffes are here when there were none."""
    known = {"rendered": 30.0, "expected": 40.0}
    absent = rendered_words(group(Tier.ABSENT, **known))
    assert absent == "30 synthetic images come nearest to it, too far to show it"
    thin = "30 synthetic images look most like it, about 40 would match"
    assert rendered_words(group(Tier.THIN, **known)) == thin
    counted = group(Tier.ABSENT, decided_by=DecidedBy.COUNTS, rendered=0.0, expected=40.0)
    assert rendered_words(counted) == "0 rendered, about 40 would match"
    assert rendered_words(group(Tier.ABSENT)) == ""


def test_sureness_is_said_of_absent_groups_only() -> None:
    said = "of groups said absent this surely, 3.0 % are expected to be wrong"
    assert sureness(group(Tier.ABSENT, q=0.03)) == said
    assert sureness(group(Tier.COVERED, q=0.03)) == sureness(group(Tier.ABSENT)) == ""


def test_a_version_that_cannot_be_judged_has_no_share() -> None:
    assert absent_words(version()) == "10 % absent" and version_sentence(version()) == (
        "10 are absent."
    )
    dogs = version(judged=False, absent_rate=0.0, obstacle="It has 30 images for 7 groups.")
    assert absent_words(dogs) == "cannot be judged"
    assert version_sentence(dogs) == (
        "Version 1.1 cannot be judged: It has 30 images for 7 groups."
    )


def test_doubt_is_said_above_a_third() -> None:
    assert doubt_sentence(33, 100) == doubt_sentence(0, 0) == ""
    assert doubt_sentence(34, 100) == (
        "34 % of the real images are in groups of which it cannot be told"
    )
