"""Finding images: exact neighbours in the stored vectors, and parts of file names.

Distances are computed where the vectors lie, in one pass over the encoder's table: nothing but the
nearest leaves the database, however many vectors there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.contracts.search import FoundImage
from core.contracts.words import View
from core.store.database import Database
from core.store.embeddings import encoder_record

FAR = 0.5  # of a vector of zeros, as core.analysis.vectors.neighbors has it


def vectors_of(
    db: Database, content_id: str, encoder: str, views: Sequence[View]
) -> dict[View, np.ndarray]:
    """The stored vectors (d,) float32 of one content by view; views without one are left out."""
    record = encoder_record(db, encoder)
    if record is None:
        return {}
    rows = db.rows(
        f"""SELECT view, vector FROM vectors_{record.number}
            WHERE content_id = ? AND list_contains(?::VARCHAR[], view)""",
        [content_id, list(views)],
    )
    return {View(row["view"]): np.array(row["vector"], np.float32) for row in rows}


def encoders_with(db: Database, dataset_ids: Sequence[int], view: View) -> list[str]:
    """Encoders that have vectors of all of these datasets' readable images in a view or of the most
    of them: the ones with the most images first, none without any.
    """
    counts: dict[str, int] = {}
    for row in db.rows("SELECT id, number FROM encoders ORDER BY number DESC"):
        counts[row["id"]] = db.value(
            f"""SELECT count(DISTINCT content_id) FROM images
                WHERE list_contains(?::INTEGER[], dataset_id) AND status = 'ok' AND content_id IN
                (SELECT content_id FROM vectors_{row["number"]} WHERE view = ?)""",
            [list(dataset_ids), view],
        )
    return sorted((one for one in counts if counts[one]), key=lambda one: -counts[one])


def nearest(
    db: Database,
    query: Mapping[View, np.ndarray],
    encoder: str,
    dataset_ids: Sequence[int],
    k: int,
    *,
    without: str | None = None,
) -> dict[int, list[FoundImage]]:
    """The ``k`` images of each dataset that are nearest to a query, the nearest first, by dataset
    id: exact, one entry a content.

    ``query``: a vector (d,) for each view that counts; the distance is the mean of the cosine
    distances view by view, and an image counts only where it has all of them. ``without``: a
    content to leave out. Datasets without vectors are left out.
    """
    record = encoder_record(db, encoder)
    if record is None or not query:
        return {}
    parts, parameters = [], list[Any]()
    for view, vector in query.items():
        cosine = f"array_cosine_distance(vector, ?::FLOAT[{record.dim}])"
        parts.append(
            f"""SELECT content_id,
                    greatest(CASE WHEN isnan({cosine}) THEN {FAR} ELSE {cosine} END, 0) AS distance
                FROM vectors_{record.number} WHERE view = ?"""
        )
        values = np.asarray(vector, np.float32).tolist()
        parameters += [values, values, str(view)]
    rows = db.rows(
        f"""WITH apart AS ({" UNION ALL ".join(parts)}),
        near AS (SELECT content_id, avg(distance) AS distance FROM apart
            GROUP BY content_id HAVING count(*) = {len(query)}),
        files AS (SELECT dataset_id, content_id, min(path) AS path FROM images
            WHERE status = 'ok' AND list_contains(?::INTEGER[], dataset_id)
                AND content_id IS DISTINCT FROM ?
            GROUP BY dataset_id, content_id)
        SELECT dataset_id, path, content_id, distance FROM near JOIN files USING (content_id)
        QUALIFY row_number() OVER (PARTITION BY dataset_id ORDER BY distance, path) <= ?
        ORDER BY distance, path""",
        [*parameters, list(dataset_ids), without, k],
    )
    found: dict[int, list[FoundImage]] = {}
    for row in rows:
        found.setdefault(row["dataset_id"], []).append(FoundImage(**row))
    return found


def by_name(db: Database, part: str, dataset_ids: Sequence[int], limit: int) -> list[FoundImage]:
    """Readable images whose path holds ``part`` (capitals do not matter), in dataset and path
    order.
    """
    rows = db.rows(
        """SELECT dataset_id, path, content_id FROM images
        WHERE status = 'ok' AND list_contains(?::INTEGER[], dataset_id)
            AND contains(lower(path), lower(?))
        ORDER BY dataset_id, path LIMIT ?""",
        [list(dataset_ids), part, limit],
    )
    return [FoundImage(**row) for row in rows]


def by_contents(db: Database, content_ids: Sequence[str]) -> list[FoundImage]:
    """Every readable file with one of these contents, in dataset and path order."""
    rows = db.rows(
        """SELECT dataset_id, path, content_id FROM images
        WHERE status = 'ok' AND content_id IN (SELECT unnest(?::VARCHAR[]))
        ORDER BY dataset_id, path""",
        [list(content_ids)],
    )
    return [FoundImage(**row) for row in rows]
