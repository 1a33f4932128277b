"""The workspace's comparisons on the home page: how much each version lacks, and ways to look
closer or to forget one.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import Workspace
from core.contracts.comparison import ComparisonRecord, VersionRow
from core.contracts.derive import read_rows
from core.contracts.judgement_words import BY_LABELS, UNJUDGED, unjudged_sentence
from core.contracts.words import RecordStatus, Tier
from core.errors import GapscopeError
from pages.parts.shared import errors, navigation, session, style

RECENT = 5  # comparisons that are shown with their numbers


@dataclass(frozen=True)
class Headline:
    """What a finished comparison says first."""

    real_images: int
    versions: list[VersionRow]


def draw(ws: Workspace, records: list[ComparisonRecord]) -> None:
    """Draw all comparisons, the newest finished ones with their numbers."""
    recent = [record for record in records if record.status == RecordStatus.DONE][:RECENT]
    if recent:
        st.subheader("Comparisons", anchor=False)
    for record in recent:
        with st.container(border=True):
            try:
                headline = _headline(str(ws.path), record.id, str(record.finished_at))
            except GapscopeError as error:
                errors.box(error)
                continue
            _comparison(ws, record, headline)
    _others(ws, [record for record in records if record not in recent])


@st.cache_data(show_spinner=False, max_entries=200)
def _headline(path: str, comparison_id: int, finished: str) -> Headline:
    """A finished comparison's versions and their numbers; it never changes, so it is read once."""
    comparison = session.open_shared(session.place()).comparisons.get(comparison_id)
    return Headline(comparison.real.images, read_rows(VersionRow, comparison.summary()))


def _comparison(ws: Workspace, record: ComparisonRecord, headline: Headline) -> None:
    head, act = st.columns([1.3, 1], vertical_alignment="center")
    about = [record.seen_by, style.ago(record.finished_at)]
    if headline.versions:
        about.append(f"{style.number(headline.real_images)} real images")
    head.html(
        f"<div class='gs'><span class='gs-name'>{style.html(record.name)}</span><br>"
        f"<span class='gs-soft'>{style.html(' · '.join(about))}</span></div>"
    )
    with act.container(horizontal=True, horizontal_alignment="right"):
        for name, label in (("gaps", "Gaps"), ("map", "Map")):
            if navigation.has(name) and st.button(label, key=f"{name}-{record.id}"):
                navigation.go(name, comparison=record.id)
        _remove(ws, record)
    style.figures(*(_figure(version) for version in headline.versions))
    for version in headline.versions:
        if not version.judged:
            why = style.escape(unjudged_sentence(version.version, version.obstacle))
            st.caption(f":material/help: {why}")


def _figure(version: VersionRow) -> str:
    notes = [
        f"{style.number(count)} {words}"
        for count, words in ((version.thin, Tier.THIN), (version.cannot_tell, Tier.CANNOT_TELL))
        if count
    ]
    if not version.judged:
        if version.absent:
            notes.insert(0, f"{style.number(version.absent)} {BY_LABELS}")
        label = f"version {version.version}"
        return style.figure(label, UNJUDGED, " · ".join(notes), "gs-large")
    notes.insert(0, f"{style.number(version.absent)} images")
    if version.baseline_rate is not None:
        notes.append(f"real vs real {style.percent(version.baseline_rate)}")
    share, label = style.percent(version.absent_rate), f"absent in {version.version}"
    return style.figure(label, share, " · ".join(notes), "gs-large gs-gap")


def _others(ws: Workspace, records: list[ComparisonRecord]) -> None:
    """Older comparisons and those that came to nothing: only to be removed, for they hold on to
    their datasets.
    """
    running = {job.id for job in ws.jobs.list() if job.active}
    rest = [record for record in records if record.job_id not in running]
    if not rest:
        return
    with st.expander(f"{len(rest)} more comparison{'s' * (len(rest) != 1)}", type="compact"):
        for record in rest:
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                finished = record.status == RecordStatus.DONE
                state = style.ago(record.finished_at) if finished else "did not finish"
                st.html(
                    f"<div class='gs'>{style.html(record.name)} <span class='gs-soft'>"
                    f"{style.html(record.seen_by)} · {style.html(state)}</span></div>"
                )
                _remove(ws, record)


def _remove(ws: Workspace, record: ComparisonRecord) -> None:
    """A way to forget a comparison, which asks once more."""
    if ws.read_only:
        return
    with st.popover(
        "",
        icon=":material/delete:",
        key=f"remove-{record.id}",
        type="tertiary",
        help="Remove this comparison",
    ):
        st.markdown(
            f"**Remove {style.escape(record.name)}?** Its map, gaps and metrics go. The datasets, "
            "and what was computed for each image, stay. It can be put back from the Home page."
        )
        if st.button(
            "Remove this comparison",
            icon=":material/delete:",
            key=f"remove_sure-{record.id}",
            width="stretch",
        ):
            with errors.shown():
                ws.comparisons.remove(record.id)
                if st.session_state.get("comparison") == record.id:
                    del st.session_state["comparison"]
                st.rerun()
