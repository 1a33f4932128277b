"""Counts of labels: what is absent, thin, covered or cannot be told, and how that is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.coverage.confidence import wilson
from core.analysis.coverage.counts import LabelCount, LabelCounts, Labels, count_labels
from core.contracts.words import Tier


def labels(**images: int) -> list[str | None]:
    """So many images of each label; ``none``: without one."""
    return [
        None if label == "none" else label for label, count in images.items() for _ in range(count)
    ]


def counted(real: Labels, rendered: Labels, column: str = "class") -> LabelCounts:
    return count_labels({column: real}, {column: rendered})


def one(found: LabelCounts, value: str) -> LabelCount:
    return next(row for row in found.counts if row.value == value)


def test_a_label_without_any_rendered_image_is_absent() -> None:
    found = counted(labels(dog=480, horse=80), labels(dog=1250))
    horse, dog = one(found, "horse"), one(found, "dog")
    assert horse.tier == Tier.ABSENT
    assert horse.reason == (
        "None of 1,250 synthetic images is class horse; 80 of 560 real images are."
    )
    assert (horse.real, horse.rendered, horse.low) == (80, 0, 0.0)
    assert horse.expected == pytest.approx(1250 * 80 / 560)
    assert dog.tier == Tier.COVERED
    assert dog.reason == (
        "1,250 of 1,250 synthetic images are class dog; about 1,071 would match the real ones "
        "(480 of 560 real images, 86 %)."
    )
    assert found.notes == ()


def test_other_columns_are_said_in_their_own_words() -> None:
    found = counted(labels(sun=9, fog=2, rain=2), labels(sun=20, rain=1), "weather")
    assert one(found, "fog").reason == (
        "None of 21 synthetic images has weather fog; 2 of 13 real images do."
    )
    assert one(found, "rain").reason.startswith("1 of 21 synthetic images has weather rain; about")


def test_one_real_image_of_a_label_cannot_tell() -> None:
    found = one(counted(labels(dog=40, horse=1), labels(dog=100)), "horse")
    assert found.tier == Tier.CANNOT_TELL
    assert found.reason.endswith("1 of 41 real images is. One image may be a slip in the labels.")


def test_thirty_dogs_lack_six_of_seven_classes() -> None:
    kinds = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")
    found = counted([kind for kind in kinds for _ in range(80)], ["dog"] * 30)
    assert [row.value for row in found.counts if row.tier == Tier.ABSENT] == list(kinds[1:])
    assert one(found, "dog").tier == Tier.COVERED


@pytest.mark.parametrize(
    ("real", "rendered", "tier"),
    [
        ({"dog": 480, "horse": 80}, {"dog": 1200, "horse": 40}, Tier.THIN),  # of 177 expected
        ({"dog": 480, "horse": 80}, {"dog": 1200, "horse": 50}, Tier.COVERED),  # over a quarter
        ({"dog": 480, "horse": 80}, {"dog": 28, "horse": 1}, Tier.COVERED),  # may be chance
        ({"dog": 480, "horse": 80}, {"dog": 60, "horse": 1}, Tier.COVERED),  # below half? not sure
        ({"dog": 480, "horse": 80}, {"dog": 100, "horse": 1}, Tier.THIN),
        ({"dog": 558, "horse": 2}, {"dog": 14000, "horse": 12}, Tier.COVERED),  # 2 say little
        ({"dog": 552, "horse": 8}, {"dog": 14000, "horse": 12}, Tier.THIN),
    ],
)
def test_thin_is_few_beyond_chance(
    real: dict[str, int], rendered: dict[str, int], tier: Tier
) -> None:
    assert one(counted(labels(**real), labels(**rendered)), "horse").tier == tier


def test_a_thin_label_says_how_many_would_match() -> None:
    found = one(counted(labels(dog=480, horse=80), labels(dog=1240, horse=10)), "horse")
    assert found.reason == (
        "Only 10 of 1,250 synthetic images are class horse; about 179 would match the real ones "
        "(80 of 560 real images, 14 %)."
    )


def test_images_without_a_label_are_told_and_do_not_count() -> None:
    found = counted(labels(dog=50, horse=30, none=20), labels(dog=100, none=10))
    horse = one(found, "horse")
    assert (horse.tier, horse.share_real) == (Tier.ABSENT, 30 / 80)
    assert horse.reason == (
        "None of 100 labelled synthetic images is class horse; 30 of 80 labelled real images are."
    )
    assert [note.note for note in found.notes] == [
        "20 of 100 real images have no class.",
        "10 of 110 synthetic images have no class.",
    ]


def test_a_side_mostly_without_labels_cannot_tell() -> None:
    found = counted(labels(dog=50, horse=30), labels(dog=40, none=60))
    assert {row.tier for row in found.counts} == {Tier.CANNOT_TELL}
    assert one(found, "horse").reason.startswith(
        "60 of 100 synthetic images have no class: too many for its counts to tell anything."
    )


def test_a_label_written_otherwise_is_not_called_absent() -> None:
    found = counted(labels(dog=50, Polar_Bear=30), ["dog"] * 50 + ["polar bear"] * 30)
    bear = one(found, "Polar_Bear")
    assert bear.tier == Tier.CANNOT_TELL
    assert bear.reason.endswith(
        "but synthetic images are labelled polar bear: write both alike, and scan again."
    )


def test_columns_of_other_words_are_named_and_not_judged() -> None:
    found = counted(labels(cam1=5, cam2=5, cam3=5, cam4=5), labels(virtual=9), "camera")
    assert found.counts == ()
    (note,) = found.notes
    assert note.note == (
        "camera is not counted: real images (cam1, cam2, cam3, …) and synthetic images (virtual) "
        "have no value in common."
    )


def test_a_column_of_one_side_or_of_no_labels_is_not_judged() -> None:
    real = {"class": labels(dog=5), "frame": [str(n) for n in range(5)], "weather": [None] * 5}
    found = count_labels(real, {"class": [None] * 4, "frame": ["0"], "weather": ["fog"]})
    assert found.counts == ()
    assert [(note.column, note.note) for note in found.notes] == [
        ("class", "No synthetic image has a class: it is not counted."),
        (
            "frame",
            "frame is not counted: 5 different values in 5 images: an identity or a time, not a "
            "label.",
        ),
    ]


def test_what_no_real_image_is_has_nothing_to_cover() -> None:
    zebra = one(counted(labels(dog=5), labels(dog=10, zebra=4)), "zebra")
    assert (zebra.tier, zebra.real, zebra.expected) == (Tier.COVERED, 0, 0.0)
    assert zebra.reason == "4 of 14 synthetic images are class zebra; no real image is."


LABEL = st.sampled_from(["a", "b", "c", "d", None])


@given(st.lists(LABEL, min_size=1, max_size=60), st.lists(LABEL, max_size=60))
def test_counts_add_up_and_tiers_follow_the_rules(real: list, rendered: list) -> None:
    found = counted(real, rendered)
    known = sum(label is not None for label in rendered)
    if found.counts:
        assert sum(row.real for row in found.counts) == sum(label is not None for label in real)
        assert sum(row.rendered for row in found.counts) == known
        assert sum(row.expected for row in found.counts) == pytest.approx(known)
    for row in found.counts:
        assert (row.low, row.high) == wilson(row.rendered, known)
        if row.tier == Tier.ABSENT:
            assert row.rendered == 0 and row.real >= 2
        if row.tier == Tier.THIN:
            assert 0 < row.rendered < 0.25 * row.expected and row.high < 0.5 * row.share_real
