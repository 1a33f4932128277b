"""Vectors by encoder, thumbnails and photometric attributes: what an embed job gives, by content
id.

Each encoder has a table ``vectors_<number>`` (content_id, view, vector FLOAT[d]).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from core.store.catalog import add_broken
from core.store.database import Database, insert_by_name, parquet_source

VIEWS = ("plain", "simplified")


def encoder_row(db: Database, encoder: str) -> dict[str, Any] | None:
    """What is stored about an encoder (id, number, dim, weights_hash, detail), or None if it was
    never used.
    """
    row = db.row("SELECT * FROM encoders WHERE id = ?", [encoder])
    return {**row, "detail": json.loads(row["detail"] or "{}")} if row else None


def to_embed(
    db: Database, dataset_ids: list[int], encoder: str, views: tuple[str, ...]
) -> pa.Table:
    """Contents of these datasets that lack a vector of some view: content_id and one file's
    absolute path.
    """
    row = encoder_row(db, encoder)
    have = ""
    if row:
        have = f"""AND content_id NOT IN (SELECT content_id FROM vectors_{row["number"]}
                   WHERE view IN ({", ".join(repr(view) for view in views)})
                   GROUP BY content_id HAVING count(DISTINCT view) = {len(views)})"""
    return db.table(
        f"""
        SELECT content_id, min(d.folder || '/' || path) AS file
        FROM images i JOIN datasets d ON d.id = i.dataset_id
        WHERE dataset_id IN (SELECT unnest(?)) AND status = 'ok' {have}
        GROUP BY content_id ORDER BY min(i.dataset_id), file""",
        [dataset_ids],
    )


def ingest(
    cursor: duckdb.DuckDBPyConnection,
    encoder: dict[str, Any],
    shards: list[Path],
    attributes: tuple[str, ...],
) -> None:
    """Store the shards of an embed job. What is stored already is left as it is, so ingesting twice
    is harmless.

    ``encoder`` is the job's ``encoder.json``: id, dim, weights_hash and whatever else it tells. Rows
    that were ``skipped`` leave nothing behind: the next embed job finds them without a vector.
    """
    cursor.execute(
        "INSERT OR IGNORE INTO encoders (id, dim, weights_hash, detail) VALUES (?, ?, ?, ?)",
        [encoder["id"], encoder["dim"], encoder.get("weights_hash"), json.dumps(encoder)],
    )
    found = cursor.execute(
        "SELECT number, dim FROM encoders WHERE id = ?", [encoder["id"]]
    ).fetchone()
    assert found is not None
    number, dim = found
    table = f"vectors_{number}"
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {table} (content_id VARCHAR, view VARCHAR, vector FLOAT[{dim}])"
    )
    if not shards:
        return
    source = parquet_source(shards)
    columns = {row[0] for row in cursor.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    for view in VIEWS:
        if view in columns:
            cursor.execute(f"""
                INSERT INTO {table} SELECT content_id, '{view}', "{view}"::FLOAT[{dim}] FROM {source} s
                WHERE "{view}" IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM {table} v WHERE v.content_id = s.content_id AND v.view = '{view}')""")
    if "thumbnail" in columns:
        cursor.execute(f"""INSERT INTO thumbnails SELECT content_id, thumbnail FROM {source}
                           WHERE thumbnail IS NOT NULL AND content_id NOT IN (SELECT content_id FROM thumbnails)""")
    usable = "error IS NULL" + (" AND skipped IS NULL" if "skipped" in columns else "")
    present = [name for name in attributes if name in columns]
    if present:
        insert_by_name(
            cursor,
            "attributes",
            f"""(SELECT content_id, {", ".join(present)} FROM {source}
            WHERE {usable} AND content_id NOT IN (SELECT content_id FROM attributes))""",
        )
    add_broken(
        cursor, f"(SELECT content_id, error AS reason FROM {source} WHERE error IS NOT NULL)"
    )


def forget_encoder(db: Database, encoder: str) -> None:
    """Drop an encoder's vectors (its weights changed, or they turned out to be wrong)."""
    row = encoder_row(db, encoder)
    if row:
        with db.transaction() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS vectors_{row['number']}")
            cursor.execute("DELETE FROM encoders WHERE id = ?", [encoder])


def dataset_vectors(
    db: Database, dataset_id: int, encoder: str, view: str = "plain"
) -> tuple[pa.Table, np.ndarray]:
    """Images of a dataset that have a vector, in path order, and the vectors.

    The table has path, content_id, class, bias, split, width, height and the attributes; the array
    is (n, d) float32.
    """
    row = encoder_row(db, encoder)
    if row is None:
        return images_with_attributes(db, dataset_id).slice(0, 0), np.empty((0, 0), np.float32)
    table = db.table(
        f"""
        SELECT i.path, i.content_id, i.class, i.bias, i.split, i.width, i.height, a.* EXCLUDE (content_id), v.vector
        FROM images i JOIN vectors_{row["number"]} v ON v.content_id = i.content_id AND v.view = ?
        LEFT JOIN attributes a ON a.content_id = i.content_id
        WHERE i.dataset_id = ? AND i.status = 'ok' ORDER BY i.path""",
        [view, dataset_id],
    )
    vectors = np.empty((table.num_rows, row["dim"]), np.float32)
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
        SELECT i.path, i.content_id, i.class, i.bias, i.split, i.width, i.height, a.* EXCLUDE (content_id)
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
