"""Selections: sets of contents with a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.contracts.derive import read_rows
from core.contracts.selections import SelectedRow, Selection, SelectionInVersion, SelectionRow
from core.contracts.words import Combination, Tier
from core.store.database import Database

_SELECT = """SELECT s.id, s.name, s.created_at, count(m.content_id) AS images
FROM selections s LEFT JOIN selection_images m ON m.selection_id = s.id"""
_SETS = {
    Combination.AND: "INTERSECT",
    Combination.OR: "UNION",
    Combination.WITHOUT: "EXCEPT",
}


# --- reading --------------------------------------------------------------------------------------


def selections(db: Database) -> list[Selection]:
    """All selections in the order of their names."""
    sql = f"{_SELECT} GROUP BY s.id, s.name, s.created_at ORDER BY lower(s.name)"
    return db.records(SelectionRow, Selection, sql)


def selection(db: Database, selection_id: int) -> Selection | None:
    """One selection, or None."""
    sql = f"{_SELECT} WHERE s.id = ? GROUP BY ALL"
    return next(iter(db.records(SelectionRow, Selection, sql, [selection_id])), None)


def contents(db: Database, selection_id: int) -> list[str]:
    """The contents of a selection."""
    rows = db.rows(
        "SELECT content_id FROM selection_images WHERE selection_id = ? ORDER BY content_id",
        [selection_id],
    )
    return [row["content_id"] for row in rows]


def holding(db: Database, content_id: str) -> list[int]:
    """The selections that hold a content, by id."""
    rows = db.rows(
        "SELECT selection_id FROM selection_images WHERE content_id = ? ORDER BY selection_id",
        [content_id],
    )
    return [row["selection_id"] for row in rows]


def files(db: Database, selection_id: int) -> list[SelectedRow]:
    """Every file of a selection with what is known of it, the real ones first, versions in their
    order.
    """
    table = db.table(
        """SELECT d.name AS dataset, d.domain, d.version, i.path, d.folder, i.content_id, i.class,
            i.bias, t.tags, n.note
        FROM selection_images m JOIN images i USING (content_id) JOIN datasets d
            ON d.id = i.dataset_id
        LEFT JOIN (SELECT content_id, string_agg(tag, ', ' ORDER BY tag) AS tags
            FROM image_tags GROUP BY content_id) t USING (content_id)
        LEFT JOIN image_notes n USING (content_id)
        WHERE m.selection_id = ? AND i.status = 'ok' AND d.removed_at IS NULL
        ORDER BY d.domain, d.position, i.path""",
        [selection_id],
    )
    return read_rows(SelectedRow, table)


def over_versions(
    db: Database, selection_id: int, comparison_id: int, version_ids: Sequence[int]
) -> list[SelectionInVersion]:
    """How each version of a comparison stands to a selection, in the order of ``version_ids``."""
    tiers = ", ".join(
        f"count(*) FILTER (c.tier = '{tier}') AS {name}"
        for tier, name in (
            (Tier.ABSENT, "absent"),
            (Tier.THIN, "thin"),
            (Tier.COVERED, "covered"),
            (Tier.CANNOT_TELL, "cannot_tell"),
        )
    )
    rows = db.rows(
        f"""WITH members AS (SELECT content_id FROM selection_images WHERE selection_id = $1),
        judged AS (SELECT c.version_id, count(*) AS real, {tiers}, avg(c.score) AS score
            FROM coverage c JOIN members USING (content_id)
            WHERE c.comparison_id = $2 GROUP BY c.version_id),
        rendered AS (SELECT p.dataset_id AS version_id, count(*) AS synthetic
            FROM points p JOIN members USING (content_id)
            WHERE p.comparison_id = $2 GROUP BY p.dataset_id)
        SELECT d.id AS version_id, d.version, coalesce(real, 0) AS real,
            coalesce(absent, 0) AS absent, coalesce(thin, 0) AS thin,
            coalesce(covered, 0) AS covered, coalesce(cannot_tell, 0) AS cannot_tell,
            score, coalesce(synthetic, 0) AS synthetic
        FROM datasets d LEFT JOIN judged ON judged.version_id = d.id
        LEFT JOIN rendered ON rendered.version_id = d.id
        WHERE list_contains($3::INTEGER[], d.id)
        ORDER BY list_position($3::INTEGER[], d.id)""",
        [selection_id, comparison_id, list(version_ids)],
    )
    return [SelectionInVersion(**row) for row in rows]


# --- writing --------------------------------------------------------------------------------------


def add(db: Database, name: str, content_ids: Iterable[str]) -> int:
    """Save contents under a name; the selection's id."""
    with db.transaction() as cursor:
        row = cursor.execute(
            """INSERT INTO selections (name, created_at) VALUES (?, now()::TIMESTAMP)
            RETURNING id""",
            [name],
        ).fetchone()
        assert row is not None
        cursor.execute(
            """INSERT INTO selection_images
            SELECT DISTINCT ?::INTEGER, unnest(?::VARCHAR[])""",
            [row[0], list(content_ids)],
        )
    return int(row[0])


def rename(db: Database, selection_id: int, name: str) -> None:
    """Give a selection another name."""
    db.execute("UPDATE selections SET name = ? WHERE id = ?", [name, selection_id])


def remove(db: Database, selection_id: int) -> None:
    """Forget a selection; its images stay."""
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM selection_images WHERE selection_id = ?", [selection_id])
        cursor.execute("DELETE FROM selections WHERE id = ?", [selection_id])


def put_in(db: Database, selection_id: int, content_ids: Iterable[str]) -> None:
    """Add contents to a selection; those it holds stay once."""
    db.execute(
        """INSERT INTO selection_images SELECT ?::INTEGER, content_id FROM (
            SELECT unnest(?::VARCHAR[]) AS content_id EXCEPT
            SELECT content_id FROM selection_images WHERE selection_id = ?)""",
        [selection_id, list(content_ids), selection_id],
    )


def take_out(db: Database, selection_id: int, content_ids: Iterable[str]) -> None:
    """Take contents out of a selection."""
    db.execute(
        """DELETE FROM selection_images
        WHERE selection_id = ? AND content_id IN (SELECT unnest(?::VARCHAR[]))""",
        [selection_id, list(content_ids)],
    )


def combined(db: Database, first: int, how: Combination, second: int) -> list[str]:
    """The contents of two selections combined."""
    one = "SELECT content_id FROM selection_images WHERE selection_id = ?"
    rows = db.rows(f"{one} {_SETS[how]} {one} ORDER BY content_id", [first, second])
    return [row["content_id"] for row in rows]
