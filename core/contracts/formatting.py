"""Numbers, shares, names and pictures as people and files want them. Pages, reports and the command
line write them the same way because they all come here.
"""

from __future__ import annotations

import base64
import re

MISSING = "–"
MOSTLY_DIFFERENT = 0.98  # of a set's images, from which its doubles are not worth a word
_NO_NAME = re.compile(r"[^\w.-]+")


def number(value: float | None) -> str:
    """A count with thousands separated; a dash where there is none."""
    return MISSING if value is None else f"{value:,.0f}"


def in_sequences(images: int | None, units: int | None) -> str:
    """What follows a count of images where many of them are near-identical: `` in 150 sequences of
    near-identical frames``; nothing where fewer than one in fifty is another's double.
    """
    if not images or units is None or units > MOSTLY_DIFFERENT * images:
        return ""
    return f" in {number(units)} sequence{'s' * (units != 1)} of near-identical frames"


def percent(share: float | None) -> str:
    """A share as per cent, with one decimal below ten; a dash where there is none."""
    if share is None:
        return MISSING
    return f"{100 * share:.1f} %" if 0 < abs(share) < 0.0995 else f"{100 * share:.0f} %"


def digits(value: float | None) -> str:
    """Three significant digits, from a thousand on the whole number; a dash where there is none."""
    if value is None:
        return MISSING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def slug(text: object, *, longest: int = 60, default: str = "gapscope") -> str:
    """A text as part of a file name: every run of characters other than letters, digits, ``.``,
    ``_`` and ``-`` becomes one ``-``, and none stands at an end; ``default`` where nothing is left.
    """
    return _NO_NAME.sub("-", str(text)).strip("-")[:longest] or default


def data_uri(webp: bytes) -> str:
    """A WebP picture as a data URI."""
    return "data:image/webp;base64," + base64.b64encode(webp).decode()
