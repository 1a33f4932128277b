"""The engineer's marks on screen: the three choices on a group and on an image, and the badge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.contracts.words import Mark
from core.errors import GapscopeError
from core.workspace.marks import Answer, GroupMark, VersionMarks
from pages.parts.shared import errors
from pages.parts.shared.read import Key, Scene
from pages.parts.shared.style import escape

CHOICES_HELP = (
    "Covered after all: off the list. Does not matter: stays on the list and counts no more. "
    "Matters: counts as an open gap. Press again to take it back. Kept for later versions and "
    "comparisons of the same real images."
)
READ_ONLY = "This workspace is open for reading only: open it for writing to mark."
COLOURS = {Mark.COVERED: "green", Mark.IGNORED: "gray", Mark.MATTERS: "orange"}
_ERROR = "mark_error"  # session state: why the last mark could not be set


def of(scene: Scene) -> VersionMarks:
    """The marks as they bear on the scene's version."""
    return _read(scene, scene.key, scene.version_id, scene.ws.marks.state(scene.comparison))


def badge(mark: Mark, said_of: str | None = None) -> str:
    """A mark as Markdown. ``said_of``: the version that was looked at, where it is another one."""
    words = f"{mark}, said of {escape(said_of)}" if said_of else str(mark)
    return f":{COLOURS[mark]}-badge[{words}]"


def group_badges(scene: Scene, group_id: str) -> str:
    """The badges of a group as Markdown: its mark, and an answer that is held back."""
    marks = of(scene)
    mark, answer = marks.groups.get(group_id), marks.answers.get(group_id)
    parts = [badge(mark.mark, _other_version(scene, mark))] if mark else []
    if answer is not None and answer.held_back:
        parts.append(f":blue-badge[{answer_words(answer)}]")
    return " ".join(parts)


def answer_words(answer: Answer) -> str:
    """What was answered, and what becomes of it."""
    said = "you said covered" if answer.covered else "you said not covered"
    return f"{said}, {'held back' if answer.held_back else 'used'}"


def note(scene: Scene, path: str) -> str:
    """`` · matters`` for an image that has a mark of its own, as plain text; else nothing."""
    mark = of(scene).images.get(path)
    return f" · {mark.mark}" if mark is not None and mark.own else ""


def by_cluster(scene: Scene) -> dict[int, str]:
    """The marks of the version's clusters as plain text, by cluster."""
    marked = of(scene).groups
    return {
        row.cluster: str(marked[row.group_id].mark)
        for row in scene.gaps
        if row.cluster is not None and row.group_id in marked
    }


def group_choices(scene: Scene, group_id: str) -> None:
    """The badges and the three choices of a group."""
    badges = group_badges(scene, group_id)
    if badges:
        st.markdown(badges)
    mark = of(scene).groups.get(group_id)
    _choices(
        scene,
        f"mark_{scene.comparison.id}_{scene.version_id}_{group_id}",
        "Mark this group",
        mark.mark if mark else None,
        lambda word: scene.ws.marks.set_group(scene.comparison, scene.version_id, group_id, word),
    )


def image_choices(scene: Scene, path: str) -> None:
    """The three choices of one real image, in its dialog, which stays open: the page behind is
    drawn anew when it is closed.
    """
    show_error()

    mark = of(scene).images.get(path)
    if mark is not None:
        whose = "" if mark.own else " :gray[by its group]"
        st.markdown(badge(mark.mark) + whose)
    _choices(
        scene,
        f"mark_image_{scene.comparison.id}_{scene.version_id}_{path}",
        "Mark this image",
        mark.mark if mark else None,
        lambda word: scene.ws.marks.set_images(scene.comparison, scene.version_id, [path], word),
    )


def attempt(act: Callable[[], None]) -> None:
    """Do something inside a callback; where it cannot be done, :func:`show_error` says why."""
    try:
        act()
    except GapscopeError as error:
        st.session_state[_ERROR] = error


def show_error() -> None:
    """Say why the last mark could not be set, once."""
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        errors.box(error)


def _choices(
    scene: Scene, key: str, label: str, now: Mark | None, put: Callable[[Mark | None], None]
) -> None:
    st.session_state[key] = now  # what is stored, also where another card has changed it
    st.segmented_control(
        label,
        tuple(Mark),
        format_func=lambda mark: str(mark).capitalize(),
        key=key,
        label_visibility="collapsed",
        disabled=scene.ws.read_only,
        help=READ_ONLY if scene.ws.read_only else CHOICES_HELP,
        on_change=partial(_put, key, put),
    )


def _put(key: str, put: Callable[[Mark | None], None]) -> None:
    attempt(lambda: put(st.session_state[key]))


def _other_version(scene: Scene, mark: GroupMark) -> str | None:
    """The label of the version a mark was said of, where it is not the scene's."""
    if mark.version_id is None or mark.version_id == scene.version_id:
        return None
    labels = {one.id: one.label for one in scene.ws.datasets.list()}
    return labels.get(mark.version_id)


@st.cache_resource(show_spinner=False, max_entries=24)
def _read(_scene: Scene, key: Key, version_id: int, state: str) -> VersionMarks:
    """Read again when the marks have changed: ``state`` tells."""
    return _scene.ws.marks.of(_scene.comparison, version_id)
