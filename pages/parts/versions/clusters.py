"""Clusters of real images against versions: a heatmap and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import plotly.graph_objects as go
import streamlit as st

from core import Workspace
from core.contracts.judgement_words import unjudged_sentence
from core.contracts.words import Tier
from core.workspace import Comparison
from core.workspace.exports import ClusterHistory
from pages.parts.shared import marks
from pages.parts.shared.plots import SCALE
from pages.parts.shared.read import Scene
from pages.parts.shared.style import MISSING, escape, number
from pages.parts.versions import read

ROW_HEIGHT = 26  # pixels of a row of the heatmap
ROWS = 60  # clusters that the heatmap shows, the largest
NAME = 48  # letters of a name beside the heatmap


class Shown(StrEnum):
    """What the heatmap shows."""

    ABSENT = "Judgement"
    SCORE = "Mean gap score"


def show(ws: Workspace, comparison: Comparison) -> None:
    """The heatmap, and the same with the numbers of synthetic images as a table."""
    rows = read.clusters(ws, comparison)
    if not rows:
        st.info("This comparison has no clusters of real images.")
        return
    versions = [str(dataset.version) for dataset in comparison.versions]
    shown = Shown(
        st.segmented_control(
            "Show",
            tuple(Shown),
            default=Shown.ABSENT,
            required=True,
            key=f"versions_heatmap_{comparison.id}",
        )
    )
    st.plotly_chart(
        heatmap(rows[:ROWS], versions, shown),
        key=f"heatmap_{comparison.id}_{shown.name}",
        config={"displayModeBar": False},
    )
    st.caption(
        "Clusters of real images against versions: teal is covered, orange is absent. Grey: it "
        "cannot be told, or nothing was measured."
    )
    for dataset in comparison.versions:
        summary = Scene(ws, comparison, dataset.id).summary
        if summary is not None and not summary.judged:
            st.caption(escape(unjudged_sentence(summary.version, summary.obstacle)))
    marked = marks.by_cluster(Scene(ws, comparison, comparison.versions[-1].id))
    _table(rows, versions, marked)


def heatmap(rows: Sequence[ClusterHistory], versions: Sequence[str], shown: Shown) -> go.Figure:
    """Clusters (down) against versions (across)."""
    share = shown == Shown.ABSENT
    values = [_known_shares(row) if share else row.score for row in rows]
    words = [
        [_cell(value, tier, share) for value, tier in zip(across, row.tier, strict=True)]
        for across, row in zip(values, rows, strict=True)
    ]
    labels = [f"{row.name[:NAME]} ({row.size:,})" for row in rows]
    if len(set(labels)) < len(labels):  # cut to one beginning: whole, they all differ
        labels = [f"{row.name} ({row.size:,})" for row in rows]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(versions),
            y=labels,
            text=words,
            texttemplate="%{text}",
            colorscale=[[place / (len(SCALE) - 1), colour] for place, colour in enumerate(SCALE)],
            xgap=2,
            ygap=2,
            hovertemplate="%{y}<br>%{x}: %{text}<extra></extra>",
            showscale=False,
            **({"zmin": 0, "zmax": 1} if share else {}),
        )
    )
    figure.update_layout(
        height=70 + ROW_HEIGHT * len(rows), margin={"l": 0, "r": 0, "t": 4, "b": 0}
    )
    figure.update_xaxes(type="category", side="top")
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    return figure


def _known_shares(row: ClusterHistory) -> tuple[float | None, ...]:
    """The share absent by version, None where it cannot be told."""
    return tuple(
        None if tier == Tier.CANNOT_TELL else value
        for value, tier in zip(row.absent, row.tier, strict=True)
    )


def _cell(value: float | None, tier: Tier | None, share: bool) -> str:
    if share:
        return str(tier or MISSING)
    return MISSING if value is None else f"{value:.2f}"


def _table(
    rows: Sequence[ClusterHistory], versions: Sequence[str], marked: Mapping[int, str]
) -> None:
    st.dataframe(
        [
            {
                "Cluster": row.name,
                **({"Mark": marked.get(row.cluster, "")} if marked else {}),
                "Real images": row.size,
                **{
                    f"{version}: judged": str(tier or MISSING)
                    for version, tier in zip(versions, row.tier, strict=True)
                },
                **{
                    f"{version}: synthetic": number(count)
                    for version, count in zip(versions, row.n_synthetic, strict=True)
                },
            }
            for row in rows
        ],
        hide_index=True,
    )
