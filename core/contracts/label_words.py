"""Labels by column: which columns are labels at all, and in which order their counts are shown.

A label says of what kind an image is, so that many images share it. The identity of a frame, a time
or a measured distance does not: such columns of a label table are left out, and said to be.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from core.contracts.comparison import LabelCountRow
from core.contracts.words import Tier

CLASS, BIAS = "class", "bias"
MOST_VALUES = 200  # different values of a label; with more it is a name of things, not a kind
MOST_SHARE = 0.5  # of the images; with more different values most images have a value of their own
MOST_NUMBERS = 24  # different numbers of a label: the hours of a day are one, a distance is not
ORDER = (Tier.ABSENT, Tier.THIN, Tier.CANNOT_TELL, Tier.COVERED)


def why_no_label(column: str, values: Collection[str], images: int) -> str | None:
    """Why a column with these different ``values`` among so many labelled ``images`` is no label;
    None where it is one. ``class`` and ``bias`` are labels by their name.
    """
    if column in (CLASS, BIAS) or len(values) < 2:
        return None
    found = f"{len(values):,} different values in {images:,} images"
    if len(values) > MOST_VALUES or len(values) > MOST_SHARE * images:
        return f"{found}: an identity or a time, not a label"
    if len(values) > MOST_NUMBERS and all(map(_is_number, values)):
        return f"{found}: numbers, not a label"
    return None


def label_name(column: str, value: str) -> str:
    """What a label is called: a class by itself, any other with its column (``weather fog``)."""
    return value if column == CLASS else f"{column} {value}"


def count_order(row: LabelCountRow) -> tuple[int, int, str]:
    """Sorts the counts of a column: what is absent first, then thin, then the rest; the commonest
    real label first.
    """
    return ORDER.index(row.tier), -row.real, row.value


def by_column(rows: Iterable[LabelCountRow]) -> Mapping[str, list[LabelCountRow]]:
    """Counts of one version by column (class, bias, then the others by name), in the order in which
    they are shown.
    """
    columns: dict[str, list[LabelCountRow]] = {}
    for row in sorted(rows, key=count_order):
        columns.setdefault(row.column, []).append(row)
    ordered = sorted(columns, key=lambda name: (name != CLASS, name != BIAS, name))
    return {column: columns[column] for column in ordered}


def tier_words(row: LabelCountRow) -> str:
    """A count's tier as it is shown; where there is no real image, that."""
    return str(row.tier) if row.real else "no real images"


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
