"""A comparison's typed rows say what its tables say."""

from __future__ import annotations

import pytest

from core.contracts.words import MetricScope, Space, State
from core.errors import InputError
from core.workspace import Comparison


def test_rows_are_those_of_the_tables_in_their_order(comparison: Comparison) -> None:
    coverage = comparison.coverage("1.1")
    rows = comparison.coverage_rows("1.1")
    assert [row.path for row in rows] == coverage.column("path").to_pylist()
    assert [row.class_ for row in rows] == coverage.column("class").to_pylist()
    absent = comparison.absent_rows("1.1")
    assert [row.path for row in absent] == comparison.absent("1.1").column("path").to_pylist()
    gaps = comparison.group_rows("1.0")
    assert [gap.score for gap in gaps] == comparison.groups("1.0").column("score").to_pylist()
    assert [row.version for row in comparison.version_rows()] == ["1.0", "1.1"]
    metrics = comparison.metric_rows()
    assert [row.name for row in metrics] == comparison.metrics().column("name").to_pylist()
    assert {MetricScope.ALL} < {row.scope for row in metrics} <= set(MetricScope)
    assert {row.space for row in comparison.cluster_rows()} == set(Space)


def test_evidence_of_a_gap_is_read(comparison: Comparison) -> None:
    gap = comparison.group_rows("1.1")[0]
    assert "darker" in [effect.words for effect in gap.attributes]
    assert ("cross", 1.0) in [(label.name, label.share) for label in gap.classes]


@pytest.mark.parametrize("absent_only", [True, False])
def test_examples_are_the_most_absent_of_each_group(
    comparison: Comparison, absent_only: bool
) -> None:
    listed = comparison.absent_rows("1.0") if absent_only else comparison.coverage_rows("1.0")
    examples = comparison.example_rows("1.0", 4, absent_only=absent_only)
    assert set(examples) == {row.group_id for row in listed}
    for group_id, rows in examples.items():
        ranked = [row for row in comparison.coverage_rows("1.0") if row.group_id == group_id]
        assert rows == ranked[:4]


def test_changed_rows_leave_out_what_stayed_covered(comparison: Comparison) -> None:
    (pair,) = comparison.judged_pairs()
    everything = comparison.change_rows("1.0", "1.1")
    assert pair.images == len(everything) == 120
    changed = comparison.changed_rows(pair.from_id, pair.to_id)
    assert changed == [row for row in everything if row.state != State.COVERED or row.regressed]


def test_a_version_is_found_by_label_and_by_id(comparison: Comparison) -> None:
    dataset = comparison.version("1.1")
    assert comparison.version(dataset.id) == dataset
    row = comparison.version_row("1.1")
    assert row is not None and row.version_id == dataset.id
    with pytest.raises(InputError, match=r"It has 1.0, 1.1"):
        comparison.version("2.0")


def test_images_have_their_thumbnails_and_files(comparison: Comparison) -> None:
    row = comparison.absent_rows("1.1")[0]
    pictures = comparison.thumbnails([row.content_id, row.content_id, "none"])
    assert list(pictures) == [row.content_id] and pictures[row.content_id][8:12] == b"WEBP"
    file = comparison.image_file(row.content_id)
    assert file is not None and file.is_file() and comparison.image_file("none") is None
    assert len(comparison.image_rows()) == comparison.real.images + comparison.real.unreadable
