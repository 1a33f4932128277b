"""The column tables of docs/architecture.md are the contracts', and nothing else.

Run this file as a program to write them anew: ``python -m tests.contracts.test_documentation``.
"""

from __future__ import annotations

from pathlib import Path

from core.contracts import (
    catalog,
    comparison,
    encoder_trial,
    selections,
    spectrum_rows,
    study_rows,
    typed_classes,
    work,
)
from core.contracts.derive import markdown

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"
BEGIN, END = "<!-- contracts: begin -->", "<!-- contracts: end -->"
ROWS: tuple[type, ...] = (
    catalog.DatasetRow,
    catalog.ImageRow,
    catalog.MarkRow,
    selections.TagRow,
    selections.NoteRow,
    selections.SelectionRow,
    selections.SelectionImageRow,
    catalog.EncoderRow,
    catalog.ThumbnailRow,
    catalog.AttributesRow,
    catalog.BrokenRow,
    catalog.JobRow,
    comparison.ComparisonRow,
    *comparison.RESULT_ROWS,
    study_rows.StudyRow,
    *study_rows.STUDY_ROWS,
    encoder_trial.EncoderTrialRow,
    *typed_classes.TYPED_ROWS,
    work.SourceRow,
    work.EmbeddedRow,
    spectrum_rows.SpectrumRow,
    spectrum_rows.SpectrumCurveRow,
)


def written() -> str:
    return "\n\n".join(markdown(row) for row in ROWS)


def test_the_tables_are_those_of_the_contracts() -> None:
    _, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    tables, _, _ = rest.partition(END)
    assert tables.strip() == written(), "run python -m tests.contracts.test_documentation"


if __name__ == "__main__":
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{written()}\n\n{END}{after}", "utf-8")
