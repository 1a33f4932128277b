"""Choosing a folder on the machine that runs Gapscope, inside the folders GAPSCOPE_ROOTS allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import Workspace
from core.errors import GapscopeError
from core.images.decode import UnreadableImage, decode
from core.images.roots import FolderListing
from core.images.thumbnails import thumbnail
from pages.parts.shared import errors, style

SHOWN = 200  # subfolders listed at once
_AT = "browser_at"


@st.cache_data(show_spinner=False, max_entries=500)
def file_thumbnail(path: str, changed: int, size: int = 120) -> bytes | None:
    """A small WebP of an image file, or None where it cannot be read. ``changed``: its modification
    time in ns.
    """
    try:
        return thumbnail(decode(path, shortest=size), size)
    except UnreadableImage:
        return None


def thumbnails(files: tuple[Path, ...]) -> None:
    """A row of small pictures of image files."""
    found = []
    for file in files:
        try:
            found.append(file_thumbnail(str(file), file.stat().st_mtime_ns))
        except OSError:
            continue  # gone since it was listed
    if readable := [picture for picture in found if picture]:
        style.pictures(readable)


def count_text(listing: FolderListing) -> str:
    """How many images and subfolders a folder has, in words."""
    below = sum(folder.images or 0 for folder in listing.folders)
    more = "" if listing.complete else " or more"
    parts = []
    if listing.images or not listing.folders:
        parts.append(
            f"{listing.images:,}{' or more' if listing.images_capped else ''} images directly inside"
        )
    if listing.folders:
        parts.append(f"{below:,}{more} images in {len(listing.folders):,} subfolders")
    return " · ".join(parts)


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
    thumbnails(_sample(ws, listing))
    return True


def _sample(ws: Workspace, listing: FolderListing) -> tuple[Path, ...]:
    """A few images of the folder, or one from each of its first subfolders."""
    if listing.sample:
        return listing.sample
    found: list[Path] = []
    for folder in [folder for folder in listing.folders if folder.images][:6]:
        try:
            found += ws.datasets.browse(folder.path).sample[:1]
        except GapscopeError:
            continue  # it may be forbidden to read; the count says so
    return tuple(found)


def button(ws: Workspace, path: str, choose: Callable[[str], None], *, key: str) -> None:
    """A button that opens the browser. ``choose`` is called with the folder that the user takes."""
    if st.button("Browse…", icon=":material/folder_open:", key=key):
        st.session_state[_AT] = path
        _dialog(ws, choose)


@st.dialog("Choose a folder", width="large")
def _dialog(ws: Workspace, choose: Callable[[str], None]) -> None:
    roots = ws.settings.allowed_roots
    try:
        listing = ws.datasets.browse(st.session_state.get(_AT) or roots[0])
    except GapscopeError:
        listing = ws.datasets.browse(roots[0])  # what was typed is no folder: begin at the top
    if len(roots) > 1:
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
    st.html(f"<div class='gs gs-path' style='font-size:.95rem'>{style.html(listing.path)}</div>")
    left, right = st.columns([1.3, 1], gap="large")
    with left, st.container(height=380, border=True, gap="xxsmall"):
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
            count = (
                "not readable"
                if folder.images is None
                else f"{folder.images:,} images"
                if folder.images
                else ""
            )
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
    with right:
        st.html(f"<div class='gs'>{style.html(count_text(listing))}</div>")
        thumbnails(_sample(ws, listing))
        if st.button("Use this folder", type="primary", key="use-folder", width="stretch"):
            choose(str(listing.path))
            st.rerun()


def _move(path: Path) -> None:
    st.session_state[_AT] = str(path)
