"""Marks: the engineer's word on real images, kept by the images' contents.

A mark on a group is kept for each of its images, so that it finds the images again in whatever
groups a later comparison forms: a group counts as marked where more than half of its images carry
the same mark. A word is said looking at one version; "covered after all" holds for that version and
those after it, the other two for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from core.contracts.catalog import MarkRow
from core.contracts.derive import read_rows
from core.contracts.words import Mark, Tier
from core.errors import InputError
from core.store.database import Database


@dataclass(frozen=True)
class Looked:
    """What is looked at: a version of a comparison with its real dataset, by their ids."""

    comparison_id: int
    version_id: int
    real_id: int

    @property
    def values(self) -> list[int]:
        """The parameters ``$1``, ``$2``, ``$3`` of the queries here."""
        return [self.comparison_id, self.version_id, self.real_id]


@dataclass(frozen=True)
class GroupMark:
    """The mark that more than half of a group's images carry: ``images`` of them, said looking at
    the version ``version_id`` (None: at none).
    """

    mark: Mark
    images: int
    version_id: int | None


@dataclass(frozen=True)
class ImageMark:
    """The mark of an image: its own, or (``own`` False) that of its group."""

    mark: Mark
    version_id: int | None
    own: bool


@dataclass(frozen=True)
class Answer:
    """What the check of borderline groups was told of a group: whether the version covers it.
    ``held_back``: the answer measures the list and does not change it.
    """

    covered: bool
    held_back: bool


@dataclass(frozen=True)
class MarkEntry:
    """Images of a real dataset that were marked together; ``group`` and ``version`` None: marked
    one by one, looking at no version.
    """

    real: str
    mark: Mark
    group: str | None
    version: str | None
    tier: Tier | None
    checked: bool
    held_back: bool
    created_at: datetime
    paths: Sequence[str]


# $1 comparison, $2 version, $3 real dataset. A label that is neither class nor bias is looked up in
# the image's other labels by JSON Pointer (RFC 6901).
_MEMBERS = """
    SELECT g.group_id, g.kind, g.name, g.tier, g.size, c.path, c.content_id
    FROM groups g JOIN coverage c
        ON c.comparison_id = g.comparison_id AND c.version_id = g.version_id
        AND c.cluster = g.cluster
    WHERE g.comparison_id = $1 AND g.version_id = $2 AND g.kind = 'cluster'
    UNION ALL
    SELECT g.group_id, g.kind, g.name, g.tier, g.size, c.path, c.content_id
    FROM groups g JOIN coverage c
        ON c.comparison_id = g.comparison_id AND c.version_id = g.version_id
    JOIN images i ON i.dataset_id = $3 AND i.path = c.path AND g."value" =
        CASE g."column" WHEN 'class' THEN i.class WHEN 'bias' THEN i.bias ELSE
        json_extract_string(
            i.labels, '/' || replace(replace(g."column", '~', '~0'), '/', '~1')) END
    WHERE g.comparison_id = $1 AND g.version_id = $2 AND g.kind = 'label'
"""
_WORDS = """
    SELECT m.* FROM marks m LEFT JOIN datasets d ON d.id = m.version_id
    WHERE m.real_id = $3 AND NOT m.held_back AND (
        m.mark <> 'covered after all' OR d.position IS NULL
        OR d.position <= (SELECT position FROM datasets WHERE id = $2))
"""


# --- reading --------------------------------------------------------------------------------------


def marks(db: Database, real_id: int) -> list[MarkRow]:
    """Every mark on the images of a real dataset, the oldest first."""
    return read_rows(
        MarkRow,
        db.table(
            "SELECT * FROM marks WHERE real_id = ? ORDER BY created_at, content_id", [real_id]
        ),
    )


def state(db: Database, real_id: int) -> str:
    """Differs whenever the marks on a real dataset differ; empty where there is none."""
    count, newest = (
        db.table(
            "SELECT count(*) AS n, max(created_at) AS t FROM marks WHERE real_id = ?", [real_id]
        )
        .to_pylist()[0]
        .values()
    )
    return f"{count} {newest}" if count else ""


def entries(db: Database) -> list[MarkEntry]:
    """All marks of a workspace as they were set, the oldest first. Images that the dataset's last
    scan does not have are left out.
    """
    rows = db.rows(
        """SELECT r.name AS real, m.mark, m.group_name AS "group", v.version, m.tier, m.checked,
            m.held_back, m.created_at, list(i.path ORDER BY i.path) AS paths
        FROM marks m JOIN datasets r ON r.id = m.real_id
        JOIN images i ON i.dataset_id = m.real_id AND i.content_id = m.content_id
        LEFT JOIN datasets v ON v.id = m.version_id
        GROUP BY ALL ORDER BY m.created_at, real, "group", m.mark, m.tier"""
    )
    return [
        MarkEntry(
            **{
                **row,
                "mark": Mark(row["mark"]),
                "tier": Tier(row["tier"]) if row["tier"] else None,
            }
        )
        for row in rows
    ]


def group_marks(db: Database, looked: Looked) -> dict[str, GroupMark]:
    """The groups of a version that count as marked, by group id."""
    if not state(db, looked.real_id):
        return {}
    rows = db.rows(
        f"""WITH members AS ({_MEMBERS}), words AS ({_WORDS})
        SELECT group_id, mark, count(*) AS images, mode(words.version_id) AS version_id
        FROM members JOIN words USING (content_id)
        GROUP BY group_id, size, mark HAVING 2 * count(*) > size""",
        looked.values,
    )
    return {
        row["group_id"]: GroupMark(Mark(row["mark"]), row["images"], row["version_id"])
        for row in rows
    }


def image_marks(db: Database, looked: Looked) -> dict[str, ImageMark]:
    """The marked real images of a comparison by path: the image's own mark, else that of its
    cluster, else that of its label.
    """
    groups = group_marks(db, looked)
    if not state(db, looked.real_id):
        return {}
    found: dict[str, ImageMark] = {}
    members = db.rows(
        f"""WITH members AS ({_MEMBERS})
        SELECT group_id, path FROM members WHERE list_contains($4, group_id)
        ORDER BY kind = 'cluster', group_id""",
        [*looked.values, list(groups)],
    )
    for row in members if groups else ():
        mark = groups[row["group_id"]]
        found[row["path"]] = ImageMark(mark.mark, mark.version_id, own=False)
    words = db.rows(
        f"""WITH words AS ({_WORDS})
        SELECT c.path, words.mark, words.version_id, words.group_name
        FROM coverage c JOIN words USING (content_id)
        WHERE c.comparison_id = $1 AND c.version_id = $2""",
        looked.values,
    )
    for row in words:
        own = row["group_name"] is None
        found[row["path"]] = ImageMark(Mark(row["mark"]), row["version_id"], own)
    return found


def answers(db: Database, looked: Looked) -> dict[str, Answer]:
    """What the check was told of the groups of a version, looking at that version, by group id.
    An answer finds its group again as a mark does.
    """
    rows = db.rows(
        f"""WITH members AS ({_MEMBERS}),
        told AS (SELECT content_id, mark, held_back FROM marks
                 WHERE real_id = $3 AND version_id = $2 AND checked)
        SELECT group_id, mark, held_back FROM members JOIN told USING (content_id)
        GROUP BY group_id, size, mark, held_back HAVING 2 * count(*) > size
        ORDER BY held_back""",
        looked.values,
    )
    return {row["group_id"]: Answer(row["mark"] == Mark.COVERED, row["held_back"]) for row in rows}


def fingerprints(db: Database, looked: Looked) -> dict[str, str]:
    """A hash of the contents of each group of a version, by group id: equal images, equal hash."""
    rows = db.rows(
        f"""WITH members AS ({_MEMBERS})
        SELECT group_id, md5(string_agg(content_id, ' ' ORDER BY content_id)) AS hash
        FROM members GROUP BY group_id""",
        looked.values,
    )
    return {row["group_id"]: row["hash"] for row in rows}


def group_paths(db: Database, looked: Looked, group_ids: Sequence[str]) -> dict[str, list[str]]:
    """The real images of some groups of a version: paths by group id."""
    rows = db.rows(
        f"""WITH members AS ({_MEMBERS})
        SELECT group_id, list(path ORDER BY path) AS paths FROM members
        WHERE list_contains($4, group_id) GROUP BY group_id""",
        [*looked.values, list(group_ids)],
    )
    return {row["group_id"]: row["paths"] for row in rows}


# --- writing --------------------------------------------------------------------------------------


def mark_group(
    db: Database,
    looked: Looked,
    group_id: str,
    mark: Mark | None,
    *,
    checked: bool = False,
    held_back: bool = False,
) -> None:
    """Mark every image of a group, in place of what was said of them before; None takes the word
    back. ``held_back``: the answer of this version's check, beside the images' words.

    Raises :class:`InputError` where the version has no such group, or none of its images.
    """
    members = db.table(
        f"""WITH members AS ({_MEMBERS})
        SELECT DISTINCT content_id, coalesce(name, group_id) AS group_name, tier
        FROM members WHERE group_id = $4""",
        [*looked.values, group_id],
    )
    if not members.num_rows:
        raise InputError(
            f"There are no images of a group {group_id!r} in this version",
            "Choose one of the groups on the Gaps page.",
        )
    _replace(
        db, looked.real_id, members, mark, looked.version_id, checked=checked, held_back=held_back
    )


def mark_images(db: Database, looked: Looked, paths: Iterable[str], mark: Mark | None) -> None:
    """Mark single real images of a comparison, looking at one version; None takes the word back."""
    members = db.table(
        """SELECT DISTINCT content_id, NULL::VARCHAR AS group_name, tier FROM coverage
        WHERE comparison_id = $1 AND version_id = $2 AND list_contains($3, path)""",
        [looked.comparison_id, looked.version_id, list(paths)],
    )
    _replace(db, looked.real_id, members, mark, looked.version_id)


def mark_contents(
    db: Database, real_id: int, content_ids: Iterable[str], mark: Mark | None
) -> None:
    """Mark images of a real dataset looking at no version; None takes the word back."""
    ids = list(dict.fromkeys(content_ids))
    members = pa.table(
        {
            "content_id": pa.array(ids, pa.string()),
            "group_name": pa.nulls(len(ids), pa.string()),
            "tier": pa.nulls(len(ids), pa.string()),
        }
    )
    _replace(db, real_id, members, mark, None)


def _replace(
    db: Database,
    real_id: int,
    members: pa.Table,
    mark: Mark | None,
    version_id: int | None,
    *,
    checked: bool = False,
    held_back: bool = False,
) -> None:
    """Put a word on the contents of ``members`` (content_id, group_name, tier) in place of the word
    they had; a held-back answer in place of the held-back answer of that version.
    """
    with db.transaction() as cursor:
        cursor.register("members", members)
        try:
            cursor.execute(
                """DELETE FROM marks WHERE real_id = ? AND held_back = ?
                AND (NOT held_back OR version_id = ?)
                AND content_id IN (SELECT content_id FROM members)""",
                [real_id, held_back, version_id],
            )
            if mark is not None:
                cursor.execute(
                    """INSERT INTO marks BY NAME
                    SELECT ? AS real_id, content_id, ? AS mark, group_name, ? AS version_id, tier,
                        ? AS checked, ? AS held_back, now()::TIMESTAMP AS created_at
                    FROM members""",
                    [real_id, mark, version_id, checked, held_back],
                )
        finally:
            cursor.unregister("members")
