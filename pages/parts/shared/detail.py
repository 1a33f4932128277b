"""One image, close: the picture at full size, what is known of it, and its nearest neighbours on
both sides, each one click away. A dialog that stays one: neighbours open inside it, with a way
back; previous and next go through the list it was opened from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core import Workspace
from core.contracts.search import FoundImage
from pages.parts.shared import annotate, facts, looking, marks, neighbours, viewer
from pages.parts.shared.looking import Looking, file_name
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape, html

KEY = "detail"  # of the widgets


def show(scene: Scene, row: int, within: Sequence[int] = ()) -> None:
    """Show one of the comparison's images. ``row``: its row in the scene's points; ``within``: the
    rows of the list it was clicked in, for previous and next.
    """
    rows = list(within) if row in within else [row]
    looking.begin(images_of(scene, rows), rows.index(row))
    _dialog(scene.ws, scene)


def show_real(scene: Scene, path: str | None, within: Sequence[str] = ()) -> None:
    """Show a real image by its path; nothing for None and for one that the comparison lacks.
    ``within``: the paths of the list it was clicked in.
    """
    row = None if path is None else scene.row_of(path)
    if row is None:
        return
    rows = scene.rows_of(within) if len(within) else []
    show(scene, row, rows)


def show_found(ws: Workspace, image: FoundImage, within: Sequence[FoundImage] = ()) -> None:
    """Show an image of the workspace that need not be in a comparison."""
    images = list(within) if image in within else [image]
    looking.begin(images, images.index(image))
    _dialog(ws, None)


def images_of(scene: Scene, rows: Sequence[int]) -> Sequence[FoundImage]:
    """The images of some rows of the scene's points."""
    return _Rows(scene, rows)


def body(ws: Workspace, scene: Scene | None) -> None:
    """What the dialog holds."""
    now = looking.now()
    if now is None:
        return
    _buttons(now)
    beside = len(now.pictures) > 1
    left, right = st.columns([2.6 if beside else 1.5, 1], gap="medium")
    labels = {dataset.id: dataset for dataset in ws.datasets.list()}
    with left:
        panes = []
        for image in now.pictures:
            dataset = labels.get(image.dataset_id)
            panes.append(
                viewer.Pane(image.content_id, file_name(image), dataset.label if dataset else "")
            )
        viewer.show(ws, panes, key=f"{KEY}_viewer")
    shown = now.shown
    with right:
        dataset = labels.get(shown.dataset_id)
        st.html(
            f"<div class='gs'><span class='gs-name'>{html(file_name(shown))}</span><br>"
            f"<span class='gs-path'>{html(shown.path)}</span></div>"
        )
        row = scene.row_of_content(shown.content_id, shown.dataset_id) if scene else None
        facts.known(ws, shown, dataset, scene, row)
        if scene is not None and row is not None and scene.points.real[row]:
            facts.scores(scene, shown.path)
            marks.image_choices(scene, shown.path)
        annotate.image(ws, shown.content_id)
    neighbours.show(ws, scene, now, _open)


@st.dialog("Image", width="large", on_dismiss="rerun")
def _dialog(ws: Workspace, scene: Scene | None) -> None:
    body(ws, scene)


def _buttons(now: Looking) -> None:
    """Previous and next in the list, back from a neighbour, and the image kept beside."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(now.within) > 1:
            _button("Previous", "arrow_back", now.stepped(-1), shortcut="Left", on=now.at > 0)
            st.markdown(f"{now.at + 1:,} of {len(now.within):,}", width="content")
            last = now.at + 1 >= len(now.within)
            _button("Next", "arrow_forward", now.stepped(1), shortcut="Right", on=not last)
        before = now.came_from
        if before is not None:
            words = f"Back to {escape(file_name(before))}"
            _button(words, "undo", now.back(), shortcut="Backspace", key="back")
        if now.beside is None:
            kept = now.kept_beside(now.shown)
            _button("Keep beside", "splitscreen_left", kept, key="beside", help=BESIDE_HELP)
        else:
            words = f"Take {escape(file_name(now.beside))} away"
            _button(words, "close", now.kept_beside(None), key="beside")


BESIDE_HELP = "Keeps this picture on the left while you look at others; both zoom together."


def _button(
    label: str,
    icon: str,
    to: Looking,
    *,
    shortcut: str | None = None,
    on: bool = True,
    key: str | None = None,
    help: str | None = None,
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"{KEY}_{key or label.lower()}",
        shortcut=shortcut,
        disabled=not on,
        help=help,
        on_click=partial(looking.go, to),
        type="tertiary",
    )


def _open(image: FoundImage) -> None:
    """Show a neighbour in the same dialog."""
    now = looking.now()
    if now is not None:
        looking.go(now.opened(image))


class _Rows(Sequence[FoundImage]):
    """Rows of a comparison's points as images, made when they are asked for: a list may be long."""

    def __init__(self, scene: Scene, rows: Sequence[int]) -> None:
        self._scene, self._rows = scene, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> FoundImage:  # type: ignore[override]
        points, row = self._scene.points, self._rows[place]
        return FoundImage(
            int(points["dataset_id"][row]), str(points["path"][row]), str(points["content_id"][row])
        )
