"""Counts before embeddings: where a label is known on both sides, real against rendered images.

A label that real images have and no rendered image has is absent; no statistics are needed for
that. One that is rendered far too seldom is thin. Everything else is rendered in number, and the
vectors say what is missing within it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.analysis.coverage.confidence import wilson
from core.contracts.formatting import percent
from core.contracts.label_words import CLASS, why_no_label
from core.contracts.words import Tier

Labels = Sequence[str | None]  # one for each image; None where unknown

LEAST_REAL = 2  # real images of a label; a single one can be a slip in the labels
MOST_UNKNOWN = 0.5  # share of a side without a label, above which its counts cannot tell
# A label is thin when it has less than a quarter of the images that would match its real share, and
# chance does not explain it: the 95 % interval of its rendered share ends below half of the real
# share, and below the interval of the real share.
THIN, THIN_END = 0.25, 0.5
NAMED = 3  # values named in a note


@dataclass(frozen=True)
class LabelCount:
    """Images of one label. Shares are of the labelled images of a side; ``expected``: rendered
    images that would match the real share; ``low`` to ``high``: 95 % interval of
    ``share_rendered``.
    """

    column: str
    value: str
    real: int
    rendered: int
    share_real: float
    share_rendered: float
    expected: float
    low: float
    high: float
    tier: Tier
    reason: str


@dataclass(frozen=True)
class LabelNote:
    """What to know of a column: why it is not counted, or how many images lack it."""

    column: str
    note: str


@dataclass(frozen=True)
class LabelCounts:
    """The counts of one version, column by column, and what to know of the columns."""

    counts: tuple[LabelCount, ...]
    notes: tuple[LabelNote, ...]


def count_labels(real: Mapping[str, Labels], rendered: Mapping[str, Labels]) -> LabelCounts:
    """Real against rendered images of every label. ``real`` and ``rendered``: for each column, the
    label of every image of that side.

    A column is counted that both sides know and in which they have a value in common. Rules:

    * absent: at least two real images, no rendered one (``cannot tell`` for one real image, and
      where a rendered label is written almost alike);
    * thin: less than a quarter of what would match the real share, and the 95 % interval of the
      rendered share ends below half of the real share and below the interval of the real share;
    * cannot tell: more than half of a side has no label in that column;
    * covered: everything else, that is rendered in number.
    """
    counts: list[LabelCount] = []
    notes: list[LabelNote] = []
    for column, of_real in real.items():
        sides = _Sides(column, _Side.of(of_real), _Side.of(rendered.get(column, ())))
        why_not = _why_not(sides)
        if why_not is not None:
            notes += [LabelNote(column, why_not)] if why_not else []
            continue
        notes += [LabelNote(column, note) for note in sides.unknown_notes]
        counts += [_count(sides, value) for value in sides.values]
    return LabelCounts(tuple(counts), tuple(notes))


@dataclass(frozen=True)
class _Side:
    """One side's images by label, and how many have none."""

    by_value: Counter[str]
    labelled: int
    unknown: int

    @staticmethod
    def of(labels: Labels) -> _Side:
        by_value = Counter(label for label in labels if label is not None)
        labelled = by_value.total()
        return _Side(by_value, labelled, len(labels) - labelled)

    @property
    def mostly_unknown(self) -> bool:
        return self.unknown > MOST_UNKNOWN * (self.labelled + self.unknown)

    def words(self, kind: str) -> str:
        """``1,250 synthetic images``, ``900 labelled synthetic images``."""
        labelled = "labelled " if self.unknown else ""
        return f"{self.labelled:,} {labelled}{kind} image{'' if self.labelled == 1 else 's'}"


@dataclass(frozen=True)
class _Sides:
    """A column as both sides know it."""

    column: str
    real: _Side
    rendered: _Side

    @property
    def values(self) -> list[str]:
        """All values, the commonest real one first."""
        return sorted(
            {*self.real.by_value, *self.rendered.by_value},
            key=lambda value: (-self.real.by_value[value], value),
        )

    @property
    def unknown_notes(self) -> list[str]:
        return [
            f"{side.unknown:,} of {side.unknown + side.labelled:,} {kind} images have no "
            f"{self.column}"
            + (": too many for its counts to tell anything." if side.mostly_unknown else ".")
            for side, kind in ((self.real, "real"), (self.rendered, "synthetic"))
            if side.unknown
        ]


def _why_not(sides: _Sides) -> str | None:
    """Why a column is not counted, in a sentence, empty where nobody knows it; None where it is."""
    real, rendered, column = sides.real, sides.rendered, sides.column
    if not real.labelled:
        return ""
    for found in (real.by_value, real.by_value + rendered.by_value):
        why = why_no_label(column, found, found.total())
        if why is not None:
            return f"{column} is not counted: {why}."
    if not rendered.labelled:
        return f"No synthetic image has a {column}: it is not counted."
    if not real.by_value.keys() & rendered.by_value.keys():
        return (
            f"{column} is not counted: real images ({_some(real)}) and synthetic images "
            f"({_some(rendered)}) have no value in common."
        )
    return None


def _some(side: _Side) -> str:
    """The commonest values of a side."""
    names = [value for value, _ in side.by_value.most_common(NAMED)]
    return ", ".join(names) + (", …" if len(side.by_value) > NAMED else "")


def _count(sides: _Sides, value: str) -> LabelCount:
    real, rendered = sides.real.by_value[value], sides.rendered.by_value[value]
    share = real / sides.real.labelled
    low, high = wilson(rendered, sides.rendered.labelled)
    expected = real * sides.rendered.labelled / sides.real.labelled
    tier, reason = _judged(sides, value, expected, high)
    return LabelCount(
        column=sides.column,
        value=value,
        real=real,
        rendered=rendered,
        share_real=share,
        share_rendered=rendered / sides.rendered.labelled,
        expected=expected,
        low=low,
        high=high,
        tier=tier,
        reason=reason,
    )


def _judged(sides: _Sides, value: str, expected: float, high: float) -> tuple[Tier, str]:
    """The tier of a label, and why."""
    real, rendered = sides.real.by_value[value], sides.rendered.by_value[value]
    numbers = _numbers(sides, value, expected)
    if not real:
        return Tier.COVERED, numbers
    if sides.real.mostly_unknown or sides.rendered.mostly_unknown:
        return Tier.CANNOT_TELL, f"{' '.join(sides.unknown_notes)} {numbers}"
    if not rendered:
        alike = _written_alike(value, sides)
        if alike is not None:
            remedy = f"synthetic images are labelled {alike}: write both alike, and scan again."
            return Tier.CANNOT_TELL, f"{numbers[:-1]}, but {remedy}"
        if real < LEAST_REAL:
            return Tier.CANNOT_TELL, f"{numbers} One image may be a slip in the labels."
        return Tier.ABSENT, numbers
    real_low, _ = wilson(real, sides.real.labelled)
    few = rendered < THIN * expected
    if few and high < THIN_END * real / sides.real.labelled and high < real_low:
        return Tier.THIN, f"Only {numbers}"
    return Tier.COVERED, numbers


def _numbers(sides: _Sides, value: str, expected: float) -> str:
    """The counts of a label in a sentence."""
    real, rendered = sides.real.by_value[value], sides.rendered.by_value[value]
    of_real, of_rendered = sides.real.words("real"), sides.rendered.words("synthetic")
    if not rendered:
        return (
            f"None of {of_rendered} {_carry(sides.column, 1)} {value}; "
            f"{real:,} of {of_real} {_also(sides.column, real)}."
        )
    start = f"{rendered:,} of {of_rendered} {_carry(sides.column, rendered)} {value}"
    if not real:
        return f"{start}; no real image {_also(sides.column, 1)}."
    return (
        f"{start}; about {max(round(expected), 1):,} would match the real ones "
        f"({real:,} of {of_real}, {percent(real / sides.real.labelled)})."
    )


def _carry(column: str, images: int) -> str:
    """``is class``, ``have weather``: what stands between so many images and a label."""
    if column == CLASS:
        return f"{'is' if images == 1 else 'are'} {column}"
    return f"{'has' if images == 1 else 'have'} {column}"


def _also(column: str, images: int) -> str:
    """``is``, ``do``: the same said again of so many images."""
    if column == CLASS:
        return "is" if images == 1 else "are"
    return "does" if images == 1 else "do"


def _written_alike(value: str, sides: _Sides) -> str | None:
    """A label of synthetic images alone that differs from ``value`` in nothing but capitals, spaces
    and signs.
    """
    key = _letters(value)
    only = (other for other in sides.rendered.by_value if other not in sides.real.by_value)
    return next((other for other in only if key and _letters(other) == key), None)


def _letters(value: str) -> str:
    return re.sub(r"[\W_]+", "", value).casefold()
