"""Choosing a folder on the machine that runs Gapscope, inside the folders GAPSCOPE_ROOTS allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import Workspace
from core.errors import GapscopeError
from core.workspace.datasets import FolderListing
from pages.parts.shared import errors, style

SHOWN = 200  # subfolders listed at once
PICTURE = 120  # pixels, longest side
SAMPLED = 6  # subfolders that show one image each, where the folder itself has none
_AT = "browser_at"  # session state: the folder that the browser shows


def preview(ws: Workspace, path: str) -> bool:
    """Counts and a few pictures of a typed path; whether it can be used. Says why not, where it
    cannot.
    """
    try:
        listing = ws.datasets.browse(path)
    except GapscopeError as error:
        errors.box(error)
        return False
    st.html(f"<div class='gs gs-soft'>{style.html(count_text(listing))}</div>")
    _pictures(ws, _sample(listing))
    return True


def button(ws: Workspace, path: str, choose: Callable[[str], None], *, key: str) -> None:
    """A button that opens the browser. ``choose`` is called with the folder that the user takes."""
    if st.button("Browse…", icon=":material/folder_open:", key=key):
        st.session_state[_AT] = path
        _dialog(ws, choose)


def count_text(listing: FolderListing) -> str:
    """How many images a folder has, in itself and below it at any depth, in words."""
    below = sum(folder.images or 0 for folder in listing.folders)
    holding = sum(folder.folders for folder in listing.folders)
    parts = []
    if listing.images or not listing.folders:
        capped = " or more" if listing.images_capped else ""
        parts.append(f"{listing.images:,}{capped} images directly inside")
    more = "" if listing.complete else " or more"
    if below:
        parts.append(f"{below:,}{more} images in {_subfolders(holding)}")
    elif listing.folders:
        parts.append(
            f"no image{' seen yet' if more else ''} in {_subfolders(len(listing.folders))}"
        )
    return " · ".join(parts)


@st.dialog("Choose a folder", width="large")
def _dialog(ws: Workspace, choose: Callable[[str], None]) -> None:
    roots = ws.settings.allowed_roots
    try:
        listing = ws.datasets.browse(st.session_state.get(_AT) or roots[0])
    except GapscopeError:
        listing = ws.datasets.browse(roots[0])  # what was typed is no folder: begin at the top
    if len(roots) > 1:
        _roots(roots)
    st.html(
        f"<div class='gs gs-path' style='font-size:.95rem'>{style.path_html(listing.path)}</div>"
    )
    left, right = st.columns([1.3, 1], gap="large")
    with left, st.container(height=380, border=True, gap="xxsmall"):
        _folders(listing)
    with right:
        st.html(f"<div class='gs'>{style.html(count_text(listing))}</div>")
        _pictures(ws, _sample(listing))
        if st.button("Use this folder", type="primary", key="use-folder", width="stretch"):
            choose(str(listing.path))
            st.rerun()


def _roots(roots: tuple[Path, ...]) -> None:
    with st.container(horizontal=True):
        for number, root in enumerate(roots):
            st.button(
                style.escape(root.name or str(root)),
                key=f"root-{number}",
                type="tertiary",
                help=style.escape(root),
                icon=":material/home_storage:",
                on_click=_move,
                args=(root,),
            )


def _folders(listing: FolderListing) -> None:
    if listing.parent is not None:
        st.button(
            "One up",
            icon=":material/arrow_upward:",
            type="tertiary",
            key="folder-up",
            on_click=_move,
            args=(listing.parent,),
        )
    for folder in listing.folders[:SHOWN]:
        more = " or more" if folder.capped else ""
        count = f"{folder.images:,}{more} images" if folder.images else ""
        if folder.images is None:
            count = "not readable"
        st.button(
            f"{style.escape(folder.name)}{f'  :small[:gray[{count}]]' if count else ''}",
            icon=":material/folder:",
            type="tertiary",
            key=f"folder-{folder.name}",
            on_click=_move,
            args=(folder.path,),
        )
    if not listing.folders:
        st.caption("No subfolders.")
    if len(listing.folders) > SHOWN or not listing.complete:
        st.caption("There is more here than is listed: type the path instead.")


def _move(path: Path) -> None:
    st.session_state[_AT] = str(path)


def _subfolders(count: int) -> str:
    return f"{count:,} subfolder{'s' * (count != 1)}"


def _sample(listing: FolderListing) -> tuple[Path, ...]:
    """A few images of the folder, or one from each of its first subfolders."""
    firsts = (folder.first for folder in listing.folders if folder.first is not None)
    return listing.sample or tuple(firsts)[:SAMPLED]


def _pictures(ws: Workspace, files: tuple[Path, ...]) -> None:
    """A row of small pictures of image files."""
    pictures = []
    for file in files:
        try:
            pictures.append(_picture(ws, str(file), file.stat().st_mtime_ns))
        except (OSError, GapscopeError):
            continue  # gone since it was listed
    if readable := [picture for picture in pictures if picture]:
        style.pictures(readable)


@st.cache_data(show_spinner=False, max_entries=500)
def _picture(_ws: Workspace, file: str, changed: int) -> bytes | None:
    """A small WebP of an image file, or None where it cannot be read. ``changed``: its modification
    time in ns, for the cache.
    """
    return _ws.datasets.file_thumbnail(Path(file), PICTURE)
