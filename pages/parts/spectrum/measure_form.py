"""What to measure spectra of, and the button that starts it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.comparison import ComparisonRecord
from core.contracts.specs import Parameter, parameters
from core.contracts.spectrum_rows import SpectrumSpec
from core.contracts.words import RecordStatus
from pages.parts.shared import choose, errors, joblist, style

CROPS = (64, 128, 256, 512)  # pixels that can be chosen
MOST = 5000  # images of each dataset
FEWEST = 20


def datasets(
    ws: Workspace, real_ones: Sequence[Dataset], versions: Sequence[Dataset]
) -> list[Dataset]:
    """The real dataset and the versions that the user chose, the real one first; to begin with,
    those of the comparison that other pages look at.
    """
    record = _comparison(ws)
    by_id = {dataset.id: dataset for dataset in (*real_ones, *versions)}
    wanted = [one for one in (record.version_ids if record else []) if one in by_id]
    real_ids, version_ids = [one.id for one in real_ones], [one.id for one in versions]
    start = real_ids.index(record.real_id) if record and record.real_id in real_ids else 0

    def name(dataset_id: int) -> str:
        return by_id[dataset_id].label

    left, right = st.columns([1, 2], vertical_alignment="bottom")
    real = left.selectbox(
        "Real images", real_ids, index=start, format_func=name, key="spectrum_real"
    )
    picked = right.multiselect(
        "Versions",
        version_ids,
        default=wanted or version_ids,
        key="spectrum_versions",
        format_func=name,
    )
    return [by_id[real], *(by_id[one] for one in picked)]


def start(ws: Workspace, chosen: Sequence[Dataset], *, again: bool) -> None:
    """How many images and how large, and the button. ``again``: they were measured before."""
    known = {one.name: one for one in parameters(SpectrumSpec)}
    unscanned = [dataset.label for dataset in chosen if not dataset.images]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sample, crop = _sample(known["sample"]), _crop(known["crop"])
        if st.button(
            "Measure again" if again else "Measure spectra",
            key="spectrum_start",
            icon=":material/equalizer:",
            type="secondary" if again else "primary",
            disabled=bool(unscanned),
        ):
            with errors.shown():
                joblist.started(ws.spectra.submit(chosen, sample=sample, crop=crop))
                st.rerun()
    if unscanned:
        st.caption(
            f"Not looked at yet: {style.escape(', '.join(unscanned))}. Scan on the Datasets page "
            "first."
        )


def _comparison(ws: Workspace) -> ComparisonRecord | None:
    """The comparison that other pages look at, or the newest one."""
    records = [one for one in ws.comparisons.list() if one.status == RecordStatus.DONE]
    wanted = st.session_state.get(choose.COMPARISON)
    return next((one for one in records if one.id == wanted), records[0] if records else None)


def _sample(parameter: Parameter) -> int:
    return int(
        st.number_input(
            "Images of each",
            FEWEST,
            MOST,
            parameter.default,
            20,
            key="spectrum_sample",
            width=150,
            help=parameter.help,
        )
    )


def _crop(parameter: Parameter) -> int:
    return int(
        st.select_slider(
            "Crop",
            CROPS,
            parameter.default,
            key="spectrum_crop",
            width=220,
            format_func=lambda pixels: f"{pixels} px",
            help=parameter.help,
        )
    )
