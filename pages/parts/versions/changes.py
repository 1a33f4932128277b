"""What changed from one version to the next: the verdict, what happened to each group, the lists of
images, and which clusters moved the metrics.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import streamlit as st

from core import Workspace
from core.contracts.change_words import LISTS, MEANING, WORDS, ChangeList
from core.contracts.cluster_words import MIXED
from core.contracts.comparison import ChangeRow
from core.contracts.metric_words import METRICS
from core.contracts.words import Space, Verdict
from core.workspace import Comparison
from core.workspace.exports import Pair
from pages.parts.shared import address, detail, gallery, style
from pages.parts.shared.plots import ABSENT, REAL
from pages.parts.shared.read import Scene
from pages.parts.shared.style import digits, escape, figure, html, number, percent
from pages.parts.versions import read

STEP = 12  # images of a list shown at first
CLUSTERS = 6  # clusters named for a metric
SIGNS = {
    Verdict.BETTER: (st.success, ":material/trending_up:"),
    Verdict.WORSE: (st.error, ":material/trending_down:"),
    Verdict.UNCLEAR: (st.info, ":material/trending_flat:"),
    Verdict.CANNOT_TELL: (st.warning, ":material/help:"),
}


def show(ws: Workspace, comparison: Comparison) -> None:
    """Every pair of versions in a table, and one of them in full."""
    pairs = read.pairs(ws, comparison)
    if not pairs:
        st.info(
            "Changes need two versions. Compare the real images with two or more to see what "
            "changed between them.",
            icon=":material/lightbulb:",
        )
        return
    if len(pairs) > 1:  # of one pair, all of this stands below
        _table(pairs)
    pair = _chosen(comparison, pairs)
    _verdict(pair)
    _groups(pair)
    scene = Scene(ws, comparison, pair.to_id)
    opened = None
    for name in LISTS:
        opened = _list(scene, pair, name) or opened
    _attribution(ws, comparison, pair)
    lists = ([row.path for row in pair.lists[name]] for name in LISTS)
    detail.show_real(scene, opened, next((paths for paths in lists if opened in paths), []))


def _table(pairs: list[Pair]) -> None:
    style.table(
        {
            "from": [pair.before for pair in pairs],
            "to": [pair.after for pair in pairs],
            **{WORDS[name]: [number(pair.counts[name]) for pair in pairs] for name in LISTS},
            "verdict": [pair.verdict.word.value for pair in pairs],
        }
    )


def _chosen(comparison: Comparison, pairs: list[Pair]) -> Pair:
    """The pair to show: the newest step unless another was chosen."""
    by_key = {pair.key: pair for pair in pairs}
    if len(pairs) == 1:
        return pairs[0]
    newest = "-".join(str(dataset.id) for dataset in comparison.versions[-2:])
    state = f"versions_pair_{comparison.id}"
    address.keep("pair", state, {key: key for key in by_key}, default=newest)
    wanted = st.session_state.get(state)
    st.session_state[state] = wanted if wanted in by_key else newest
    picked = st.selectbox(
        "From and to",
        list(by_key),
        format_func=lambda one: f"{by_key[one].before} → {by_key[one].after}",
        key=state,
        width=360,
        persist_state="session",
    )
    return by_key[picked]


def _verdict(pair: Pair) -> None:
    show_box, icon = SIGNS[pair.verdict.word]
    step = f"{escape(pair.before)} → {escape(pair.after)}"
    show_box(f"**{step}.** {escape(pair.verdict.sentence)}", icon=icon)
    style.figures(
        *(
            figure(
                WORDS[name],
                number(count),
                "",
                "gs-gap" if name == ChangeList.OPENED and count else "",
            )
            for name, count in pair.counts.items()
        )
    )


def _groups(pair: Pair) -> None:
    """What happened to each group; those that are covered as before are only counted."""
    told = [group for group in pair.groups if group.eventful]
    rest = len(pair.groups) - len(told)
    if not pair.groups:
        return
    st.markdown("#### Group by group")
    if told:
        style.table(
            {
                "group": [group.name for group in told],
                "real images": [number(group.size) for group in told],
                "what happened": [group.words for group in told],
                f"why, in {pair.after}": [group.reason or None for group in told],
            }
        )
    if rest:
        words = "other groups are" if told else "groups are"
        if rest == 1:
            words = words.replace("groups are", "group is")
        st.caption(f"{number(rest)} {words} covered as before.")


def _list(scene: Scene, pair: Pair, name: ChangeList) -> str | None:
    """One list with each real image between what was nearest before and after; the path of the
    image that was clicked.
    """
    rows = pair.lists[name]
    if not rows:
        return None
    st.markdown(f"#### {WORDS[name]} :gray[· {len(rows):,} real images, {MEANING[name]}]")
    return gallery.grow(
        scene.ws,
        range(len(rows)),
        lambda place: _tile(scene, pair, rows[place], name),
        key=f"versions_{name}_{scene.comparison.id}_{pair.key}",
        step=STEP,
    )


def _tile(scene: Scene, pair: Pair, row: ChangeRow, name: ChangeList) -> gallery.Tile:
    colours = scene.points.colours
    return gallery.Tile(
        row.path,
        (
            gallery.Shown(row.content_id, "real", REAL if name == ChangeList.CLOSED else ABSENT),
            gallery.Shown(row.before_id, pair.before, colours.get(pair.before, REAL)),
            gallery.Shown(row.after_id, pair.after, colours.get(pair.after, REAL)),
        ),
        PurePosixPath(row.path).name,
        f"nearest image {abs(row.change):.3f} {'nearer' if row.change >= 0 else 'farther'}",
    )


def _attribution(ws: Workspace, comparison: Comparison, pair: Pair) -> None:
    """Which clusters account for a metric's change."""
    by_metric = ws.exports.contributions(comparison, pair.from_id, pair.to_id)
    known = {name: parts[:CLUSTERS] for name, parts in by_metric.items() if parts}
    if not known:
        return
    st.markdown("#### What moved the metrics")
    names = comparison.cluster_names(Space.ALIGNED)
    st.caption(
        "Each number again without one cluster's real and synthetic images; the clusters are those "
        "of the domain-aligned map, called after the group that most of their real images are of. "
        "A positive contribution drove it up."
    )
    for name, parts in known.items():
        label = METRICS[name].label if name in METRICS else name
        change = html(digits(parts[0].change))
        st.html(f"<div class='gs'><b>{html(label)}</b> changed by {change}</div>")
        style.table(
            {
                "cluster": [names.get(part.cluster, MIXED) for part in parts],
                "contribution": [f"{part.contribution:+.3g}" for part in parts],
                "change without it": [f"{part.without:+.3g}" for part in parts],
                "share of the change": [percent(part.share) for part in parts],
            }
        )
