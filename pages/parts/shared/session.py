"""The workspace behind the screen: which one this browser session looks at.

It looks at one workspace (the default one, until another is opened on the Home page); the address
bar carries its path, so that a reload, Back or a sent link shows the same one. The server opens
each file once, for all sessions: :mod:`core.workspace.server`.
"""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import Workspace
from core.errors import GapscopeError
from core.workspace import server
from core.workspace.server import OpenWorkspaces, default_path, new_engine, sample_path
from pages.parts.shared import address, errors, navigation, style

READING = "reading"  # in the address: the workspace is open for reading only
_PLACE = "workspace_place"  # session state


@dataclass(frozen=True)
class Place:
    """A database file, and whether to leave it as it is."""

    path: Path
    read_only: bool = False


def workspace() -> Workspace:
    """The workspace this browser session looks at. Where it cannot be opened, say why and end the
    page.
    """
    navigation.inside_shell()
    where = place()
    try:
        return open_shared(where)
    except GapscopeError as error:
        errors.box(error)
        left, right = st.columns(2)
        if left.button("Try again", icon=":material/refresh:", key="workspace_again"):
            st.rerun()
        if where.path != default_path() and right.button(
            "Back to the default workspace", key="workspace_default"
        ):
            look_at(Place(default_path()))
            st.rerun()
        st.stop()
    raise AssertionError("st.stop() ends the run")


def place() -> Place:
    """Which workspace this browser session looks at: what the address asks for, else the last."""
    named = address.asked("workspace")
    if named is not None:
        where = _from_link(named, read_only=address.asked("mode") == READING)
        if st.session_state.get(_PLACE, where) != where:
            _leave()
        st.session_state[_PLACE] = where
    return st.session_state.setdefault(_PLACE, Place(default_path()))


def look_at(where: Place) -> None:
    """Let this browser session look at another workspace from its next run on."""
    st.session_state[_PLACE] = where
    address.forget()
    _leave()


def keep_in_address() -> None:
    """Let the address bar carry the workspace's path, unless it is the default one."""
    where = place()
    if where.path != default_path():
        address.tell("workspace", str(where.path))
    address.tell("mode", READING if where.read_only else None)


def look_at_sample() -> Workspace:
    """Let this browser session look at the sample project's own workspace, beside the default one,
    from its next run on.
    """
    where = Place(sample_path())
    workspace = open_shared(where)
    look_at(where)
    return workspace


def checked(path: str, *, read_only: bool = False) -> Place:
    """The place a user typed. Raises :class:`InputError` for a file that is not inside the allowed
    folders.
    """
    return Place(server.checked(path), read_only)


def open_shared(where: Place) -> Workspace:
    """The server's one Workspace on this file. Raises what :class:`core.Workspace` raises."""
    return _open().open_shared(where.path, read_only=where.read_only)


def describe(ws: Workspace) -> None:
    """Which workspace this is and where it computes, small, for the sidebar."""
    lines = [
        f"<span class='gs-name'>{style.html(ws.path.stem)}</span>",
        f"<span class='gs-path'>{style.path_html(ws.path)}</span>",
    ]
    notes = ["open for reading only"] if ws.read_only else []
    device = ws.jobs.device()
    if device:
        notes.append(f"computes on {device}")
    if notes:
        lines.append(f"<span class='gs-soft'>{style.html(' · '.join(notes))}</span>")
    st.html(f"<div class='gs' style='display:grid'>{''.join(lines)}</div>")


def close_all() -> None:
    """Close every workspace: what runs becomes interrupted and can be resumed. When the server
    ends, and in tests.
    """
    _open().close_all()


@st.cache_resource(show_spinner=False, on_release=OpenWorkspaces.close_all)
def _open() -> OpenWorkspaces:
    """What this server has open. Kept by Streamlit: it outlives an edit of this file."""
    workspaces = OpenWorkspaces(lambda: new_engine())  # looked up late: tests put in another one
    atexit.register(workspaces.close_all)
    return workspaces


def _from_link(path: str, *, read_only: bool) -> Place:
    """The place that an address names; the default one where it may not be opened."""
    for own in (default_path(), sample_path()):
        if path == str(own):
            return Place(own, read_only)
    try:
        return checked(path, read_only=read_only)
    except GapscopeError:
        return Place(default_path())


def _leave() -> None:
    """What was chosen in another workspace means nothing in this one."""
    for key in ("comparison", "version", "study", "started_job"):
        st.session_state.pop(key, None)
