"""Setting a study up: the images and their labels, the parameters, what it would do, and the button
that starts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.study import StudySpec, from_record
from core.contracts.study_rows import StudyRecord
from core.errors import GapscopeError
from core.finetune.groups import TEST
from core.finetune.plan import StudyPlan
from pages.parts.datasets import labels_form
from pages.parts.shared import errors, joblist, style
from pages.parts.shared.style import escape
from pages.parts.studies import form as study_form
from pages.parts.studies import preview as study_preview
from pages.parts.studies import read as study_read

EACH = 8  # images of each group that can be chosen for saliency maps


def draw(ws: Workspace, on_start: Callable[[int], None]) -> None:
    """The form. ``on_start`` gets the new study's id."""
    datasets = ws.datasets.list()
    reals = [dataset for dataset in datasets if dataset.domain == "real"]
    versions = [dataset for dataset in datasets if dataset.domain == "synthetic"]
    if not reals or not versions:
        st.info(
            "Add a real folder and a rendered one on the Datasets page first.",
            icon=":material/lightbulb:",
        )
        return
    with st.container(border=True):
        st.subheader("Images and labels", anchor=False)
        chosen = _datasets(reals, versions)
        if len(chosen) < 2:
            st.caption("Choose at least one version.")
            return
        if not _scanned(ws, chosen):
            return
        labels = _labels(ws, chosen)
    with st.container(border=True):
        st.subheader("What is trained", anchor=False)
        asked, allow = study_form.parameters(ws)
    if asked is None or not labels:
        return
    with st.container(border=True):
        st.subheader("What the study would do", anchor=False)
        plan = _plan(ws, chosen, asked)
        if plan is None:
            return
        study_preview.draw(plan, asked, {str(dataset.id): dataset.label for dataset in chosen[1:]})
        asked = _saliency(ws, chosen, plan, asked)
        _start(ws, chosen, plan, asked, allow, on_start)


# --- images and labels ----------------------------------------------------------------------------


def _datasets(reals: Sequence[Dataset], versions: Sequence[Dataset]) -> list[Dataset]:
    by_id = {dataset.id: dataset for dataset in (*reals, *versions)}

    def name(dataset_id: int) -> str:
        return f"{by_id[dataset_id].label} ({by_id[dataset_id].images:,})"

    left, right = st.columns([1, 2])
    real = left.selectbox(
        "Real images",
        [dataset.id for dataset in reals],
        format_func=name,
        key="study_real",
        persist_state="session",
    )
    ids = [dataset.id for dataset in versions]
    picked = right.multiselect(
        "Versions",
        ids,
        default=ids[-1:],
        format_func=name,
        key=f"study_versions-{'-'.join(map(str, ids))}",
        persist_state="session",
        help="The same test runs for each of them.",
    )
    return [by_id[real], *(by_id[one] for one in ids if one in picked)]


def _scanned(ws: Workspace, chosen: Sequence[Dataset]) -> bool:
    missing = [dataset for dataset in chosen if dataset.scanned_at is None]
    if not missing:
        return True
    scans = [work for work in joblist.works(ws) if work.active and work.head.kind == "scan"]

    def panels() -> None:
        for work in joblist.works(ws):
            if work.active and work.head.kind == "scan":
                joblist.panel(ws, work, key="study")

    if scans:
        joblist.live(ws, panels, active=True, key="study_scans")
    elif st.button(
        f"Scan {', '.join(dataset.label for dataset in missing)}",
        key="study_scan",
        icon=":material/search:",
    ):
        with errors.shown():
            for dataset in missing:
                ws.datasets.submit_scan(dataset)
            st.rerun()
    return False


def _labels(ws: Workspace, chosen: Sequence[Dataset]) -> bool:
    """Where class and bias of each dataset come from; whether all of them say."""
    lacking = [dataset for dataset in chosen if not dataset.labels]
    with st.expander(
        "Labels: "
        + (
            "still needed"
            if lacking
            else ", ".join(dict.fromkeys(dataset.labels or "" for dataset in chosen))
        ),
        expanded=bool(lacking),
        type="compact",
    ):
        for dataset in chosen:
            left, right = st.columns([5, 1], vertical_alignment="bottom")
            typed = left.text_input(
                f"Labels of {escape(dataset.label)}",
                value=dataset.labels or "",
                placeholder=labels_form.EXAMPLE,
                help=labels_form.HELP,
                key=f"study_labels-{dataset.id}-{dataset.labels}",
            ).strip()
            new = bool(typed) and typed != (dataset.labels or "")
            if right.button(
                "Use", key=f"study_use-{dataset.id}", disabled=not new, width="stretch"
            ):
                with errors.shown():
                    ws.datasets.set_labels(dataset, typed)
                    st.rerun()
            if typed:
                with errors.shown():
                    st.caption(
                        escape(
                            _explained(ws, str(ws.path), dataset.id, str(dataset.scanned_at), typed)
                        )
                    )
    if lacking:
        st.warning(
            f"No class and bias known for {escape(', '.join(dataset.label for dataset in lacking))}: "
            "write where they come from, and press Use.",
            icon=":material/label_off:",
        )
    return not lacking


@st.cache_data(show_spinner=False, max_entries=64)
def _explained(_ws: Workspace, path: str, dataset_id: int, scanned: str, labels: str) -> str:
    return _ws.datasets.explain_labels(_ws.datasets.get(dataset_id), labels)


# --- what it would do -----------------------------------------------------------------------------


def _plan(ws: Workspace, chosen: Sequence[Dataset], asked: StudySpec) -> StudyPlan | None:
    """The study's plan, made again only where the images, labels or parameters changed."""
    key = (
        str(ws.path),
        tuple((dataset.id, dataset.labels, str(dataset.scanned_at)) for dataset in chosen),
        asked.as_json(),
    )
    kept: tuple[object, StudyPlan] | None = st.session_state.get("study_plan")
    if kept is not None and kept[0] == key:
        return kept[1]
    try:
        plan = ws.studies.plan(chosen[0], chosen[1:], **asdict(asked))
    except GapscopeError as error:
        errors.box(error)
        return None
    st.session_state["study_plan"] = (key, plan)
    return plan


def _saliency(
    ws: Workspace, chosen: Sequence[Dataset], plan: StudyPlan, asked: StudySpec
) -> StudySpec:
    """Let the user choose real test images whose predictions are explained."""
    if not st.toggle(
        "Explain some images by saliency maps",
        key="study_explain",
        help=style.escape(study_form.FIELDS["saliency"].metadata["help"]),
    ):
        return asked
    labels = plan.labels
    code, rows = labels.group(), labels.rows(synthetic=False, split=TEST)
    paths = ws.studies.labelled_images(chosen[0], chosen[1:]).column("path")
    groups = sorted(set(code[rows].tolist()))
    options = [row for group in groups for row in rows[code[rows] == group][:EACH].tolist()]
    picked = st.multiselect(
        "Real test images to explain",
        options,
        default=[rows[code[rows] == group][0].item() for group in groups[:4]],
        format_func=lambda row: f"{labels.group_name(int(code[row]))}: {paths[row].as_py()}",
        key=f"study_images-{len(code)}-{asked.split_seed}",
        max_selections=24,
    )
    return replace(asked, saliency=tuple(picked))


def _start(
    ws: Workspace,
    chosen: Sequence[Dataset],
    plan: StudyPlan,
    asked: StudySpec,
    allow: bool,
    on_start: Callable[[int], None],
) -> None:
    fatal = any(problem.fatal for problem in plan.problems)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Start the study",
            type="primary",
            icon=":material/play_arrow:",
            key="study_start",
            disabled=fatal,
        )
        rates = len(asked.rates)
        st.caption(
            f"{plan.trials:,} trials, each with {rates} {'learning rate' if rates == 1 else 'learning rates'} and "
            f"at most {asked.max_epochs} epochs a stage."
        )
    if pressed:
        with errors.shown():
            submit(ws, chosen[0], chosen[1:], asdict(asked), on_start, allow_download=allow)


def submit(
    ws: Workspace,
    real: Dataset,
    versions: Sequence[Dataset],
    asked: dict[str, Any],
    on_start: Callable[[int], None],
    name: str | None = None,
    *,
    allow_download: bool = False,
) -> None:
    """Start a study and look at it. Raises what :meth:`core.workspace.studies.Studies.submit` raises."""
    submitted = ws.studies.submit(real, versions, name=name, allow_download=allow_download, **asked)
    joblist.started(submitted.job_id)
    on_start(submitted.study_id)
    st.rerun()


def again(ws: Workspace, record: StudyRecord, on_start: Callable[[int], None]) -> None:
    """Run a study once more, whole or one trial of it, from its record."""
    if ws.read_only:
        return
    by_id = {dataset.id: dataset for dataset in ws.datasets.list()}
    if record.real_id not in by_id or any(one not in by_id for one in record.version_ids):
        st.caption("A dataset of this study was removed, so it cannot be run again.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Run again",
            key="study_again",
            icon=":material/replay:",
            help="The same images, labels, parameters and seeds.",
        ):
            with errors.shown():
                submit(
                    ws,
                    by_id[record.real_id],
                    [by_id[one] for one in record.version_ids],
                    record.parameters,
                    on_start,
                    record.name,
                )
        st.button(
            "Change the parameters",
            key="study_change",
            icon=":material/tune:",
            on_click=_change,
            args=(record,),
            help="Fills the form with this study's parameters.",
        )
        if record.status == "done":
            with st.popover("One trial again", icon=":material/replay:"):
                _one_trial(ws, record, by_id, on_start)


def _one_trial(
    ws: Workspace, record: StudyRecord, by_id: dict[int, Dataset], on_start: Callable[[int], None]
) -> None:
    """Run one mixture, objective, seed and severity again from its record, for all versions: the
    splits are drawn as they were.
    """
    trials = {row["trial"]: row for row in study_read.rows(ws, record, "trials")}
    picked = trials[st.selectbox("Trial", list(trials), key=f"study_one-{record.id}")]
    if st.button(
        "Run it again", key="study_one_start", help="From its own record; the result is the same."
    ):
        asked = replace(
            from_record(picked["parameters"]),
            mixtures=(picked["mixture"],),
            objectives=(picked["objective"],),
            seeds=(picked["seed"],),
            severities=(picked["severity"],),
            saliency=(),
        )
        with errors.shown():
            submit(
                ws,
                by_id[record.real_id],
                [by_id[one] for one in record.version_ids],
                asdict(asked),
                on_start,
                f"{picked['trial']} of {record.name}, again",
            )


def _change(record: StudyRecord) -> None:
    study_form.use(record.parameters)
    st.session_state["study_real"] = record.real_id
    st.session_state["study_section"] = "New study"
