"""What can be done with a selection: rename, remove, combine with another, hand out."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import Workspace
from core.contracts.formatting import slug
from core.contracts.selections import Selection
from core.contracts.words import Combination
from pages.parts.shared import errors, marks
from pages.parts.shared.style import escape

WORDS = {
    Combination.AND: "and (in both)",
    Combination.OR: "or (in either)",
    Combination.WITHOUT: "without (in the first only)",
}
MOST_FOLDERS = 1000


def menu(ws: Workspace, selection: Selection) -> None:
    """Rename and remove."""
    with st.popover("Change", icon=":material/edit:"):
        key = f"rename_{selection.id}"
        st.text_input("Name", value=selection.name, key=key)
        st.button("Rename", key="selection_rename", on_click=partial(_rename, ws, selection, key))
        sure = st.checkbox("I mean it", key=f"sure_{selection.id}")
        st.button(
            "Remove this selection",
            key="selection_remove",
            disabled=not sure,
            icon=":material/delete:",
            help="Its images and their tags stay.",
            on_click=lambda: marks.attempt(lambda: ws.selections.remove(selection)),
        )


def combine(ws: Workspace, selection: Selection, saved: list[Selection]) -> None:
    """Make a new selection from this one and another."""
    others = {one.id: one for one in saved if one.id != selection.id}
    with st.expander("Combine with another"):
        one, two, three = st.columns(3, vertical_alignment="bottom")
        how = one.selectbox(
            f"{selection.name} …", tuple(Combination), format_func=WORDS.__getitem__, key="how"
        )
        other = two.selectbox(
            "Other",
            list(others),
            format_func=lambda one: others[one].name if one in others else "",
            key="other",
        )
        second = others.get(other) or next(iter(others.values()))
        name = three.text_input(
            "Name", value=f"{selection.name} {how} {second.name}", key=f"made_{how}_{second.id}"
        )
        if st.button("Save the combination", key="selection_combine", type="primary"):
            with errors.shown():
                made = ws.selections.combine(name, selection, how or Combination.AND, second)
                st.success(f"{escape(made.name)}: {made.images:,} images")


def exports(ws: Workspace, selection: Selection) -> None:
    """CSV, FiftyOne, and a folder on this machine."""
    name = slug(selection.name)
    with st.container(horizontal=True):
        for label, make, ending, mime in (
            ("CSV", ws.selections.csv, ".csv", "text/csv"),
            ("FiftyOne", ws.selections.fiftyone_zip, "-fiftyone.zip", "application/zip"),
        ):
            st.download_button(
                label,
                data=partial(make, selection),
                file_name=name + ending,
                mime=mime,
                key=f"selection_{label}",
                on_click="ignore",
                icon=":material/download:",
            )
        target = ws.path.parent / "exports" / f"selection-{name}"
        copy = st.button(
            "Copy into a folder",
            icon=":material/folder:",
            key="selection_folder",
            help=f"{target}: its images, with manifest.csv",
        )
    if copy:
        with errors.shown():
            others = (target.with_name(f"{target.name}-{n}") for n in range(2, MOST_FOLDERS))
            free = next(path for path in (target, *others) if not path.exists())
            written = ws.selections.write_folder(selection, free)
            st.success(f"{written.images:,} images and manifest.csv are in {escape(free)}")
            if written.missing:
                st.warning(
                    f"{len(written.missing):,} files are not there any more, for example "
                    f"{escape(written.missing[0][0])}."
                )


def _rename(ws: Workspace, selection: Selection, key: str) -> None:
    def act() -> None:
        ws.selections.rename(selection, st.session_state[key])

    marks.attempt(act)
