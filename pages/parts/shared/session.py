"""The workspace behind the screen: one for each server process and database file, shared by all
browser sessions.

Each browser session looks at one workspace (the default one, until another is opened on the Home
page); the address bar keeps its path, so that a reload or a sent link shows the same one. A
workspace stays open until the server ends: others may be using it.
"""

from __future__ import annotations

import atexit
import threading
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import Workspace
from core.errors import GapscopeError, InputError
from core.images.roots import check_inside
from core.jobs.engines import Engine, WorkerEngine
from core.jobs.worker import warm_up
from core.settings import settings
from pages.parts.shared import errors, navigation, style

WARM_AFTER = 3.0  # seconds: the first page comes first
_PLACE = "workspace_place"
_open: dict[Path, Workspace] = {}
_opening = threading.Lock()


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
    """Which workspace this browser session looks at."""
    if _PLACE not in st.session_state:
        named = st.query_params.get("workspace")
        st.session_state[_PLACE] = _from_link(named) if named else Place(default_path())
    return st.session_state[_PLACE]


def look_at(where: Place) -> None:
    """Let this browser session look at another workspace from its next run on."""
    st.session_state[_PLACE] = where
    st.query_params.clear()
    for key in ("comparison", "started_job"):
        st.session_state.pop(key, None)


def keep_in_address() -> None:
    """Write the workspace's path into the address bar, unless it is the default one."""
    where = place()
    if where.path != default_path() and st.query_params.get("workspace") != str(where.path):
        st.query_params["workspace"] = str(where.path)


def default_path() -> Path:
    """The workspace that is used where the user names none."""
    return settings().default_workspace.resolve()


def checked(path: str, *, read_only: bool = False) -> Place:
    """The place a user typed. Raises :class:`InputError` for a file that is not inside the allowed
    folders.
    """
    if not path.strip():
        raise InputError(
            "No workspace was named", "Type the path of a .duckdb file, there or to be made."
        )
    file = Path(path.strip()).expanduser()
    if file.is_dir():
        file = file / "gapscope.duckdb"
    return Place(check_inside(file.parent, settings().allowed_roots) / file.name, read_only)


def open_shared(where: Place) -> Workspace:
    """The server's one Workspace on this file. Raises what :class:`core.Workspace` raises."""
    return _shared(str(where.path), where.read_only)


def new_engine() -> Engine:
    """Where the app's jobs run: worker processes beside the server."""
    return WorkerEngine(capacity=settings().parallel)


def _warm(engine: Engine) -> None:
    """Let a worker import what the first comparison needs, while the user looks around."""
    if isinstance(engine, WorkerEngine):
        timer = threading.Timer(WARM_AFTER, lambda: engine.warm(warm_up))
        timer.daemon = True
        timer.start()


def describe(ws: Workspace) -> None:
    """Which workspace this is and where it computes, small, for the sidebar."""
    lines = [
        f"<span class='gs-name'>{style.html(ws.path.stem)}</span>",
        f"<span class='gs-path'>{style.html(ws.path)}</span>",
    ]
    told = ["open for reading only"] if ws.read_only else []
    device = next(
        (job.result["device"] for job in ws.jobs.list(100) if job.result.get("device")), None
    )
    if device:
        told.append(f"computes on {device}")
    if told:
        lines.append(f"<span class='gs-soft'>{style.html(' · '.join(told))}</span>")
    st.html(f"<div class='gs' style='display:grid'>{''.join(lines)}</div>")


def close_all() -> None:
    """Close every workspace: what runs becomes interrupted and can be resumed. When the server
    ends, and in tests.
    """
    _shared.clear()
    for opened in list(_open.values()):
        opened.close()
    _open.clear()


def _release(opened: Workspace) -> None:
    if _open.pop(opened.path, None) is not None:
        opened.close()


@st.cache_resource(show_spinner=False, on_release=_release)
def _shared(path: str, read_only: bool) -> Workspace:
    file = Path(path)
    with _opening:
        if file in _open:  # DuckDB takes one mode for a file in one process
            mode = "reading only" if _open[file].read_only else "writing"
            raise InputError(
                f"{file} is open for {mode} in this app already", "Open it the same way."
            )
        if read_only:
            opened = Workspace(file, read_only=True, confined=True, progress=False)
        else:
            engine = new_engine()
            opened = Workspace(file, engine=engine, confined=True, progress=False)
            _warm(engine)
        _open[file] = opened
    return opened


def _from_link(path: str) -> Place:
    try:
        return checked(path)
    except GapscopeError:
        return Place(default_path())


atexit.register(close_all)
