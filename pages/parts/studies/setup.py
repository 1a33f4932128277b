"""Setting a study up: the images and their labels, the parameters, what it would do, and the button
that starts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.study import StudySpec
from core.contracts.words import Domain, JobKind
from core.errors import GapscopeError
from core.workspace.studies import StudyPlan
from pages.parts.datasets import labels_form
from pages.parts.shared import errors, joblist, works
from pages.parts.shared.style import escape
from pages.parts.studies import parameters_form, plan_preview

EACH = 8  # images of each group that can be chosen for saliency maps
PRECHOSEN = 4  # groups of which one image is chosen to begin with
MOST_EXPLAINED = 24  # images


@dataclass(frozen=True)
class Asked:
    """What the user put together: the images, the spec and its plan. ``allow_download``: of the
    backbone's weights.
    """

    real: Dataset
    versions: Sequence[Dataset]
    spec: StudySpec
    plan: StudyPlan
    allow_download: bool


def draw(ws: Workspace, on_start: Callable[[int], None]) -> None:
    """The form. ``on_start`` gets the new study's id."""
    reals, versions = ws.datasets.list(Domain.REAL), ws.datasets.list(Domain.SYNTHETIC)
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
        labelled = _labels(ws, chosen)
    with st.container(border=True):
        st.subheader("What is trained", anchor=False)
        spec, allow_download = parameters_form.parameters(ws)
    if spec is None or not labelled:
        return
    with st.container(border=True):
        st.subheader("What the study would do", anchor=False)
        plan = _plan(ws, chosen, spec)
        if plan is None:
            return
        plan_preview.draw(plan, {dataset.id: dataset.label for dataset in chosen[1:]})
        spec = _saliency(ws, plan, spec)
        _start(ws, Asked(chosen[0], chosen[1:], spec, plan, allow_download), on_start)


# --- images and labels ----------------------------------------------------------------------------


def _datasets(reals: Sequence[Dataset], versions: Sequence[Dataset]) -> list[Dataset]:
    by_id = {dataset.id: dataset for dataset in (*reals, *versions)}

    def name(dataset_id: int) -> str:
        # The label alone: a count in it changes with every scan, and a changed option is lost.
        return by_id[dataset_id].label

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

    def panels() -> None:
        for work in works.active(ws, JobKind.SCAN):
            joblist.panel(ws, work, key="study")

    if works.active(ws, JobKind.SCAN):
        joblist.live(ws, panels, active=True, key="study_scans")
    elif st.button(
        f"Scan {escape(', '.join(dataset.label for dataset in missing))}",
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
    sources = ", ".join(dict.fromkeys(dataset.labels or "" for dataset in chosen))
    with st.expander(
        f"Labels: {'still needed' if lacking else escape(sources)}",
        expanded=bool(lacking),
        type="compact",
    ):
        for dataset in chosen:
            _labels_of(ws, dataset)
    if lacking:
        names = escape(", ".join(dataset.label for dataset in lacking))
        st.warning(
            f"No class and bias known for {names}: write where they come from, and press Use.",
            icon=":material/label_off:",
        )
    return not lacking


def _labels_of(ws: Workspace, dataset: Dataset) -> None:
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    typed = left.text_input(
        f"Labels of {escape(dataset.label)}",
        value=dataset.labels or "",
        placeholder=labels_form.EXAMPLE,
        help=labels_form.HELP,
        key=f"study_labels-{dataset.id}-{dataset.labels}",
    ).strip()
    new = bool(typed) and typed != (dataset.labels or "")
    if right.button("Use", key=f"study_use-{dataset.id}", disabled=not new, width="stretch"):
        with errors.shown():
            ws.datasets.set_labels(dataset, typed)
            st.rerun()
    if typed:
        key = (str(ws.path), dataset.id, str(dataset.scanned_at))
        with errors.shown():
            st.caption(escape(_explained(ws, key, typed)))


@st.cache_data(show_spinner=False, max_entries=64)
def _explained(_ws: Workspace, key: tuple[str, int, str], labels: str) -> str:
    return _ws.datasets.explain_labels(_ws.datasets.get(key[1]), labels)


# --- what it would do -----------------------------------------------------------------------------


def _plan(ws: Workspace, chosen: Sequence[Dataset], spec: StudySpec) -> StudyPlan | None:
    """The study's plan, made again only where the images, labels or parameters changed."""
    key = (
        str(ws.path),
        tuple((dataset.id, dataset.labels, str(dataset.scanned_at)) for dataset in chosen),
        spec.as_json(),
    )
    kept: tuple[object, StudyPlan] | None = st.session_state.get("study_plan")
    if kept is not None and kept[0] == key:
        return kept[1]
    try:
        plan = ws.studies.plan(chosen[0], chosen[1:], **asdict(spec))
    except GapscopeError as error:
        errors.box(error)
        return None
    st.session_state["study_plan"] = (key, plan)
    return plan


def _saliency(ws: Workspace, plan: StudyPlan, spec: StudySpec) -> StudySpec:
    """Let the user choose real test images whose predictions are explained."""
    if not st.toggle(
        "Explain some images by saliency maps",
        key="study_explain",
        help=parameters_form.help_of("saliency"),
    ):
        return spec
    images = {image.row: image for image in ws.studies.test_images(plan, EACH)}
    first: dict[str, int] = {}
    for image in images.values():
        first.setdefault(image.group, image.row)
    picked = st.multiselect(
        "Real test images to explain",
        list(images),
        default=list(first.values())[:PRECHOSEN],
        format_func=lambda row: f"{images[row].group}: {images[row].path}",
        key=f"study_images-{len(plan.labels.path)}-{spec.split_seed}",
        max_selections=MOST_EXPLAINED,
    )
    return replace(spec, saliency=tuple(picked))


def _start(ws: Workspace, asked: Asked, on_start: Callable[[int], None]) -> None:
    spec, rates = asked.spec, len(asked.spec.rates)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Start the study",
            type="primary",
            icon=":material/play_arrow:",
            key="study_start",
            disabled=any(problem.fatal for problem in asked.plan.problems),
        )
        st.caption(
            f"{asked.plan.trials:,} trials, each with {rates} "
            f"{'learning rate' if rates == 1 else 'learning rates'} and at most "
            f"{spec.max_epochs} epochs a stage."
        )
    if pressed:
        with errors.shown():
            submitted = ws.studies.submit(
                asked.real,
                asked.versions,
                allow_download=asked.allow_download,
                **asdict(spec),
            )
            joblist.started(submitted.job_id)
            on_start(submitted.study_id)
            st.rerun()
