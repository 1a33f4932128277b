"""Datasets and their images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from core.contracts.catalog import BrokenRow, Dataset, DatasetRow, ImageRow
from core.contracts.derive import read_rows
from core.contracts.words import Domain
from core.files import read_tables
from core.store.database import Database, insert

_SELECT = """
SELECT d.*, coalesce(i.images, 0) AS images, coalesce(i.unreadable, 0) AS unreadable
FROM datasets d LEFT JOIN (
    SELECT dataset_id, count(*) FILTER (status = 'ok') AS images,
           count(*) FILTER (status <> 'ok') AS unreadable
    FROM images GROUP BY dataset_id) i ON i.dataset_id = d.id
"""


def datasets(db: Database) -> list[Dataset]:
    """All datasets that were not removed: the real ones first, then the versions in their
    order.
    """
    return db.records(
        DatasetRow,
        Dataset,
        _SELECT + " WHERE d.removed_at IS NULL ORDER BY d.domain, d.position, d.id",
    )


def dataset(db: Database, dataset_id: int) -> Dataset | None:
    """One dataset by id, removed or not, or None."""
    rows = db.records(DatasetRow, Dataset, _SELECT + " WHERE d.id = ?", [dataset_id])
    return rows[0] if rows else None


def add_dataset(
    db: Database,
    *,
    name: str,
    domain: Domain,
    version: str | None,
    folder: Path,
    labels: str | None,
) -> int:
    """Insert a dataset at the end of the order; its id."""
    with db.transaction() as cursor:
        row = cursor.execute(
            """INSERT INTO datasets (name, domain, version, folder, labels, position, created_at)
               SELECT ?, ?, ?, ?, ?, coalesce(max(position), 0) + 1, now()::TIMESTAMP
               FROM datasets RETURNING id""",
            [name, domain, version, str(folder), labels],
        ).fetchone()
    assert row is not None
    return int(row[0])


def set_position(db: Database, dataset_id: int, position: int) -> None:
    """Put a dataset at a place of the versions' order."""
    db.execute("UPDATE datasets SET position = ? WHERE id = ?", [position, dataset_id])


def removed_dataset(db: Database, folder: Path, domain: Domain, version: str | None) -> int | None:
    """The id of the dataset of this folder and version that was removed last, or None."""
    return db.value(
        """SELECT max(id) FROM datasets WHERE removed_at IS NOT NULL AND folder = ?
           AND domain = ? AND version IS NOT DISTINCT FROM ?""",
        [str(folder), domain, version],
    )


def drop_dataset(db: Database, dataset_id: int) -> None:
    """Delete a dataset, its image rows, the marks on them and its encoder trials. Vectors and
    thumbnails stay: they belong to contents, not to folders.
    """
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM images WHERE dataset_id = ?", [dataset_id])
        cursor.execute(
            "DELETE FROM encoder_trials WHERE real_id = ? OR version_id = ?",
            [dataset_id, dataset_id],
        )
        cursor.execute("DELETE FROM marks WHERE real_id = ?", [dataset_id])
        cursor.execute("DELETE FROM datasets WHERE id = ?", [dataset_id])


def images(db: Database, dataset_id: int, *, readable: bool = False) -> pa.Table:
    """The image rows of a dataset in path order, all or only the readable ones."""
    condition = "AND status = 'ok'" if readable else ""
    return db.table(
        f"""SELECT * EXCLUDE (dataset_id) FROM images
            WHERE dataset_id = ? {condition} ORDER BY path""",
        [dataset_id],
    )


def image(db: Database, dataset_id: int, path: str) -> ImageRow | None:
    """One image row of a dataset, or None."""
    table = db.table(
        "SELECT * EXCLUDE (dataset_id) FROM images WHERE dataset_id = ? AND path = ?",
        [dataset_id, path],
    )
    return next(iter(read_rows(ImageRow, table)), None)


def image_file(db: Database, content_id: str) -> Path | None:
    """Some file on disk with this content, or None."""
    file = db.value(
        """SELECT min(d.folder || '/' || i.path)
           FROM images i JOIN datasets d ON d.id = i.dataset_id WHERE i.content_id = ?""",
        [content_id],
    )
    return Path(file) if file else None


def replace_images(
    cursor: duckdb.DuckDBPyConnection,
    dataset_id: int,
    shards: list[Path],
    summary: Mapping[str, object],
) -> None:
    """Put a scan's rows in place of the dataset's old ones. Contents known to be broken stay
    unreadable.
    """
    cursor.execute("DELETE FROM images WHERE dataset_id = ?", [dataset_id])
    for name, table in read_tables(shards):
        insert(cursor, ImageRow, table, where=name, dataset_id=dataset_id)
    _mark_broken(cursor)
    cursor.execute(
        "UPDATE datasets SET scanned_at = now()::TIMESTAMP, summary = ? WHERE id = ?",
        [json.dumps(summary), dataset_id],
    )


def replace_labels(db: Database, dataset_id: int, labels: str | None, table: pa.Table) -> None:
    """Set the labels of every image (``table``: path, class, bias, split, labels) and remember the
    label source.
    """
    with db.transaction() as cursor:
        cursor.register("new_labels", table)
        cursor.execute(
            """UPDATE images SET class = n.class, bias = n.bias, split = n.split, labels = n.labels
               FROM new_labels n WHERE images.path = n.path AND images.dataset_id = ?""",
            [dataset_id],
        )
        cursor.execute("UPDATE datasets SET labels = ? WHERE id = ?", [labels, dataset_id])
        cursor.unregister("new_labels")


def add_broken(cursor: duckdb.DuckDBPyConnection, table: pa.Table) -> None:
    """Remember contents that turned out to be broken (``table`` of BrokenRow) and mark their
    images.
    """
    known = cursor.execute("SELECT content_id FROM broken").fetchall()
    have = {row[0] for row in known}
    fresh = [one not in have for one in table.column("content_id").to_pylist()]
    insert(cursor, BrokenRow, table.filter(pa.array(fresh, pa.bool_())))
    _mark_broken(cursor)


def _mark_broken(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(
        """UPDATE images SET status = 'unreadable', reason = b.reason FROM broken b
           WHERE images.content_id = b.content_id AND images.status = 'ok'"""
    )


def content_fingerprint(db: Database, dataset_id: int) -> str:
    """A hash of a dataset's readable images and labels: equal when a comparison would see the same
    input.
    """
    table = images(db, dataset_id, readable=True).select(
        ["path", "content_id", "class", "bias", "labels"]
    )
    digest = hashlib.blake2b(digest_size=16)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        text = "\x1f".join("" if part is None else part for part in row)
        digest.update(text.encode("utf-8", "surrogateescape"))
        digest.update(b"\x1e")
    return digest.hexdigest()
