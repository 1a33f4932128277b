"""What a report reads: the shape of a workspace and a comparison, so that this floor need not know
the one above it.

``core.workspace.Workspace`` and ``core.workspace.comparison.Comparison`` have this shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

TABLES = (
    "points",
    "coverage",
    "gaps",
    "clusters",
    "versions",
    "metrics",
    "changes",
    "selftest",
    "splits",
)


class DatasetLike(Protocol):
    """A dataset: real images or one version."""

    @property
    def id(self) -> int: ...
    @property
    def version(self) -> str | None: ...
    @property
    def label(self) -> str: ...
    @property
    def folder(self) -> str: ...
    @property
    def images(self) -> int: ...
    @property
    def unreadable(self) -> int: ...


class RecordLike(Protocol):
    """What a comparison was made with."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def encoder(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def real_id(self) -> int: ...
    @property
    def version_ids(self) -> list[int]: ...
    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def real_fingerprint(self) -> str | None: ...
    @property
    def status(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def software(self) -> dict[str, str]: ...
    @property
    def seconds(self) -> dict[str, float]: ...


class ComparisonLike(Protocol):
    """A finished comparison's tables."""

    id: int

    @property
    def record(self) -> Any: ...
    @property
    def real(self) -> Any: ...
    @property
    def versions(self) -> Sequence[Any]: ...
    def points(self) -> pa.Table: ...
    def coverage(self, version: str | int) -> pa.Table: ...
    def absent(self, version: str | int) -> pa.Table: ...
    def gaps(self, version: str | int) -> pa.Table: ...
    def summary(self) -> pa.Table: ...
    def metrics(self) -> pa.Table: ...
    def changes(
        self, from_version: str | int | None = None, to_version: str | int | None = None
    ) -> pa.Table: ...
    def selftest(self) -> pa.Table: ...
    def clusters(self) -> pa.Table: ...
    def splits(self) -> pa.Table: ...


class WorkspaceLike(Protocol):
    """What a report asks of the workspace beyond the comparison."""

    def thumbnails(self, content_ids: Sequence[str]) -> dict[str, bytes]: ...
    def image_file(self, content_id: str) -> Path | None: ...
    def images(self, dataset: Any) -> pa.Table: ...
    def studies(self) -> Sequence[Any]: ...
    def study(self, study_id: int) -> Any: ...
    def jobs(self, limit: int = 500) -> Sequence[Any]: ...
    def job_path(self, job_id: str) -> Path: ...
    def comparisons(self) -> Sequence[Any]: ...


def read_tables(comparison: ComparisonLike) -> dict[str, pa.Table]:
    """Every result table, with the versions' names in it where the database has only their ids."""
    per_version: dict[str, list[pa.Table]] = {name: [] for name in ("coverage", "gaps")}
    for dataset in comparison.versions:
        for name, parts in per_version.items():
            table = getattr(comparison, name)(dataset.id)
            if "version_id" not in table.column_names:
                table = table.add_column(
                    0, "version_id", pa.array([dataset.id] * table.num_rows, pa.int32())
                )
            parts.append(
                table.add_column(
                    0, "version", pa.array([dataset.version] * table.num_rows, pa.string())
                )
            )
    return {
        "points": comparison.points(),
        **{
            name: pa.concat_tables(parts) if parts else pa.table({})
            for name, parts in per_version.items()
        },
        "clusters": comparison.clusters(),
        "versions": comparison.summary(),
        "metrics": comparison.metrics(),
        "changes": comparison.changes(),
        "selftest": comparison.selftest(),
        "splits": comparison.splits(),
    }
