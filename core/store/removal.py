"""What was removed and is not purged: datasets, comparisons and studies carry the moment in
``removed_at``, are left out of every list, and can be put back.

Nothing but :func:`purge` deletes what a user removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.store import comparison_table, dataset_table, study_table
from core.store.database import Database


class Thing(StrEnum):
    """What can be removed; the values are the tables' names."""

    COMPARISON = "comparisons"
    STUDY = "studies"
    DATASET = "datasets"


WORDS = {Thing.COMPARISON: "comparison", Thing.STUDY: "study", Thing.DATASET: "dataset"}


@dataclass(frozen=True)
class Removed:
    """One thing that was removed, and when."""

    thing: Thing
    id: int
    name: str
    removed_at: datetime

    @property
    def words(self) -> str:
        """``dataset photos``."""
        return f"{WORDS[self.thing]} {self.name}"


def mark(db: Database, thing: Thing, number: int) -> None:
    """Remove: from now on no list has it."""
    db.execute(f"UPDATE {thing} SET removed_at = now()::TIMESTAMP WHERE id = ?", [number])


def put_back(db: Database, thing: Thing, number: int) -> None:
    """Undo a removal; a comparison's and a study's datasets come back with it."""
    with db.transaction() as cursor:
        cursor.execute(f"UPDATE {thing} SET removed_at = NULL WHERE id = ?", [number])
        if thing != Thing.DATASET:
            cursor.execute(
                f"""UPDATE datasets SET removed_at = NULL WHERE id IN (
                    SELECT real_id FROM {thing} WHERE id = ? UNION ALL
                    SELECT unnest(version_ids::INTEGER[]) FROM {thing} WHERE id = ?)""",
                [number, number],
            )


def removed(db: Database) -> list[Removed]:
    """What was removed and can be put back, the last first."""
    parts = " UNION ALL ".join(
        f"""SELECT '{thing}' AS thing, id, removed_at,
        {"coalesce(version, name)" if thing == Thing.DATASET else "name"} AS name FROM {thing}
        WHERE removed_at IS NOT NULL"""
        for thing in Thing
    )
    rows = db.rows(f"SELECT * FROM ({parts}) ORDER BY removed_at DESC, thing, id")
    return [Removed(Thing(row.pop("thing")), **row) for row in rows]


def purge(db: Database) -> list[Removed]:
    """Delete all that was removed, for good; what that was. Image files are not touched; vectors
    and thumbnails stay: they belong to contents, not to folders.
    """
    gone = removed(db)
    drop = {
        Thing.COMPARISON: comparison_table.drop_comparison,
        Thing.STUDY: study_table.drop_study,
        Thing.DATASET: dataset_table.drop_dataset,
    }
    for one in sorted(gone, key=lambda one: list(Thing).index(one.thing)):  # datasets last
        drop[one.thing](db, one.id)
    return gone
