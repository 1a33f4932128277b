"""The images of one dataset as a list to look through: in any order, all or those with copies."""

from __future__ import annotations

from core.contracts.listing import ImageOrder, ListedImage
from core.store.database import Database


def listing(
    db: Database, dataset_id: int, order: ImageOrder, *, descending: bool, copies_only: bool
) -> list[ListedImage]:
    """Every readable image of a dataset, those without a value of ``order`` last; ``copies_only``:
    only those whose bytes another file of the dataset has too, copies side by side.
    """
    direction = "DESC" if descending else "ASC"
    first = "content_id, " if copies_only else ""
    # an enumeration's value, never the user's text
    value = "NULL" if order == ImageOrder.PATH else f'"{order.column}"'
    key = f"{value} {direction} NULLS LAST, " if order != ImageOrder.PATH else ""
    rows = db.rows(
        f"""SELECT dataset_id, path, content_id, {value}::VARCHAR AS text,
            count(*) OVER (PARTITION BY content_id) AS copies
        FROM images LEFT JOIN attributes USING (content_id)
        WHERE dataset_id = ? AND status = 'ok'
        QUALIFY NOT ? OR count(*) OVER (PARTITION BY content_id) > 1
        ORDER BY {first}{key}path {direction if order == ImageOrder.PATH else "ASC"}""",
        [dataset_id, copies_only],
    )
    return [ListedImage(**row) for row in rows]
