"""Pairs of versions, numbers over versions, and what may stand in one trend."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.contracts.change_words import ChangeList
from core.contracts.comparison import ComparisonRecord
from core.contracts.words import MetricScope, State
from core.reports import contributions, history, pairs
from core.workspace import Comparison, Workspace
from tests.pages import example_workspace


def test_pairs_count_what_the_changes_say(comparison: Comparison) -> None:
    (pair,) = pairs.pairs_of(comparison)
    assert (pair.before, pair.after) == ("1.0", "1.1")
    regressed = sum(row.regressed for row in comparison.change_rows("1.0", "1.1"))
    assert pair.counts == {"closed": 20, "open": 20, "opened": 0, "regressed": regressed}
    assert pair.verdict.word == "better"


def test_lists_of_a_pair_begin_with_the_largest_change(comparison: Comparison) -> None:
    (pair,) = pairs.pairs_of(comparison)
    closed = [row.change for row in pair.lists[ChangeList.CLOSED]]
    assert len(closed) == 20 and closed == sorted(closed, reverse=True)
    worse = [replace(row, state=State.OPENED, regressed=True) for row in comparison.change_rows()]
    for name in (ChangeList.OPENED, ChangeList.REGRESSED):
        changes = [row.change for row in pairs.lists_of(worse)[name]]
        assert len(changes) == 120 and changes == sorted(changes)


def test_clusters_are_told_version_by_version(comparison: Comparison) -> None:
    rows = {row.cluster: row for row in history.cluster_history(comparison)}
    cluster = {row.path: row.cluster for row in comparison.coverage_rows("1.1")}
    square, cross, circle = (
        rows[cluster[f"{mode}/010.png"]] for mode in ("square/night", "cross/night", "circle/day")
    )
    assert (square.absent, cross.absent, circle.absent) == ((1.0, 0.0), (1.0, 1.0), (0.0, 0.0))
    assert cross.size == 20 and cross.score[1] > circle.score[1]
    for place, version in enumerate(("1.0", "1.1")):
        gaps = {gap.cluster: gap for gap in comparison.group_rows(version)}
        for row in rows.values():
            gap = gaps.get(row.cluster)
            assert row.expected[place] == (gap.expected if gap else None)
    (gap,) = [gap for gap in comparison.group_rows("1.1") if gap.cluster == cross.cluster]
    assert cross.name in (gap.name, f"{gap.name} (2)")  # covered crosses may stand before
    assert len({row.name for row in rows.values()}) == len(rows)


def test_a_trend_has_every_metric_by_version_in_order(comparison: Comparison) -> None:
    rows = history.trend_rows(comparison)
    assert [(row.name, row.version) for row in rows[:4]] == [
        ("absent_rate", "1.0"),
        ("absent_rate", "1.1"),
        ("frechet_distance", "1.0"),
        ("frechet_distance", "1.1"),
    ]
    (metric,) = [
        row
        for row in comparison.metric_rows()
        if (row.name, row.scope, row.version_id) == ("frechet_distance", "all", rows[2].version_id)
    ]
    assert rows[2].label == "Fréchet distance"
    assert (rows[2].value, rows[2].baseline) == (metric.value, metric.baseline)
    assert [row.position for row in rows] == [0, 1] * (len(rows) // 2)


def test_a_version_that_cannot_be_judged_has_no_rate_in_the_trend(tmp_path: Path) -> None:
    """Its 0 % would be the best of all."""
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        ws.db.execute(
            "UPDATE versions SET judged = version <> '1.1', absent_rate = 0.1, obstacle = 'Few.'"
        )
        rows = history.trend_rows(ws.comparisons.get(built.comparison_id))
    first, second = rows[:2]
    assert (first.value, first.note) == (0.1, None)
    assert (second.value, second.low, second.high) == (None, None, None)
    assert second.note == "Version 1.1 cannot be judged: Few."


def test_the_workspace_gives_contributions_by_metric(
    example: Workspace, comparison: Comparison
) -> None:
    first, second = comparison.record.version_ids
    without = {row.name for row in comparison.metric_rows() if row.scope == MetricScope.WITHOUT}
    parts = example.exports.contributions(comparison, first, second)
    assert set(parts) == without
    assert contributions.contributions({1: 2.0}, {None: 1.0, 1: 2.0}) == []


def test_a_contribution_is_the_change_that_is_gone_without_the_cluster(
    comparison: Comparison,
) -> None:
    metric = replace(comparison.metric_rows()[0], scope=MetricScope.WITHOUT, name="kid")
    rows = [
        replace(metric, version_id=version_id, part=part, value=value)
        for version_id, values in {1: (5.0, 4.0, 3.0), 2: (8.0, 4.5, 6.0)}.items()
        for part, value in zip((None, "0", "1"), values, strict=True)
    ]
    other = replace(metric, version_id=1, scope=MetricScope.ALL, value=9.0)
    known = contributions.from_rows([*rows, other])
    assert known[1] == {"kid": {None: 5.0, 0: 4.0, 1: 3.0}}
    parts = contributions.contributions(known[1]["kid"], known[2]["kid"])
    assert [(part.cluster, part.contribution, part.without) for part in parts] == [
        (0, 2.5, 0.5),
        (1, 0.0, 3.0),
    ]
    assert parts[0].share == pytest.approx(2.5 / 3)


# --- comparable or not ----------------------------------------------------------------------------


@pytest.fixture
def chosen(comparison: Comparison) -> ComparisonRecord:
    """A record as the compare job leaves it."""
    return replace(
        comparison.record, real_fingerprint="a", software={"analysis": "3", "numpy": "2.4"}
    )


def test_only_comparable_numbers_join_a_trend(
    comparison: Comparison, chosen: ComparisonRecord
) -> None:
    others = [
        replace(chosen, id=2, version_ids=[9]),
        replace(chosen, id=3, encoder="clip:x"),
        replace(chosen, id=4, seed=7),
        replace(chosen, id=5, parameters={"n_neighbors": 5}),
        replace(chosen, id=6, real_fingerprint="b"),
        replace(chosen, id=7, status="failed"),
        replace(chosen, id=8, real_id=99),
    ]
    pasts = history.history([chosen, *others], chosen)
    assert {past.record.id: past.differs for past in pasts} == {
        chosen.id: (),
        2: (),
        3: ("another encoder (clip:x)",),
        4: ("another seed (7)",),
        5: ("other parameters",),
        6: ("other real images",),
    }
    measured = history.trend_rows(comparison)[0]
    numbers = {
        past.record.id: [
            replace(measured, version_id=past.record.id, value=1.0),
            replace(measured, version_id=77, value=float(past.record.id)),
        ]
        for past in pasts
    }
    rows = history.comparable_trend(pasts, numbers)
    assert [(row.version_id, row.value) for row in rows] == [
        (chosen.id, 1.0),
        (77, chosen.id),
        (2, 1.0),
    ]


def test_revisions_of_the_analysis_do_not_stand_in_one_trend(chosen: ComparisonRecord) -> None:
    others = [
        replace(chosen, id=2, software={"analysis": "2", "numpy": "2.4"}),
        replace(chosen, id=3, software={"numpy": "2.4"}),  # made before it was recorded
        replace(chosen, id=4, software={"analysis": "3", "numpy": "2.5"}),
    ]
    pasts = history.history([chosen, *others], chosen)
    assert {past.record.id: past.differs for past in pasts} == {
        chosen.id: (),
        2: ("another revision of the analysis (2)",),
        3: ("another revision of the analysis (not recorded)",),
        4: (),
    }
    (beside, _) = history.history([chosen, others[1]], others[1])
    assert beside.differs == ("another revision of the analysis (3)",)


def test_a_parameter_at_its_default_is_the_same_recorded_or_not(chosen: ComparisonRecord) -> None:
    recorded = replace(chosen, id=2, parameters={"n_neighbors": 15})
    (past,) = history.history([recorded], replace(chosen, parameters={}))
    assert past.comparable
