"""Spectrum: how fine detail differs between real and rendered images, and what stands out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset, JobRecord
from pages.parts.shared import choose, errors, joblist, plots, style
from pages.parts.shared.session import workspace
from pages.parts.shared.style import escape, figure, html

ACROSS = 3  # pictures in a row
SAMPLE, CROP = (
    300,
    256,
)  # images of each dataset, and pixels of each crop, unless the user says otherwise


@dataclass(frozen=True, eq=False)
class Spectra:
    """What a spectrum job wrote, as :mod:`core.jobs.spectrum.task` describes it; one entry a dataset,
    in the job's order.
    """

    rows: list[dict[str, Any]]
    curves: dict[str, dict[str, np.ndarray]]
    means: list[np.ndarray]
    differences: list[np.ndarray | None]


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Spectrum",
        "How much detail of each size the images hold: blur, noise, grids and missing sharpness show here.",
    )
    datasets = ws.datasets.list()
    real_ones = [dataset for dataset in datasets if dataset.domain == "real"]
    versions = [dataset for dataset in datasets if dataset.domain == "synthetic"]
    if not real_ones or not versions:
        st.info(
            "Add a real folder and a rendered one on the Datasets page first.",
            icon=":material/lightbulb:",
        )
        return
    chosen = _choose(ws, real_ones, versions)
    if len(chosen) < 2:
        st.info("Choose at least one version.")
        return
    jobs = [
        job
        for job in ws.jobs.list()
        if job.kind == "spectrum" and _about(job) == {dataset.id for dataset in chosen}
    ]
    running = [job for job in jobs if job.active]
    done = next((job for job in jobs if job.status == "done"), None)
    _start(ws, chosen, running, again=done is not None)
    if jobs and not done:
        _progress(ws, jobs[0])
    elif running:
        _progress(ws, running[0])
    if done is not None:
        folder = ws.jobs.path(done.id) / "outputs"
        if not (folder / "spectra.parquet").exists():
            st.warning(
                "The files of this measurement are gone. Measure again.",
                icon=":material/folder_off:",
            )
            return
        _show(_read(str(folder), str(done.finished_at)), done, chosen)


# --- what to compare ------------------------------------------------------------------------------


def _choose(
    ws: Workspace, real_ones: Sequence[Dataset], versions: Sequence[Dataset]
) -> list[Dataset]:
    """The real dataset and the versions: at first those of the comparison that other pages look at."""
    records = [record for record in ws.comparisons.list() if record.status == "done"]
    record = next(
        (one for one in records if one.id == st.session_state.get(choose.COMPARISON)),
        records[0] if records else None,
    )
    by_id = {dataset.id: dataset for dataset in (*real_ones, *versions)}
    wanted = [one for one in (record.version_ids if record else []) if one in by_id] or [
        dataset.id for dataset in versions
    ]
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    ids = [dataset.id for dataset in real_ones]
    start = ids.index(record.real_id) if record and record.real_id in ids else 0
    with left:
        real = st.selectbox(
            "Real images",
            ids,
            index=start,
            format_func=lambda one: by_id[one].label,
            key="spectrum_real",
        )
    with right:
        picked = st.multiselect(
            "Versions",
            [dataset.id for dataset in versions],
            default=wanted,
            key="spectrum_versions",
            format_func=lambda one: by_id[one].label,
        )
    return [by_id[real], *(by_id[one] for one in picked)]


def _about(job: JobRecord) -> set[int]:
    return set(job.plan.get("dataset_ids", ()))


def _start(
    ws: Workspace, chosen: Sequence[Dataset], running: Sequence[JobRecord], *, again: bool
) -> None:
    if ws.read_only or running:
        return
    unscanned = [dataset.label for dataset in chosen if not dataset.images]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sample = st.number_input(
            "Images of each",
            20,
            5000,
            SAMPLE,
            20,
            key="spectrum_sample",
            width=150,
            help="Drawn at random by a fixed seed; more images, narrower intervals.",
        )
        crop = st.select_slider(
            "Crop",
            (64, 128, 256, 512),
            CROP,
            key="spectrum_crop",
            width=220,
            format_func=lambda one: f"{one} px",
            help="Each image gives one crop at its native resolution; smaller images make it smaller.",
        )
        if st.button(
            "Measure again" if again else "Measure spectra",
            key="spectrum_start",
            icon=":material/equalizer:",
            type="secondary" if again else "primary",
            disabled=bool(unscanned),
        ):
            with errors.shown():
                joblist.started(ws.spectra.submit(chosen, sample=int(sample), crop=int(crop)))
                st.rerun()
    if unscanned:
        st.caption(
            f"Not looked at yet: {escape(', '.join(unscanned))}. Scan on the Datasets page first."
        )


def _progress(ws: Workspace, job: JobRecord) -> None:
    def draw() -> None:
        work = joblist.find(ws, job.id)
        if work is not None:
            joblist.panel(ws, work, key="spectrum")

    joblist.live(ws, draw, active=job.active, key="spectrum_job")


# --- what was found -------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=8)
def _read(folder: str, finished: str) -> Spectra:
    """Everything a job wrote. ``finished``: when, for the cache."""
    place = Path(folder)
    rows = pq.read_table(place / "spectra.parquet").to_pylist()
    table = pq.read_table(place / "curves.parquet")
    of = np.array([str(one) for one in table.column("dataset_id").to_pylist()])
    names = ("frequency", "level", "low", "high", "mean_low", "mean_high")
    columns = {name: table.column(name).to_numpy() for name in names}
    curves = {
        str(row["dataset_id"]): {
            name: column[of == str(row["dataset_id"])] for name, column in columns.items()
        }
        for row in rows
    }
    means, differences = [], []
    for index in range(len(rows)):
        means.append(np.load(place / f"mean-{index:02d}.npy", allow_pickle=False))
        file = place / f"difference-{index:02d}.npy"
        differences.append(np.load(file, allow_pickle=False) if file.exists() else None)
    return Spectra(rows, curves, means, differences)


def _show(spectra: Spectra, job: JobRecord, chosen: Sequence[Dataset]) -> None:
    labels = {str(dataset.id): dataset.label for dataset in chosen}
    names = [labels.get(str(row["dataset_id"]), row["name"] or "?") for row in spectra.rows]
    real = next(index for index, row in enumerate(spectra.rows) if row["domain"] == "real")
    order = [real, *(index for index in range(len(names)) if index != real)]
    colours = plots.group_colours([names[index] for index in order])
    for index in order[1:]:
        _findings(spectra.rows[index], names[index], colours[names[index]])
    st.subheader("How strong each detail size is", anchor=False)
    drawn = [
        (names[index], spectra.curves[str(spectra.rows[index]["dataset_id"])]) for index in order
    ]
    wide = st.toggle(
        "Show where 80 % of the images lie",
        value=True,
        key="spectrum_bands",
        help="Off: the 95 % interval of the mean alone.",
    )
    st.plotly_chart(
        plots.curves_figure(drawn, colours, wide=wide),
        key="spectrum_curves",
        config={"displaylogo": False},
    )
    st.caption(
        "Mean power in dB of each crop's total. Left: coarse shapes; right: detail from one pixel to the next."
    )
    _pictures(spectra, names, order)
    row = spectra.rows[real]
    counts = ", ".join(
        f"{escape(names[index])}: {spectra.rows[index]['images']:,} images" for index in order
    )
    st.caption(f"{escape(row['note'] or '')} {counts}; seed {job.plan.get('seed', 0)}.")


def _findings(row: dict[str, Any], name: str, colour: str) -> None:
    with st.container(border=True):
        st.html(
            f"<div class='gs'><span style='color:{colour}'>●</span> <span class='gs-name'>{html(name)}</span></div>"
        )
        style.figures(
            figure(
                "distance to the real spectrum",
                f"{row['distance']:.2f} dB",
                f"{row['low']:.2f} to {row['high']:.2f}",
            ),
            figure(
                "real-vs-real baseline: one half of the real images against the other",
                f"{row['baseline']:.2f} dB",
                f"{row['baseline_low']:.2f} to {row['baseline_high']:.2f}",
            ),
        )
        findings = json.loads(row["findings"] or "[]")
        if findings:
            st.markdown("\n".join(f"- {escape(sentence)}" for sentence in findings))
        else:
            st.html(
                "<div class='gs gs-soft'>Nothing stands out: no single frequency, and no band beyond its uncertainty.</div>"
            )


def _pictures(spectra: Spectra, names: Sequence[str], order: Sequence[int]) -> None:
    st.subheader("Mean 2-D spectra", anchor=False)
    low, high = np.percentile(np.stack([spectra.means[index] for index in order]), (1, 99.8))
    for column, index in zip(_columns(len(order)), order, strict=True):
        with column:
            st.plotly_chart(
                plots.plane_figure(spectra.means[index], names[index], float(low), float(high)),
                key=f"spectrum_mean_{index}",
                config={"displayModeBar": False},
            )
    there = [(index, plane) for index in order if (plane := spectra.differences[index]) is not None]
    reach = max([3.0, *(float(np.percentile(np.abs(plane), 99.5)) for _, plane in there)])
    # beneath the picture it belongs to, where all fit into one row: the real images have no
    # difference
    places = _columns(len(order))[1:] if len(order) <= ACROSS else _columns(len(there))
    for column, (index, plane) in zip(places, there, strict=True):
        with column:
            st.plotly_chart(
                plots.plane_figure(plane, f"{names[index]} minus real", -reach, reach, signed=True),
                key=f"spectrum_difference_{index}",
                config={"displayModeBar": False},
            )
    st.caption(
        "Frequency zero is in the middle; right is finer detail from left to right, up is finer from top to bottom. In the "
        "differences, orange is more than in the real images and teal is less. A bright dot is a grid."
    )


def _columns(count: int) -> list[Any]:
    """``count`` places for pictures, a few a row."""
    rows = [st.columns(ACROSS) for _ in range(-(-count // ACROSS))]
    return [place for row in rows for place in row][:count]


page()
