"""A study's results as the rows of its tables (:mod:`core.contracts.study_rows`)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from core.contracts.study import Mixture, Objective, Split
from core.contracts.study_rows import (
    ConfusionRow,
    CurveRow,
    EmbeddingRow,
    GroupAccuracyRow,
    PredictionRow,
    SaliencyRow,
    TrialRow,
)
from core.contracts.words import Domain
from core.files import read_lines
from core.finetune import evaluation, trial
from core.finetune.groups import StudyLabels
from core.finetune.pictures import FeatureMap, SaliencyMap
from core.finetune.plan import TrialKey
from core.finetune.significance import ComparedTrials, TrialOutcome
from core.finetune.study_images import StudyImages
from core.finetune.trial import TrialResult


def prediction_rows(result: TrialResult) -> list[PredictionRow]:
    """``trial-<name>.parquet``: what the trial took each test image for."""
    pairs = zip(result.rows.tolist(), result.predicted.tolist(), strict=True)
    return [PredictionRow(row, predicted) for row, predicted in pairs]


def read_result(outputs: Path, key: TrialKey) -> TrialResult | None:
    """A finished trial as it was written, or None. The JSON comes last: where it is, the trial is
    finished.
    """
    path = outputs / f"trial-{key.name}.json"
    if not path.exists():
        return None
    table = pq.read_table(outputs / f"trial-{key.name}.parquet")
    record = TrialRow(**json.loads(path.read_text("utf-8")))
    if isinstance(record.version_id, str):  # as earlier versions of this job wrote it
        record = replace(record, version_id=int(record.version_id))
    return TrialResult(
        record,
        table["row"].to_numpy(),
        table["predicted"].to_numpy(),
    )


def group_rows(labels: StudyLabels, results: Iterable[TrialResult]) -> list[GroupAccuracyRow]:
    """``groups.parquet``: one row a (trial, domain, group)."""
    rows = []
    for result in results:
        real, synthetic = trial.scores(labels, result.rows, result.predicted)
        for domain, scores in ((Domain.REAL, real), (Domain.SYNTHETIC, synthetic)):
            known = domain == Domain.REAL or labels.synthetic_has_bias
            for group in scores.groups:
                klass, bias = labels.group_parts(group.code)
                rows.append(
                    GroupAccuracyRow(
                        *_identity(result.record),
                        domain=domain,
                        split=Split.TEST,
                        class_=klass,
                        bias=bias if known else None,
                        group=labels.group_name(group.code) if known else klass,
                        n=group.n,
                        correct=group.correct,
                        accuracy=group.accuracy,
                        low=group.low,
                        high=group.high,
                    )
                )
    return rows


def confusion_rows(labels: StudyLabels, results: Iterable[TrialResult]) -> list[ConfusionRow]:
    """``confusion.parquet``: real test images of each group by the class they were taken for."""
    rows = []
    for result in results:
        real = ~labels.synthetic[result.rows]
        codes = labels.group()[result.rows]
        for cell in evaluation.confusion(result.predicted[real], codes[real]):
            klass, bias = labels.group_parts(cell.group)
            predicted = labels.classes[cell.predicted]
            rows.append(ConfusionRow(*_identity(result.record), klass, bias, predicted, cell.n))
    return rows


def curve_rows(files: Iterable[Path], results: Iterable[TrialResult]) -> list[CurveRow]:
    """``curves.parquet`` from the live files of finished trials."""
    records = {result.record.trial: result.record for result in results}
    rows = []
    for path in files:
        record = records.get(path.stem.removeprefix("curves-"))
        if record is not None:
            rows += [CurveRow(*_identity(record), **line) for line in read_lines(path)]
    return rows


def embedding_rows(
    labels: StudyLabels, images: StudyImages, maps: Iterable[FeatureMap]
) -> list[EmbeddingRow]:
    """``embedding.parquet``: one row an image and map."""
    rows = []
    for one in maps:
        for row, (x, y) in zip(one.rows.tolist(), one.xy, strict=True):
            known = labels.b[row] >= 0
            rows.append(
                EmbeddingRow(
                    trial=one.key.name,
                    mixture=Mixture(one.key.mixture),
                    version_id=labels.version_id(one.key.version),
                    row=row,
                    path=images.path[row],
                    content_id=images.content_id[row],
                    domain=Domain.SYNTHETIC if labels.synthetic[row] else Domain.REAL,
                    class_=labels.classes[labels.y[row]],
                    bias=labels.biases[labels.b[row]] if known else None,
                    x=float(x),
                    y=float(y),
                    mixing=one.mixing,
                )
            )
    return rows


def saliency_rows(
    labels: StudyLabels, images: StudyImages, maps: Iterable[SaliencyMap]
) -> list[SaliencyRow]:
    """``saliency.parquet``: one row an image and map."""
    return [
        SaliencyRow(
            trial=one.key.name,
            mixture=Mixture(one.key.mixture),
            version_id=labels.version_id(one.key.version),
            row=one.row,
            path=images.path[one.row],
            class_=labels.classes[labels.y[one.row]],
            predicted=labels.classes[one.predicted],
            height=one.values.shape[0],
            width=one.values.shape[1],
            map=tuple(one.values.ravel().tolist()),
        )
        for one in maps
    ]


def compared(
    labels: StudyLabels, results: Iterable[TrialResult], version_id: int | None, severity: int
) -> ComparedTrials:
    """The trials of one version at one severity, those on real images alone among them."""
    outcomes: dict[tuple[Mixture, Objective], list[TrialOutcome]] = defaultdict(list)
    groups = np.zeros(0, dtype=np.int64)
    for result in results:
        record = result.record
        owner = (record.version_id, record.severity)
        if record.mixture != Mixture.NONE and owner != (version_id, severity):
            continue
        if record.worst_accuracy is None or record.balanced_accuracy is None:
            continue
        rows = result.rows[~labels.synthetic[result.rows]]
        right = result.predicted[~labels.synthetic[result.rows]] == labels.y[rows]
        groups = labels.group()[rows]
        outcomes[Mixture(record.mixture), Objective(record.objective)].append(
            TrialOutcome(record.seed, record.worst_accuracy, record.balanced_accuracy, right)
        )
    return ComparedTrials(version_id, severity, dict(outcomes), groups, labels.group_name)


def _identity(record: TrialRow) -> tuple[str, Mixture, Objective, int, int | None, int]:
    """The first fields of every row that belongs to a trial."""
    return (
        record.trial,
        record.mixture,
        record.objective,
        record.seed,
        record.version_id,
        record.severity,
    )
