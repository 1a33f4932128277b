"""A comparison's tables as the pages need them: read once, kept, aligned row by row.

What comes from here is shared by all browser sessions: nobody changes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.workspace import Comparison

SPACES = {  # what the map can show: (2-D columns, 3-D columns or None, cluster column)
    "Look removed": (("ax", "ay"), ("ax3", "ay3", "az3"), "acluster"),
    "As it is": (("x", "y"), ("x3", "y3", "z3"), "cluster"),
    "Each alone": (("sx", "sy"), None, "scluster"),
}


@dataclass(frozen=True, eq=False)
class Points:
    """Every image of a comparison, one row each: real ones first, then version by version.

    ``columns``: the points table as NumPy arrays (strings as objects, None where unknown).
    ``real``: bool (n,). ``group``: index into ``groups`` (n,), 0 for the real images. ``groups``:
    labels, the real dataset's name first.
    """

    columns: dict[str, np.ndarray]
    real: np.ndarray
    group: np.ndarray
    groups: tuple[str, ...]
    ids: tuple[int, ...]
    _values: dict[str, tuple[str, ...]] = field(default_factory=dict)  # filled when asked for

    def __len__(self) -> int:
        return len(self.real)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def known(self, name: str) -> bool:
        """Whether any image has a value of this column."""
        column = self.columns.get(name)
        if column is None:
            return False
        return (
            bool(np.isfinite(column).any()) if column.dtype.kind == "f" else bool(self.values(name))
        )

    def values(self, name: str) -> tuple[str, ...]:
        """The different values of a column of names, sorted."""
        if name not in self._values:
            self._values[name] = tuple(
                sorted({str(value) for value in self.columns[name].tolist() if value is not None})
            )
        return self._values[name]

    def place(self, columns: Sequence[str]) -> np.ndarray:
        """Coordinates (n, 2) or (n, 3); NaN where an image has none."""
        return np.column_stack([self.columns[name] for name in columns]).astype(np.float64)


def comparison_key(comparison: Comparison) -> tuple[int, str]:
    """What a comparison's results are known by: they never change while this stays the same."""
    return comparison.id, str(comparison.record.finished_at)


def points(ws: Workspace, comparison: Comparison) -> Points:
    """Every image with its coordinates, clusters and predictions."""
    return _points(comparison, str(ws.path), comparison_key(comparison))


def coverage(ws: Workspace, comparison: Comparison, version_id: int) -> pa.Table:
    """Every real image's coverage by one version, the most absent first."""
    return _coverage(comparison, str(ws.path), comparison_key(comparison), version_id)


def gap_rows(ws: Workspace, comparison: Comparison, version_id: int) -> list[dict]:
    """The gaps of one version, the most absent first."""
    return _gaps(comparison, str(ws.path), comparison_key(comparison), version_id)


def ranking(ws: Workspace, comparison: Comparison, version_id: int) -> dict[str, np.ndarray]:
    """:func:`coverage` as arrays without ``nearest_ids``, and ``gap``: the name of the gap an
    absent image is in, or None.
    """
    return _ranking(ws, comparison, str(ws.path), comparison_key(comparison), version_id)


def coverage_of_points(
    ws: Workspace, comparison: Comparison, version_id: int
) -> dict[str, np.ndarray]:
    """``score`` (NaN for synthetic images) and ``absent`` (bool), one value for each of
    :func:`points`.
    """
    return _aligned(ws, comparison, str(ws.path), comparison_key(comparison), version_id)


def paths_by_content(ws: Workspace, comparison: Comparison, version_id: int) -> dict[str, str]:
    """One path for each content of a version."""
    found = points(ws, comparison)
    mine = found["dataset_id"] == version_id
    return dict(zip(found["content_id"][mine].tolist(), found["path"][mine].tolist(), strict=True))


def column_array(column: pa.ChunkedArray) -> np.ndarray:
    """An Arrow column as NumPy: integers as int64 with -1 for null, other numbers as float64 with
    NaN, else objects.
    """
    if pa.types.is_integer(column.type):
        return column.fill_null(-1).to_numpy().astype(np.int64)
    if pa.types.is_floating(column.type):
        return column.to_numpy().astype(np.float64)
    if pa.types.is_boolean(column.type):
        return column.fill_null(False).to_numpy()
    return np.array(column.to_pylist(), dtype=object)


@st.cache_resource(show_spinner=False, max_entries=8)
def _points(_comparison: Comparison, path: str, key: tuple[int, str]) -> Points:
    table = _comparison.points()
    columns = {
        name: column_array(table.column(name))
        for name in table.column_names
        if name not in ("dataset", "domain")
    }
    versions = _comparison.versions
    order: list[Dataset] = [_comparison.real, *versions]
    group = np.full(table.num_rows, 0, np.int64)
    for index, dataset in enumerate(order):
        group[columns["dataset_id"] == dataset.id] = index
    return Points(
        columns,
        group == 0,
        group,
        tuple(dataset.label for dataset in order),
        tuple(dataset.id for dataset in order),
    )


@st.cache_resource(show_spinner=False, max_entries=24)
def _coverage(
    _comparison: Comparison, path: str, key: tuple[int, str], version_id: int
) -> pa.Table:
    return _comparison.coverage(version_id)


@st.cache_resource(show_spinner=False, max_entries=24)
def _gaps(_comparison: Comparison, path: str, key: tuple[int, str], version_id: int) -> list[dict]:
    return _comparison.gaps(version_id).to_pylist()


@st.cache_resource(show_spinner=False, max_entries=24)
def _ranking(
    _ws: Workspace, _comparison: Comparison, path: str, key: tuple[int, str], version_id: int
) -> dict[str, np.ndarray]:
    table = coverage(_ws, _comparison, version_id).drop_columns(["nearest_ids"])
    columns = {name: column_array(table.column(name)) for name in table.column_names}
    names = {gap["cluster"]: gap["name"] for gap in gap_rows(_ws, _comparison, version_id)}
    gaps = [
        names.get(cluster) if absent else None
        for cluster, absent in zip(
            columns["cluster"].tolist(), columns["absent"].tolist(), strict=True
        )
    ]
    return {**columns, "gap": np.array(gaps, dtype=object)}


@st.cache_resource(show_spinner=False, max_entries=24)
def _aligned(
    _ws: Workspace, _comparison: Comparison, path: str, key: tuple[int, str], version_id: int
) -> dict[str, np.ndarray]:
    found = points(_ws, _comparison)
    table = coverage(_ws, _comparison, version_id)
    row_of = {path: row for row, path in enumerate(found["path"].tolist()) if found.real[row]}
    rows = np.array([row_of.get(path, -1) for path in table.column("path").to_pylist()], np.int64)
    there = rows >= 0
    score, absent = np.full(len(found), np.nan), np.zeros(len(found), bool)
    score[rows[there]] = column_array(table.column("score"))[there]
    absent[rows[there]] = column_array(table.column("absent"))[there]
    return {"score": score, "absent": absent}
