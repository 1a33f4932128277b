"""A job is a folder: everything a task reads and everything it writes.

::

    <job>/
        spec.json          what to do: {"kind": "embed", ...parameters}
        inputs/            npy and Parquet that the workspace wrote before the job started
        outputs/           what the task wrote; a file that is there is complete (written aside,
                           then renamed)
        progress.jsonl     one line per report: stage, done, total, rate, note, time
        log.txt            what the task wants to tell
        cancel             appears when the user cancels
        failure.json       appears when the task failed: {"what", "remedy", "trace"}

A task sees only its folder and never opens DuckDB. So the same task runs in this process, in a warm
worker or on another machine over shared storage, it can be killed at any moment and run again on
the same folder, and its result can be checked by looking.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.contracts import derive, specs
from core.contracts.catalog import Progress
from core.errors import GapscopeError, JobCancelled
from core.files import storage_guard, write_array, write_table, write_text

REPORT_EVERY = 0.25  # seconds between two lines of progress.jsonl within one stage

T = TypeVar("T")


class JobFolder:
    """One job's folder on disk. Cheap to make: nothing is read until asked for."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._stage = ""
        self._stage_started = 0.0
        self._stage_first = 0
        self._last_report = 0.0
        # hears reports where the job runs in this process
        self.listener: Callable[[Progress], None] | None = None

    @classmethod
    def create(cls, path: Path | str, spec: Any) -> JobFolder:
        """Make the folder and write ``spec.json``: a spec of :mod:`core.contracts` (or a dictionary
        with ``kind`` in it) as JSON.
        """
        folder = cls(path)
        if is_dataclass(spec) and not isinstance(spec, type):
            spec = {"kind": spec.KIND, **specs.to_json(spec)}  # type: ignore[attr-defined]
        with storage_guard(folder.path):
            for part in ("inputs", "outputs"):
                (folder.path / part).mkdir(parents=True, exist_ok=True)
            write_text(folder.path / "spec.json", json.dumps(spec, indent=1, sort_keys=True))
        return folder

    # --- what to do -------------------------------------------------------------------------------

    @property
    def prepared(self) -> bool:
        """Whether :meth:`create` was here."""
        return (self.path / "spec.json").exists()

    @property
    def spec(self) -> dict[str, Any]:
        """The parameters, as written by :meth:`create`."""
        return json.loads((self.path / "spec.json").read_text("utf-8"))

    def read_spec(self, spec: type[T]) -> T:
        """The parameters as the spec that they were written from."""
        values = {name: value for name, value in self.spec.items() if name != "kind"}
        return specs.from_json(spec, values)

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file from ``outputs/``."""
        return json.loads(self.output(name).read_text("utf-8"))

    def input(self, name: str) -> Path:
        """Path of an input file, for example ``images.parquet``."""
        return self.path / "inputs" / name

    def output(self, name: str) -> Path:
        """Path of an output file, for example ``points.parquet``."""
        return self.path / "outputs" / name

    # --- plain data in and out --------------------------------------------------------------------

    def read_table(self, name: str) -> pa.Table:
        """An Arrow table from ``inputs/``."""
        return pq.read_table(self.input(name))

    def read_array(self, name: str, *, mmap: bool = True) -> np.ndarray:
        """An array from ``inputs/``, memory-mapped unless asked otherwise."""
        return np.load(self.input(name), mmap_mode="r" if mmap else None, allow_pickle=False)

    def write_input_table(self, name: str, table: pa.Table) -> None:
        """Write an Arrow table into ``inputs/`` (the workspace's side)."""
        write_table(self.input(name), table)

    def write_input_array(self, name: str, array: np.ndarray) -> None:
        """Write an array into ``inputs/`` (the workspace's side)."""
        write_array(self.input(name), array)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write an Arrow table into ``outputs/``, whole or not at all."""
        write_table(self.output(name), table)

    def write_rows(self, row: type, table: pa.Table) -> None:
        """Write a table of a row contract into ``outputs/`` under its name, whole or not at all.

        Raises :class:`~core.errors.ContractError` for a missing or surplus column.
        """
        name = f"{derive.table_name(row)}.parquet"
        write_table(self.output(name), derive.conform(row, table))

    def write_array(self, name: str, array: np.ndarray) -> None:
        """Write an array into ``outputs/``, whole or not at all."""
        write_array(self.output(name), array)

    def write_json(self, name: str, value: Any) -> None:
        """Write JSON into ``outputs/``, whole or not at all."""
        with storage_guard(self.path):
            write_text(self.output(name), json.dumps(value, indent=1))

    def outputs(self, pattern: str) -> list[Path]:
        """Finished output files that match a glob pattern, in name order."""
        return sorted(
            path
            for path in (self.path / "outputs").glob(pattern)
            if not path.name.endswith(".part")
        )

    # --- telling and being told -------------------------------------------------------------------

    def report(self, stage: str, done: int = 0, total: int = 0, note: str = "") -> None:
        """Tell how far the job is, and stop it if the user cancelled.

        Call it as often as you like: a line is written at most every 0.25 s within a stage, always
        at a stage's beginning and end. Raises :class:`JobCancelled`.
        """
        self.raise_if_cancelled()
        now = time.time()
        if stage != self._stage:
            self._stage, self._stage_started, self._stage_first = stage, now, done
        elif now - self._last_report < REPORT_EVERY and not (total and done >= total):
            return
        elapsed = now - self._stage_started
        rate = (done - self._stage_first) / elapsed if elapsed > 0 else 0.0
        left = (total - done) / rate if rate > 0 and total else None
        self._last_report = now
        progress = Progress(stage, done, total, rate, left, note, now)
        if self.listener is not None:
            self.listener(progress)
        line = json.dumps(asdict(progress))
        with (
            storage_guard(self.path),
            (self.path / "progress.jsonl").open("a", encoding="utf-8") as file,
        ):
            file.write(line + "\n")

    def progress(self) -> Progress | None:
        """The newest report, or None before the first. Reads only the file's end."""
        try:
            with (self.path / "progress.jsonl").open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - 4096))
                lines = file.read().splitlines()
        except FileNotFoundError:
            return None
        for line in reversed(lines):
            try:
                return Progress(**json.loads(line))
            except (ValueError, TypeError):
                continue  # a line cut short by a kill, or by our window
        return None

    def log(self, text: str) -> None:
        """Append one line to ``log.txt`` with the time."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        with storage_guard(self.path), (self.path / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{stamp}  {text.rstrip()}\n")

    def read_log(self, last: int = 400) -> str:
        """The last lines of ``log.txt``."""
        try:
            lines = (self.path / "log.txt").read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return "\n".join(lines[-last:])

    def cancel(self) -> None:
        """Ask the task to stop at its next report."""
        (self.path / "cancel").touch()

    def clear_cancel(self) -> None:
        """Forget an earlier cancel and failure, before a resume."""
        for name in ("cancel", "failure.json"):
            (self.path / name).unlink(missing_ok=True)

    def raise_if_cancelled(self) -> None:
        """Raise :class:`JobCancelled` if the user asked for it."""
        if (self.path / "cancel").exists():
            raise JobCancelled(
                "The job was cancelled", "Resume it from the Jobs page; finished parts are kept."
            )

    def fail(self, error: BaseException) -> None:
        """Write ``failure.json``: plain words for the user, the trace for the log."""
        what = (
            error.what if isinstance(error, GapscopeError) else f"{type(error).__name__}: {error}"
        )
        remedy = (
            error.remedy
            if isinstance(error, GapscopeError)
            else ("This is a fault in Gapscope or its libraries: see the job's log.")
        )
        trace = "".join(traceback.format_exception(error))
        write_text(
            self.path / "failure.json",
            json.dumps(
                {"type": type(error).__name__, "what": what, "remedy": remedy, "trace": trace}
            ),
        )
        if not isinstance(error, GapscopeError):
            self.log(trace)

    def failure(self) -> dict[str, str] | None:
        """What :meth:`fail` wrote, or None."""
        try:
            return json.loads((self.path / "failure.json").read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None
