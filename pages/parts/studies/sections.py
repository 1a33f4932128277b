"""What is behind a study's verdict: the parts that a study has something for, by title."""

from __future__ import annotations

from collections.abc import Callable

from core import Workspace
from core.contracts.study_rows import (
    BiasRow,
    ConfusionRow,
    CurveRow,
    EmbeddingRow,
    GroupAccuracyRow,
    SaliencyRow,
    StudyRecord,
    SummaryRow,
    TrialRow,
)
from pages.parts.studies import (
    group_sections,
    picture_sections,
    training_sections,
    version_section,
    words,
)
from pages.parts.studies.study_view import StudyView

Section = Callable[[StudyView], None]


def sections(ws: Workspace, record: StudyRecord, versions: int) -> dict[str, Section]:
    """The parts of this study, which has so many ``versions``."""

    def has(row: type) -> bool:
        return bool(words.rows(ws, record, row))

    trials = words.rows(ws, record, TrialRow)
    severities = {row.severity for row in words.rows(ws, record, SummaryRow)}
    parts: tuple[tuple[str, bool, Section], ...] = (
        ("Groups", has(GroupAccuracyRow), group_sections.groups),
        ("Confusion", has(ConfusionRow), group_sections.confusion),
        (
            "Synthetic test images",
            any(row.synthetic_worst_accuracy is not None for row in trials),
            group_sections.synthetic,
        ),
        ("Learned features", has(EmbeddingRow), picture_sections.features),
        ("Saliency", has(SaliencyRow), picture_sections.saliency),
        ("Corruption", len(severities) > 1, training_sections.corruption),
        ("Curves", has(CurveRow), training_sections.curves),
        ("Bias", has(BiasRow), training_sections.bias),
        ("Versions", versions > 1, version_section.draw),
    )
    return {title: draw for title, there, draw in parts if there}
