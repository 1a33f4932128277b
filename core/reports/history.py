"""Numbers over versions and over comparisons: what may stand in one trend, and what may not, with
the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.contracts.metric_words import METRICS
from core.reports.source import ComparisonLike


@dataclass(frozen=True)
class Past:
    """One comparison of the workspace beside another: ``differs`` says why its numbers cannot be
    compared; empty: they can.
    """

    record: Any
    differs: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether its numbers may stand in one trend with the other's."""
        return not self.differs


def trend_rows(comparison: ComparisonLike) -> list[dict[str, Any]]:
    """Absent rate and every metric of all images, by version in order.

    Rows: name, label, better, meaning, version_id, version, position, value, low, high, floor,
    floor_low, floor_high, note.
    """
    rows = []
    for position, row in enumerate(comparison.summary().to_pylist()):
        rows.append(
            {
                "name": "absent_rate",
                "label": "Absent rate",
                "better": "lower",
                "meaning": "Share of real images that the version does not cover.",
                "version_id": row["version_id"],
                "version": str(row["version"]),
                "position": position,
                "value": row["absent_rate"],
                "low": row["low"],
                "high": row["high"],
                "baseline": row["baseline_rate"],
                "baseline_low": None,
                "baseline_high": None,
                "note": None
                if row["absolute"] is not False
                else "Only the ranking can be trusted: the look is too far from the camera's.",
            }
        )
    place = {dataset.id: index for index, dataset in enumerate(comparison.versions)}
    metrics = [row for row in comparison.metrics().to_pylist() if row["scope"] == "all"]
    known = list(METRICS)
    metrics.sort(
        key=lambda row: (
            known.index(row["name"]) if row["name"] in known else len(known),
            row["name"],
            place.get(row["version_id"], 0),
        )
    )
    for row in metrics:
        about = METRICS.get(row["name"])
        rows.append(
            {
                "name": row["name"],
                "label": about.label if about else row["name"].replace("_", " ").capitalize(),
                "better": about.better if about else "",
                "meaning": about.meaning if about else "",
                "version_id": row["version_id"],
                "version": str(row["version"]),
                "position": place.get(row["version_id"], 0),
                **{
                    name: row[name]
                    for name in (
                        "value",
                        "low",
                        "high",
                        "baseline",
                        "baseline_low",
                        "baseline_high",
                        "note",
                    )
                },
            }
        )
    return rows


def cluster_rows(comparison: ComparisonLike) -> list[dict[str, Any]]:
    """How each cluster of real images fares in each version, the largest first; the images of no
    cluster last.

    Rows: cluster, name (of its gap, of the newest version that has one), size, and lists over the
    versions in order: ``absent`` (share on the list), ``score`` (mean), ``n_synthetic`` and
    ``expected`` (None where the cluster was never a gap).
    """
    versions = list(comparison.versions)
    found: dict[int, dict[str, Any]] = {}
    for place, dataset in enumerate(versions):
        table = comparison.coverage(dataset.id).select(["cluster", "absent", "score"])
        table = table.set_column(1, "absent", pc.cast(table["absent"], pa.float64()))
        grouped = table.group_by("cluster").aggregate(
            [("absent", "mean"), ("score", "mean"), ("absent", "count")]
        )
        gaps = {gap["cluster"]: gap for gap in comparison.gaps(dataset.id).to_pylist()}
        for row in grouped.to_pylist():
            cluster = -1 if row["cluster"] is None else row["cluster"]
            mine = found.setdefault(
                cluster,
                {
                    "cluster": cluster,
                    "name": "",
                    "size": row["absent_count"],
                    **{
                        name: [None] * len(versions)
                        for name in ("absent", "score", "n_synthetic", "expected")
                    },
                },
            )
            gap = gaps.get(cluster, {})
            mine["name"] = gap.get("name") or mine["name"]
            for name, value in (
                ("absent", row["absent_mean"]),
                ("score", row["score_mean"]),
                ("n_synthetic", gap.get("n_synthetic")),
                ("expected", gap.get("expected")),
            ):
                mine[name][place] = value
    for cluster, row in found.items():
        row["name"] = row["name"] or ("in no cluster" if cluster < 0 else f"Cluster {cluster}")
    return sorted(
        found.values(), key=lambda row: (row["cluster"] < 0, -row["size"], row["cluster"])
    )


def history(records: Sequence[Any], chosen: Any) -> list[Past]:
    """Every finished comparison of the same real dataset beside ``chosen``, the newest first, and
    what keeps it from being compared.

    Numbers are comparable under the same encoder, the same parameters and seed, and the same real
    images (their fingerprint).
    """
    return [
        Past(record, tuple(_differs(record, chosen)))
        for record in records
        if record.status == "done" and record.real_id == chosen.real_id
    ]


def comparable_trend(
    pasts: Sequence[Past], numbers: Mapping[int, Sequence[Mapping[str, Any]]]
) -> list[Mapping[str, Any]]:
    """Rows of :func:`trend_rows` by comparison id, joined over comparable comparisons: of each
    version the newest's numbers.
    """
    seen: set[tuple[str, Any]] = set()
    joined = []
    for past in pasts:
        if past.comparable:
            for row in numbers.get(past.record.id, ()):
                key = (row["name"], row["version_id"])
                if key not in seen:
                    seen.add(key)
                    joined.append(row)
    return joined


def _differs(record: Any, chosen: Any) -> list[str]:
    reasons = []
    if record.encoder != chosen.encoder:
        reasons.append(f"another encoder ({record.encoder})")
    if record.seed != chosen.seed:
        reasons.append(f"another seed ({record.seed})")
    if _canonical(record.parameters) != _canonical(chosen.parameters):
        reasons.append("other parameters")
    if record.real_fingerprint != chosen.real_fingerprint:
        reasons.append("other real images")
    changed = (
        [
            name
            for name in sorted({*record.software, *chosen.software})
            if record.software.get(name) != chosen.software.get(name)
        ]
        if record.software and chosen.software
        else []
    )
    return reasons + ([f"other software ({', '.join(changed)})"] if "gapscope" in changed else [])


def _canonical(parameters: Mapping[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True, default=str)
