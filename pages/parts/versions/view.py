"""What the Versions page draws: trends, the heat of clusters against versions, and the buttons that
hand things out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from core.reports.folder import write_absent_folder

from core import Workspace
from core.reports.brief import brief_html, brief_markdown
from core.reports.coco import coco_json
from core.reports.fiftyone import fiftyone_zip
from core.reports.html import digits, report_html
from core.reports.tables import absent_csv, tables_zip
from core.workspace import Comparison
from pages.parts.shared import choose, errors
from pages.parts.shared.plots import ABSENT, FAINT, REAL, SCALE
from pages.parts.shared.style import escape, percent

LEAST_ROW = 26  # pixels of a row of the heat


def trend(rows: Sequence[Mapping[str, Any]], key: str) -> None:
    """One number over the versions with its interval, and the floor as a dashed line."""
    known = [row for row in rows if row["value"] is not None]
    aim = rows[0]["better"]
    better = (
        f", {aim} is better" if aim in ("higher", "lower") else f", best at {aim}" if aim else ""
    )
    st.markdown(f"**{escape(rows[0]['label'])}**{escape(better)}", help=rows[0]["meaning"] or None)
    if not known:
        st.caption(
            escape(next((row["note"] for row in rows if row["note"]), None) or "Not measured.")
        )
        return
    names = [row["version"] for row in known]
    colour = ABSENT if rows[0]["name"] == "absent_rate" else REAL
    chart = go.Figure()
    if any(row["baseline"] is not None for row in known):
        chart.add_scatter(
            x=names,
            y=[row["baseline"] for row in known],
            mode="lines+markers" if len(known) == 1 else "lines",
            line={"dash": "dash", "color": FAINT, "width": 1.5},
            hovertemplate="floor %{y:.4g}<extra></extra>",
        )
    up, down = (
        [abs(row[side] - row["value"]) if row[side] is not None else 0.0 for row in known]
        for side in ("high", "low")
    )
    chart.add_scatter(
        x=names,
        y=[row["value"] for row in known],
        mode="lines+markers",
        marker={"color": colour, "size": 8},
        line={"color": colour, "width": 1.5},
        hovertemplate="%{x}: %{y:.4g}<extra></extra>",
        error_y={"type": "data", "array": up, "arrayminus": down, "thickness": 1.2, "width": 4},
    )
    chart.update_layout(height=190, showlegend=False, margin={"l": 0, "r": 8, "t": 4, "b": 0})
    chart.update_xaxes(type="category", showgrid=False)
    chart.update_yaxes(nticks=5, zeroline=False)
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})


def heat(rows: Sequence[Mapping[str, Any]], versions: Sequence[str], name: str, key: str) -> None:
    """Clusters (down) against versions (across); ``name``: ``absent`` (a share) or ``score``."""
    shown = list(rows)[:60]
    values = [row[name] for row in shown]
    told = [
        [
            ("–" if value is None else percent(value) if name == "absent" else f"{value:.2f}")
            for value in row
        ]
        for row in values
    ]
    labels = [f"{row['name'][:48]} ({row['size']:,})" for row in shown]
    if len(set(labels)) < len(labels):  # two groups may have one name
        labels = [f"{label} · {row['cluster']}" for label, row in zip(labels, shown, strict=True)]
    spread = {"zmin": 0, "zmax": 1} if name == "absent" else {}
    steps = [[place / (len(SCALE) - 1), colour] for place, colour in enumerate(SCALE)]
    chart = go.Figure(
        go.Heatmap(
            z=values,
            x=list(versions),
            y=labels,
            text=told,
            texttemplate="%{text}",
            colorscale=steps,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}<br>%{x}: %{text}<extra></extra>",
            showscale=False,
            **spread,
        )
    )
    chart.update_layout(height=70 + LEAST_ROW * len(shown), margin={"l": 0, "r": 0, "t": 4, "b": 0})
    chart.update_xaxes(type="category", side="top")
    chart.update_yaxes(type="category", autorange="reversed", automargin=True)
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})


def exports(ws: Workspace, found: Comparison) -> None:
    """Buttons: the report, the brief, tables, lists for other tools, and a folder of the absent
    images.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", found.record.name).strip("-")[:60] or "gapscope"
    st.markdown("#### To read")
    with st.container(horizontal=True):
        _button(
            "HTML report",
            lambda: report_html(ws, found).encode(),
            f"{name}.html",
            "text/html",
            "One file that opens offline.",
        )
        _button(
            "Render brief, HTML",
            lambda: brief_html(ws, found).encode(),
            f"{name}-brief.html",
            "text/html",
            "One page: render more of this.",
        )
        _button(
            "Render brief, Markdown",
            lambda: brief_markdown(ws, found).encode(),
            f"{name}-brief.md",
            "text/markdown",
            "The same as text.",
        )
    st.markdown("#### Tables")
    with st.container(horizontal=True):
        _button(
            "Absent images, CSV",
            lambda: absent_csv(found).encode(),
            f"{name}-absent.csv",
            "text/csv",
            "Every version's absent images. Safe to open in a spreadsheet.",
        )
        _button(
            "Every table, CSV",
            lambda: tables_zip(found, "csv"),
            f"{name}-csv.zip",
            "application/zip",
            "A ZIP file.",
        )
        _button(
            "Every table, Parquet",
            lambda: tables_zip(found, "parquet"),
            f"{name}-parquet.zip",
            "application/zip",
            "A ZIP file.",
        )
    st.markdown("#### For other tools")
    version_id = choose.version(found)
    version = next(str(dataset.version) for dataset in found.versions if dataset.id == version_id)
    file = re.sub(r"[^A-Za-z0-9._-]+", "-", version)
    with st.container(horizontal=True):
        _button(
            "FiftyOne",
            lambda: fiftyone_zip(found, version_id),
            f"{name}-{file}-fiftyone.zip",
            "application/zip",
            "Unpack it and import it as a FiftyOneImageClassificationDataset; it points to your files.",
        )
        _button(
            "COCO image list",
            lambda: coco_json(ws, found, version_id).encode(),
            f"{name}-{file}-coco.json",
            "application/json",
            "The absent images of this version.",
        )
    _folder(ws, found, version_id, file)


def _button(label: str, make: Any, file: str, mime: str, meaning: str) -> None:
    st.download_button(
        label,
        data=make,
        file_name=file,
        mime=mime,
        help=meaning,
        key=f"export_{label}",
        on_click="ignore",
        icon=":material/download:",
    )


def _folder(ws: Workspace, found: Comparison, version_id: int, name: str) -> None:
    """Write the absent images into a folder on this machine, beside the workspace."""
    target = ws.path.parent / "exports" / f"absent-{found.id}-{name}"
    copies = st.toggle("Copy the files instead of linking to them", key="export_copies")
    if st.button(
        "Write a folder of the absent images",
        icon=":material/folder:",
        key="export_folder",
        help=str(target),
    ):
        with errors.shown():
            place = next(
                path
                for path in (
                    target,
                    *(target.with_name(f"{target.name}-{i}") for i in range(2, 1000)),
                )
                if not path.exists()
            )
            written = write_absent_folder(found, version_id, place, copies=copies)
            st.success(
                f"{written.images:,} images and manifest.csv are in {escape(written.folder)}",
                icon=":material/check_circle:",
            )
            if written.missing:
                st.warning(
                    f"{len(written.missing):,} files are not there any more, for example {escape(written.missing[0][0])}."
                )


def words(values: Mapping[str, Any]) -> str:
    """Parameters in one line."""
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "default"


__all__ = ["digits", "exports", "heat", "trend", "words"]
