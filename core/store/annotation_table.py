"""Tags and notes on images, by content."""

from __future__ import annotations

from collections.abc import Iterable

from core.store.database import Database


def tags(db: Database, content_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The tags of those of the contents that have any, in alphabetical order."""
    rows = db.rows(
        """SELECT content_id, list(tag ORDER BY tag) AS tags FROM image_tags
        WHERE content_id IN (SELECT unnest(?::VARCHAR[])) GROUP BY content_id""",
        [list(content_ids)],
    )
    return {row["content_id"]: tuple(row["tags"]) for row in rows}


def tag_counts(db: Database) -> dict[str, int]:
    """How many contents carry each tag, in alphabetical order."""
    rows = db.rows("SELECT tag, count(*) AS images FROM image_tags GROUP BY tag ORDER BY tag")
    return {row["tag"]: row["images"] for row in rows}


def tagged(db: Database, tag: str) -> list[str]:
    """The contents that carry a tag."""
    rows = db.rows("SELECT content_id FROM image_tags WHERE tag = ? ORDER BY content_id", [tag])
    return [row["content_id"] for row in rows]


def add_tag(db: Database, content_ids: Iterable[str], tag: str) -> None:
    """Put a tag on contents; those that carry it keep it."""
    db.execute(
        """INSERT INTO image_tags BY NAME
        SELECT DISTINCT content_id, ? AS tag, now()::TIMESTAMP AS created_at
        FROM (SELECT unnest(?::VARCHAR[]) AS content_id)
        WHERE content_id NOT IN (SELECT content_id FROM image_tags WHERE tag = ?)""",
        [tag, list(content_ids), tag],
    )


def remove_tag(db: Database, content_ids: Iterable[str], tag: str) -> None:
    """Take a tag off contents."""
    db.execute(
        """DELETE FROM image_tags
        WHERE tag = ? AND content_id IN (SELECT unnest(?::VARCHAR[]))""",
        [tag, list(content_ids)],
    )


def notes(db: Database, content_ids: Iterable[str]) -> dict[str, str]:
    """The notes of those of the contents that have one."""
    rows = db.rows(
        """SELECT content_id, note FROM image_notes
        WHERE content_id IN (SELECT unnest(?::VARCHAR[]))""",
        [list(content_ids)],
    )
    return {row["content_id"]: row["note"] for row in rows}


def set_note(db: Database, content_id: str, note: str | None) -> None:
    """Put a note on a content in place of the one it had; None takes it away."""
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM image_notes WHERE content_id = ?", [content_id])
        if note is not None:
            cursor.execute(
                """INSERT INTO image_notes BY NAME
                SELECT ? AS content_id, ? AS note, now()::TIMESTAMP AS changed_at""",
                [content_id, note],
            )
