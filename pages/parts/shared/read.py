"""A comparison's results as the pages need them: read once, kept, rows of the contracts, arrays
aligned row by row.

What comes from here is shared by all browser sessions: nobody changes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.comparison import (
    ClusterRow,
    CoverageRow,
    GroupRow,
    LabelCountRow,
    LabelledCoverageRow,
    LabelNoteRow,
    MetricRow,
    SelfTestRow,
    SplitRow,
    SurplusGroupRow,
    SurplusRow,
    VersionRow,
)
from core.contracts.derive import columns, read_rows
from core.contracts.words import Space
from core.workspace import Comparison
from pages.parts.shared.plots import group_colours

Row = TypeVar(
    "Row",
    LabelCountRow,
    LabelNoteRow,
    MetricRow,
    SelfTestRow,
    SplitRow,
    SurplusGroupRow,
    SurplusRow,
    VersionRow,
)
Key = tuple[str, int, str]
"""What a comparison's results are known by: the workspace's path, the comparison, and when it was
done, with the names typed for it. They never change while this stays the same.
"""
TYPED = "typed"  # the column of points with the classes among typed names


@dataclass(frozen=True, eq=False)
class Points:
    """Every image of a comparison, one row each: real ones first, then version by version.

    ``columns``: the points table as NumPy arrays (strings as objects, None where unknown).
    ``real``: bool (n,). ``group``: index into ``groups`` (n,), 0 for the real images. ``groups``:
    labels, the real dataset's name first; ``ids``: their dataset ids.
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
        if column.dtype.kind == "f":
            return bool(np.isfinite(column).any())
        return bool(self.values(name))

    def values(self, name: str) -> tuple[str, ...]:
        """The different values of a column of names, sorted."""
        if name not in self._values:
            known = {str(value) for value in self.columns[name].tolist() if value is not None}
            self._values[name] = tuple(sorted(known))
        return self._values[name]

    def place(self, names: Sequence[str]) -> np.ndarray:
        """Coordinates (n, 2) or (n, 3); NaN where an image has none."""
        return np.column_stack([self.columns[name] for name in names]).astype(np.float64)

    def label(self, row: int) -> str:
        """The label of an image's dataset."""
        return self.groups[self.group[row]]

    @property
    def colours(self) -> dict[str, str]:
        """The colour of each dataset by its label."""
        return group_colours(self.groups)


@dataclass(frozen=True, eq=False)
class Coverage:
    """How a version covers each real image, the most absent first: the columns of
    :class:`~core.contracts.comparison.LabelledCoverageRow` as arrays (n,), and ``gap``, the name of
    the gap that an absent image is in, or None.
    """

    path: np.ndarray
    content_id: np.ndarray
    score: np.ndarray
    distance: np.ndarray
    nearest_path: np.ndarray
    nearest_id: np.ndarray
    tier: np.ndarray
    absent: np.ndarray
    single: np.ndarray
    outside: np.ndarray
    outside_aligned: np.ndarray
    q: np.ndarray
    rank: np.ndarray
    cluster: np.ndarray
    group_id: np.ndarray
    class_: np.ndarray
    bias: np.ndarray
    gap: np.ndarray

    def __len__(self) -> int:
        return len(self.path)


@dataclass(frozen=True, eq=False)
class OnPoints:
    """A version's coverage beside :class:`Points`: ``score`` (n,), NaN for synthetic images,
    ``absent`` bool (n,), and ``tier`` (n,), None for synthetic images.
    """

    score: np.ndarray
    absent: np.ndarray
    tier: np.ndarray


@dataclass(frozen=True, eq=False)
class Scene:
    """What a page shows: a comparison of a workspace, as one version covers it."""

    ws: Workspace
    comparison: Comparison
    version_id: int

    @cached_property
    def key(self) -> Key:
        """What the comparison's results are known by."""
        return comparison_key(self.ws, self.comparison)

    @property
    def version(self) -> Dataset:
        """The version's dataset."""
        return next(one for one in self.comparison.versions if one.id == self.version_id)

    @property
    def points(self) -> Points:
        """Every image with its coordinates, clusters and predictions."""
        return _points(self.ws, self.comparison, self.key)

    @property
    def coverage(self) -> Coverage:
        """Every real image's coverage by the version, the most absent first."""
        return _coverage(self.comparison, self.key, self.version_id)

    @property
    def on_points(self) -> OnPoints:
        """The version's coverage beside :attr:`points`."""
        return _on_points(self.ws, self.comparison, self.key, self.version_id)

    @property
    def summary(self) -> VersionRow | None:
        """What is said of the version as a whole; None where the comparison has no such result."""
        return next(iter(self._rows(VersionRow)), None)

    @property
    def gaps(self) -> list[GroupRow]:
        """The version's groups of real images, the most absent first."""
        rows = _groups(self.comparison, self.key)
        return [one for one in rows if one.version_id == self.version_id]

    @property
    def label_counts(self) -> list[LabelCountRow]:
        """Real against rendered images of every label that both sides know."""
        return self._rows(LabelCountRow)

    @property
    def label_notes(self) -> list[LabelNoteRow]:
        """What to know of the labels' columns."""
        return self._rows(LabelNoteRow)

    @property
    def metrics(self) -> list[MetricRow]:
        """The version's metrics, of every scope."""
        return self._rows(MetricRow)

    @property
    def selftest(self) -> list[SelfTestRow]:
        """The gaps that were injected for the version."""
        return self._rows(SelfTestRow)

    @property
    def splits(self) -> list[SplitRow]:
        """The classes of the version, the most split first."""
        return self._rows(SplitRow)

    @property
    def surplus(self) -> list[SurplusRow]:
        """The synthetic images that no real image is near, the farthest first."""
        return self._rows(SurplusRow)

    @property
    def surplus_groups(self) -> list[SurplusGroupRow]:
        """The groups that those are in, the largest first."""
        return self._rows(SurplusGroupRow)

    @property
    def clusters(self) -> list[ClusterRow]:
        """How many images of each dataset each cluster holds, by space."""
        return _clusters(self.comparison, self.key)

    def cluster_names(self, space: Space) -> dict[int, str]:
        """What the clusters of a space are called, by content."""
        return _cluster_names(self.comparison, self.key, space)

    def of(self, version_id: int) -> Scene:
        """The same comparison as another version covers it."""
        return Scene(self.ws, self.comparison, version_id)

    def coverage_row(self, path: str) -> CoverageRow | None:
        """How the version covers one real image, with its five nearest synthetic images."""
        table = _coverage_table(self.comparison, self.key, self.version_id)
        return next(
            iter(read_rows(CoverageRow, table.filter(pc.equal(table.column("path"), path)))), None
        )

    def row_of(self, path: str) -> int | None:
        """The row of a real image in :attr:`points`."""
        rows = np.flatnonzero((self.points["path"] == path) & self.points.real)
        return int(rows[0]) if len(rows) else None

    def rows_of(self, paths: Sequence[str]) -> list[int]:
        """The rows of some real images in :attr:`points`, in this order; those that are not there
        are left out.
        """
        rows = real_rows(self.points)
        return [rows[path] for path in paths if path in rows]

    def row_of_content(self, content_id: str, dataset_id: int) -> int | None:
        """The row of a dataset's first image with this content in :attr:`points`."""
        points = self.points
        same = (points["content_id"] == content_id) & (points["dataset_id"] == dataset_id)
        rows = np.flatnonzero(same)
        return int(rows[0]) if len(rows) else None

    def paths_by_content(self) -> dict[str, str]:
        """One path for each content of the version."""
        points = self.points
        mine = points["dataset_id"] == self.version_id
        return dict(
            zip(points["content_id"][mine].tolist(), points["path"][mine].tolist(), strict=True)
        )

    def _rows(self, row: type[Row]) -> list[Row]:
        rows = _rows(self.comparison, self.key, row, row.TABLE)
        return [one for one in rows if one.version_id == self.version_id]


def comparison_key(ws: Workspace, comparison: Comparison) -> Key:
    """What a comparison's results are known by."""
    named = ws.typed_classes.stamp(comparison)
    return str(ws.path), comparison.id, f"{comparison.record.finished_at} {named}".rstrip()


def real_rows(points: Points) -> dict[str, int]:
    """The row of each real image by its path."""
    return {path: row for row, path in enumerate(points["path"].tolist()) if points.real[row]}


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
def _points(_ws: Workspace, _comparison: Comparison, key: Key) -> Points:
    table = _comparison.points()
    arrays = {
        name: column_array(table.column(name))
        for name in table.column_names
        if name not in ("dataset", "domain", "version")
    }
    order = [_comparison.real, *_comparison.versions]
    group = np.zeros(table.num_rows, np.int64)
    for index, dataset in enumerate(order):
        group[arrays["dataset_id"] == dataset.id] = index
    arrays |= _typed(_ws, _comparison, arrays["content_id"])
    return Points(
        arrays,
        group == 0,
        group,
        tuple(dataset.label for dataset in order),
        tuple(dataset.id for dataset in order),
    )


def _typed(ws: Workspace, comparison: Comparison, contents: np.ndarray) -> dict[str, np.ndarray]:
    """The class among typed names and its confidence for each content, as columns; none where no
    names were typed.
    """
    if not ws.typed_classes.names(comparison):
        return {}
    table = ws.typed_classes.by_content(comparison)
    found = dict(
        zip(
            table.column("content_id").to_pylist(),
            zip(
                table.column("class").to_pylist(),
                column_array(table.column("confidence")).tolist(),
                strict=True,
            ),
            strict=True,
        )
    )
    rows = [found.get(content, (None, np.nan)) for content in contents.tolist()]
    return {
        TYPED: np.array([name for name, _ in rows], dtype=object),
        f"{TYPED}_confidence": np.array([sure for _, sure in rows], np.float64),
    }


@st.cache_resource(show_spinner=False, max_entries=48)
def _rows(_comparison: Comparison, key: Key, _row: type[Row], table: str) -> list[Row]:
    """The rows of one result table; ``table`` names it for the cache."""
    read = {
        LabelCountRow: _comparison.label_counts,
        LabelNoteRow: _comparison.label_notes,
        MetricRow: _comparison.metrics,
        SelfTestRow: _comparison.selftest,
        SplitRow: _comparison.splits,
        SurplusGroupRow: _comparison.surplus_groups,
        SurplusRow: _comparison.surplus,
        VersionRow: _comparison.summary,
    }
    return read_rows(_row, read[_row]())


@st.cache_resource(show_spinner=False, max_entries=16)
def _groups(_comparison: Comparison, key: Key) -> list[GroupRow]:
    """The groups of every version, each under its one name."""
    return [row for one in _comparison.versions for row in _comparison.group_rows(one.id)]


@st.cache_resource(show_spinner=False, max_entries=8)
def _clusters(_comparison: Comparison, key: Key) -> list[ClusterRow]:
    return _comparison.cluster_rows()


@st.cache_resource(show_spinner=False, max_entries=24)
def _cluster_names(_comparison: Comparison, key: Key, space: Space) -> dict[int, str]:
    return _comparison.cluster_names(space)


@st.cache_resource(show_spinner=False, max_entries=24)
def _coverage_table(_comparison: Comparison, key: Key, version_id: int) -> pa.Table:
    return _comparison.coverage(version_id)


@st.cache_resource(show_spinner=False, max_entries=24)
def _coverage(_comparison: Comparison, key: Key, version_id: int) -> Coverage:
    table = _coverage_table(_comparison, key, version_id)
    arrays = {
        column.attribute: column_array(table.column(column.name))
        for column in columns(LabelledCoverageRow)
        if column.attribute in Coverage.__dataclass_fields__
    }
    gaps = _groups(_comparison, key)
    names = {gap.group_id: gap.name for gap in gaps if gap.version_id == version_id}
    gap_of = [
        names.get(group_id) if absent else None
        for group_id, absent in zip(
            arrays["group_id"].tolist(), arrays["absent"].tolist(), strict=True
        )
    ]
    return Coverage(**arrays, gap=np.array(gap_of, dtype=object))


@st.cache_resource(show_spinner=False, max_entries=24)
def _on_points(_ws: Workspace, _comparison: Comparison, key: Key, version_id: int) -> OnPoints:
    points = _points(_ws, _comparison, key)
    coverage = _coverage(_comparison, key, version_id)
    row_of = real_rows(points)
    rows = np.array([row_of.get(path, -1) for path in coverage.path.tolist()], np.int64)
    there = rows >= 0
    score, absent = np.full(len(points), np.nan), np.zeros(len(points), bool)
    score[rows[there]] = coverage.score[there]
    tier = np.full(len(points), None, object)
    absent[rows[there]] = coverage.absent[there]
    tier[rows[there]] = coverage.tier[there]
    return OnPoints(score, absent, tier)
