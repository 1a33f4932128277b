"""The report: one HTML file that opens offline and shows what a comparison says. Its plots are
drawn by Plotly, which stands in it once.

Thumbnails are inside as data URIs, a policy in the file's head forbids it to fetch anything, and
everything that is a user's word (file names, versions, labels) is escaped by the template. For
100,000 images the map shows a sample that keeps every absent image.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from core.contracts.change_words import LISTS, MEANING, WORDS
from core.contracts.comparison import (
    ChangeRow,
    CoverageRow,
    GroupRow,
    SurplusGroupRow,
    SurplusRow,
)
from core.contracts.formatting import in_sequences
from core.contracts.judgement_words import groups_sentence
from core.contracts.words import Tier
from core.reports import figures
from core.reports.brief import self_test_sentence
from core.reports.count_tables import count_tables
from core.reports.history import ABSENT_RATE, TrendRow, trend_rows
from core.reports.marks import summary_sentence, version_marks
from core.reports.members import members
from core.reports.pairs import Pair, neighbours, pairs_of
from core.reports.related import Related
from core.reports.rendering import data_uris, render
from core.store.results import Comparison

SHOWN, GROUP_PAIRS = 12, 6  # groups shown with pictures, and pairs of pictures in each
SURPLUS = 6  # surplus groups shown
LIST_PAIRS = 6  # pictures in each list of a pair of versions
PAIRS_SHOWN = 6  # pairs of versions with pictures


@dataclass(frozen=True)
class GroupSection:
    """A group of real images, and those of them that are least covered."""

    group: GroupRow
    rows: Sequence[CoverageRow]


@dataclass(frozen=True)
class SurplusSection:
    """A surplus group, and its farthest images."""

    group: SurplusGroupRow
    rows: Sequence[SurplusRow]


@dataclass(frozen=True)
class ListSection:
    """A list of changed images: what it is called and means, how long it is, and its beginning."""

    name: str
    meaning: str
    count: int
    rows: Sequence[ChangeRow]


@dataclass(frozen=True)
class PairSection:
    """Two versions, and the lists of images between them."""

    pair: Pair
    lists: Sequence[ListSection]


@dataclass(frozen=True)
class MetricLine:
    """One line of the metrics' table, with a cell for each version (None: not measured)."""

    label: str
    better: str
    meaning: str
    cells: Sequence[TrendRow | None]
    baseline: float | None


def report_html(comparison: Comparison, related: Related | None = None) -> str:
    """The whole report as HTML text. Sections without data are left out."""
    related = related or Related()
    rows, newest = comparison.version_rows(), comparison.versions[-1]
    newest_row = next((row for row in rows if row.version_id == newest.id), None)
    pairs = pairs_of(comparison)
    beside = [pair for pair in pairs if neighbours(comparison, pair)]
    changes = [_pair_section(pair) for pair in (beside or pairs)[:PAIRS_SHOWN]]
    inside = members(comparison, newest.id)
    groups = inside.once(comparison.group_rows(newest.id))
    sections = [
        GroupSection(group, inside.rows[group.group_id][:GROUP_PAIRS])
        for group in groups
        if group.tier != Tier.COVERED
    ]
    surplus = _surplus_sections(comparison, newest.id)
    trend = trend_rows(comparison)
    marks = version_marks(comparison, newest.id)
    plots = {
        "map": figures.map_figure(figures.map_points(comparison, newest.id)),
        "trend": figures.trend_figure(trend) if len(comparison.versions) > 1 else None,
        "spectrum": figures.spectrum_figure(related.spectrum),
    }
    record, units = comparison.record, comparison.units()
    return render(
        "report.html.j2",
        title=record.name,
        record=record,
        real=comparison.real,
        sequences={
            one.id: in_sequences(one.images, units.get(one.id))
            for one in (comparison.real, *comparison.versions)
        },
        versions=comparison.versions,
        newest=newest_row,
        summary=rows,
        self_test=self_test_sentence(newest_row),
        latest=next((pair for pair in beside if pair.to_id == newest.id), None),
        pairs=pairs,
        changes=changes,
        counted=groups_sentence(groups),
        count_tables=count_tables(comparison, newest.id),
        count_notes=comparison.label_note_rows(newest.id),
        marks=marks,
        marked=summary_sentence(marks),
        groups=groups,
        sections=sections[:SHOWN],
        left=max(len(sections) - SHOWN, 0),
        surplus=surplus,
        pictures=_pictures(comparison, sections[:SHOWN], surplus, changes),
        metrics=_metric_lines(trend, comparison),
        spectrum=related.spectrum,
        study=related.study,
        plots={name: _json(figure) for name, figure in plots.items() if figure is not None},
        plotly=Markup(get_plotlyjs()),
        written=datetime.now().strftime("%Y-%m-%d %H:%M"),
        parameters=_texts({"encoder": record.encoder, "seed": record.seed, **record.parameters}),
        software=_texts(record.software),
        seconds=_texts(record.seconds),
    )


def _json(figure: go.Figure) -> Markup:
    """A figure as JSON that may stand inside a script element: no character in it can end the
    element.
    """
    text = figure.to_json()
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _texts(values: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (str(name), value if isinstance(value, str) else json.dumps(value, default=str))
        for name, value in values.items()
    ]


def _surplus_sections(comparison: Comparison, version_id: int) -> list[SurplusSection]:
    """The surplus groups of a version, the largest first, with their farthest images."""
    rows = comparison.surplus_rows(version_id)
    return [
        SurplusSection(group, [row for row in rows if row.group == group.group][:GROUP_PAIRS])
        for group in comparison.surplus_group_rows(version_id)[:SURPLUS]
    ]


def _pair_section(pair: Pair) -> PairSection:
    return PairSection(
        pair,
        [
            ListSection(
                WORDS[name], MEANING[name], len(pair.lists[name]), pair.lists[name][:LIST_PAIRS]
            )
            for name in LISTS
        ],
    )


def _pictures(
    comparison: Comparison,
    sections: Iterable[GroupSection],
    surplus: Iterable[SurplusSection],
    changes: Iterable[PairSection],
) -> dict[str, str]:
    """Data URIs of all thumbnails in the report, by content id."""
    ids: list[str] = []
    for section in sections:
        for row in section.rows:
            ids += [row.content_id, row.nearest_id]
    for group in surplus:
        for image in group.rows:
            ids += [image.content_id, image.nearest_id]
    for pair in changes:
        for one in pair.lists:
            for change in one.rows:
                ids += [change.content_id, change.before_id, change.after_id]
    return data_uris(comparison, ids)


def _metric_lines(trend: Iterable[TrendRow], comparison: Comparison) -> list[MetricLine]:
    cells: dict[str, dict[int, TrendRow]] = {}
    for row in trend:
        if row.name != ABSENT_RATE:
            cells.setdefault(row.name, {})[row.version_id] = row
    lines = []
    for by_version in cells.values():
        first = next(iter(by_version.values()))
        baselines = (row.baseline for row in by_version.values() if row.baseline is not None)
        lines.append(
            MetricLine(
                first.label,
                first.better,
                first.meaning,
                [by_version.get(dataset.id) for dataset in comparison.versions],
                next(baselines, None),
            )
        )
    return lines
