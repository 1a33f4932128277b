"""Tags, the note and the selections of one image, to read and to change."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import Workspace
from core.contracts.selections import Selection
from pages.parts.shared import marks
from pages.parts.shared.style import html

READ_ONLY = "This workspace is open for reading only: open it for writing to change it."


def image(ws: Workspace, content_id: str) -> None:
    """The three fields of an image. What is written is kept at once."""
    marks.show_error()
    help = READ_ONLY if ws.read_only else "Kept with the image, in every dataset that holds it."
    tags = ws.annotations.tags_of([content_id]).get(content_id, ())
    note = ws.annotations.note(content_id)
    saved = ws.selections.list()
    inside = ws.selections.holding(content_id)
    if ws.read_only:
        lines = [("Tags", ", ".join(tags)), ("Note", note or "")]
        lines.append(("Selections", ", ".join(one.name for one in saved if one.id in inside)))
        st.html("".join(f"<div class='gs'>{n}: {html(v)}</div>" for n, v in lines if v))
        return
    key = f"tags_{content_id}"
    st.session_state[key] = list(tags)
    st.multiselect(
        "Tags",
        sorted({*ws.annotations.tags(), *tags}),
        key=key,
        accept_new_options=True,
        placeholder="Type a word",
        help=help,
        on_change=partial(_tag, ws, content_id, tags, key),
    )
    key = f"note_{content_id}"
    st.session_state[key] = note or ""
    st.text_area(
        "Note", key=key, height=70, help=help, on_change=partial(_note, ws, content_id, key)
    )
    if saved:
        key = f"in_{content_id}"
        names = {one.id: one for one in saved}
        st.session_state[key] = inside
        st.multiselect(
            "Selections",
            list(names),
            format_func=lambda one: names[one].name if one in names else "",
            key=key,
            on_change=partial(_select, ws, content_id, inside, names, key),
        )


def _tag(ws: Workspace, content_id: str, before: tuple[str, ...], key: str) -> None:
    now = st.session_state[key]

    def put() -> None:
        for tag in set(now) - set(before):
            ws.annotations.tag([content_id], tag)
        for tag in set(before) - set(now):
            ws.annotations.untag([content_id], tag)

    marks.attempt(put)


def _note(ws: Workspace, content_id: str, key: str) -> None:
    marks.attempt(lambda: ws.annotations.set_note(content_id, st.session_state[key]))


def _select(
    ws: Workspace, content_id: str, before: list[int], names: dict[int, Selection], key: str
) -> None:
    now = st.session_state[key]

    def put() -> None:
        for one in set(now) - set(before):
            ws.selections.add(names[one], [content_id])
        for one in set(before) - set(now):
            ws.selections.take_out(names[one], [content_id])

    marks.attempt(put)
