"""Files written whole or not at all, and what a full disk is called.

Whatever another process may read (a job's outputs, a state, a report) is written beside its place
under a name of its own and then renamed, so that a file that is there is complete.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import StorageFull


@contextmanager
def storage_guard(path: Path) -> Iterator[None]:
    """Turn a full disk or quota into a :class:`StorageFull` that says where."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"The disk that holds {path} is full",
                "Free some space and resume the job: finished parts are kept.",
            ) from error
        raise


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON-lines file that may still grow; a line cut short while it is being
    written is left out.
    """
    found = []
    for line in path.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def read_table(path: Path) -> pa.Table:
    """A Parquet file as an Arrow table."""
    return pq.read_table(path)


def read_tables(paths: Iterable[Path]) -> Iterator[tuple[str, pa.Table]]:
    """Parquet files one after the other: name and table, never two in memory."""
    for path in paths:
        yield path.name, read_table(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    with storage_guard(path):
        part.write_bytes(data)
        part.replace(path)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file whole or not at all."""
    part = path.with_name(path.name + ".part")
    with storage_guard(path):
        pq.write_table(table, part, compression="zstd")
        part.replace(path)


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an npy file whole or not at all."""
    part = path.with_name(path.name + ".part")
    with storage_guard(path):
        with part.open("wb") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        part.replace(path)
