"""Several versions in one study: what training gained by each, beside the cheap numbers of a
comparison, and which of those numbers predicts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.contracts.comparison import ComparisonRecord, MetricRow, VersionRow
from core.contracts.derive import read_rows
from core.contracts.metric_words import METRICS
from core.contracts.study import Mixture, Objective
from core.contracts.study_rows import StudyRecord, SummaryRow
from core.contracts.words import MetricScope, RecordStatus
from core.store import comparison_table
from core.store.database import Database
from core.store.results import Comparison

ABSENT_RATE = "absent_rate"
# Which numbers of a comparison stand beside worst-group accuracy, with their names.
NUMBERS: dict[str, str] = {
    ABSENT_RATE: "Absent share",
    **{
        name: METRICS[name].label
        for name in ("coverage", "frechet_distance", "cmmd", "recall", "classifier_auc")
    },
}


@dataclass(frozen=True)
class StudyVersion:
    """One version of a study: its worst-group accuracy (mean and deviation over seeds, 0 to 1),
    what that gains over training without synthetic images (None: not trained so), and the numbers
    of a comparison by name.
    """

    version_id: int
    worst_mean: float
    worst_sd: float | None
    gain: float | None
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class StudyVersions:
    """Every version that a study trained with one mixture and objective.

    ``comparison``: where the numbers come from, or None; ``numbers``: the names of those that any
    version has; ``sentences``: how each of them ranks the versions (with three or more).
    """

    versions: tuple[StudyVersion, ...]
    comparison: ComparisonRecord | None
    numbers: tuple[str, ...]
    sentences: tuple[str, ...] = field(default=())


def study_versions(
    db: Database,
    record: StudyRecord,
    summary: Sequence[SummaryRow],
    mixture: Mixture,
    objective: Objective,
) -> StudyVersions:
    """``summary``: the study's summary rows of one severity."""
    rows = {
        row.version_id: row
        for row in summary
        if (row.mixture, row.objective) == (mixture, objective)
    }
    # trained on real images alone: one row for all versions, or one for each
    base = {
        row.version_id: row.worst_mean
        for row in summary
        if (row.mixture, row.objective) == (Mixture.NONE, objective)
    }
    comparison = _comparison(db, record)
    numbers = {} if comparison is None else _numbers(Comparison(db, comparison.id))
    versions = []
    for version_id in record.version_ids:
        row = rows.get(version_id)
        if row is None:
            continue
        without = base.get(version_id, base.get(None))
        gain = None if without is None else row.worst_mean - without
        versions.append(
            StudyVersion(
                version_id, row.worst_mean, row.worst_sd, gain, numbers.get(version_id, {})
            )
        )
    shown = tuple(name for name in NUMBERS if any(name in one.numbers for one in versions))
    sentences = _sentences(versions, shown) if len(versions) > 2 else ()
    return StudyVersions(tuple(versions), comparison, shown, sentences)


def _comparison(db: Database, record: StudyRecord) -> ComparisonRecord | None:
    """The newest finished comparison of the study's real images that has most of its versions."""
    wanted = set(record.version_ids)

    def shared(comparison: ComparisonRecord) -> int:
        return len(wanted & set(comparison.version_ids))

    usable = [
        one
        for one in comparison_table.comparisons(db)
        if one.status == RecordStatus.DONE and one.real_id == record.real_id and shared(one)
    ]
    return max(usable, key=lambda one: (shared(one), one.id), default=None)


def _numbers(comparison: Comparison) -> dict[int, dict[str, float]]:
    """By version id: each number of all its images, by name."""
    numbers: dict[int, dict[str, float]] = {}
    for metric in read_rows(MetricRow, comparison.metrics()):
        if metric.scope == MetricScope.ALL and metric.value is not None:
            numbers.setdefault(metric.version_id, {})[metric.name] = metric.value
    for version in read_rows(VersionRow, comparison.summary()):
        numbers.setdefault(version.version_id, {})[ABSENT_RATE] = version.absent_rate
    return numbers


def _sentences(versions: Sequence[StudyVersion], names: Sequence[str]) -> tuple[str, ...]:
    # here: it brings SciPy's statistics, which a page needs for nothing else
    from core.finetune.version_table import rank_correlation

    worst = {str(one.version_id): one.worst_mean for one in versions}
    return tuple(
        rank_correlation(
            NUMBERS[name],
            {str(one.version_id): one.numbers[name] for one in versions if name in one.numbers},
            worst,
        ).sentence
        for name in names
    )
