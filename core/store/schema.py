"""The schema of a new database, derived from the contracts.

An older database reaches the same schema by the steps of :mod:`core.store.migrations`.
"""

from __future__ import annotations

from core.contracts import (
    catalog,
    comparison,
    encoder_trial,
    selections,
    study_rows,
    typed_classes,
)
from core.contracts.derive import ddl, table_name

SEQUENCES = ("dataset_ids", "encoder_numbers", "comparison_ids", "study_ids", "selection_ids")

CATALOG_ROWS: tuple[type, ...] = (
    catalog.DatasetRow,
    catalog.EncoderRow,
    catalog.ThumbnailRow,
    catalog.AttributesRow,
    catalog.BrokenRow,
    catalog.JobRow,
    catalog.MarkRow,
    selections.TagRow,
    selections.NoteRow,
    selections.SelectionRow,
    selections.SelectionImageRow,
    comparison.ComparisonRow,
    study_rows.StudyRow,
    encoder_trial.EncoderTrialRow,
)

OWNERS: dict[type, str] = {
    catalog.ImageRow: "dataset_id",
    **dict.fromkeys(comparison.RESULT_ROWS, "comparison_id"),
    **dict.fromkeys(typed_classes.TYPED_ROWS, "comparison_id"),
    **dict.fromkeys(study_rows.STUDY_ROWS, "study_id"),
}
"""Row contracts whose tables have one more column: the dataset, comparison or study they belong to.
"""

RESULT_TABLES = tuple(table_name(row) for row in comparison.RESULT_ROWS)


def statements() -> list[str]:
    """What makes a new, empty database."""
    return [
        *(f"CREATE SEQUENCE {name} START 1" for name in SEQUENCES),
        *(ddl(row) for row in CATALOG_ROWS),
        *(ddl(row, owner=owner) for row, owner in OWNERS.items()),
    ]
