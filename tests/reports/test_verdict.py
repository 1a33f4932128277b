"""Whether a version is better than an earlier one, from the judgement of both; and what happened to
each group.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.analysis.changes.net import net_change
from core.contracts.change_words import group_words, tier_words
from core.contracts.words import Tier, Verdict
from core.reports import pairs
from core.reports.verdict import group_changes, pair_verdict
from core.store.results import StateCount, TierChange
from core.workspace import Comparison

SEVEN_CLASSES, DOGS = 420, 30


@pytest.fixture
def rows(comparison: Comparison):
    """Both versions as judged, each of 420 images."""
    return [
        replace(row, judged=True, obstacle=None, images=SEVEN_CLASSES)
        for row in comparison.version_rows()
    ]


def test_better_and_worse_are_what_the_images_say_where_both_can_be_judged(rows) -> None:
    before, after = rows
    for net, word in (
        (net_change(40, 2, 200), Verdict.BETTER),
        (net_change(2, 40, 200), Verdict.WORSE),
        (net_change(0, 0, 200), Verdict.UNCLEAR),
    ):
        verdict = pair_verdict(before, after, net, [TierChange(Tier.COVERED, Tier.COVERED, 200)])
        assert (verdict.word, verdict.sentence) == (word, net.sentence)


def test_seven_classes_and_then_thirty_dogs_are_worse(rows) -> None:
    before, after = rows
    dogs = replace(after, images=DOGS, judged=False, obstacle="It has 30 images.")
    seeming = net_change(60, 0, SEVEN_CLASSES)  # even where dogs seem to have come nearer
    by_labels = [
        TierChange(Tier.COVERED, Tier.ABSENT, 360),
        TierChange(Tier.COVERED, Tier.CANNOT_TELL, 60),
    ]
    found = pair_verdict(before, dogs, seeming, by_labels)
    assert found.word == Verdict.WORSE
    assert "360 of 420 real images were covered and are absent now" in found.sentence
    assert "1.1 has 30 images where 1.0 had 420" in found.sentence
    assert "Version 1.1 cannot be judged: It has 30 images." in found.sentence
    without_labels = [TierChange(Tier.COVERED, Tier.CANNOT_TELL, 420)]
    found = pair_verdict(before, dogs, seeming, without_labels)
    assert found.word == Verdict.WORSE
    assert "420 of 420 real images were covered and are not known to be any more" in found.sentence


def test_better_needs_that_both_versions_can_be_judged(rows) -> None:
    before, after = rows
    better = net_change(60, 0, SEVEN_CLASSES)
    same_size = [
        TierChange(Tier.ABSENT, Tier.COVERED, 60),
        TierChange(Tier.COVERED, Tier.COVERED, 360),
    ]
    for sides in (
        (replace(before, judged=False, obstacle="Too far a look."), after),
        (before, replace(after, judged=False, obstacle="Too far a look.")),
    ):
        found = pair_verdict(*sides, better, same_size)
        assert found.word == Verdict.CANNOT_TELL
        assert found.sentence.startswith("Cannot tell: version 1.")
        assert found.sentence.endswith("cannot be judged: Too far a look.")


def test_doubt_about_what_was_covered_outweighs_what_closed(rows) -> None:
    before, after = rows
    better = net_change(20, 0, SEVEN_CLASSES)
    closed = TierChange(Tier.ABSENT, Tier.COVERED, 20)
    found = pair_verdict(
        before, after, better, [closed, TierChange(Tier.COVERED, Tier.CANNOT_TELL, 80)]
    )
    assert found.word == Verdict.CANNOT_TELL and "80 were covered" in found.sentence
    few = [closed, TierChange(Tier.COVERED, Tier.CANNOT_TELL, 2)]
    assert pair_verdict(before, after, better, few).word == Verdict.BETTER


def test_what_happened_to_a_group_is_told_in_words() -> None:
    assert group_words(Tier.ABSENT, Tier.COVERED, 67, 0, 80) == (
        "67 of 80 closed; was absent, now covered"
    )
    assert tier_words(Tier.ABSENT, Tier.ABSENT) == "still absent"
    assert tier_words(Tier.COVERED, Tier.CANNOT_TELL) == "was covered, now it cannot be told"
    assert tier_words(Tier.CANNOT_TELL, Tier.THIN) == "could not be told, now thin"
    assert group_words(Tier.COVERED, Tier.ABSENT, 0, 30, 40) == (
        "30 of 40 clearly worse covered; was covered, now absent"
    )


def test_groups_are_matched_between_versions_and_count_their_images(comparison: Comparison) -> None:
    (pair,) = pairs.pairs_of(comparison)
    told = {group.words for group in pair.groups if group.eventful}
    assert told == {"20 of 20 closed; was absent, now covered", "still absent"}
    clusters = [group for group in pair.groups if group.group_id.startswith("cluster:")]
    assert len(clusters) == 6 and clusters[0].after == Tier.ABSENT  # what is lacking comes first
    assert sum(group.closed for group in clusters) == pair.counts["closed"]


def test_a_label_counts_its_images_by_its_column(comparison: Comparison) -> None:
    row = comparison.group_rows("1.1")[0]
    horse = replace(row, group_id="class:horse", column="class", value="horse", size=80, name=None)
    counts = [
        StateCount(0, "horse", "day", "closed", 60),
        StateCount(1, "horse", None, "closed", 7),
        StateCount(1, "dog", "day", "closed", 9),
    ]
    (change,) = group_changes([horse], [replace(horse, tier=Tier.COVERED)], counts)
    assert (change.name, change.closed) == ("horse", 67)
    assert change.words == "67 of 80 closed; was absent, now covered"
