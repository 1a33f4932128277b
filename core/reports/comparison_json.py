"""What ``compare --json`` writes. Its keys are published: they stay what they are, whatever columns
and classes are called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from core.contracts.catalog import Dataset
from core.contracts.comparison import ClusterRow, GroupRow, LabelCountRow, MetricRow, VersionRow
from core.contracts.framings import framing_of
from core.contracts.judgement_words import group_name
from core.contracts.label_words import by_column
from core.contracts.words import MetricScope, Space, State
from core.reports.marks import marks_json, version_marks
from core.reports.members import members
from core.store.results import Comparison

Json = dict[str, object]

SPACES: dict[str, str] = {Space.ALIGNED: "removed"}
"""Published words of the clusters' spaces, where they are not the contract's."""


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON values. Paths are relative to their folder; no number is NaN."""
    version_rows = {row.version_id: row for row in comparison.version_rows()}
    metric_rows = comparison.metric_rows()
    record, real, units = comparison.record, comparison.real, comparison.units()
    return {
        "encoder": record.encoder,
        "framing": framing_of(record.parameters),
        "seed": record.seed,
        "comparison": comparison.id,
        "real": {
            "images": real.images,
            "units": units.get(real.id),
            "unreadable": real.unreadable,
        },
        "versions": {
            str(dataset.version): {
                "units": units.get(dataset.id),
                **_version(
                    comparison,
                    dataset,
                    version_rows.get(dataset.id),
                    [row for row in metric_rows if row.version_id == dataset.id],
                ),
            }
            for dataset in comparison.versions
        },
        "clusters": _clusters(comparison.cluster_rows()),
        "changes": _changes(comparison),
        "parameters": record.parameters,
        "software": record.software,
        "seconds": record.seconds,
    }


def _version(
    comparison: Comparison,
    dataset: Dataset,
    row: VersionRow | None,
    metric_rows: Iterable[MetricRow],
) -> Json:
    coverage = comparison.coverage_rows(dataset.id)
    groups = comparison.group_rows(dataset.id)
    same_as = members(comparison, dataset.id).same_as
    return {
        "images": dataset.images,
        "unreadable": dataset.unreadable,
        "absent": [image.path for image in coverage if image.absent],
        "absent_by_cluster": [image.path for image in coverage if image.outside],
        "absent_rate": row.absent_rate if row else None,
        "floor_rate": row.baseline_rate if row else None,
        "absolute": row.judged if row else None,
        "verdict": row.verdict if row else None,
        "self_test": {
            "view": row.view if row else None,
            "planted": row.injected if row else None,
            "found": row.recovered if row else None,
            "false_alarms": row.false_alarm_share if row else None,
            "power": row.recall if row else None,
        },
        "scores": {image.path: image.score for image in coverage},
        "metrics": {
            metric.name: _metric(metric)
            for metric in metric_rows
            if metric.scope == MetricScope.ALL
        },
        "gaps": [_gap(group) for group in groups if group.cluster is not None],
        "judged": row.judged if row else False,
        "obstacle": row.obstacle if row else "Nothing is stored of it: compare again.",
        "thin": row.thin if row else 0,
        "cannot_tell": row.cannot_tell if row else 0,
        "singles": row.singles if row else 0,
        "surplus": [image.path for image in comparison.surplus_rows(dataset.id)],
        "surplus_groups": [
            {"name": group.name, "size": group.size, "share": group.share, "score": group.score}
            for group in comparison.surplus_group_rows(dataset.id)
        ],
        "groups": [_group(group, same_as.get(group.group_id)) for group in groups],
        "counts": _counts(comparison.label_count_rows(dataset.id)),
        "marks": marks_json(version_marks(comparison, dataset.id)),
    }


def _metric(row: MetricRow) -> Json:
    return {
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "n": row.n_synthetic,
        "floor": row.baseline,
    }


def _gap(row: GroupRow) -> Json:
    return {
        "cluster": row.cluster,
        "name": row.name,
        "reason": row.explanation,
        "size": row.size,
        "absent": row.absent,
        "n_synthetic": row.rendered,
        "expected": row.expected,
        "low": row.low,
        "high": row.high,
        "stability": row.stability,
    }


def _counts(rows: Iterable[LabelCountRow]) -> dict[str, Json]:
    """Counts by column and value, the gaps first."""
    return {
        column: {
            row.value: {
                "real": row.real,
                "rendered": row.rendered,
                "expected": row.expected,
                "tier": row.tier,
            }
            for row in found
        }
        for column, found in by_column(rows).items()
    }


def _group(row: GroupRow, same_as: str | None) -> Json:
    """A group of any kind as it is judged. ``same_as``: the label that says a cluster already."""
    return {
        "id": row.group_id,
        "name": group_name(row),
        "kind": row.kind,
        "cluster": row.cluster,
        "column": row.column,
        "value": row.value,
        "tier": row.tier,
        "size": row.size,
        "rendered": row.rendered,
        "expected": row.expected,
        "q": row.q,
        "reason": row.reason,
        "explanation": row.explanation,
        "same_as": same_as,
    }


def _clusters(rows: Iterable[ClusterRow]) -> list[Json]:
    by_space: dict[str, list[Json]] = {}
    for row in rows:
        space = SPACES.get(row.space, row.space)
        by_space.setdefault(space, []).append({**asdict(row), "space": space})
    return [row for space in sorted(by_space) for row in by_space[space]]


def _changes(comparison: Comparison) -> list[Json]:
    names = {dataset.id: dataset.version for dataset in comparison.versions}
    pairs: dict[tuple[int, int], dict[str, list[str]]] = {}
    for row in comparison.change_rows():
        lists = pairs.setdefault(
            (row.from_id, row.to_id), {"closed": [], "opened": [], "open": [], "regressed": []}
        )
        if row.state != State.COVERED:
            lists[row.state].append(row.path)
        if row.regressed:
            lists["regressed"].append(row.path)
    return [
        {"from": names[from_id], "to": names[to_id], **lists}
        for (from_id, to_id), lists in pairs.items()
    ]
