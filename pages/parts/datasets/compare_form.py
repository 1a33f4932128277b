"""Starting a comparison: which datasets, which encoder, which seed, and what is needed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.words import Domain, JobKind
from pages.parts.datasets import compare_parameters
from pages.parts.shared import encoder_choice, errors, joblist, style
from pages.parts.shared.works import Work, all_works

AUTO = "auto"


@dataclass(frozen=True)
class _Asked:
    """What the user chose."""

    real: Dataset | None
    versions: list[Dataset]
    encoder: str
    seed: int
    allow_download: bool
    ready: bool
    parameters: dict[str, Any]


def form(ws: Workspace, datasets: list[Dataset]) -> None:
    """The form, and below it the comparison that this browser session started, as it goes."""
    if not ws.read_only:
        with st.container(border=True):
            asked = _choices(ws, datasets)
            _button(ws, asked)
    _running(ws)


def _choices(ws: Workspace, datasets: list[Dataset]) -> _Asked:
    by_id = {dataset.id: dataset for dataset in datasets}
    reals = [dataset.id for dataset in datasets if dataset.domain == Domain.REAL]
    versions = [dataset.id for dataset in datasets if dataset.domain == Domain.SYNTHETIC]

    def name(dataset_id: int) -> str:
        # The label alone: a count in it changes with every scan, and a changed option is lost.
        return by_id[dataset_id].label

    left, right = st.columns([1, 2])
    real = left.selectbox("Real images", reals, format_func=name, key="compare_real")
    picked = right.multiselect(
        "Versions, in their order",
        versions,
        default=versions,
        format_func=name,
        key=f"compare_versions-{'-'.join(map(str, versions))}",
    )
    chosen = [by_id[version] for version in versions if version in picked]
    left.caption(_counts([] if real is None else [by_id[real]]))
    right.caption(_counts(chosen))
    left, between, right = st.columns([2, 0.8, 0.6], vertical_alignment="bottom")
    real_set = None if real is None else by_id[real]
    with left:
        encoder = _encoder(ws, real_set, chosen)
    with between:
        framing = compare_parameters.framing()
    seed = right.number_input(
        "Seed",
        min_value=0,
        value=0,
        step=1,
        key="compare_seed",
        help="The same seed and the same images give the same result.",
    )
    ready, allow_download = _readiness(ws, _resolved(ws, encoder, real_set, chosen))
    parameters = {**compare_parameters.form(), "framing": framing}
    return _Asked(
        real_set,
        chosen,
        encoder,
        int(seed),
        allow_download,
        ready,
        parameters,
    )


def _counts(datasets: Sequence[Dataset]) -> str:
    """How many images each dataset has, as far as it was scanned."""
    return style.escape(
        " · ".join(
            f"{dataset.label}: {dataset.images:,} images"
            if dataset.scanned_at is not None
            else f"{dataset.label}: not scanned yet"
            for dataset in datasets
        )
    )


def _button(ws: Workspace, asked: _Asked) -> None:
    usable = asked.ready or asked.allow_download
    if (
        st.button(
            "Compare",
            type="primary",
            icon=":material/play_arrow:",
            key="compare_start",
            disabled=not (asked.versions and asked.real is not None and usable),
        )
        and asked.real is not None
    ):
        with errors.shown():
            submitted = ws.comparisons.submit(
                asked.real,
                asked.versions,
                encoder=asked.encoder,
                seed=asked.seed,
                allow_download=asked.allow_download,
                **asked.parameters,
            )
            joblist.started(submitted.job_id)
            st.rerun()
    if not asked.versions:
        st.caption("Choose at least one version.")


def _encoder(ws: Workspace, real: Dataset | None, versions: Sequence[Dataset]) -> str:
    infos = {info.id: info for info in ws.encoders()}
    auto = ws.resolve_encoder(AUTO, real, versions)

    def name(encoder_id: str) -> str:
        if encoder_id == AUTO:
            return f"Automatic: {infos[auto].title if auto in infos else auto}"
        return encoder_choice.name(encoder_id, infos.get(encoder_id))

    chosen = st.selectbox(
        "Encoder",
        [AUTO, *encoder_choice.ready_first(infos)],
        format_func=name,
        key="compare_encoder",
        accept_new_options=True,
        help=f"What turns images into vectors. {encoder_choice.ANY}",
    )
    return chosen or AUTO


def _resolved(
    ws: Workspace, encoder: str, real: Dataset | None, versions: Sequence[Dataset]
) -> str:
    """What ``auto`` stands for; any other encoder as it is."""
    return ws.resolve_encoder(AUTO, real, versions) if encoder == AUTO else encoder


def _readiness(ws: Workspace, encoder: str) -> tuple[bool, bool]:
    """Whether the encoder can be used now, and whether the user allows a download; says what is
    needed. An encoder that is not in the list is looked for when the job starts.
    """
    info = encoder_choice.info(ws, encoder)
    if info is not None:
        return info.ready, encoder_choice.download(info, key="compare_download")
    with st.container(border=True):
        st.markdown(
            f"**{style.escape(encoder)}** is not in the list: its weights are looked for when the "
            "job starts."
        )
        return True, encoder_choice.download_checkbox("compare_download")


def _running(ws: Workspace) -> None:
    def comparisons() -> list[Work]:
        return [
            work
            for work in all_works(ws)
            if work.head.kind == JobKind.COMPARE
            and (work.active or work.head.id == joblist.last_started())
        ]

    def draw() -> None:
        for work in comparisons():
            joblist.panel(ws, work, key="compare")

    shown = comparisons()
    if shown:
        joblist.live(ws, draw, active=any(work.active for work in shown), key="compare_jobs")
