"""The report: one HTML file that opens offline and shows what a comparison found. Its plots are
drawn by Plotly, which stands in it once.

Thumbnails are inside as data URIs, a policy in the file's head forbids it to fetch anything, and
everything that is a user's word (file names, versions, labels) is escaped by the template. For
100,000 images the map shows a sample that keeps every absent image.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from core.reports import figures
from core.reports.brief import data_uri, ended, self_test_sentence, templates
from core.reports.extras import finetune_of, spectrum_of
from core.reports.history import trend_rows
from core.reports.pairs import LISTS, MEANING, WORDS, Pair, pairs_of
from core.reports.source import ComparisonLike, WorkspaceLike

GAPS, GAP_PAIRS = 12, 6  # gaps shown, and pairs of pictures in each
LIST_PAIRS = 6  # pictures in each list of a pair of versions
PAIRS_SHOWN = 6  # pairs of versions with pictures


def report_html(ws: WorkspaceLike, comparison: ComparisonLike) -> str:
    """The whole report as HTML text. Sections without data are left out."""
    summary = comparison.summary().to_pylist()
    newest = comparison.versions[-1]
    pairs = pairs_of(comparison)
    gaps, left = _gaps(comparison, newest.id)
    shown = [pair for pair in pairs if _neighbours(comparison, pair)][:PAIRS_SHOWN] or pairs[
        :PAIRS_SHOWN
    ]
    changes = [_pair_rows(pair) for pair in shown]
    pictures = _pictures(
        ws,
        [
            *(row for gap in gaps for row in gap["rows"]),
            *(row for pair in changes for one in pair["lists"] for row in one["rows"]),
        ],
    )
    spectrum = spectrum_of(ws, comparison)
    trend = trend_rows(comparison)
    plots = {
        "map": figures.map_figure(comparison, newest.id),
        "trend": figures.trend_figure(trend) if len(comparison.versions) > 1 else None,
        "spectrum": figures.spectrum_figure(spectrum) if spectrum else None,
    }
    latest = next(
        (pair for pair in pairs if pair.to_id == newest.id and _neighbours(comparison, pair)), None
    )
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            title=comparison.record.name,
            record=comparison.record,
            real=comparison.real,
            versions=comparison.versions,
            newest=next((row for row in summary if row["version_id"] == newest.id), {}),
            summary=summary,
            self_test=self_test_sentence(
                next((row for row in summary if row["version_id"] == newest.id), {})
            ),
            latest=latest,
            pairs=pairs,
            changes=changes,
            gaps=gaps,
            left=left,
            pictures=pictures,
            metrics=_metrics(trend, comparison),
            spectrum=spectrum,
            finetune=finetune_of(ws, comparison),
            plots={name: _json(figure) for name, figure in plots.items() if figure is not None},
            plotly=Markup(get_plotlyjs()),
            written=datetime.now().strftime("%Y-%m-%d %H:%M"),
            parameters=_flat(
                {
                    "encoder": comparison.record.encoder,
                    "seed": comparison.record.seed,
                    **comparison.record.parameters,
                }
            ),
            software=_flat(comparison.record.software),
            seconds=_flat(comparison.record.seconds),
            percent=_percent,
            digits=digits,
            ended=ended,
        )
    )


def digits(value: float | None) -> str:
    """Three significant digits; a dash for None."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.1f} %" if 0 < abs(share) < 0.0995 else f"{100 * share:.0f} %"


def _json(figure: Any) -> Markup:
    """A figure as JSON that may stand inside a script element: no character in it can end the
    element.
    """
    text = figure.to_json()
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _flat(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(name), value if isinstance(value, str) else json.dumps(value, default=str))
        for name, value in values.items()
    ]


def _neighbours(comparison: ComparisonLike, pair: Pair) -> bool:
    order = [dataset.id for dataset in comparison.versions]
    return order.index(pair.to_id) == order.index(pair.from_id) + 1


def _gaps(comparison: ComparisonLike, version_id: int) -> tuple[list[dict[str, Any]], int]:
    """The gaps of a version with their most absent images, and how many gaps are left out."""
    ranked = comparison.coverage(version_id).select(
        [
            "path",
            "content_id",
            "nearest_path",
            "nearest_id",
            "score",
            "distance",
            "absent",
            "cluster",
        ]
    )
    absolute = next(
        (
            row["absolute"]
            for row in comparison.summary().to_pylist()
            if row["version_id"] == version_id
        ),
        None,
    )
    by_cluster: dict[int, list[dict[str, Any]]] = {}
    for row in ranked.to_pylist():
        if row["absent"] or absolute is False:
            rows = by_cluster.setdefault(row["cluster"], [])
            if len(rows) < GAP_PAIRS:
                rows.append({**row, "ids": (row["content_id"], row["nearest_id"])})
    gaps = [gap for gap in comparison.gaps(version_id).to_pylist() if gap["cluster"] in by_cluster]
    return [{**gap, "rows": by_cluster[gap["cluster"]]} for gap in gaps[:GAPS]], max(
        len(gaps) - GAPS, 0
    )


def _pair_rows(pair: Pair) -> dict[str, Any]:
    lists = []
    for name in LISTS:
        rows = pair.lists[name].slice(0, LIST_PAIRS).to_pylist()
        lists.append(
            {
                "name": WORDS[name],
                "meaning": MEANING[name],
                "count": pair.lists[name].num_rows,
                "rows": [
                    {**row, "ids": (row["content_id"], row["before_id"], row["after_id"])}
                    for row in rows
                ],
            }
        )
    return {"pair": pair, "lists": lists}


def _pictures(ws: WorkspaceLike, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    ids = list(dict.fromkeys(one for row in rows for one in row["ids"] if one))
    return {key: data_uri(webp) for key, webp in ws.datasets.thumbnails(ids).items()}


def _metrics(trend: list[dict[str, Any]], comparison: ComparisonLike) -> list[dict[str, Any]]:
    """One row a metric with a cell for each version."""
    names = list(dict.fromkeys(row["name"] for row in trend if row["name"] != "absent_rate"))
    found = []
    for name in names:
        cells = {row["version_id"]: row for row in trend if row["name"] == name}
        first = next(iter(cells.values()))
        found.append(
            {
                "label": first["label"],
                "better": first["better"],
                "meaning": first["meaning"],
                "cells": [cells.get(dataset.id) for dataset in comparison.versions],
                "baseline": next(
                    (cell["baseline"] for cell in cells.values() if cell["baseline"] is not None),
                    None,
                ),
            }
        )
    return found
