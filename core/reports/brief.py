"""The render brief: one page for whoever renders, "render more of this", made from a comparison's
gaps.

For each gap of the newest version: its name, why it is one, how many real images it holds and how
many synthetic ones are there, a few examples, and what is nearest today. As Markdown (paths of the
examples) and as HTML (the pictures themselves).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contracts.comparison import CoverageRow, GroupRow, VersionRow
from core.contracts.formatting import number
from core.reports.count_tables import CountTable, count_tables
from core.reports.rendering import data_uris, render, sentence
from core.store.results import Comparison

GAPS = 8  # on one page
EXAMPLES = 4  # of each
HINTS = 3  # concepts, and attributes, of each
INJECTED = ("injected", "planted")  # in a verdict that tells of injected gaps, then and now


@dataclass(frozen=True)
class Example:
    """A real image and the synthetic image nearest to it: paths, and thumbnails as data URIs
    (empty: none).
    """

    path: str
    nearest: str
    picture: str
    nearest_picture: str
    distance: float | None


@dataclass(frozen=True)
class Want:
    """One thing to render more of."""

    name: str
    reason: str
    absent: int
    size: int
    n_synthetic: float | None
    expected: float | None
    stability: float | None
    hints: Sequence[str]
    examples: Sequence[Example]
    trusted: bool

    @property
    def short_by(self) -> int | None:
        """How many synthetic images fewer than expected there are; None where that is not known or
        there are enough.
        """
        if self.expected is None or self.n_synthetic is None or self.expected <= self.n_synthetic:
            return None
        return round(self.expected - self.n_synthetic)

    @property
    def counts(self) -> list[str]:
        """The numbers of the gap, in words."""
        words = [
            f"{self.absent:,} of {self.size:,} real images of this group are absent"
            if self.trusted and self.absent
            else f"{self.size:,} real images in this group"
        ]
        if self.n_synthetic is not None:
            verb = "image is" if round(self.n_synthetic) == 1 else "images are"
            here = f"{number(self.n_synthetic)} synthetic {verb} here today"
            if self.expected is not None:
                here += f", about {number(self.expected)} would match the real ones"
            words.append(here)
        if self.short_by:
            words.append(f"render about {self.short_by:,} more")
        if self.stability is not None:
            words.append(f"found in {100 * self.stability:.0f} % of repeated runs")
        return words


@dataclass(frozen=True)
class Brief:
    """The page's content. ``trusted`` False: the list cannot be trusted, only the order."""

    title: str
    version: str
    real: str
    images: int
    absent: int
    encoder: str
    trusted: bool
    verdict: str
    self_test: str
    counts: Sequence[CountTable]
    wants: Sequence[Want]
    left: int

    @property
    def judgement(self) -> str:
        """What is said of the version as a whole; empty where nothing is."""
        return " ".join(part for part in (self.verdict, self.self_test) if part)

    @property
    def nothing(self) -> str:
        """What to say where there is no group to render more of."""
        if self.absent:
            return (
                f"{self.absent:,} real images are absent one by one: no group of them stands out."
            )
        return "There is nothing to render more of: no real image is absent."


def brief(comparison: Comparison, version: str | int | None = None) -> Brief:
    """What to render more of, for one version (the newest unless named)."""
    dataset = comparison.versions[-1] if version is None else comparison.version(version)
    judged = comparison.version_row(dataset.id)
    trusted = judged is None or judged.judged
    gaps = [gap for gap in comparison.group_rows(dataset.id) if gap.absent or not trusted]
    examples = comparison.example_rows(dataset.id, EXAMPLES, absent_only=trusted)
    shown = gaps[:GAPS]
    pictures = data_uris(
        comparison,
        (
            content_id
            for gap in shown
            for row in examples.get(gap.group_id, ())
            for content_id in (row.content_id, row.nearest_id)
        ),
    )
    return Brief(
        title=comparison.record.name,
        version=str(dataset.version),
        real=comparison.real.label,
        images=comparison.real.images,
        absent=judged.absent if judged else 0,
        encoder=comparison.record.seen_by,
        trusted=trusted,
        verdict=sentence(judged.verdict if judged else None),
        self_test=self_test_sentence(judged),
        counts=[table for table in count_tables(comparison, dataset.id) if table.gaps],
        wants=[_want(gap, examples.get(gap.group_id, []), pictures, trusted) for gap in shown],
        left=len(gaps) - len(shown),
    )


def brief_markdown(comparison: Comparison, version: str | int | None = None) -> str:
    """The render brief as Markdown."""
    return render("brief.md.j2", page=brief(comparison, version))


def brief_html(comparison: Comparison, version: str | int | None = None) -> str:
    """The render brief as one self-contained HTML page."""
    return render("brief.html.j2", page=brief(comparison, version))


def self_test_sentence(row: VersionRow | None) -> str:
    """What the injected gaps say of a version's list; empty where there were none, or where the
    verdict tells it already.
    """
    if row is None or not row.injected or any(word in (row.verdict or "") for word in INJECTED):
        return ""
    alarms = row.false_alarm_share
    rate = "" if alarms is None else f"; false alarms {100 * alarms:.1f} %"
    return (
        f"Of {row.injected} gaps injected into this data the list finds {row.recovered or 0}{rate}."
    )


def _want(
    gap: GroupRow, examples: Sequence[CoverageRow], pictures: Mapping[str, str], trusted: bool
) -> Want:
    return Want(
        name=gap.name or gap.group_id,
        reason=gap.explanation or "",
        absent=gap.absent or 0,
        size=gap.size,
        n_synthetic=gap.rendered,
        expected=gap.expected,
        stability=gap.stability,
        hints=_hints(gap),
        examples=[
            Example(
                path=row.path,
                nearest=row.nearest_path or "",
                picture=pictures.get(row.content_id, ""),
                nearest_picture=pictures.get(row.nearest_id, ""),
                distance=row.distance,
            )
            for row in examples
        ],
        trusted=trusted,
    )


def _hints(gap: GroupRow) -> list[str]:
    """What to aim for, from concepts and attributes."""
    concepts = [item.name for item in (gap.concepts or ())[:HINTS] if item.name]
    attributes = [item.words for item in (gap.attributes or ())[:HINTS] if item.words]
    hints = []
    if concepts:
        hints.append(f"Aim for: {', '.join(concepts)}")
    if attributes:
        hints.append(f"They are {', '.join(attributes)}")
    return hints
