"""Which encoder sees gaps best in this data: a trial on a sample, and what the last one found."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.encoder_trial import SAMPLE, EncoderTrialRow
from core.contracts.encoder_trial_words import TRIAL_COLUMNS, trial_cells, trial_sentence
from core.contracts.words import JobKind
from pages.parts.shared import errors, joblist, style
from pages.parts.shared.works import Work, all_works

FEWEST, MOST = 200, 4000  # images of a sample


def panel(ws: Workspace, reals: Sequence[Dataset], versions: Sequence[Dataset]) -> None:
    """Draw the panel below the compare form. There is at least one of each."""
    with st.expander("Which encoder sees gaps best in this data?", icon=":material/compare:"):
        left, right = st.columns(2)
        by_id = {one.id: one for one in (*reals, *versions)}

        def name(dataset_id: int) -> str:
            return by_id[dataset_id].label

        real = left.selectbox(
            "Real images", [one.id for one in reals], format_func=name, key="trial_real"
        )
        version = right.selectbox(
            "Version",
            [one.id for one in versions],
            index=len(versions) - 1,
            format_func=name,
            key="trial_version",
        )
        if real is None or version is None:
            return
        rows = ws.encoder_trials.read(by_id[real], by_id[version])
        if rows:
            _show(ws, rows, by_id[real], by_id[version])
        else:
            st.caption(
                "Not tried yet. The same gaps are injected under each encoder into a sample of "
                "these images; the encoder whose ranking sets them apart best suits this data."
            )
        if not ws.read_only:
            _start(ws, by_id[real], by_id[version], again=bool(rows))
        _running(ws)


def _show(ws: Workspace, rows: list[EncoderTrialRow], real: Dataset, version: Dataset) -> None:
    cells = [dict(zip(TRIAL_COLUMNS, trial_cells(row), strict=True)) for row in rows]
    st.dataframe(cells, hide_index=True, key="trial_table")
    chosen = ws.resolve_encoder("auto", real, [version])
    first = rows[0]
    gaps = "a class" if first.by_class else "a cluster of all encoders' vectors"
    st.markdown(style.escape(f"{trial_sentence(rows)} Automatic is {chosen} for these images."))
    st.caption(
        style.escape(
            f"{first.real_images:,} real and {first.synthetic_images:,} synthetic images; each of "
            f"the {first.groups} gaps is {gaps}. What an encoder could not be tested on counts as "
            "not found. Intervals are over gaps."
        )
    )


def _start(ws: Workspace, real: Dataset, version: Dataset, *, again: bool) -> None:
    ready = ws.encoder_trials.ready()
    chosen = st.multiselect(
        "Encoders",
        ready,
        default=ready,
        key="trial_encoders",
        help="Those whose weights are on this machine. `python -m core encoders` says how to get "
        "the others.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sample = st.number_input(
            "Images",
            FEWEST,
            MOST,
            SAMPLE,
            100,
            key="trial_sample",
            width=150,
            help="Half of each side. More give narrower intervals. Their vectors are kept: a "
            "comparison does not embed them again.",
        )
        pressed = st.button(
            "Try again" if again else "Try the encoders",
            key="trial_start",
            icon=":material/science:",
            disabled=len(chosen) < 2,
        )
    if pressed:
        with errors.shown():
            joblist.started(
                ws.encoder_trials.submit(real, version, encoders=chosen, sample=int(sample))
            )
            st.rerun()


def _running(ws: Workspace) -> None:
    def trials() -> list[Work]:
        return [
            work
            for work in all_works(ws)
            if work.head.kind == JobKind.ENCODERS
            and (work.active or (work.head.resumable and work.head.id == joblist.last_started()))
        ]

    def draw() -> None:
        for work in trials():
            joblist.panel(ws, work, key="trial")

    shown = trials()
    if shown:
        joblist.live(ws, draw, active=any(work.active for work in shown), key="trial_jobs")
