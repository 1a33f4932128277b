"""Counts folded into the judgement by vectors: one group and one tier for each real image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from core.analysis.coverage.judgement import Assessment
from core.contracts.comparison import GroupRow, LabelCountRow, LabelNoteRow
from core.contracts.derive import from_rows, validate
from core.contracts.words import DecidedBy, GroupKind, Tier
from core.jobs.compare import label_rows, rows
from core.jobs.compare.describe import Described
from core.jobs.compare.fold import Folded, cluster_id, fold
from core.jobs.compare.sides import Side, Sides
from tests.jobs.test_compare_rows import CLUSTER, REAL, side, version

WEATHER = ["fog"] * 10 + ["sun"] * 30  # of the real images; clusters are 28 and 12 of them


def labelled(one: Side, classes: list[str | None], weather: list[str]) -> Side:
    """The side with these labels, as many images as there are."""
    table = {
        "path": [f"{one.name}/{number}.jpg" for number in range(len(classes))],
        "content_id": [f"{one.name}-{number}" for number in range(len(classes))],
        "bias": one.texts("bias")[:1] * len(classes),
        "class": classes,
        "labels": [f'{{"weather": "{sky}"}}' for sky in weather],
    }
    return replace(one, rows=pa.table(table))


def sides(classes: list[str | None], weather: list[str]) -> Sides:
    real = labelled(side(4, None, REAL), ["car"] * 28 + ["tram"] * 12, WEATHER)
    return Sides(real, (labelled(side(7, "1.0", 6), classes, weather),))


@pytest.fixture
def covered() -> Assessment:
    """By vectors, nothing is absent."""
    return Assessment(CLUSTER, (version(lacking=False),))


def tiers(folded: Folded) -> list[str]:
    return [str(tier) for tier in folded.judged.versions[0].tier]


def test_labels_are_by_column_with_class_and_bias_first() -> None:
    of_real = sides(["car"] * 6, ["sun"] * 6).real.labels
    assert list(of_real) == ["class", "bias", "weather"]
    assert of_real["weather"] == WEATHER and of_real["bias"] == [None] * REAL


def test_nothing_changes_where_every_label_is_rendered(covered: Assessment) -> None:
    classes: list[str | None] = ["car"] * 3 + ["tram"] * 3
    folded = fold(sides(classes, ["fog", "sun"] * 3), covered)
    (before,), (after,) = covered.versions, folded.judged.versions
    assert after.summary is before.summary and folded.versions[0].groups == ()
    assert after.rank.tolist() == before.rank.tolist()
    assert folded.versions[0].group_id.tolist() == [cluster_id(one) for one in CLUSTER]


def test_an_absent_label_takes_its_images_whatever_the_vectors_say(covered: Assessment) -> None:
    folded = fold(sides(["car"] * 300, ["sun"] * 290 + ["fog"] * 10), covered)
    found, (counted,) = folded.judged.versions[0], folded.versions
    assert [group.group_id for group in counted.groups] == ["class:tram", "weather:fog"]
    assert tiers(folded) == ["thin"] * 10 + ["covered"] * 18 + ["absent"] * 12
    assert found.absent.tolist() == [False] * 28 + [True] * 12
    assert sorted(found.rank[28:]) == list(range(1, 13))  # the list stands first
    summary = found.summary
    assert (summary.absent, summary.absent_rate, summary.thin) == (12, 0.3, 10)
    assert (summary.low, summary.high) == (0.3, 0.5)  # counts do not waver; re-runs may list more
    assert summary.verdict == (
        "By labels: tram is not rendered at all (12 of 40 real images); weather fog is hardly "
        "rendered (10 of 40 real images). By appearance: some are absent."
    )
    # what assess gave is as it was
    assert not covered.versions[0].absent.any()


def test_a_thin_label_leaves_what_its_cluster_lacks_absent() -> None:
    lacking = version(lacking=True)
    of_fog = replace(lacking, absent=CLUSTER == 0, tier=np.where(CLUSTER, "covered", "absent"))
    found = Assessment(CLUSTER, (of_fog,))
    classes: list[str | None] = ["car"] * 200 + ["tram"] * 100
    folded = fold(sides(classes, ["sun"] * 290 + ["fog"] * 10), found)
    assert tiers(folded) == ["absent"] * 28 + ["covered"] * 12
    assert set(folded.versions[0].group_id[:10]) == {"cluster:0"}


def test_of_two_absent_labels_the_class_names_the_group(covered: Assessment) -> None:
    classes: list[str | None] = ["tram"] * 6  # no car, and no fog, which only cars have
    folded = fold(sides(classes, ["sun"] * 6), covered)
    assert set(folded.versions[0].group_id[:28]) == {"class:car"}
    assert [group.group_id for group in folded.versions[0].groups] == ["class:car", "weather:fog"]


def test_rows_name_each_group_once_and_count_each_image_once(covered: Assessment) -> None:
    both = sides(["car"] * 300, ["sun"] * 290 + ["fog"] * 10)
    folded = fold(both, covered)
    of_labels = label_rows.label_group_rows(both, folded, Described())
    every = [*of_labels, *rows.group_rows(both, folded, Described())]
    table = from_rows(GroupRow, every)
    validate(GroupRow, table)
    assert [(row.group_id, row.size, row.own, row.absent) for row in every] == [
        ("class:tram", 12, 12, 12),
        ("weather:fog", 10, 10, 0),
        ("cluster:0", 28, 18, 0),
        ("cluster:1", 12, 0, 0),  # all trams, which are counted above
    ]
    assert sum(row.own for row in every) == REAL
    tram = of_labels[0]
    assert (tram.kind, tram.decided_by) == (GroupKind.LABEL, DecidedBy.COUNTS)
    assert (tram.name, tram.rendered, tram.expected, tram.low) == ("tram", 0, 90.0, 0.0)
    assert tram.high == pytest.approx(3.8, abs=0.1)  # of 300 images
    assert tram.explanation and tram.explanation.startswith("12 of 12 are class tram")
    counts = label_rows.label_count_rows(both, folded)
    validate(LabelCountRow, from_rows(LabelCountRow, counts))
    assert {(row.value, row.tier) for row in counts} == {
        ("car", Tier.COVERED),
        ("tram", Tier.ABSENT),
        ("sun", Tier.COVERED),
        ("fog", Tier.THIN),
    }
    assert label_rows.label_note_rows(both, folded) == []
    validate(LabelNoteRow, from_rows(LabelNoteRow, []))


def test_a_column_called_cluster_never_names_a_cluster() -> None:
    of_real = sides(["car"] * 6, ["sun"] * 6).real
    texts = [f'{{"cluster": "{number % 2}"}}' for number in range(REAL)]
    place = of_real.rows.schema.get_field_index("labels")
    real = replace(
        of_real, rows=of_real.rows.set_column(place, "labels", pa.array([texts])[0].values)
    )
    rendered = replace(real, version="1.0", rows=real.rows.take(list(range(0, REAL, 2))))
    found = Assessment(CLUSTER, (version(lacking=False),))
    folded = fold(Sides(real, (rendered,)), found)
    assert "label:cluster:1" in folded.versions[0].group_id.tolist()
