"""Every metric with its interval, its real-vs-real baseline, and what it means."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.contracts.comparison import MetricRow
from core.contracts.metric_words import METRICS, About
from core.contracts.words import MetricScope
from pages.parts.shared import style
from pages.parts.shared.read import Scene
from pages.parts.shared.style import digits, escape

EVERY = ""  # the part that is all images


def show(scene: Scene) -> None:
    """The metrics of all images, or of one class."""
    measured = [row for row in scene.metrics if row.scope != MetricScope.WITHOUT]
    if not measured:
        st.info("This comparison has no metrics.")
        return
    parts = sorted({row.part or EVERY for row in measured})
    part = EVERY
    if len(parts) > 1:
        part = st.selectbox(
            "Of",
            parts,
            key=f"metrics_scope_{scene.comparison.id}_{scene.version_id}",
            width=280,
            format_func=lambda one: f"class {one}" if one else "all images",
        )
    rows = [row for row in measured if (row.part or EVERY) == part]
    order = list(METRICS)
    rows.sort(key=lambda row: order.index(row.name) if row.name in order else len(order))
    style.table(columns(rows))
    first = rows[0]
    st.caption(
        f"{first.n_real:,} real and {first.n_synthetic:,} synthetic images. "
        f"Encoder {escape(scene.comparison.record.seen_by)}. Intervals are 95 %. The real-vs-real "
        "baseline is the same number for as many real images in the version's place: what a "
        "perfect renderer would reach."
    )
    used = parameters_of(rows)
    st.caption(f"Seed {first.seed}. " + (f"Parameters: {escape(used)}." if used else ""))


def columns(rows: Sequence[MetricRow]) -> dict[str, list[str | None]]:
    """The table's columns; a dash and the note where a metric could not be measured."""
    about = [_about(row.name) for row in rows]
    return {
        "Metric": [one.label for one in about],
        "Value": [digits(row.value) for row in rows],
        "Interval": [_between(row.low, row.high) for row in rows],
        "Real vs real": [digits(row.baseline) for row in rows],
        "Its interval": [_between(row.baseline_low, row.baseline_high) for row in rows],
        "Better": [
            one.better if one.better in ("lower", "higher", "") else f"near {one.better}"
            for one in about
        ],
        "Meaning": [
            f"{one.meaning} {row.note or ''}".strip() for one, row in zip(about, rows, strict=True)
        ],
    }


def parameters_of(rows: Sequence[MetricRow]) -> str:
    """What the metrics were computed with, in one line."""
    names_by_words: dict[str, list[str]] = {}
    for row in rows:
        words = ", ".join(f"{name} {value}" for name, value in (row.parameters or {}).items())
        if words:
            names_by_words.setdefault(words, []).append(_about(row.name).label)
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in names_by_words.items())


def _about(name: str) -> About:
    return METRICS.get(name) or About(name.replace("_", " ").capitalize(), "", "")


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{digits(low)} to {digits(high)}"
