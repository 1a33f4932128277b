"""Versions: what each renderer version closed and what it broke, whether that is more than chance,
and what may be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.metric_words import METRICS
from core.reports.contributions import contributions, from_rows
from core.reports.history import cluster_rows, comparable_trend, history, trend_rows
from core.reports.pairs import LISTS, MEANING, WORDS, Pair, pairs_of
from core.workspace import Comparison
from pages.parts.shared import choose, detail, gallery, read, style
from pages.parts.shared.plots import ABSENT, REAL, group_colours
from pages.parts.shared.session import workspace
from pages.parts.shared.style import escape, figure, html, number, percent
from pages.parts.versions import view as versions_view

STEP = 12
SECTIONS = ("What changed", "Trend", "Clusters", "History", "Report and exports")


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Versions",
        "What each renderer version closed, what it broke, and whether the difference is real.",
    )
    found = choose.comparison(ws)
    if found is None:
        return
    section = st.segmented_control(
        "Section",
        SECTIONS,
        default=SECTIONS[0],
        required=True,
        key="versions_section",
        label_visibility="collapsed",
        persist_state="session",
    )
    draw = {
        SECTIONS[1]: _trend,
        SECTIONS[2]: _clusters,
        SECTIONS[3]: _history,
        SECTIONS[4]: versions_view.exports,
    }.get(section, _changes)
    draw(ws, found)


# --- what changed ---------------------------------------------------------------------------------


def _changes(ws: Workspace, found: Comparison) -> None:
    pairs = _pairs(found, str(ws.path), read.comparison_key(found))
    if not pairs:
        st.info(
            "This comparison has one version. Compare the real images with two or more to see what changed between them."
            if len(found.versions) < 2
            else "This comparison was made without changes between versions. Compare again.",
            icon=":material/lightbulb:",
        )
        return
    if len(pairs) > 1:  # of one pair, all of this stands below
        style.table(
            {
                "from": [pair.before for pair in pairs],
                "to": [pair.after for pair in pairs],
                **{WORDS[name]: [number(pair.counts[name]) for pair in pairs] for name in LISTS},
                "verdict": [pair.verdict.word for pair in pairs],
            }
        )
    names = {f"{pair.from_id}-{pair.to_id}": f"{pair.before} → {pair.after}" for pair in pairs}
    newest = found.versions[-1].id
    before = found.versions[-2].id if len(found.versions) > 1 else newest
    key = f"versions_pair_{found.id}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = (
            f"{before}-{newest}" if f"{before}-{newest}" in names else next(iter(names))
        )
    picked = (
        st.selectbox(
            "From and to",
            list(names),
            format_func=lambda one: names.get(one, ""),
            key=key,
            width=360,
            persist_state="session",
        )
        if len(names) > 1
        else next(iter(names))
    )
    pair = next(one for one in pairs if f"{one.from_id}-{one.to_id}" == picked)
    _verdict(pair)
    opened = None
    for name in LISTS:
        opened = _list(ws, found, pair, name) or opened
    _attribution(found, pair)
    if opened is not None:
        row = detail.row_of(ws, found, opened)
        if row is not None:
            detail.show(ws, found, row, pair.to_id)


def _verdict(pair: Pair) -> None:
    show = {"better": st.success, "worse": st.error}.get(pair.verdict.word, st.info)
    icon = {"better": ":material/trending_up:", "worse": ":material/trending_down:"}.get(
        pair.verdict.word, ":material/trending_flat:"
    )
    show(
        f"**{escape(pair.before)} → {escape(pair.after)}.** {escape(pair.verdict.sentence)}",
        icon=icon,
    )
    counts = pair.counts
    style.figures(
        *(
            figure(
                WORDS[name],
                number(counts[name]),
                "",
                "gs-gap" if name == "opened" and counts[name] else "",
            )
            for name in LISTS
        )
    )


def _list(ws: Workspace, found: Comparison, pair: Pair, name: str) -> str | None:
    """One list with each real image between what was nearest before and after; the path of the
    image that was clicked.
    """
    table = pair.lists[name]
    if not table.num_rows:
        return None
    st.markdown(f"#### {WORDS[name]} :gray[· {table.num_rows:,} real images, {MEANING[name]}]")
    colours = group_colours([found.real.label, *(dataset.label for dataset in found.versions)])
    key = f"versions_{name}_{found.id}_{pair.from_id}_{pair.to_id}"
    shown = gallery.growing(key, table.num_rows, STEP)
    tiles = [
        gallery.Tile(
            row["path"],
            (
                gallery.Shown(row["content_id"], "real", REAL if name == "closed" else ABSENT),
                gallery.Shown(row["before_id"], pair.before, colours.get(pair.before, REAL)),
                gallery.Shown(row["after_id"], pair.after, colours.get(pair.after, REAL)),
            ),
            PurePosixPath(row["path"]).name,
            f"change {row['change']:+.3f}" if row["change"] is not None else "",
        )
        for row in table.slice(0, shown).to_pylist()
    ]
    opened = gallery.show(ws, tiles, key=key)
    gallery.more(key, shown, table.num_rows, STEP)
    return opened


def _attribution(found: Comparison, pair: Pair) -> None:
    """Which clusters account for a metric's change."""
    known = from_rows(found.metrics().to_pylist())
    before, after = known.get(pair.from_id, {}), known.get(pair.to_id, {})
    names = [name for name in before if name in after]
    if not names:
        return
    st.markdown("#### What moved the metrics")
    st.caption(
        "Each number again without one cluster's real and synthetic images; the clusters are those of the map with the look "
        "removed. A positive contribution drove it up."
    )
    for name in names:
        parts = contributions(before[name], after[name])[:6]
        label = METRICS[name].label if name in METRICS else name
        if not parts:
            continue
        st.html(
            f"<div class='gs'><b>{html(label)}</b> changed by {html(versions_view.digits(parts[0].change))}</div>"
        )
        style.table(
            {
                "cluster": [str(part.cluster) for part in parts],
                "contribution": [f"{part.contribution:+.3g}" for part in parts],
                "change without it": [f"{part.without:+.3g}" for part in parts],
                "share of the change": [percent(part.share) for part in parts],
            }
        )


@st.cache_resource(show_spinner=False, max_entries=8)
def _pairs(_found: Comparison, path: str, key: tuple[int, str]) -> list[Pair]:
    return pairs_of(_found)


# --- over versions --------------------------------------------------------------------------------


def _trend(ws: Workspace, found: Comparison) -> None:
    pasts = history(ws.comparisons.list(), found.record)
    # Of this comparison everything; of others only versions that this one lacks.
    ordered = sorted(pasts, key=lambda past: past.record.id != found.id)
    numbers = {past.record.id: _numbers(ws, past.record.id) for past in ordered if past.comparable}
    rows = [*comparable_trend(ordered, numbers)]
    order = {dataset.id: place for place, dataset in enumerate(ws.datasets.list("synthetic"))}
    rows.sort(key=lambda row: order.get(row["version_id"], len(order)))
    versions = list(dict.fromkeys(row["version"] for row in rows))
    if len(versions) < 2:
        st.info(
            "A trend needs two versions. Compare the real images with another one.",
            icon=":material/lightbulb:",
        )
    left = [past for past in pasts if not past.comparable]
    if left:
        st.warning(
            "Not in the trend: "
            + "; ".join(
                f"{escape(past.record.name)} ({escape(', '.join(past.differs))})"
                for past in left[:5]
            )
            + (f" and {len(left) - 5} more" if len(left) > 5 else "")
            + ". Their numbers cannot be compared with these.",
            icon=":material/link_off:",
        )
    names = list(dict.fromkeys(row["name"] for row in rows))
    st.caption(
        "Intervals are 95 %. Dashed: the floor, the same number for one half of the real images against the other."
    )
    for start in range(0, len(names), 3):
        for column, name in zip(
            st.columns(3, gap="medium"), names[start : start + 3], strict=False
        ):
            mine = [row for row in rows if row["name"] == name]
            with column:
                versions_view.trend(mine, key=f"trend_{found.id}_{name}")
    notes = list(
        dict.fromkeys(
            f"{row['label']}, {row['version']}: {row['note']}"
            for row in rows
            if row["note"] and row["value"] is None
        )
    )
    for note in notes:
        st.caption(escape(note))


def _numbers(ws: Workspace, comparison_id: int) -> Sequence[Mapping[str, Any]]:
    return trend_rows(ws.comparisons.get(comparison_id))


def _clusters(ws: Workspace, found: Comparison) -> None:
    rows = cluster_rows(found)
    if not rows:
        st.info("This comparison has no clusters of real images.")
        return
    versions = [str(dataset.version) for dataset in found.versions]
    ranking_only = any(row["absolute"] is False for row in found.summary().to_pylist())
    choices = ("Mean score", "Share absent") if ranking_only else ("Share absent", "Mean score")
    what = st.segmented_control(
        "Show", choices, default=choices[0], required=True, key=f"versions_heat_{found.id}"
    )
    name = "absent" if what == "Share absent" else "score"
    versions_view.heat(rows, versions, name, key=f"heat_{found.id}_{name}")
    st.caption(
        "Clusters of real images against versions: teal is covered, orange is absent. "
        + (
            "Of one version only the ranking can be trusted, so scores say more than shares."
            if ranking_only
            else ""
        )
    )
    st.dataframe(
        [
            {
                "Cluster": row["name"],
                "Real images": row["size"],
                **{
                    f"{version}: absent": percent(row["absent"][place])
                    for place, version in enumerate(versions)
                },
                **{
                    f"{version}: synthetic": "–"
                    if row["n_synthetic"][place] is None
                    else f"{row['n_synthetic'][place]:.0f}"
                    for place, version in enumerate(versions)
                },
            }
            for row in rows
        ],
        hide_index=True,
    )


# --- history --------------------------------------------------------------------------------------


def _history(ws: Workspace, found: Comparison) -> None:
    st.caption(
        "Every finished comparison of these real images. Numbers may be set side by side where the encoder, the parameters, the "
        "seed and the real images are the same."
    )
    pasts = history(ws.comparisons.list(), found.record)
    names = {dataset.id: dataset.label for dataset in ws.datasets.list()}
    st.dataframe(
        [
            {
                "Comparison": past.record.name,
                "Versions": ", ".join(
                    names.get(one, f"dataset {one} (removed)") for one in past.record.version_ids
                ),
                "Made": past.record.finished_at,
                "Comparable": "this one"
                if past.record.id == found.id
                else "yes"
                if past.comparable
                else "no: " + ", ".join(past.differs),
                "Encoder": past.record.encoder,
                "Seed": past.record.seed,
                "Parameters": versions_view.words(past.record.parameters),
                "Software": versions_view.words(past.record.software),
            }
            for past in pasts
        ],
        hide_index=True,
    )


page()
