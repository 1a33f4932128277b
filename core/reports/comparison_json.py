"""What ``compare --json`` writes. Its keys are published: they stay what they are, whatever columns
and classes are called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from core.contracts.catalog import Dataset
from core.contracts.comparison import ClusterRow, GroupRow, MetricRow, VersionRow
from core.contracts.words import MetricScope, Space, State
from core.store.results import Comparison

Json = dict[str, object]

SPACES: dict[str, str] = {Space.ALIGNED: "removed"}
"""Published words of the clusters' spaces, where they are not the contract's."""


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON values. Paths are relative to their folder; no number is NaN."""
    version_rows = {row.version_id: row for row in comparison.version_rows()}
    metric_rows = comparison.metric_rows()
    record, real = comparison.record, comparison.real
    return {
        "encoder": record.encoder,
        "seed": record.seed,
        "comparison": comparison.id,
        "real": {"images": real.images, "unreadable": real.unreadable},
        "versions": {
            str(dataset.version): _version(
                comparison,
                dataset,
                version_rows.get(dataset.id),
                [row for row in metric_rows if row.version_id == dataset.id],
            )
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
        "gaps": [_gap(gap) for gap in comparison.group_rows(dataset.id)],
        "surplus": [image.path for image in comparison.surplus_rows(dataset.id)],
        "surplus_groups": [
            {"name": group.name, "size": group.size, "share": group.share, "score": group.score}
            for group in comparison.surplus_group_rows(dataset.id)
        ],
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
