"""The workspaces that one server process keeps open, one for each database file, shared by all who
look at it.

DuckDB has one writer process and takes one mode for a file within it, so whoever serves several
people opens each file once and hands the same :class:`Workspace` to all of them. A workspace stays
open until the server ends: others may be using it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from core.errors import InputError
from core.images.roots import check_inside
from core.jobs.engines import Engine, WorkerEngine
from core.jobs.worker import warm_up
from core.settings import settings
from core.workspace.client import Workspace

WARM_AFTER = 3.0  # seconds: the first page comes first
SAMPLE_NAME = "sample.duckdb"
DEFAULT_NAME = "gapscope.duckdb"  # of the database in a folder that was named instead of a file


def new_engine() -> Engine:
    """Where a server's jobs run: worker processes beside it, as many as GAPSCOPE_PARALLEL says."""
    return WorkerEngine(capacity=settings().parallel)


def default_path() -> Path:
    """The workspace that is used where the user names none."""
    return settings().default_workspace.resolve()


def sample_path() -> Path:
    """The sample project's own workspace, beside the default one."""
    return default_path().with_name(SAMPLE_NAME)


def checked(path: str) -> Path:
    """The database file that a user typed, inside the folders that users may look into; for a
    folder the one of the usual name in it.

    Raises :class:`InputError` for nothing typed and for a file outside the roots, or in a folder
    that is not there.
    """
    if not path.strip():
        raise InputError(
            "No workspace was named", "Type the path of a .duckdb file, there or to be made."
        )
    file = Path(path.strip()).expanduser()
    if file.is_dir():
        file = file / DEFAULT_NAME
    return check_inside(file.parent, settings().allowed_roots) / file.name


class OpenWorkspaces:
    """Every open workspace of this process, by its database file. Safe to use from many threads.

    ``engine``: makes the engine of a workspace that is opened for writing.
    """

    def __init__(self, engine: Callable[[], Engine] = new_engine) -> None:
        self._engine = engine
        self._open: dict[Path, Workspace] = {}
        self._lock = threading.Lock()

    def open_shared(self, path: Path, *, read_only: bool = False) -> Workspace:
        """The one Workspace on this file, opened now where nobody has it open.

        Raises what :class:`Workspace` raises, and :class:`InputError` where the file is open in the
        other mode.
        """
        with self._lock:
            known = self._open.get(path)
            if known is None:
                self._open[path] = known = self._opened(path, read_only)
            elif known.read_only != read_only:
                mode = "reading only" if known.read_only else "writing"
                raise InputError(
                    f"{path} is open for {mode} in this app already", "Open it the same way."
                )
            return known

    def close_all(self) -> None:
        """Close every workspace: what runs becomes interrupted and can be resumed."""
        with self._lock:
            while self._open:
                _, workspace = self._open.popitem()
                workspace.close()

    def _opened(self, path: Path, read_only: bool) -> Workspace:
        if read_only:
            return Workspace(path, read_only=True, confined=True, progress=False)
        engine = self._engine()
        workspace = Workspace(path, engine=engine, confined=True, progress=False)
        _warm(engine)
        return workspace


def _warm(engine: Engine) -> None:
    """Let a worker import what the first comparison needs, while the user looks around."""
    if isinstance(engine, WorkerEngine):
        timer = threading.Timer(WARM_AFTER, lambda: engine.warm(warm_up))
        timer.daemon = True
        timer.start()
