"""The compare job's rows: what the analysis found, under the contract's columns, for the right
images.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from core.analysis.changes.between import Change, PairChange
from core.analysis.coverage.judgement import (
    Assessment,
    ClusterJudgement,
    InjectedGap,
    VersionAssessment,
    VersionSummary,
)
from core.analysis.coverage.surplus import Surplus, SurplusGroup
from core.analysis.explain.attributes import ATTRIBUTES
from core.analysis.metrics.measure import Metric
from core.analysis.metrics.suite import ScopedMetric
from core.analysis.vectors.alignment import Views
from core.analysis.vectors.maps import Map
from core.contracts.comparison import (
    ChangeRow,
    CoverageRow,
    GroupRow,
    MetricRow,
    SelfTestRow,
    SurplusGroupRow,
    SurplusRow,
)
from core.contracts.derive import from_rows, validate
from core.contracts.words import MetricScope, State, Tier
from core.jobs.compare import rows
from core.jobs.compare.describe import Described
from core.jobs.compare.fold import Folded, fold
from core.jobs.compare.points import Maps
from core.jobs.compare.readings import OutsideClusters, outside_clusters
from core.jobs.compare.sides import Side, Sides
from core.jobs.compare.surplus import surplus_group_rows, surplus_rows

REAL, RENDERED = 40, 6
CLUSTER = np.repeat([0, 1], [28, 12])
NOWHERE = [OutsideClusters(np.zeros(REAL, bool), np.arange(REAL) < 2)] * 2


def side(dataset_id: int, version: str | None, images: int) -> Side:
    stem = version or "real"
    table = {
        "path": [f"{stem}/{number}.jpg" for number in range(images)],
        "content_id": [f"{stem}-{number}" for number in range(images)],
        "class": ["tram" if number >= 0.7 * images else "car" for number in range(images)],
        "bias": [None] * images,
        "labels": [None] * images,
    }
    return Side(dataset_id, version, pa.table(table), Views(np.eye(images, 8, dtype=np.float32)))


@pytest.fixture
def sides() -> Sides:
    return Sides(side(4, None, REAL), (side(7, "1.0", RENDERED), side(9, "1.1", RENDERED)))


def version(lacking: bool) -> VersionAssessment:
    absent = (CLUSTER == 1) & lacking
    clusters = tuple(
        ClusterJudgement(
            cluster,
            size,
            Tier.ABSENT if cluster and lacking else Tier.COVERED,
            "because",
            None,
            None,
            size if cluster and lacking else 0,
            3,
            2.0,
            1.0,
            4.0,
            0.7,
            None,
        )
        for cluster, size in enumerate((28, 12))
    )
    return VersionAssessment(
        score=np.linspace(0, 1, REAL, dtype=np.float32),
        distance=np.full(REAL, 0.25, np.float32),
        nearest=np.tile(np.arange(5), (REAL, 1)) + (np.arange(REAL) % 2)[:, None],
        tier=np.where(absent, Tier.ABSENT, Tier.COVERED),
        absent=absent,
        single=np.zeros(REAL, bool),
        q=np.full(REAL, np.nan, np.float32),
        rank=np.arange(1, REAL + 1),
        clusters=clusters,
        summary=VersionSummary(
            absent=12,
            absent_rate=0.3,
            low=0.2,
            high=0.5,
            baseline_rate=None,
            thin=0,
            cannot_tell=0,
            singles=0,
            view="plain",
            look=1.0,
            nearness=0.9,
            injected=1,
            recovered=0,
            false_alarm_share=0.0,
            recall=0.0,
            judged=False,
            verdict="Some are absent.",
            obstacle="Too few.",
        ),
        selftest=(InjectedGap("plain", 1.0, 0, 0, 28, 3, 0.75, Tier.COVERED, False, 0.0),),
    )


@pytest.fixture
def judged() -> Assessment:
    return Assessment(CLUSTER, (version(lacking=True), version(lacking=False)))


@pytest.fixture
def folded(sides: Sides, judged: Assessment) -> Folded:
    return fold(sides, judged)


def test_an_image_stands_beside_its_five_nearest(sides: Sides, folded: Folded) -> None:
    table = rows.coverage_table(sides, folded, NOWHERE)
    validate(CoverageRow, table)
    assert table.num_rows == 2 * REAL
    first, second, *_ = table.to_pylist()
    assert first["nearest_path"] == "1.0/0.jpg" and second["nearest_path"] == "1.0/1.jpg"
    assert second["nearest_ids"] == [f"1.0-{number}" for number in range(1, 6)]
    assert first["q"] is None  # no number for what is not known
    assert table.column("version_id").to_pylist()[-1] == 9
    assert (second["outside"], second["outside_aligned"]) == (False, True)


def test_every_group_is_explained_whatever_the_self_test_says(sides: Sides, folded: Folded) -> None:
    rng = np.random.default_rng(0)
    brightness = rng.normal(0.5, 0.1, REAL) - 0.4 * (CLUSTER == 1)
    described = Described(attributes={ATTRIBUTES[0]: brightness})
    found = rows.group_rows(sides, folded, described)
    assert [(row.version_id, row.cluster, row.absent) for row in found] == [
        (7, 0, 0),
        (7, 1, 12),
        (9, 0, 0),
        (9, 1, 0),
    ]
    # the only covered group of its version has nothing to be compared with
    assert found[0].explanation == "Too few images to compare: 28 here, 0 covered."
    assert [row.name for row in found[1:]] == ["tram", "car", "tram"]
    assert found[1].explanation.startswith(
        "12 of 12 are class tram (of the covered images 0 of 28)"
    )
    stored = from_rows(GroupRow, found).to_pylist()[1]
    assert json.loads(stored["classes"])[0] | {"lift": 0, "low": 0, "high": 0} == {
        "kind": "class",
        "name": "tram",
        "count": 12,
        "size": 12,
        "covered": 0,
        "size_covered": 28,
        "lift": 0,
        "low": 0,
        "high": 0,
    }
    effect = json.loads(stored["attributes"])[0]
    assert effect["words"] == "darker" and effect["d"] == float(f"{effect['d']:.4g}")
    assert json.loads(stored["tags"]) == json.loads(stored["concepts"]) == []


def test_a_group_under_tiles_says_where_in_the_frame_it_lies(sides: Sides, folded: Folded) -> None:
    """Only the version that lacks it, and only the group whose images agree."""
    spread = np.arange(REAL) % 4
    lacking = np.where(CLUSTER == 1, 1, spread)
    names = ("upper left", "upper right", "lower left", "lower right")
    described = Described(places=(lacking, spread), place_names=names)
    told = [row.explanation for row in rows.group_rows(sides, folded, described)]
    sentence = "In 12 of 12 images the upper right of the frame differs most from what is rendered"
    assert [sentence in reason for reason in told] == [False, True, False, False]
    assert not any("of the frame" in reason for reason in (told[0], told[2], told[3]))


def test_a_cluster_is_counted_in_every_space(sides: Sides, judged: Assessment) -> None:
    of_versions = np.array([0] * 5 + [1] + [0] * 6)
    drawn = Map(np.zeros((52, 2), np.float32), None, np.r_[CLUSTER, of_versions])
    found = rows.cluster_rows(sides, Maps(drawn, drawn, (None,) * 3), judged)
    joint = {(row.cluster, row.version_id): row for row in found if row.space == "joint"}
    assert (joint[1, 7].n, joint[1, 7].covered) == (1, True)
    assert (joint[1, 9].n, joint[1, 9].covered) == (0, False)
    assert (joint[1, 7].surplus, joint[1, 9].surplus, joint[0, 9].surplus) == (False, None, False)
    assert joint[0, None].n == 28 and joint[0, None].covered is None
    real = {(row.cluster, row.version_id): row.covered for row in found if row.space == "real"}
    assert real == {(0, None): None, (1, None): None} | {
        (0, 7): True,
        (1, 7): False,
        (0, 9): True,
        (1, 9): True,
    }


def test_outside_and_surplus_are_counted_by_version(sides: Sides, judged: Assessment) -> None:
    of_versions = np.array([0] * 5 + [1] + [0] * 6)
    drawn = Map(np.zeros((52, 2), np.float32), None, np.r_[CLUSTER, of_versions])
    outside = outside_clusters(sides, Maps(drawn, drawn, (None,) * 3))
    nothing = Surplus(
        np.zeros(RENDERED, np.float32), (), np.zeros(RENDERED, int), np.zeros(RENDERED)
    )
    some = replace(nothing, groups=(SurplusGroup(np.array([1, 4]), 0.9, 0.0),))
    first, second = rows.version_rows(sides, judged, outside, [nothing, some])
    assert (first.outside, second.outside, second.outside_aligned) == (0, 12, 12)
    assert (first.surplus, second.surplus) == (0, 2)


def test_surplus_images_stand_beside_the_nearest_real_one(sides: Sides) -> None:
    nothing = Surplus(
        np.zeros(RENDERED, np.float32), (), np.zeros(RENDERED, int), np.zeros(RENDERED)
    )
    score = np.array([0, 0.5, 0, 0, 0.9, 0], np.float32)
    groups = (SurplusGroup(np.array([1, 4]), 0.7, 0.0),)
    found = [nothing, Surplus(score, groups, np.arange(RENDERED) + 30, np.full(RENDERED, 0.25))]
    first, second = surplus_rows(sides, found)
    assert (first.version_id, first.path, first.rank, first.group) == (9, "1.1/4.jpg", 1, 0)
    assert (first.nearest_path, first.nearest_id) == ("real/34.jpg", "real-34")
    assert (second.path, second.rank) == ("1.1/1.jpg", 2)
    (group,) = surplus_group_rows(sides, found, Described())
    assert (group.version_id, group.size, group.score) == (9, 2, 0.7)
    assert group.share == pytest.approx(1 / 3)
    assert group.explanation is not None and "look at them" in group.explanation
    validate(SurplusRow, from_rows(SurplusRow, [first, second]))
    validate(SurplusGroupRow, from_rows(SurplusGroupRow, [group]))


def test_a_change_names_the_nearest_image_of_both_versions(
    sides: Sides, judged: Assessment
) -> None:
    states = np.full(REAL, State.COVERED, object)
    states[CLUSTER == 1] = State.CLOSED
    none, still = np.zeros(REAL, bool), np.zeros(REAL, np.float32)
    pair = PairChange(0, 1, Change(still, still, CLUSTER == 1, none, 0.0, 1.0), states, none)
    table = rows.changes_table(sides, judged, [pair])
    validate(ChangeRow, table)
    last = table.to_pylist()[-1]
    assert (last["from_id"], last["to_id"], last["state"]) == (7, 9, "closed")
    assert (last["before_path"], last["after_path"]) == ("1.0/1.jpg", "1.1/1.jpg")
    assert rows.changes_table(sides, judged, []).num_rows == 0


def test_numbers_and_injected_gaps_carry_their_version(sides: Sides, judged: Assessment) -> None:
    metric = Metric("kid", 0.1, 0.0, 0.2, REAL, RENDERED, 3, {"subsets": 1}, note="")
    one = ScopedMetric(1, MetricScope.CLASS, "tram", metric)
    stored = from_rows(MetricRow, rows.metric_rows(sides, [one])).to_pylist()[0]
    assert (stored["version_id"], stored["scope"], stored["part"]) == (9, "class", "tram")
    assert json.loads(stored["parameters"]) == {"subsets": 1} and stored["baseline"] is None
    tested = from_rows(SelfTestRow, rows.selftest_rows(sides, judged)).to_pylist()
    assert [row["version_id"] for row in tested] == [7, 9]
    assert tested[0]["injected_cluster"] == 0 and tested[0]["hidden"] == 3
