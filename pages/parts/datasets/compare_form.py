"""Starting a comparison: which datasets, which encoder, which seed, and what is needed for it."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from pages.parts.shared import errors, joblist, style

AUTO = "auto"


def form(ws: Workspace, datasets: list[Dataset]) -> None:
    """The form, and below it the comparison that this browser session started, as it goes."""
    if not ws.read_only:
        with st.container(border=True):
            _choices(ws, datasets)
    _running(ws)


def _choices(ws: Workspace, datasets: list[Dataset]) -> None:
    by_id = {dataset.id: dataset for dataset in datasets}
    reals = [dataset.id for dataset in datasets if dataset.domain == "real"]
    versions = [dataset.id for dataset in datasets if dataset.domain == "synthetic"]

    def name(dataset_id: int) -> str:
        # The label alone: a count in it changes with every scan, and a changed option is lost.
        return by_id[dataset_id].label

    left, right = st.columns([1, 2])
    real = left.selectbox("Real images", reals, format_func=name, key="compare_real")
    chosen = right.multiselect(
        "Versions, in their order",
        versions,
        default=versions,
        format_func=name,
        key=f"compare_versions-{'-'.join(map(str, versions))}",
    )
    chosen = [version for version in versions if version in chosen]
    left, right = st.columns([2.4, 0.6], vertical_alignment="bottom")
    with left:
        encoder = _encoder(ws)
    seed = right.number_input(
        "Seed",
        min_value=0,
        value=0,
        step=1,
        key="compare_seed",
        help="The same seed and the same images give the same result.",
    )
    ready, allow_download = _readiness(ws, encoder)
    if st.button(
        "Compare",
        type="primary",
        icon=":material/play_arrow:",
        key="compare_start",
        disabled=not (chosen and real is not None and (ready or allow_download)),
    ):
        with errors.shown():
            submitted = ws.comparisons.submit(
                by_id[real],
                [by_id[version] for version in chosen],
                encoder=encoder,
                seed=int(seed),
                allow_download=allow_download,
            )
            joblist.started(submitted.job_id)
            st.rerun()
    if not chosen:
        st.caption("Choose at least one version.")


def _encoder(ws: Workspace) -> str:
    infos = {info.id: info for info in ws.encoders()}
    auto = ws.resolve_encoder(AUTO)
    ids = [AUTO, *sorted(infos, key=lambda one: not infos[one].ready)]

    def name(encoder_id: str) -> str:
        if encoder_id == AUTO:
            return f"Automatic: {infos[auto].title if auto in infos else auto}"
        info = infos.get(encoder_id)
        if info is None:
            return encoder_id
        return f"{encoder_id} · {info.title}{'' if info.ready else ' · not on this machine'}"

    chosen = st.selectbox(
        "Encoder",
        ids,
        format_func=name,
        key="compare_encoder",
        accept_new_options=True,
        help="What turns images into vectors. Any `timm:` model can be typed.",
    )
    return chosen or AUTO


def _readiness(ws: Workspace, encoder: str) -> tuple[bool, bool]:
    """Whether the encoder can be used now; and whether the user allows a download. Says what is
    needed.
    """
    info = next((info for info in ws.encoders() if info.id == ws.resolve_encoder(encoder)), None)
    if info is not None and info.ready:
        return True, False
    with st.container(border=True):
        if info is not None:
            size = f"{info.size_mb:,.0f} MB" if info.size_mb else "size not known"
            st.html(
                f"<div class='gs'><span class='gs-name'>The weights of {style.html(info.id)} are not on this machine.</span><br>"
                f"<span class='gs-soft'>{style.html(size)} · licence {style.html(info.licence)} · "
                f"{style.html(info.where)}</span></div>"
            )
            if info.how:
                st.markdown(style.escape(info.how))
        else:
            st.markdown(
                f"**{style.escape(encoder)}** is not in the list: its weights are looked for when the job starts."
            )
        allow = st.checkbox(
            "Download the weights now",
            key="compare_download",
            help="The only thing here that calls the network. Without it, put the file where it says above.",
        )
    return info is None, allow


def _running(ws: Workspace) -> None:
    def mine() -> list[joblist.Work]:
        return [
            work
            for work in joblist.works(ws)
            if work.head.kind == "compare"
            and (work.active or work.head.id == st.session_state.get("started_job"))
        ]

    shown = mine()
    if not shown:
        return

    def draw() -> None:
        for work in mine():
            joblist.panel(ws, work, key="compare")

    joblist.live(ws, draw, active=any(work.active for work in shown), key="compare_jobs")
