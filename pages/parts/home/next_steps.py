"""The way from folders to gaps, ticked off as far as this workspace has come."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.comparison import ComparisonRecord
from core.contracts.words import Domain
from pages.parts.shared import navigation, style

BUTTONS = {
    "datasets": "Go to Datasets",
    "gaps": "Look at the gaps",
    "versions": "Compare versions",
}


@dataclass(frozen=True)
class Step:
    """One step: what to do, how far it was done, whether it is over, and the page it is done on."""

    label: str
    count: str
    over: bool
    page: str


def draw(ws: Workspace, done: list[ComparisonRecord]) -> None:
    """Draw the steps, and a button that leads to the next one. ``done``: finished comparisons."""
    steps = _steps(ws.datasets.list(), done)
    st.subheader("Your images" if not done else "Next", anchor=False)
    lines = [_line(number, step) for number, step in enumerate(steps, start=1)]
    st.html(f"<div class='gs gs-todo'>{''.join(lines)}</div>")
    target = next((step.page for step in steps if not step.over), "versions")
    if navigation.has(target) and st.button(
        BUTTONS[target], icon=":material/arrow_forward:", icon_position="right", key="next_step"
    ):
        navigation.go(target, comparison=done[0].id if done else None)


def _steps(datasets: list[Dataset], done: list[ComparisonRecord]) -> tuple[Step, ...]:
    real = [dataset for dataset in datasets if dataset.domain == Domain.REAL]
    versions = [dataset for dataset in datasets if dataset.domain == Domain.SYNTHETIC]
    counted = f"{len(versions)} version{'s' * (len(versions) != 1)}"
    several = any(len(record.version_ids) > 1 for record in done)
    looked = bool(done) and navigation.visited("gaps")
    return (
        Step("Add a folder of real images", _images(real), bool(real), "datasets"),
        Step("Add a version of your renderer", counted, bool(versions), "datasets"),
        Step("Compare them", f"{len(done)} done", bool(done), "datasets"),
        Step("Look at the gaps", "", looked, "gaps"),
        Step("Add the next version and see which gaps closed", "", several, "versions"),
    )


def _line(number: int, step: Step) -> str:
    mark = f"<span class='gs-soft'>{number}</span>"
    if step.over:
        mark = "<span class='gs-tick'>✓</span>"
    count = f" <span class='gs-soft'>{style.html(step.count)}</span>"
    return (
        f"{mark}<span class='{'gs-over' if step.over else ''}'>{style.html(step.label)}"
        f"{count if step.over and step.count else ''}</span>"
    )


def _images(real: list[Dataset]) -> str:
    count = sum(dataset.images for dataset in real)
    return f"{style.number(count)} images" if count else ""  # not scanned yet
