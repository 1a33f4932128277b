"""What ``compare --json`` writes: scripts depend on every key."""

from __future__ import annotations

import json

from core.reports.comparison_json import comparison_json
from core.workspace import Comparison

VERSION = [
    "images",
    "unreadable",
    "absent",
    "absent_by_cluster",
    "absent_rate",
    "floor_rate",
    "absolute",
    "verdict",
    "self_test",
    "scores",
    "metrics",
    "gaps",
    "surplus",
    "surplus_groups",
]
GAP = [
    "cluster",
    "name",
    "reason",
    "size",
    "absent",
    "n_synthetic",
    "expected",
    "low",
    "high",
    "stability",
]


def test_published_keys_stay(comparison: Comparison) -> None:
    result = comparison_json(comparison)
    assert list(result) == [
        "encoder",
        "seed",
        "comparison",
        "real",
        "versions",
        "clusters",
        "changes",
        "parameters",
        "software",
        "seconds",
    ]
    for version in result["versions"].values():
        assert list(version) == VERSION
        assert all(list(gap) == GAP for gap in version["gaps"])
        for metric in version["metrics"].values():
            assert list(metric) == ["value", "low", "high", "n", "floor"]
    row = comparison.version_row("1.0")
    assert row is not None and row.injected
    assert result["versions"]["1.0"]["self_test"] == {
        "view": row.view,
        "planted": row.injected,
        "found": row.recovered,
        "false_alarms": row.false_alarm_share,
        "power": row.recall,
    }
    (change,) = result["changes"]
    assert list(change) == ["from", "to", "closed", "opened", "open", "regressed"]
    json.dumps(result, allow_nan=False)


def test_the_clusters_spaces_keep_their_published_words(comparison: Comparison) -> None:
    clusters = comparison_json(comparison)["clusters"]
    assert list(clusters[0]) == ["space", "cluster", "version_id", "n", "covered", "surplus"]
    assert list(dict.fromkeys(row["space"] for row in clusters)) == ["joint", "real", "removed"]


def test_lists_are_those_of_the_tables(comparison: Comparison) -> None:
    result = comparison_json(comparison)
    for name, version in result["versions"].items():
        assert version["absent"] == comparison.absent(name).column("path").to_pylist()
        outside = [row.path for row in comparison.coverage_rows(name) if row.outside]
        assert version["absent_by_cluster"] == outside
        assert len(outside) == comparison.version_row(name).outside
        assert version["surplus"] == [row.path for row in comparison.surplus_rows(name)]
        assert version["scores"] == {row.path: row.score for row in comparison.coverage_rows(name)}
    (change,) = result["changes"]
    rows = comparison.change_rows("1.0", "1.1")
    assert change["closed"] == [row.path for row in rows if row.state == "closed"]
    assert len(change["closed"]) == 20
    assert change["regressed"] == [row.path for row in rows if row.regressed]
