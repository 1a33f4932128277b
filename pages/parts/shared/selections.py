"""Selections on any page: save the images that are shown, choose one to filter or colour by.

For a page with a scene: :func:`save_rows` puts a button beside what is selected, :func:`choose`
picks a selection, :func:`holds` says which points it holds, :func:`names` gives every point the
name to colour it by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import streamlit as st

from core import Workspace
from core.contracts.selections import Selection
from pages.parts.shared import marks
from pages.parts.shared.annotate import READ_ONLY
from pages.parts.shared.read import Scene

NEW = "A new selection"
NONE_OF_THEM = None  # the name of a point that no selection holds


def save_rows(scene: Scene, rows: Sequence[int] | np.ndarray, key: str) -> None:
    """A button that saves the images of some rows of the scene's points."""
    ids = scene.points["content_id"][np.asarray(rows, np.int64)].tolist()
    save_contents(scene.ws, ids, key)


def save_contents(ws: Workspace, content_ids: Iterable[str], key: str) -> None:
    """A button that saves images under a new name, adds them to a selection, or tags them."""
    ids = list(dict.fromkeys(content_ids))
    marks.show_error()
    box = st.popover(
        f"Save {len(ids):,} image{'s' * (len(ids) != 1)}",
        icon=":material/bookmark_add:",
        key=f"{key}_box",
        disabled=ws.read_only or not ids,
        help=READ_ONLY if ws.read_only else "Give them a name, or a tag.",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        saved = {one.id: one for one in ws.selections.list()}
        target = st.selectbox(
            "Into",
            [None, *saved],
            format_func=lambda one: saved[one].name if one in saved else NEW,
            key=f"{key}_into",
        )
        if target is None:
            st.text_input("Name", key=f"{key}_name", placeholder="Wet roads")
        st.button(
            "Save" if target is None else "Add",
            key=f"{key}_save",
            type="primary",
            on_click=partial(_save, ws, ids, saved.get(target or 0), key),
        )
        st.text_input("Or a tag on each", key=f"{key}_tag", placeholder="glare")
        st.button("Tag", key=f"{key}_put", on_click=partial(_tag, ws, ids, key))


def choose(ws: Workspace, key: str, label: str = "Selection") -> Selection | None:
    """The selection that is chosen in a list, or None; nothing is drawn where there is none."""
    saved = {one.id: one for one in ws.selections.list()}
    if not saved:
        return None
    chosen = st.selectbox(
        label,
        list(saved),
        index=None,
        format_func=lambda one: saved[one].name if one in saved else "",
        key=key,
        placeholder="None",
        persist_state="session",
    )
    return saved.get(chosen or 0)


def holds(scene: Scene, selection: Selection) -> np.ndarray:
    """Which of the scene's points a selection holds: bool (n,)."""
    inside = set(scene.ws.selections.contents(selection))
    return np.array([one in inside for one in scene.points["content_id"].tolist()], bool)


def names(scene: Scene, chosen: Sequence[Selection]) -> np.ndarray:
    """The name of the first of these selections that holds each point, None for the others:
    objects (n,).
    """
    found = np.full(len(scene.points), NONE_OF_THEM, object)
    for selection in reversed(chosen):
        found[holds(scene, selection)] = selection.name
    return found


def tag_names(scene: Scene) -> np.ndarray:
    """The tags of each point, with a comma between, None where it has none: objects (n,)."""
    ids = scene.points["content_id"].tolist()
    tags = scene.ws.annotations.tags_of(set(ids))
    return np.array([", ".join(tags[one]) if one in tags else None for one in ids], object)


def _save(ws: Workspace, ids: list[str], into: Selection | None, key: str) -> None:
    def act() -> None:
        if into is None:
            ws.selections.save(st.session_state.get(f"{key}_name", ""), ids)
        else:
            ws.selections.add(into, ids)
        st.session_state[f"{key}_box"] = False

    marks.attempt(act)


def _tag(ws: Workspace, ids: list[str], key: str) -> None:
    def act() -> None:
        ws.annotations.tag(ids, st.session_state.get(f"{key}_tag", ""))
        st.session_state[f"{key}_box"] = False

    marks.attempt(act)
