"""Datasets and their images."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from core.store.database import Database, insert_by_name, parquet_source


@dataclass(frozen=True)
class Dataset:
    """One image folder.

    ``domain`` is ``real`` or ``synthetic``; ``version`` the renderer release of a synthetic one;
    ``position`` its place in the versions' order; ``images`` and ``unreadable`` count files of the
    last scan (0 before it).
    """

    id: int
    name: str
    domain: str
    version: str | None
    folder: str
    labels: str | None
    position: int
    created_at: datetime
    scanned_at: datetime | None
    summary: dict[str, Any]
    images: int = 0
    unreadable: int = 0

    @property
    def label(self) -> str:
        """What to call it on screen: the version for a synthetic dataset, the name for a real one."""
        return self.version if self.domain == "synthetic" and self.version else self.name


_SELECT = """
SELECT d.*, coalesce(i.images, 0) AS images, coalesce(i.unreadable, 0) AS unreadable
FROM datasets d LEFT JOIN (
    SELECT dataset_id, count(*) FILTER (status = 'ok') AS images, count(*) FILTER (status <> 'ok') AS unreadable
    FROM images GROUP BY dataset_id) i ON i.dataset_id = d.id
"""


def _dataset(row: dict[str, Any]) -> Dataset:
    return Dataset(**{**row, "summary": json.loads(row["summary"] or "{}")})


def datasets(db: Database) -> list[Dataset]:
    """All datasets: the real ones first, then the versions in their order."""
    return [_dataset(row) for row in db.rows(_SELECT + " ORDER BY d.domain, d.position, d.id")]


def dataset(db: Database, dataset_id: int) -> Dataset | None:
    """One dataset by id, or None."""
    row = db.row(_SELECT + " WHERE d.id = ?", [dataset_id])
    return _dataset(row) if row else None


def add_dataset(
    db: Database, *, name: str, domain: str, version: str | None, folder: Path, labels: str | None
) -> int:
    """Insert a dataset at the end of the order; its id."""
    with db.transaction() as cursor:
        row = cursor.execute(
            """INSERT INTO datasets (name, domain, version, folder, labels, position, created_at)
               SELECT ?, ?, ?, ?, ?, coalesce(max(position), 0) + 1, now()::TIMESTAMP FROM datasets RETURNING id""",
            [name, domain, version, str(folder), labels],
        ).fetchone()
    assert row is not None
    return int(row[0])


def update_dataset(db: Database, dataset_id: int, **columns: Any) -> None:
    """Set columns of one dataset (name, version, labels, position)."""
    with db.transaction() as cursor:
        for name, value in columns.items():
            cursor.execute(f"UPDATE datasets SET {name} = ? WHERE id = ?", [value, dataset_id])


def remove_dataset(db: Database, dataset_id: int) -> None:
    """Forget a dataset and its image rows. Vectors and thumbnails stay: they belong to contents,
    not to folders.
    """
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM images WHERE dataset_id = ?", [dataset_id])
        cursor.execute("DELETE FROM datasets WHERE id = ?", [dataset_id])


def images(db: Database, dataset_id: int, *, readable: bool = False) -> pa.Table:
    """The image rows of a dataset in path order, all or only the readable ones."""
    condition = "AND status = 'ok'" if readable else ""
    return db.table(
        f"SELECT * EXCLUDE (dataset_id) FROM images WHERE dataset_id = ? {condition} ORDER BY path",
        [dataset_id],
    )


def replace_images(
    cursor: duckdb.DuckDBPyConnection, dataset_id: int, shards: list[Path], summary: dict[str, Any]
) -> None:
    """Put a scan's rows in place of the dataset's old ones. Contents known to be broken stay
    unreadable.
    """
    cursor.execute("DELETE FROM images WHERE dataset_id = ?", [dataset_id])
    if shards:
        insert_by_name(cursor, "images", parquet_source(shards), dataset_id=dataset_id)
    _mark_broken(cursor)
    cursor.execute(
        "UPDATE datasets SET scanned_at = now()::TIMESTAMP, summary = ? WHERE id = ?",
        [json.dumps(summary), dataset_id],
    )


def replace_labels(db: Database, dataset_id: int, labels: str | None, table: pa.Table) -> None:
    """Set class, bias and split of every image (``table``: path, class, bias, split) and remember
    the label source.
    """
    with db.transaction() as cursor:
        cursor.register("new_labels", table)
        cursor.execute(
            """UPDATE images SET class = n.class, bias = n.bias, split = n.split
                          FROM new_labels n WHERE images.path = n.path AND images.dataset_id = ?""",
            [dataset_id],
        )
        cursor.execute("UPDATE datasets SET labels = ? WHERE id = ?", [labels, dataset_id])
        cursor.unregister("new_labels")


def add_broken(cursor: duckdb.DuckDBPyConnection, source: str) -> None:
    """Remember contents that turned out to be broken (``source``: content_id, reason) and mark
    their images.
    """
    cursor.execute(f"""INSERT INTO broken SELECT content_id, reason FROM {source}
                       WHERE content_id NOT IN (SELECT content_id FROM broken)""")
    _mark_broken(cursor)


def _mark_broken(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute("""UPDATE images SET status = 'unreadable', reason = b.reason FROM broken b
                      WHERE images.content_id = b.content_id AND images.status = 'ok'""")


def fingerprint(db: Database, dataset_id: int) -> str:
    """A hash of a dataset's readable images and labels: equal when a comparison would see the same
    input.
    """
    table = images(db, dataset_id, readable=True).select(["path", "content_id", "class", "bias"])
    digest = hashlib.blake2b(digest_size=16)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        digest.update(
            "\x1f".join("" if part is None else part for part in row).encode(
                "utf-8", "surrogateescape"
            )
        )
        digest.update(b"\x1e")
    return digest.hexdigest()
