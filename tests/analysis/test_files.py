"""Files that differ are told with counts; files that do not, are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.analysis.files import Files, files_differ

REAL = Files({"JPEG": 196, "PNG": 4}, 1280, 720, 90)


@pytest.mark.parametrize(
    "other",
    [
        REAL,
        Files({"JPEG": 90, "PNG": 10}, 1290, 720, 87),
        Files({"JPEG": 10}, 1270, 725, None),  # quality not told
    ],
)
def test_what_is_alike_needs_no_words(other: Files) -> None:
    assert files_differ(REAL, other, "version 1.1") is None


def test_everything_that_differs_is_in_one_sentence() -> None:
    other = Files({"PNG": 150}, 512, 512, None)
    assert files_differ(REAL, other, "version 1.1") == (
        "The files differ in file format and native size: real: 98 % JPEG of quality about 90 (196 "
        "of 200) and 2 % PNG (4 of 200), median 1280 × 720 pixels; version 1.1: 100 % PNG (150 of "
        "150), median 512 × 512 pixels. These differences alone can make the findings."
    )


def test_one_difference_is_told_alone() -> None:
    small = files_differ(REAL, replace(REAL, height=680), "version 1.1")
    assert small == (
        "The files differ in native size: real: median 1280 × 720 pixels; version 1.1: median 1280 "
        "× 680 pixels. This difference alone can make the findings."
    )
    pressed = files_differ(REAL, replace(REAL, quality=75), "version 1.1")
    assert pressed is not None and pressed.startswith("The files differ in JPEG quality: real: 98 ")
    assert "median" not in pressed
