"""Tags, notes and selections through the client: kept by content, combined as sets, compared
between versions, handed out in formats that other tools read.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.contracts.words import Combination
from core.errors import GapscopeError, InputError
from core.workspace import Comparison, Workspace
from tests.pages import example_workspace


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """The example, open: 1.1 lacks the crosses at night, 1.0 the squares at night too."""
    made = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(made.path, progress=False) as opened:
        yield opened


@pytest.fixture
def comparison(ws: Workspace) -> Comparison:
    """Its comparison."""
    return ws.comparisons.get(ws.comparisons.list()[0].id)


def contents(ws: Workspace, part: str, domain: str = "real") -> list[str]:
    """Content ids of the images of a domain whose path begins so."""
    found = ws.search.by_name(part, ws.datasets.list(domain))
    return [one.content_id for one in found if one.path.startswith(part)]


def test_tags_are_words_on_contents(ws: Workspace) -> None:
    night, crosses = contents(ws, "cross/night/"), contents(ws, "cross/")
    ws.annotations.tag(night, "  very   dark ")
    ws.annotations.tag(crosses, "cross")
    ws.annotations.tag(crosses, "cross")  # twice is once
    assert ws.annotations.tags() == {"cross": 40, "very dark": 20}
    assert ws.annotations.tags_of(night[:1]) == {night[0]: ("cross", "very dark")}
    ws.annotations.untag(night[1:], "very dark")
    assert ws.annotations.tagged("very dark") == night[:1]
    with pytest.raises(InputError, match="1 to 60 letters"):
        ws.annotations.tag(night, "  ")


def test_a_note_is_replaced_and_taken_away(ws: Workspace) -> None:
    (first, *_) = contents(ws, "cross/night/")
    ws.annotations.set_note(first, "glare? ask Mira")
    ws.annotations.set_note(first, "*glare* <b>")
    assert ws.annotations.note(first) == "*glare* <b>"
    ws.annotations.set_note(first, " ")
    assert ws.annotations.note(first) is None


def test_words_on_images_outlive_their_dataset(ws: Workspace, comparison: Comparison) -> None:
    night = contents(ws, "cross/night/")
    ws.annotations.tag(night, "dark")
    saved = ws.selections.save("Night", night)
    folder, real = Path(comparison.real.folder), comparison.real
    ws.comparisons.remove(comparison.id)
    ws.datasets.remove(real)
    assert ws.selections.files(saved) == []
    ws.removals.purge()
    again = ws.add_dataset(folder, domain="real", name="again", labels="{class}/{bias}/*")
    ws.scan(again)
    files = ws.selections.files(saved)
    assert len(files) == 20 and {row.dataset for row in files} == {"again"}
    assert {row.tags for row in files} == {"dark"}


def test_selections_combine_as_sets(ws: Workspace) -> None:
    night = ws.selections.save("Night", contents(ws, "cross/night/") + contents(ws, "square/night"))
    crosses = ws.selections.save("Crosses", contents(ws, "cross/"))
    wanted = {Combination.AND: 20, Combination.OR: 60, Combination.WITHOUT: 20}
    for how, count in wanted.items():
        made = ws.selections.combine(f"Night {how} crosses", night, how, crosses)
        assert made.images == count, how
    left = ws.selections.get("Night without crosses")
    assert set(ws.selections.contents(left)) == set(contents(ws, "square/night"))
    with pytest.raises(InputError, match="cannot be combined by 'xor'"):
        ws.selections.combine("x", night, "xor", crosses)


def test_a_selection_grows_shrinks_and_is_renamed(ws: Workspace) -> None:
    night, day = contents(ws, "cross/night/"), contents(ws, "cross/day/")
    saved = ws.selections.save(" At   night ", [*night, *night])
    assert (saved.name, saved.images) == ("At night", 20)
    assert ws.selections.add(saved, day + night).images == 40
    assert ws.selections.take_out(saved, night[:5]).images == 35
    assert ws.selections.holding(day[0]) == [saved.id] and ws.selections.holding(night[0]) == []
    renamed = ws.selections.rename(saved, "Crosses")
    assert [one.name for one in ws.selections.list()] == ["Crosses"]
    with pytest.raises(InputError, match="is a selection 'crosses' already"):
        ws.selections.save("crosses", day)
    with pytest.raises(InputError, match="needs a name"):
        ws.selections.rename(renamed, "  ")
    ws.selections.remove(renamed)
    assert ws.selections.list() == [] and ws.selections.holding(day[0]) == []
    with pytest.raises(InputError, match="There is no selection"):
        ws.selections.get("Crosses")


def test_a_selection_is_compared_between_versions(ws: Workspace, comparison: Comparison) -> None:
    """The squares at night are absent from 1.0 and there in 1.1, which renders 20 of them."""
    both = contents(ws, "square/night/") + contents(ws, "square/night/", "synthetic")
    saved = ws.selections.save("Squares at night", both)
    before, after = ws.selections.over_versions(saved, comparison)
    assert (before.version, before.real, before.absent, before.synthetic) == ("1.0", 20, 20, 0)
    assert (after.version, after.real, after.covered, after.synthetic) == ("1.1", 20, 20, 20)
    assert before.score is not None and after.score is not None and before.score > after.score
    empty = ws.selections.over_versions(ws.selections.save("Nothing", []), comparison)
    assert [(row.real, row.score, row.synthetic) for row in empty] == [(0, None, 0)] * 2


def test_exports_are_read_back(ws: Workspace, tmp_path: Path) -> None:
    night = contents(ws, "cross/night/")
    saved = ws.selections.save("Night", night)
    ws.annotations.tag(night[:1], "=dark")
    ws.annotations.set_note(night[0], "look, twice")
    rows = list(csv.DictReader(io.StringIO(ws.selections.csv(saved).decode())))
    assert len(rows) == 20 and {row["class"] for row in rows} == {"cross"}
    (tagged,) = [row for row in rows if row["note"]]
    assert tagged["tags"] == "'=dark" and tagged["note"] == "look, twice"  # safe in spreadsheets
    with zipfile.ZipFile(io.BytesIO(ws.selections.fiftyone_zip(saved))) as archive:
        labels, data = (json.loads(archive.read(f"{name}.json")) for name in ("labels", "data"))
    assert labels["classes"] == ["cross"] and set(labels["labels"]) == set(data)
    assert all(Path(file).is_file() for file in data.values()) and len(data) == 20
    written = ws.selections.write_folder(saved, tmp_path / "out")
    assert written.images == 20 and not written.missing
    files = {file.name for file in (tmp_path / "out").glob("*.png")}
    with (tmp_path / "out" / "manifest.csv").open() as lines:
        assert {row["file"] for row in csv.DictReader(lines)} == files and len(files) == 20
    with pytest.raises(InputError, match="not empty"):
        ws.selections.write_folder(saved, tmp_path / "out")


def test_a_folder_says_which_files_are_away(ws: Workspace, tmp_path: Path) -> None:
    saved = ws.selections.save("Night", contents(ws, "cross/night/"))
    away = ws.selections.files(saved)[0]
    (Path(away.folder) / away.path).unlink()
    written = ws.selections.write_folder(saved, tmp_path / "out", copies=False)
    assert written.images == 19 and written.missing[0][0] == away.path
    assert all(file.is_symlink() for file in (tmp_path / "out").glob("*.png"))


def test_a_workspace_open_for_reading_takes_nothing(ws: Workspace) -> None:
    night, path = contents(ws, "cross/night/"), ws.path
    ws.selections.save("Night", night)
    ws.close()
    with Workspace(path, read_only=True, progress=False) as reader:
        assert reader.selections.get("Night").images == 20
        for act in (
            lambda: reader.selections.save("More", night),
            lambda: reader.annotations.tag(night, "dark"),
            lambda: reader.annotations.set_note(night[0], "dark"),
        ):
            with pytest.raises(GapscopeError, match="open for reading only"):
                act()
