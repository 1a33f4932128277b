"""Numbers, shares and names as pages and reports write them."""

from __future__ import annotations

import pytest

from core.contracts.formatting import data_uri, digits, number, percent, slug


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (0.004, "0.4 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
        (1, "100 %"),
    ],
)
def test_shares_have_a_decimal_below_ten_per_cent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_counts_are_grouped_and_measurements_have_three_digits() -> None:
    assert [number(value) for value in (None, 0, 1234567)] == ["–", "0", "1,234,567"]
    values = (None, 0.0123456, 31.0, 999.4, 1234.5)
    assert [digits(value) for value in values] == ["–", "0.0123", "31", "999", "1,234"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Photos against 1.0, 1.1", "Photos-against-1.0-1.1"),
        ("Straße bei Nacht", "Straße-bei-Nacht"),
        ("../../etc", "..-..-etc"),
        ("  /  ", "gapscope"),
        ("a" * 100, "a" * 60),
    ],
)
def test_a_name_becomes_part_of_a_file_name(text: str, name: str) -> None:
    assert slug(text) == name and "/" not in slug(text)


def test_a_picture_becomes_a_data_uri() -> None:
    assert data_uri(b"webp") == "data:image/webp;base64,d2VicA=="
