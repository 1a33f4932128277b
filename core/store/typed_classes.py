"""Typed classes: the names that a user typed for a comparison and the class of each content, the
newest list only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from core.contracts.derive import read_rows, table_name
from core.contracts.typed_classes import TYPED_ROWS, TypedAccuracyRow, TypedNameRow
from core.contracts.words import View
from core.errors import InputError
from core.files import read_table
from core.store import embeddings
from core.store.database import Database, insert


def replace(db: Database, comparison_id: int, outputs: Path) -> None:
    """Store what a job wrote in place of the comparison's earlier list. Raises InputError where the
    comparison was removed meanwhile.
    """
    if not db.value("SELECT count(*) FROM comparisons WHERE id = ?", [comparison_id]):
        raise InputError("The comparison was removed", "Compare again, then type the names.")
    with db.transaction() as cursor:
        for row in TYPED_ROWS:
            name = table_name(row)
            cursor.execute(f"DELETE FROM {name} WHERE comparison_id = ?", [comparison_id])
            table = read_table(outputs / f"{name}.parquet")
            insert(cursor, row, table, where=f"{name}.parquet", comparison_id=comparison_id)


def names(db: Database, comparison_id: int) -> list[TypedNameRow]:
    """The typed names, in their order; empty where none were typed."""
    table = db.table(
        "SELECT * EXCLUDE (comparison_id) FROM typed_names WHERE comparison_id = ? "
        "ORDER BY position",
        [comparison_id],
    )
    return read_rows(TypedNameRow, table)


def accuracy(db: Database, comparison_id: int) -> list[TypedAccuracyRow]:
    """How far the classes can be trusted, version by version in the names' order."""
    table = db.table(
        """SELECT a.* EXCLUDE (comparison_id) FROM typed_accuracy a
           JOIN typed_names n ON n.comparison_id = a.comparison_id AND n.name = a.name
           WHERE a.comparison_id = ? ORDER BY a.version_id, n.position""",
        [comparison_id],
    )
    return read_rows(TypedAccuracyRow, table)


def classes(db: Database, comparison_id: int) -> pa.Table:
    """Each image of the comparison: dataset_id, path, content_id, label, class, confidence."""
    return db.table(
        """
        SELECT p.dataset_id, p.path, p.content_id, i.class AS label, t.class, t.confidence
        FROM points p
        LEFT JOIN images i ON i.dataset_id = p.dataset_id AND i.path = p.path
        LEFT JOIN typed_classes t
            ON t.comparison_id = p.comparison_id AND t.content_id = p.content_id
        WHERE p.comparison_id = ? ORDER BY p.dataset_id, p.path""",
        [comparison_id],
    )


def by_content(db: Database, comparison_id: int) -> pa.Table:
    """content_id, class, confidence: a row a content."""
    return db.table(
        "SELECT content_id, class, confidence FROM typed_classes WHERE comparison_id = ?",
        [comparison_id],
    )


def points(db: Database, comparison_id: int) -> pa.Table:
    """Each image of the comparison: dataset_id, content_id, class (the label), cluster of the map
    as it is.
    """
    return db.table(
        """
        SELECT p.dataset_id, p.content_id, i.class, p.cluster
        FROM points p LEFT JOIN images i ON i.dataset_id = p.dataset_id AND i.path = p.path
        WHERE p.comparison_id = ? ORDER BY p.dataset_id, p.path""",
        [comparison_id],
    )


def known_names(db: Database) -> list[str]:
    """Class labels known anywhere in the workspace, sorted."""
    table = db.table(
        "SELECT DISTINCT class FROM images WHERE class IS NOT NULL AND status = 'ok' ORDER BY class"
    )
    return table.column("class").to_pylist()


def embedded(db: Database, comparison_id: int, encoder: str, views: Sequence[View]) -> bool:
    """Whether every image of the comparison has vectors of this encoder in all these views."""
    record = embeddings.encoder_record(db, encoder)
    if record is None:
        return False
    chosen = ", ".join(f"'{View(view)}'" for view in views)
    return not db.value(
        f"""SELECT count(*) FROM points WHERE comparison_id = ? AND content_id NOT IN (
            SELECT content_id FROM vectors_{record.number} WHERE view IN ({chosen})
            GROUP BY content_id HAVING count(DISTINCT view) = {len(views)})""",
        [comparison_id],
    )


def encoders(db: Database) -> list[str]:
    """Encoders that have been used in the workspace."""
    return db.table("SELECT id FROM encoders ORDER BY number").column("id").to_pylist()
