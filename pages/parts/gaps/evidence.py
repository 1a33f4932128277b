"""What stands beside the list of gaps: which images look rendered or real, split classes, metrics,
and the self-test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import streamlit as st

from core import Workspace
from core.contracts.metric_words import METRICS, About
from core.contracts.words import MetricScope
from core.workspace import Comparison
from pages.parts.shared import detail, gallery, read, style
from pages.parts.shared.plots import REAL, group_colours
from pages.parts.shared.style import escape, percent

STEP = 24


def looks(ws: Workspace, found: Comparison, version_id: int) -> None:
    """The real images that look rendered, and the images of a version that look real."""
    points = read.points(ws, found)
    if not points.known("looks_real"):
        st.info("This comparison has no two-sample classifier: too few images on one side.")
        return
    st.caption(
        "A classifier learns to tell real from synthetic images and judges images it was not trained on. "
        "The share is how sure it is that an image is real."
    )
    looks_real = points["looks_real"]
    label = {dataset.id: dataset.label for dataset in found.versions}[version_id]
    colours = group_colours(points.groups)
    opened = None
    for title, mine, sign, key in (
        (
            f"Images of {escape(label)} that look real",
            points["dataset_id"] == version_id,
            -1,
            "real",
        ),
        ("Real images that look rendered", points.real, 1, "rendered"),
    ):
        rows = np.flatnonzero(mine & np.isfinite(looks_real))
        rows = rows[np.argsort(sign * looks_real[rows], kind="stable")]
        fooled = (
            int((looks_real[rows] > 0.5).sum()) if sign < 0 else int((looks_real[rows] < 0.5).sum())
        )
        st.markdown(f"#### {title} :gray[· {fooled:,} of {len(rows):,} fool the classifier]")
        key = f"looks_{key}_{found.id}_{version_id}"
        shown = gallery.growing(key, len(rows), STEP)
        tiles = [
            _tile(points, row, colours, f"looks real: {looks_real[row] * 100:.0f} %")
            for row in rows[:shown].tolist()
        ]
        opened = gallery.show(ws, tiles, key=key) or opened
        gallery.more(key, shown, len(rows), STEP)
    if opened is not None:
        detail.show(ws, found, int(opened), version_id)


def splits(ws: Workspace, found: Comparison, version_id: int) -> None:
    """Classes that hold together among real images while their synthetic images live elsewhere;
    both sides shown.
    """
    rows = [row for row in found.splits().to_pylist() if row["version_id"] in (version_id, None)]
    if not rows:
        st.info(
            "No classes are known here. Give the datasets labels on the Datasets page, or use a CLIP encoder."
        )
        return
    st.caption(
        "Separation 1: the real and the synthetic images of the class share no cluster of the map. 0: they mix fully."
    )
    points = read.points(ws, found)
    sources = {"label": "labels", "tag": "ImageNet head", "zero_shot": "CLIP"}
    st.dataframe(
        [
            {
                "Class": row["class"],
                "Known from": sources.get(row["source"], row["source"]),
                "Separation": row["separation"],
                "Real": row["n_real"],
                "Synthetic": row["n_synthetic"],
            }
            for row in rows
        ],
        hide_index=True,
        column_config={
            "Separation": st.column_config.ProgressColumn(
                min_value=0.0, max_value=1.0, format="%.2f"
            ),
        },
    )
    names = list(dict.fromkeys((row["source"], row["class"]) for row in rows))
    source, name = st.selectbox(
        "Show both sides of",
        names,
        format_func=lambda one: f"{one[1]} ({sources.get(one[0], one[0])})",
        key=f"split_class_{found.id}_{version_id}",
    )
    st.caption(
        escape(
            next(row["note"] for row in rows if (row["source"], row["class"]) == (source, name))
            or ""
        )
    )
    column = {"label": "class", "tag": "tag", "zero_shot": "zero_shot"}.get(source, "class")
    of_class = points[column] == name
    colours = group_colours(points.groups)
    opened = None
    for side, (title, mine) in zip(
        st.columns(2, gap="medium"),
        (("Real", points.real), ("Synthetic", points["dataset_id"] == version_id)),
        strict=True,
    ):
        with side:
            rows_here = np.flatnonzero(of_class & mine)
            clusters = points["cluster"][rows_here]
            values, counts = np.unique(clusters, return_counts=True)
            main = int(values[np.argmax(counts)]) if len(values) else -1
            where = "in no cluster" if main < 0 else f"{int(counts.max()):,} in cluster {main}"
            st.markdown(
                f"#### {title} :gray[· {len(rows_here):,} images, {where}]"
                if len(rows_here)
                else f"#### {title} :gray[· none]"
            )
            key = f"split_{title}_{source}_{name}_{found.id}_{version_id}"
            shown = gallery.growing(key, len(rows_here), STEP)
            tiles = [
                _tile(points, row, colours, _cluster_words(points["cluster"][row]))
                for row in rows_here[:shown].tolist()
            ]
            opened = gallery.show(ws, tiles, key=key) or opened
            gallery.more(key, shown, len(rows_here), STEP)
    if opened is not None:
        detail.show(ws, found, int(opened), version_id)


def metrics(found: Comparison, version_id: int) -> None:
    """Every metric with its interval, the same number for real half against real half, and what it
    means.
    """
    rows = [
        row
        for row in found.metrics().to_pylist()
        if row["version_id"] == version_id and row["scope"] != MetricScope.WITHOUT
    ]
    if not rows:
        st.info("This comparison has no metrics.")
        return
    scopes = sorted({row["part"] or "" for row in rows})
    scope = ""
    if len(scopes) > 1:
        scope = st.selectbox(
            "Of",
            scopes,
            key=f"metrics_scope_{found.id}_{version_id}",
            width=280,
            format_func=lambda one: f"class {one}" if one else "all images",
        )
    rows = [row for row in rows if (row["part"] or "") == scope]
    shown = [metric_row(row) for row in rows]
    order = [about.label for about in METRICS.values()]
    shown.sort(key=lambda row: order.index(row["Metric"]) if row["Metric"] in order else len(order))
    for row in shown:
        row["Meaning"] = f"{row['Meaning']} {row.pop('Note')}".strip()
    style.table({name: [row[name] for row in shown] for name in shown[0]})
    images = f"{rows[0]['n_real']:,} real and {rows[0]['n_synthetic']:,} synthetic"
    st.caption(
        f"{images} images. Encoder {escape(found.record.encoder)}. Intervals are 95 %. The floor is the same number for one half "
        "of the real images against the other: what a perfect renderer would reach."
    )
    used = parameters_of(rows)
    st.caption(f"Seed {rows[0]['seed']}. " + (f"Parameters: {escape(used)}." if used else ""))


def parameters_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the metrics were computed with, in one line."""
    told: dict[str, list[str]] = {}
    for row in rows:
        words = ", ".join(
            f"{name} {value}" for name, value in json.loads(row["parameters"] or "{}").items()
        )
        if words:
            about = METRICS.get(row["name"])
            told.setdefault(words, []).append(about.label if about else row["name"])
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in told.items())


def metric_row(row: Mapping[str, Any]) -> dict[str, str]:
    """One metric as the table shows it; an em dash and the note where it could not be computed."""
    about = METRICS.get(row["name"]) or About(row["name"].replace("_", " ").capitalize(), "", "")
    return {
        "Metric": about.label,
        "Value": _digits(row["value"]),
        "Interval": _between(row["low"], row["high"]),
        "Floor": _digits(row["baseline"]),
        "Floor interval": _between(row["baseline_low"], row["baseline_high"]),
        "Better": about.better
        if about.better in ("lower", "higher", "")
        else f"near {about.better}",
        "Meaning": about.meaning,
        "Note": row["note"] or "",
    }


def selftest(found: Comparison, version_id: int, summary: Mapping[str, Any]) -> None:
    """What was planted, what was found, view by view."""
    rows = [row for row in found.selftest().to_pylist() if row["version_id"] == version_id]
    st.caption(
        "An injected gap: a group of your real images whose nearest synthetic images are hidden, so that the right answer is "
        "known. The view and the threshold that find most of them at few false alarms are the ones the list uses."
    )
    if not rows:
        st.info("No gaps could be injected here: there are too few images or groups.")
        return
    tried: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for row in rows:
        tried.setdefault((row["view"], row["threshold"]), []).append(row)
    table: list[dict[str, Any]] = []
    for (view, threshold), group in tried.items():
        aurocs = [row["auroc"] for row in group if row["auroc"] is not None]
        alarms = [row["false_alarm_share"] for row in group if row["false_alarm_share"] is not None]
        table.append(
            {
                "View": view,
                "Threshold": threshold,
                "Planted": len(group),
                "Found": sum(bool(row["recovered"]) for row in group),
                "False alarms": percent(float(np.mean(alarms))) if alarms else "–",
                "AUROC": round(float(np.mean(aurocs)), 3) if aurocs else None,
                "Used": "this list"
                if view == summary["view"] and threshold == summary["threshold"]
                else "",
            }
        )
    table.sort(key=lambda row: (row["Used"] == "", -row["Found"] / row["Planted"]))
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "Found": st.column_config.NumberColumn(
                help="How many of the injected gaps the list finds"
            )
        },
    )


def _tile(points: read.Points, row: int, colours: Mapping[str, str], note: str) -> gallery.Tile:
    label = points.groups[points.group[row]]
    return gallery.Tile(
        str(row),
        (
            gallery.Shown(
                points["content_id"][row],
                "real" if points.real[row] else label,
                colours.get(label, REAL),
            ),
        ),
        PurePosixPath(points["path"][row]).name,
        note,
    )


def _cluster_words(cluster: int) -> str:
    return "no cluster" if cluster < 0 else f"cluster {cluster}"


def _digits(value: float | None) -> str:
    """Three significant digits; a dash for None."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{_digits(low)} to {_digits(high)}"
