"""What a study left: its tables as rows, how far a running one is, its verdict, and what is handed
out of it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.contracts.derive import read_rows
from core.contracts.specs import from_json
from core.contracts.study_rows import (
    STUDY_ROWS,
    MixtureVerdict,
    StudyRecord,
    StudyVerdict,
    output_name,
)
from core.contracts.words import Verdict
from core.files import read_lines
from core.finetune.groups import TEST
from core.reports.tables import csv_bytes
from core.store.study_results import Study

if TYPE_CHECKING:
    from core.finetune.plan import StudyPlan

SIGNIFICANT = 0.05  # of the paired test over seeds: as the verdict's own sentence has it

T = TypeVar("T")


@dataclass(frozen=True)
class FinishedTrial:
    """A trial of a running study that is over. ``worst_accuracy``: worst-group accuracy on real
    test images, 0 to 1; None where it diverged.
    """

    mixture: str
    objective: str
    seed: int
    worst_accuracy: float | None


@dataclass(frozen=True)
class CurvePoint:
    """One epoch of one learning rate: accuracies on validation images (0 to 1) and the mean
    training loss, None where that was no finite number.
    """

    stage: str
    epoch: int
    rate: float
    loss: float | None
    valid_worst: float
    valid_balanced: float


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is: the trials that are over, the name of the trial in training (None: none
    is), and that one's curve so far.
    """

    trials: tuple[FinishedTrial, ...]
    training: str | None
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class TestImage:
    """A real test image that a study can explain: its row among the study's images, its group in
    words, its path.
    """

    __test__ = False  # no test of pytest's

    row: int
    group: str
    path: str


def study_rows(study: Study, row: type[T]) -> list[T]:
    """One of the study's tables as rows; none where it has no such table."""
    table = study.table(Path(output_name(row)).stem)
    return [] if table is None else read_rows(row, table)


def study_verdict(record: StudyRecord) -> StudyVerdict:
    """What a finished study says; empty before."""
    known: Mapping[str, Any] = record.verdict
    return StudyVerdict(
        verdicts=tuple(from_json(MixtureVerdict, one) for one in known.get("verdicts", ())),
        sentences=tuple(known.get("sentences", ())),
        notes=tuple(known.get("notes", ())),
    )


def direction(verdict: MixtureVerdict) -> Verdict:
    """Whether a mixture is better than the other: clearly so only where the interval over test
    images and, with two seeds or more, the test over seeds leave zero out.
    """
    images_agree = verdict.low > 0 or verdict.high < 0
    seeds_agree = verdict.p is None or verdict.p < SIGNIFICANT
    if not (images_agree and seeds_agree) or verdict.difference == 0:
        return Verdict.UNCLEAR
    return Verdict.BETTER if verdict.difference > 0 else Verdict.WORSE


def study_progress(outputs: Path, *, running: bool) -> StudyProgress:
    """What a study's job has written so far into ``outputs``."""
    trials = [_finished(path) for path in sorted(outputs.glob("trial-*.json"))]
    curves = sorted(outputs.glob("curves-*.jsonl"), key=lambda path: path.stat().st_mtime)
    training: str | None = None
    points: tuple[CurvePoint, ...] = ()
    if running and curves:
        lines = read_lines(curves[-1])
        points = tuple(_known(CurvePoint, line) for line in lines)
        training = curves[-1].stem.removeprefix("curves-") if points else None
    return StudyProgress(tuple(one for one in trials if one is not None), training, points)


def study_zip(study: Study) -> bytes:
    """Every table as CSV, with the parameters, software versions and verdict as JSON, in one ZIP
    file.
    """
    record = study.record
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in STUDY_ROWS:
            name = Path(output_name(row)).stem
            table = study.table(name)
            if table is not None:
                archive.writestr(f"{name}.csv", csv_bytes(table))
        about = {
            "study": record.id,
            "name": record.name,
            "parameters": record.parameters,
            "software": record.software,
            "verdict": record.verdict,
        }
        archive.writestr("study.json", json.dumps(about, indent=2))
    return packed.getvalue()


def test_images(plan: StudyPlan, each: int) -> tuple[TestImage, ...]:
    """The first ``each`` real test images of every group, group by group."""
    labels = plan.labels
    codes, rows = labels.group(), labels.rows(synthetic=False, split=TEST)
    return tuple(
        TestImage(row, labels.group_name(code), str(labels.path[row]))
        for code in sorted(set(codes[rows].tolist()))
        for row in rows[codes[rows] == code][:each].tolist()
    )


def _finished(path: Path) -> FinishedTrial | None:
    try:
        return _known(FinishedTrial, json.loads(path.read_text("utf-8")))
    except ValueError:
        return None  # it is being written


def _known(kind: type[T], values: Mapping[str, Any]) -> T:
    """Of a record that says more, the fields of ``kind``."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{name: values.get(name) for name in names})
