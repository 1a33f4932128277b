"""A comparison whose folders changed since it was made says what changed, and can be made again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.workspace import Workspace
from core.workspace.freshness import FolderChange, changes
from pages.parts.shared import changed, session
from tests.pages import example_workspace
from tests.pages.driver import home, show, told
from tests.pages.example_workspace import Example


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Example]:
    with home(tmp_path):
        changed._changes.clear()
        yield example_workspace.build(tmp_path / "gapscope.duckdb")


def real_folder(made: Example) -> Path:
    return made.images / "real"


def test_what_changed_is_counted_on_disk_and_in_a_later_scan(made: Example) -> None:
    with Workspace(made.path, progress=False) as ws:
        comparison = ws.comparisons.get(made.comparison_id)
        assert changes(ws.db, comparison) == []
        day = real_folder(made) / "circle" / "day"
        shutil.copy(day / "000.png", day / "new.png")
        (day / "001.png").unlink()
        shutil.copy(day / "003.png", day / "002.png")
        found = [FolderChange(example_workspace.REAL, 1, 1, 1)]
        assert changes(ws.db, comparison) == found  # no scan has seen it
        ws.scan(ws.datasets.get(made.real_id))
        assert changes(ws.db, comparison) == found  # a scan has
        assert found[0].sentence == "Drawn photographs: 1 image added, 1 removed, 1 changed"
        shutil.move(made.images / "1.1", made.images / "elsewhere")
        assert changes(ws.db, comparison)[1].sentence == "1.1: its folder is not there now"


def test_the_pages_say_so_and_compare_again(made: Example) -> None:
    folder = made.path.parent
    assert "folders changed" not in told(show("gaps", folder))
    changed._changes.clear()
    (made.images / "1.1" / "circle" / "day" / "000.png").unlink()
    app = show("gaps", folder)
    words = told(app).replace("\\", "")
    assert "The folders changed since this comparison was made" in words
    assert "1.1: 1 image removed." in words
    app.button(key="compare_again").click().run()
    ws = session.open_shared(session.Place(made.path))
    newest, first = ws.comparisons.list()
    assert newest.version_ids == first.version_ids and newest.parameters == first.parameters
    assert (newest.real_id, newest.encoder, newest.seed) == (
        first.real_id,
        first.encoder,
        first.seed,
    )
    assert app.title[0].value == "Jobs"
