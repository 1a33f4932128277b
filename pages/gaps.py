"""Gaps: the real images that a version does not cover, in groups, with what is nearest to each, and
how sure that is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import streamlit as st

from core import Workspace
from core.workspace import Comparison
from pages.parts.gaps import evidence
from pages.parts.gaps.gap_list import (
    LISTS,
    chosen_rows,
    csv_bytes,
    expected_words,
    planted_sentence,
)
from pages.parts.shared import choose, detail, gallery, read, style
from pages.parts.shared.plots import ABSENT, REAL, group_colours
from pages.parts.shared.session import workspace
from pages.parts.shared.style import escape, figure, html, number, percent

RANKING = "Whole ranking"
CARDS, PAIRS = 8, 8  # gaps shown at first, and pairs in each
SECTIONS = ("Gaps", "Looks rendered, looks real", "Split classes", "Metrics", "Self-test")


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Gaps",
        "Real images that a version does not cover, what they have in common, and what is nearest today.",
    )
    left, right = st.columns([2, 1.4], vertical_alignment="bottom")
    with left:
        found = choose.comparison(ws)
    if found is None:
        return
    with right:
        version_id = choose.version(found)
    summary = next(
        (row for row in found.summary().to_pylist() if row["version_id"] == version_id), None
    )
    if summary is None:
        st.info(
            "This comparison has no result for this version. Compare again on the Datasets page."
        )
        return
    _headline(summary, found.real.images)
    section = st.segmented_control(
        "Section",
        SECTIONS,
        default=SECTIONS[0],
        required=True,
        key="gaps_section",
        label_visibility="collapsed",
        persist_state="session",
    )
    if section == SECTIONS[1]:
        evidence.looks(ws, found, version_id)
    elif section == SECTIONS[2]:
        evidence.splits(ws, found, version_id)
    elif section == SECTIONS[3]:
        evidence.metrics(found, version_id)
    elif section == SECTIONS[4]:
        evidence.selftest(found, version_id, summary)
    else:
        _gaps(ws, found, version_id, summary)


# --- numbers on top -------------------------------------------------------------------------------


def _headline(summary: Mapping[str, Any], real_images: int) -> None:
    floor = figure(
        "floor: one half of the real images against the other", percent(summary["baseline_rate"])
    )
    if summary["absolute"] is False:
        why = "The look differs too much from the real images'. " if summary["injected"] else ""
        st.warning(
            f"**Only the ranking can be trusted for version {escape(summary['version'])}, not a list.** "
            f"{escape(why + planted_sentence(summary))} "
            "Below are the real images in order, the most absent first.",
            icon=":material/warning:",
        )
        style.figures(figure("real images ranked", number(real_images)), floor)
        return
    interval = (
        f"{percent(summary['low'])} to {percent(summary['high'])}"
        if summary["low"] is not None and summary["high"] is not None
        else ""
    )
    style.figures(
        figure(
            f"of the real images absent from {summary['version']}",
            percent(summary["absent_rate"]),
            interval,
            "gs-large gs-gap",
        ),
        figure(f"of {number(real_images)} real images", number(summary["absent"]), "", "gs-large"),
        figure("by the cluster reading", number(summary["absent_by_cluster"])),
        floor,
    )
    st.html(f"<div class='gs gs-soft'>{html(planted_sentence(summary))}</div>")


# --- the list -------------------------------------------------------------------------------------


def _gaps(ws: Workspace, found: Comparison, version_id: int, summary: Mapping[str, Any]) -> None:
    ranking = read.ranking(ws, found, version_id)
    trusted = summary["absolute"] is not False
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = (
            st.segmented_control(
                "Which images",
                tuple(LISTS),
                default="The list",
                required=True,
                key="gaps_list",
                help="The list joins both readings by the self-test's rule. By cluster: the image's "
                "cluster has too few synthetic images. By score: it is farther from its nearest "
                "synthetic images than real images are from one another. Whole ranking: "
                "every real image, the most absent first.",
            )
            if trusted
            else RANKING
        )
        classes = sorted({value for value in ranking["class"].tolist() if value is not None})
        wanted = (
            st.multiselect("Class", classes, key="gaps_class", placeholder="All classes")
            if classes
            else []
        )
        order = (
            st.selectbox(
                "Sort gaps by", ("Most absent", "Most images"), key="gaps_order", width=180
            )
            if trusted
            else ""
        )
        file = f"gaps-{re.sub(r'[^A-Za-z0-9._-]+', '-', str(summary['version']))}.csv"
        chosen = chosen_rows(ranking, which or "The list", wanted or [])
        st.download_button(
            "CSV",
            data=lambda: csv_bytes(ranking, chosen),
            file_name=file,
            mime="text/csv",
            key="gaps_csv",
            icon=":material/download:",
            on_click="ignore",
            help="The images chosen here, with scores and gaps",
        )
    if not len(chosen):
        st.success(
            f"No real image is absent from version {escape(summary['version'])} under this choice."
            if not wanted
            else "No absent image of these classes.",
            icon=":material/check_circle:",
        )
        return
    opened = (
        _cards(ws, found, version_id, ranking, chosen, order)
        if trusted and which != RANKING
        else _pairs(ws, found, version_id, ranking, chosen, "ranking", 24)
    )
    if opened is not None:
        row = detail.row_of(ws, found, opened)
        if row is not None:
            detail.show(ws, found, row, version_id)


def _cards(
    ws: Workspace,
    found: Comparison,
    version_id: int,
    ranking: Mapping[str, np.ndarray],
    chosen: np.ndarray,
    order: str,
) -> str | None:
    """A card for each gap, and one for absent images of no gap; the path of the image that was
    clicked.
    """
    gaps = {gap["cluster"]: gap for gap in read.gap_rows(ws, found, version_id)}
    clusters = ranking["cluster"][chosen]
    members = {cluster: chosen[clusters == cluster] for cluster in np.unique(clusters).tolist()}
    groups = [(gaps[cluster], rows) for cluster, rows in members.items() if cluster in gaps]
    by_size = order == "Most images"
    groups.sort(key=lambda pair: -(len(pair[1]) if by_size else pair[0]["score"] or 0.0))
    loose = np.sort(
        np.concatenate(
            [rows for cluster, rows in members.items() if cluster not in gaps] or [chosen[:0]]
        )
    )
    shown = gallery.growing(f"cards_{version_id}", len(groups), CARDS)
    opened = None
    for gap, rows in groups[:shown]:
        with st.container(border=True):
            _describe(gap, ranking, rows)
            opened = (
                _pairs(ws, found, version_id, ranking, rows, f"gap_{gap['cluster']}", PAIRS)
                or opened
            )
    gallery.more(f"cards_{version_id}", shown, len(groups), CARDS)
    if len(loose) and shown == len(groups):
        with st.container(border=True):
            st.markdown(f"#### Not in any gap :gray[· {len(loose):,} images]")
            st.html(
                "<div class='gs gs-soft'>Absent one by one: no group of real images around them is absent as a whole.</div>"
            )
            opened = _pairs(ws, found, version_id, ranking, loose, "loose", PAIRS) or opened
    return opened


def _describe(gap: Mapping[str, Any], ranking: Mapping[str, np.ndarray], rows: np.ndarray) -> None:
    """A gap's name, reason and numbers."""
    both = int((ranking["by_cluster"][rows] & ranking["by_score"][rows]).sum())
    cluster, score = (
        int(ranking["by_cluster"][rows].sum()) - both,
        int(ranking["by_score"][rows].sum()) - both,
    )
    badges = [
        f":{colour}-badge[{words} {count:,}]"
        for count, words, colour in (
            (both, "by cluster and score", "orange"),
            (cluster, "by cluster only", "gray"),
            (score, "by score only", "gray"),
        )
        if count
    ]
    st.markdown(f"#### {escape(gap['name'] or 'Cluster ' + str(gap['cluster']))}")
    st.markdown((escape(gap["reason"]) + "  \n" if gap["reason"] else "") + " ".join(badges))
    parts = [
        figure(
            f"of {number(gap['size'])} real images in this group absent",
            number(gap["absent"]),
            "",
            "gs-small gs-gap",
        )
    ]
    if gap["n_synthetic"] is not None:
        parts.append(
            figure(
                "synthetic images here", number(gap["n_synthetic"]), expected_words(gap), "gs-small"
            )
        )
    if gap["stability"] is not None:
        parts.append(figure("of re-runs list it", percent(gap["stability"]), "", "gs-small"))
    if gap["q"] is not None:
        parts.append(
            figure("false alarms expected down to here", percent(gap["q"]), "", "gs-small")
        )
    if gap["score"] is not None:
        parts.append(figure("mean score", f"{gap['score']:.2f}", "", "gs-small"))
    style.figures(*parts)


def _pairs(
    ws: Workspace,
    found: Comparison,
    version_id: int,
    ranking: Mapping[str, np.ndarray],
    rows: np.ndarray,
    key: str,
    step: int,
) -> str | None:
    """Real images, each beside the nearest synthetic one; the path of the one that was clicked."""
    version = next(dataset for dataset in found.versions if dataset.id == version_id)
    colour = group_colours([found.real.label, *(dataset.label for dataset in found.versions)])[
        version.label
    ]
    key = f"{key}_{found.id}_{version_id}"
    shown = gallery.growing(key, len(rows), step)
    tiles = []
    for row in rows[:shown].tolist():
        distance = ranking["distance"][row]
        far = f" · distance {distance:.3f}" if np.isfinite(distance) else ""
        tiles.append(
            gallery.Tile(
                ranking["path"][row],
                (
                    gallery.Shown(
                        ranking["content_id"][row],
                        "real",
                        ABSENT if ranking["absent"][row] else REAL,
                    ),
                    gallery.Shown(
                        ranking["nearest_id"][row], f"nearest in {version.version}", colour
                    ),
                ),
                PurePosixPath(ranking["path"][row]).name,
                f"rank {ranking['rank'][row]:,} · score {ranking['score'][row]:.2f}{far}",
            )
        )
    opened = gallery.show(ws, tiles, key=f"pairs_{key}")
    gallery.more(key, shown, len(rows), step)
    return opened


page()
