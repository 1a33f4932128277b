"""What ``compare --json`` writes: scripts depend on every key."""

from __future__ import annotations

import json

from core.reports.comparison_json import comparison_json
from core.workspace import Comparison

VERSION = [
    "units",
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
    "judged",
    "obstacle",
    "thin",
    "cannot_tell",
    "singles",
    "surplus",
    "surplus_groups",
    "groups",
    "counts",
    "marks",
]
GROUP = [
    "id",
    "name",
    "kind",
    "cluster",
    "column",
    "value",
    "tier",
    "size",
    "rendered",
    "expected",
    "q",
    "reason",
    "explanation",
    "same_as",
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
        "framing",
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
        assert 0 < version["units"] <= version["images"]
        assert all(list(gap) == GAP for gap in version["gaps"])
        assert all(list(group) == GROUP for group in version["groups"])
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


def test_labels_are_counted_by_column_and_value(comparison: Comparison) -> None:
    versions = comparison_json(comparison)["versions"]
    assert list(versions["1.1"]["counts"]) == ["class", "bias"]
    assert versions["1.1"]["counts"]["class"]["cross"] == {
        "real": 40,
        "rendered": 20,
        "expected": 100 / 3,
        "tier": "covered",  # some are rendered: that none is at night, the vectors say
    }
    assert versions["1.0"]["counts"]["bias"]["night"]["rendered"] == 20


def test_groups_are_those_of_the_judgement(comparison: Comparison) -> None:
    for name, version in comparison_json(comparison)["versions"].items():
        row, table = comparison.version_row(name), comparison.judgement(name)
        assert row is not None
        for key in ("judged", "obstacle", "thin", "cannot_tell", "singles"):
            assert version[key] == getattr(row, key)
        assert len(version["surplus"]) == row.surplus
        for key in ("name", "tier", "size", "rendered", "q", "reason", "kind", "column", "value"):
            assert [group[key] for group in version["groups"]] == table[key].to_pylist()
    assert table.column_names[:6] == ["name", "tier", "size", "rendered", "q", "reason"]
    assert table["tier"].to_pylist().count("absent") == 1
