"""Marks through the client: kept by content, carried to later versions and comparisons, shown in
what is handed out, refused in words.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.contracts.words import Mark, Tier
from core.errors import GapscopeError, InputError
from core.reports.comparison_json import comparison_json
from core.store import mark_table
from core.workspace import Comparison, Workspace
from tests.pages import example_workspace

THREE = example_workspace.THREE


@pytest.fixture
def made(tmp_path: Path) -> example_workspace.Example:
    """An example of three versions: 1.2 shows the crosses at night and lacks the squares again."""
    return example_workspace.build(tmp_path / "gapscope.duckdb", versions=THREE)


@pytest.fixture
def ws(made: example_workspace.Example) -> Iterator[Workspace]:
    """It, open."""
    with Workspace(made.path, progress=False) as opened:
        yield opened


@pytest.fixture
def comparison(ws: Workspace, made: example_workspace.Example) -> Comparison:
    """Its comparison."""
    return ws.comparisons.get(made.comparison_id)


def gaps_of(comparison: Comparison, version: str) -> list[str]:
    """Ids of the absent groups."""
    return [row.group_id for row in comparison.group_rows(version) if row.tier == Tier.ABSENT]


def open_gaps(comparison: Comparison, version: str) -> int:
    """What the gate reads."""
    return comparison_json(comparison)["versions"][version]["marks"]["open_gaps_that_matter"]


def test_a_mark_on_a_group_is_kept_for_each_of_its_images(
    ws: Workspace, comparison: Comparison
) -> None:
    (gap,) = gaps_of(comparison, "1.1")
    assert open_gaps(comparison, "1.1") == 1
    ws.marks.set_group(comparison, "1.1", gap, Mark.IGNORED)
    rows = ws.marks.list(comparison.real)
    absent = {row.content_id for row in comparison.absent_rows("1.1")}
    assert {row.content_id for row in rows} == absent and len(rows) == 20
    assert {(row.mark, row.group_name, row.tier, row.held_back) for row in rows} == {
        (Mark.IGNORED, "cross", Tier.ABSENT, False)
    }
    assert open_gaps(comparison, "1.1") == 0
    ws.marks.set_group(comparison, "1.1", gap, Mark.MATTERS)  # the last word holds
    assert {row.mark for row in ws.marks.list(comparison.real)} == {Mark.MATTERS}
    assert open_gaps(comparison, "1.1") == 1
    ws.marks.set_group(comparison, "1.1", gap, None)
    assert ws.marks.list(comparison.real) == [] and not ws.marks.of(comparison, "1.1")


def test_the_stored_judgement_never_changes(ws: Workspace, comparison: Comparison) -> None:
    before = comparison.groups("1.1"), comparison.coverage("1.1"), comparison.summary()
    ws.marks.set_group(comparison, "1.1", gaps_of(comparison, "1.1")[0], Mark.COVERED)
    after = comparison.groups("1.1"), comparison.coverage("1.1"), comparison.summary()
    assert all(old.equals(new) for old, new in zip(before, after, strict=True))


def test_what_does_not_matter_holds_for_every_version(
    ws: Workspace, comparison: Comparison
) -> None:
    (gap,) = gaps_of(comparison, "1.1")
    ws.marks.set_group(comparison, "1.1", gap, Mark.IGNORED)
    for version in THREE:
        assert ws.marks.of(comparison, version).groups[gap].mark == Mark.IGNORED
    assert (open_gaps(comparison, "1.0"), open_gaps(comparison, "1.1")) == (1, 0)


def test_covered_after_all_holds_for_the_version_and_those_after(
    ws: Workspace, comparison: Comparison
) -> None:
    (gap,) = gaps_of(comparison, "1.1")
    ws.marks.set_group(comparison, "1.1", gap, Mark.COVERED)
    known = [gap in ws.marks.of(comparison, version).groups for version in THREE]
    assert known == [False, True, True]
    assert (open_gaps(comparison, "1.0"), open_gaps(comparison, "1.1")) == (2, 0)


def test_what_matters_is_closed_by_a_version_that_covers_it(
    ws: Workspace, comparison: Comparison
) -> None:
    (gap,) = gaps_of(comparison, "1.1")
    ws.marks.set_group(comparison, "1.1", gap, Mark.MATTERS)
    before = open_gaps(comparison, "1.2")
    assert gap not in ws.marks.of(comparison, "1.2").open_groups
    ws.marks.set_group(comparison, "1.2", gap, Mark.MATTERS)  # said against the judgement of 1.2
    assert open_gaps(comparison, "1.2") == before + 1


@pytest.mark.parametrize(("new", "counts"), [(0, True), (9, True), (10, False)])
def test_a_later_comparison_finds_the_mark_by_content(
    ws: Workspace, comparison: Comparison, new: int, counts: bool
) -> None:
    """Other numbers of clusters, other paths, ``new`` of 20 images exchanged for others."""
    (gap,) = gaps_of(comparison, "1.1")
    ws.marks.set_group(comparison, "1.1", gap, Mark.IGNORED)
    cluster = int(gap.split(":")[1])
    other = ws.comparisons.get(
        example_workspace.add_again(ws.db, comparison.id, name="Later", seed=7)
    )
    for table in ("coverage", "groups"):
        ws.db.execute(
            f"""UPDATE {table} SET cluster = cluster + 100,
            group_id = 'cluster:' || (cluster + 100) WHERE comparison_id = ?""",
            [other.id],
        )
    ws.db.execute("UPDATE coverage SET path = 'moved/' || path WHERE comparison_id = ?", [other.id])
    ws.db.execute(
        """UPDATE coverage SET content_id = 'new' || content_id WHERE comparison_id = ?
        AND path IN (SELECT DISTINCT path FROM coverage WHERE comparison_id = ? AND cluster = ?
                     ORDER BY path LIMIT ?)""",
        [other.id, other.id, cluster + 100, new],
    )
    found = ws.marks.of(other, "1.1").groups
    assert (f"cluster:{cluster + 100}" in found) is counts and len(found) == int(counts)
    # the images that came since count with their group
    assert len(ws.marks.of(other, "1.1").images) == (20 if counts else 20 - new)
    assert open_gaps(other, "1.1") == (0 if counts else 1)


def test_marks_survive_the_removal_of_a_comparison(ws: Workspace, comparison: Comparison) -> None:
    (gap,) = gaps_of(comparison, "1.1")
    other = ws.comparisons.get(example_workspace.add_again(ws.db, comparison.id, name="Later"))
    ws.marks.set_group(comparison, "1.1", gap, Mark.IGNORED)
    ws.comparisons.remove(comparison.id)
    assert ws.marks.of(other, "1.1").groups[gap].mark == Mark.IGNORED


def test_an_image_keeps_its_own_word_beside_its_group(
    ws: Workspace, comparison: Comparison
) -> None:
    (gap,) = gaps_of(comparison, "1.1")
    path = comparison.absent_rows("1.1")[0].path
    ws.marks.set_group(comparison, "1.1", gap, Mark.COVERED)
    ws.marks.set_images(comparison, "1.1", [path], Mark.MATTERS)
    marks = ws.marks.of(comparison, "1.1")
    assert marks.groups[gap].images == 19 and marks.groups[gap].mark == Mark.COVERED
    assert marks.images[path].mark == Mark.MATTERS and marks.images[path].own
    listed = [
        row.path
        for row in comparison.coverage_rows("1.1")
        if marks.lists(row.path, row.tier, row.absent)
    ]
    assert listed == [path]
    ws.marks.set_images(comparison, "1.1", [path], None)
    marks = ws.marks.of(comparison, "1.1")
    assert marks.images[path].mark == Mark.COVERED and not marks.images[path].own


@pytest.mark.parametrize(
    ("column", "value", "size"),
    [("class", "cross", 40), ("bias", "night", 60), ("time/of~day", "late", 60)],
)
def test_a_group_of_a_label_is_marked_and_found(
    ws: Workspace, comparison: Comparison, column: str, value: str, size: int
) -> None:
    ws.db.execute(
        """UPDATE images SET labels = '{"time/of~day": "late"}'
        WHERE bias = 'night' AND dataset_id = ?""",
        [comparison.record.real_id],
    )
    ws.db.execute(
        """INSERT INTO groups SELECT * REPLACE ('label:x' AS group_id, 'label' AS kind,
        NULL AS cluster, ? AS "column", ? AS "value", ? AS size) FROM groups
        WHERE comparison_id = ? AND version_id = ? LIMIT 1""",
        [column, value, size, comparison.id, comparison.version_id("1.1")],
    )
    ws.marks.set_group(comparison, "1.1", "label:x", Mark.IGNORED)
    marks = ws.marks.of(comparison, "1.1")
    assert marks.groups["label:x"].images == size == len(marks.images)
    assert gaps_of(comparison, "1.1")[0] in marks.groups  # crosses at night are all in it


# --- the check ------------------------------------------------------------------------------------


def as_ten(ws: Workspace, comparison: Comparison) -> None:
    """Let every group of 1.1 be borderline: four of six said absent."""
    ws.db.execute(
        """UPDATE groups SET probability = 0.5, tier = CASE WHEN cluster < 4 THEN 'absent'
        ELSE 'covered' END WHERE comparison_id = ? AND version_id = ?""",
        [comparison.id, comparison.version_id("1.1")],
    )


def test_half_of_the_answers_is_used_and_half_measures(
    ws: Workspace, comparison: Comparison
) -> None:
    as_ten(ws, comparison)
    questions = ws.marks.questions(comparison, "1.1")
    assert len(questions) == 6 and sum(one.held_back for one in questions) == 3
    for question in questions:
        assert len(question.paths) == question.group.size
        ws.marks.answer(comparison, "1.1", question.group.group_id, covered=True)
    marks = ws.marks.of(comparison, "1.1")
    held = {one.group.group_id for one in questions if one.held_back}
    assert set(marks.groups) == {one.group.group_id for one in questions} - held
    assert {group for group, answer in marks.answers.items() if answer.held_back} == held
    # two absent groups are held back and stay open; both were said to be covered
    assert set(marks.open_groups) == held & set(gaps_of(comparison, "1.1"))
    assert marks.precision is not None
    assert (marks.precision.right, marks.precision.checked) == (0, 2)
    told = comparison_json(comparison)["versions"]["1.1"]["marks"]
    assert (told["open_gaps_that_matter"], told["checked"], told["held_back"]) == (2, 6, 3)
    assert told["precision"]["value"] == 0.0 and told["precision"]["n"] == 2


def test_an_answer_can_be_changed_and_taken_back(ws: Workspace, comparison: Comparison) -> None:
    as_ten(ws, comparison)
    before = ws.marks.questions(comparison, "1.1")
    for covered in (True, False, None):
        for question in before:
            ws.marks.answer(comparison, "1.1", question.group.group_id, covered)
        after = ws.marks.questions(comparison, "1.1")
        assert [(one.group, one.held_back) for one in after] == [
            (one.group, one.held_back) for one in before
        ]
        said = {one.answer.covered for one in after if one.answer}
        assert said == (set() if covered is None else {covered})
    assert ws.marks.list(comparison.real) == []


def test_held_back_answers_measure_that_version_and_no_other(
    ws: Workspace, comparison: Comparison
) -> None:
    as_ten(ws, comparison)
    held = next(
        one.group.group_id
        for one in ws.marks.questions(comparison, "1.1")
        if one.held_back and one.group.tier == Tier.ABSENT
    )
    ws.marks.answer(comparison, "1.1", held, covered=False)
    assert ws.marks.of(comparison, "1.1").precision is not None
    assert ws.marks.of(comparison, "1.0").precision is None
    again = ws.comparisons.get(example_workspace.add_again(ws.db, comparison.id, name="Later"))
    assert ws.marks.of(again, "1.1").precision is not None


def test_explicit_marks_are_never_held_back_nor_asked_about(
    ws: Workspace, comparison: Comparison
) -> None:
    as_ten(ws, comparison)
    for question in ws.marks.questions(comparison, "1.1"):
        ws.marks.set_group(comparison, "1.1", question.group.group_id, Mark.IGNORED)
    assert not any(row.held_back for row in ws.marks.list(comparison.real))
    assert ws.marks.questions(comparison, "1.1") == [] and open_gaps(comparison, "1.1") == 0
    with pytest.raises(InputError, match="is not asked about"):
        ws.marks.answer(comparison, "1.1", "cluster:0", covered=True)


# --- what is handed out ---------------------------------------------------------------------------


def test_lists_and_report_tell_the_mark(
    ws: Workspace, comparison: Comparison, tmp_path: Path
) -> None:
    assert 'class="mark"' not in ws.exports.report_html(comparison)
    marked = comparison.absent_rows("1.2")[0].path
    ws.marks.set_group(comparison, "1.2", gaps_of(comparison, "1.2")[0], Mark.IGNORED)
    lines = csv.DictReader(io.StringIO(ws.exports.absent_csv(comparison)))
    said = {(row["version"], row["path"]): row["mark"] for row in lines}
    assert said["1.2", marked] == "does not matter"
    images = json.loads(ws.exports.coco_json(comparison, "1.2"))["images"]
    assert {one["gapscope"]["mark"] for one in images} == {"does not matter"}
    packed = zipfile.ZipFile(io.BytesIO(ws.exports.fiftyone_zip(comparison, "1.2")))
    labels = json.loads(packed.read("labels.json"))["labels"]
    assert labels[marked.removesuffix(".png")]["attributes"]["mark"] == "does not matter"
    assert sum("mark" in one["attributes"] for one in labels.values()) == 20
    ws.exports.write_absent_folder(comparison, "1.2", tmp_path / "out")
    with (tmp_path / "out" / "manifest.csv").open(encoding="utf-8") as manifest:
        assert {row["mark"] for row in csv.DictReader(manifest)} == {"does not matter"}
    report = ws.exports.report_html(comparison)
    assert '<span class="mark">does not matter</span>' in report
    assert "0 open gaps that matter. Groups you marked: 1 does not matter." in report


def test_entries_tell_what_was_marked_together(ws: Workspace, comparison: Comparison) -> None:
    ws.marks.set_group(comparison, "1.1", gaps_of(comparison, "1.1")[0], Mark.IGNORED)
    path = next(row.path for row in comparison.coverage_rows("1.1") if row.tier == Tier.COVERED)
    ws.marks.set_images(comparison, "1.1", [path], Mark.MATTERS)
    group, image = ws.marks.entries()
    assert (group.mark, group.group, group.version, len(group.paths)) == (
        Mark.IGNORED,
        "cross",
        "1.1",
        20,
    )
    assert (image.mark, image.group, list(image.paths)) == (Mark.MATTERS, None, [path])


# --- a table of marks -----------------------------------------------------------------------------


def test_marks_are_read_from_a_csv(ws: Workspace, comparison: Comparison, tmp_path: Path) -> None:
    first, second = (row.path for row in comparison.absent_rows("1.1")[:2])
    file = tmp_path / "marks.csv"
    file.write_text(f"path,mark\n{first},does not matter\n{second},matters\n", "utf-8")
    assert ws.marks.read_csv(comparison.real, file) == 2
    images = ws.marks.of(comparison, "1.1").images
    assert {path: one.mark for path, one in images.items()} == {
        first: Mark.IGNORED,
        second: Mark.MATTERS,
    }
    file.write_text(f"path,mark\n{first},\n", "utf-8")
    ws.marks.read_csv(comparison.real, file)
    assert set(ws.marks.of(comparison, "1.1").images) == {second}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path\na.png\n", "needs the columns path and mark"),
        ("path,mark\nno/such.png,matters\n", "has no image no/such.png"),
        ("path,mark\ncross/night/000.png,fine\n", "line 2: 'fine' is no mark"),
    ],
)
def test_a_wrong_csv_marks_nothing(
    ws: Workspace, comparison: Comparison, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "marks.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        ws.marks.read_csv(comparison.real, file)
    assert ws.marks.list(comparison.real) == []


# --- what is refused ------------------------------------------------------------------------------


def test_a_group_that_is_not_there_is_named(ws: Workspace, comparison: Comparison) -> None:
    with pytest.raises(InputError, match="no images of a group 'cluster:99'"):
        ws.marks.set_group(comparison, "1.1", "cluster:99", Mark.IGNORED)


def test_a_workspace_open_for_reading_shows_marks_and_takes_none(
    ws: Workspace, comparison: Comparison, made: example_workspace.Example, tmp_path: Path
) -> None:
    (gap,) = gaps_of(comparison, "1.1")
    ws.marks.set_group(comparison, "1.1", gap, Mark.IGNORED)
    ws.close()
    with Workspace(made.path, read_only=True, progress=False) as reader:
        found = reader.comparisons.get(made.comparison_id)
        assert reader.marks.of(found, "1.1").groups[gap].mark == Mark.IGNORED
        for act in (
            lambda: reader.marks.set_group(found, "1.1", gap, None),
            lambda: reader.marks.set_images(found, "1.1", ["a.png"], Mark.MATTERS),
            lambda: reader.marks.answer(found, "1.1", gap, covered=True),
            lambda: reader.marks.read_csv(found.real, tmp_path / "marks.csv"),
        ):
            with pytest.raises(GapscopeError, match="open for reading only"):
                act()


def test_a_forgotten_dataset_takes_its_marks_along(ws: Workspace, comparison: Comparison) -> None:
    real = comparison.real
    ws.marks.set_group(comparison, "1.1", gaps_of(comparison, "1.1")[0], Mark.IGNORED)
    ws.comparisons.remove(comparison.id)
    assert mark_table.state(ws.db, real.id)
    ws.datasets.remove(real)
    assert mark_table.state(ws.db, real.id)  # it can be put back, with them
    ws.removals.purge()
    assert not mark_table.state(ws.db, real.id)
