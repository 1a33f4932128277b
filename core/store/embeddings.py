"""Vectors by encoder, thumbnails and photometric attributes: what an embed job gives, by content
id.

Each encoder has a table ``vectors_<number>`` (content_id, view, vector FLOAT[d]).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.contracts import derive
from core.contracts.catalog import AttributesRow, BrokenRow, EncoderRow, ThumbnailRow
from core.contracts.derive import schema
from core.contracts.specs import to_json
from core.contracts.words import View
from core.contracts.work import EmbeddedRow, EncoderRun
from core.files import read_tables
from core.store.database import Database, insert
from core.store.dataset_table import add_broken


@dataclass(frozen=True)
class EncoderRecord:
    """The columns of :class:`~core.contracts.catalog.EncoderRow`, JSON read."""

    id: str
    number: int
    dim: int
    weights_hash: str | None
    detail: dict[str, Any]


def encoder_record(db: Database, encoder: str) -> EncoderRecord | None:
    """What is stored about an encoder, or None if it was never used."""
    rows = db.records(EncoderRow, EncoderRecord, "SELECT * FROM encoders WHERE id = ?", [encoder])
    return rows[0] if rows else None


def to_embed(
    db: Database,
    dataset_ids: Sequence[int],
    encoder: str,
    views: Sequence[str],
    *,
    sample: int | None = None,
) -> pa.Table:
    """Contents of these datasets that lack a vector of some view: content_id and one file's
    absolute path. ``sample``: of each dataset only the contents of :func:`sampled_contents`.
    """
    record = encoder_record(db, encoder)
    have = ""
    if record:
        have = f"""AND content_id NOT IN (SELECT content_id FROM vectors_{record.number}
                   WHERE view IN ({", ".join(f"'{View(view)}'" for view in views)})
                   GROUP BY content_id HAVING count(DISTINCT view) = {len(views)})"""
    among = ""
    if sample is not None:
        among = f"""AND content_id IN (
            SELECT content_id FROM (SELECT DISTINCT dataset_id, content_id FROM images
                WHERE dataset_id IN (SELECT unnest(?)) AND status = 'ok')
            QUALIFY row_number() OVER (PARTITION BY dataset_id ORDER BY content_id)
                <= {int(sample)})"""
    return db.table(
        f"""
        SELECT content_id, min(d.folder || '/' || path) AS file
        FROM images i JOIN datasets d ON d.id = i.dataset_id
        WHERE dataset_id IN (SELECT unnest(?)) AND status = 'ok' {have} {among}
        GROUP BY content_id ORDER BY min(i.dataset_id), file""",
        [list(dataset_ids)] * (1 if sample is None else 2),
    )


def sampled_contents(db: Database, dataset_id: int, most: int) -> pa.Table:
    """At most so many contents of a dataset, content_id and class, in content order.

    The first by content id: a content's id is a hash of its bytes, so this is a random draw, the
    same each time, and a larger one holds a smaller one.
    """
    return db.table(
        """SELECT content_id, min(class) AS class FROM images
           WHERE dataset_id = ? AND status = 'ok'
           GROUP BY content_id ORDER BY content_id LIMIT ?""",
        [dataset_id, most],
    )


def content_vectors(
    db: Database, content_ids: Sequence[str], encoder: str, view: str
) -> tuple[list[str], np.ndarray]:
    """Those of the contents that have a vector, in content order, and the vectors (n, d)
    float32.
    """
    record = encoder_record(db, encoder)
    if record is None:
        return [], np.empty((0, 0), np.float32)
    table = db.table(
        f"""SELECT content_id, vector FROM vectors_{record.number}
            WHERE view = ? AND content_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY content_id""",
        [view, list(content_ids)],
    )
    vectors = np.array(table.column("vector").to_pylist(), np.float32)
    return table.column("content_id").to_pylist(), vectors.reshape(table.num_rows, record.dim)


@dataclass(frozen=True)
class Stored:
    """What :func:`ingest` met: contents with vectors, broken ones, and files that could not be read
    now (``reasons``: why, each with one file's count).
    """

    embedded: int
    broken: int
    skipped: int
    reasons: dict[str, int]


def ingest(
    cursor: duckdb.DuckDBPyConnection, encoder: EncoderRun, shards: Sequence[Path]
) -> Stored:
    """Store the shards of an embed job. What is stored already is left as it is, so ingesting twice
    is harmless.

    ``encoder`` is the job's ``encoder.json``. A
    row with ``error`` is a content that cannot be decoded, and stays so; a row with ``skipped``
    could not be read this time (away, or changed since the scan) and is left for another time.
    """
    cursor.execute(
        "INSERT OR IGNORE INTO encoders (id, dim, weights_hash, detail) VALUES (?, ?, ?, ?)",
        [encoder.id, encoder.dim, encoder.weights_hash, json.dumps(to_json(encoder))],
    )
    row = cursor.execute("SELECT number FROM encoders WHERE id = ?", [encoder.id]).fetchone()
    assert row is not None
    table, dim = f"vectors_{row[0]}", encoder.dim
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {table} "
        f"(content_id VARCHAR, view VARCHAR, vector FLOAT[{dim}])"
    )
    embedded, broken, reasons = 0, 0, dict[str, int]()
    for name, shard in read_tables(shards):
        _ingest_vectors(cursor, table, int(dim), shard)
        derive.validate(EmbeddedRow, shard.select(schema(EmbeddedRow).names), name)
        good = pc.and_(pc.is_null(shard["error"]), pc.is_null(shard["skipped"]))
        for reason in shard["skipped"].drop_null().to_pylist():
            reasons[reason] = reasons.get(reason, 0) + 1
        bad = shard.filter(pc.is_valid(shard["error"]))
        _insert_new(cursor, ThumbnailRow, _thumbnails(shard))
        _insert_new(cursor, AttributesRow, _attributes(shard.filter(good)))
        add_broken(
            cursor,
            pa.table([bad["content_id"], bad["error"]], schema=schema(BrokenRow)),
        )
        broken += bad.num_rows
        embedded += shard.num_rows
    skipped = sum(reasons.values())
    return Stored(embedded - broken - skipped, broken, skipped, reasons)


def dataset_vectors(
    db: Database, dataset_id: int, encoder: str, view: str = "plain"
) -> tuple[pa.Table, np.ndarray]:
    """Images of a dataset that have a vector, in path order, and the vectors.

    The table has path, content_id, class, bias, split, labels (JSON), width, height and the
    attributes; the array is (n, d) float32.
    """
    record = encoder_record(db, encoder)
    if record is None:
        return images_with_attributes(db, dataset_id).slice(0, 0), np.empty((0, 0), np.float32)
    table = db.table(
        f"""
        SELECT i.path, i.content_id, i.class, i.bias, i.split, i.labels, i.width, i.height,
            a.* EXCLUDE (content_id), v.vector
        FROM images i JOIN vectors_{record.number} v ON v.content_id = i.content_id AND v.view = ?
        LEFT JOIN attributes a ON a.content_id = i.content_id
        WHERE i.dataset_id = ? AND i.status = 'ok' ORDER BY i.path""",
        [view, dataset_id],
    )
    vectors = np.empty((table.num_rows, record.dim), np.float32)
    start = 0
    for chunk in table.column("vector").chunks:  # chunk by chunk: no second copy of everything
        vectors[start : start + len(chunk)] = (
            chunk.flatten().to_numpy(zero_copy_only=False).reshape(len(chunk), -1)
        )
        start += len(chunk)
    return table.drop_columns(["vector"]), vectors


def images_with_attributes(db: Database, dataset_id: int) -> pa.Table:
    """Readable images of a dataset with their attributes, in path order."""
    return db.table(
        """
        SELECT i.path, i.content_id, i.class, i.bias, i.split, i.labels, i.width, i.height,
            a.* EXCLUDE (content_id)
        FROM images i LEFT JOIN attributes a ON a.content_id = i.content_id
        WHERE i.dataset_id = ? AND i.status = 'ok' ORDER BY i.path""",
        [dataset_id],
    )


def thumbnails(db: Database, content_ids: list[str]) -> dict[str, bytes]:
    """WebP thumbnails by content id; contents without one are left out."""
    table = db.table(
        "SELECT content_id, webp FROM thumbnails WHERE content_id IN (SELECT unnest(?::VARCHAR[]))",
        [content_ids],
    )
    return dict(zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True))


# --- inside ---------------------------------------------------------------------------------------


def _ingest_vectors(
    cursor: duckdb.DuckDBPyConnection, table: str, dim: int, shard: pa.Table
) -> None:
    cursor.register("incoming", shard)
    for view in View:
        if view in shard.column_names:
            cursor.execute(f"""
                INSERT INTO {table}
                SELECT content_id, '{view}', "{view}"::FLOAT[{dim}] FROM incoming s
                WHERE "{view}" IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM {table} v
                    WHERE v.content_id = s.content_id AND v.view = '{view}')""")
    cursor.unregister("incoming")


def _insert_new(cursor: duckdb.DuckDBPyConnection, row: type, table: pa.Table) -> None:
    """Insert the rows whose content is not there yet."""
    name = row.TABLE  # type: ignore[attr-defined]
    cursor.register("offered", table)
    fresh = cursor.sql(
        f"SELECT * FROM offered WHERE content_id NOT IN (SELECT content_id FROM {name})"
    ).to_arrow_table()
    cursor.unregister("offered")
    insert(cursor, row, fresh.cast(schema(row)))


def _thumbnails(shard: pa.Table) -> pa.Table:
    shown = shard.filter(pc.is_valid(shard["thumbnail"]))
    return pa.table([shown["content_id"], shown["thumbnail"]], schema=schema(ThumbnailRow))


def _attributes(shard: pa.Table) -> pa.Table:
    names = schema(AttributesRow).names
    return shard.select(names).cast(schema(AttributesRow))
