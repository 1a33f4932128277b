"""Selections, tags and notes on the pages: saved from a search, tagged in the detail view, combined
and compared on their own page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.workspace import Workspace
from pages.parts.shared import selections, session
from pages.parts.shared.read import Scene
from tests.pages import example_workspace
from tests.pages.driver import home, show, told


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A home with the example in it."""
    with home(tmp_path) as place:
        example_workspace.build(place / "gapscope.duckdb")
        yield place


@pytest.fixture
def ws(folder: Path) -> Workspace:
    """The workspace that the page has open."""
    return session.open_shared(session.Place(session.default_path()))


def save(ws: Workspace, name: str, part: str) -> None:
    """Save the images whose path holds ``part``."""
    ws.selections.save(name, [one.content_id for one in ws.search.by_name(part)])


def test_what_a_search_finds_is_saved_under_a_name(folder: Path, ws: Workspace) -> None:
    app = show("search", folder)
    app.text_input(key="search_name").set_value("cross/day/00").run()
    app.session_state["found_box"] = True
    app.run()
    app.text_input(key="found_name").set_value("Ten by day").run()
    app.button(key="found_save").click().run()
    assert not app.exception
    assert [(one.name, one.images) for one in ws.selections.list()] == [("Ten by day", 30)]
    app.session_state["found_box"] = True
    app.run()
    app.text_input(key="found_name").set_value("ten by day").run()
    app.button(key="found_save").click().run()
    assert "There is a selection" in told(app) and len(ws.selections.list()) == 1


def test_the_page_compares_versions_and_combines(folder: Path, ws: Workspace) -> None:
    assert "There is no selection yet" in told(show("selections", folder))
    save(ws, "Night", "night/")
    save(ws, "Squares", "square/")
    app = show("selections", folder)
    assert "120 files: 60 real, 60 synthetic" in told(app)  # 1.0 has 20 by night, 1.1 has 40
    table = app.dataframe[0].value.set_index("Version")
    assert table.loc["1.0", "absent"] == 40 and table.loc["1.1", "absent"] == 20
    app.selectbox(key="how").set_value("without").run()
    app.button(key="selection_combine").click().run()
    assert not app.exception
    assert ws.selections.get("Night without Squares").images < ws.selections.get("Night").images


def test_a_selection_is_renamed_and_removed(folder: Path, ws: Workspace) -> None:
    save(ws, "Night", "night/")
    app = show("selections", folder)
    key = f"rename_{ws.selections.get('Night').id}"
    app.text_input(key=key).set_value("Dark").run()
    app.button(key="selection_rename").click().run()
    assert [one.name for one in ws.selections.list()] == ["Dark"]
    assert app.button(key="selection_remove").disabled
    app.checkbox[0].set_value(True).run()
    app.button(key="selection_remove").click().run()
    assert ws.selections.list() == [] and "There is no selection yet" in told(app)


def test_an_image_is_tagged_and_noted_where_it_is_looked_at(folder: Path, ws: Workspace) -> None:
    save(ws, "Night", "night/")
    (image,) = ws.search.by_name("cross/day/003", [ws.datasets.list("real")[0]])
    script = folder / "alone.py"
    script.write_text(
        "from pages.parts.shared import annotate, session\n"
        "ws = session.open_shared(session.Place(session.default_path()))\n"
        f"annotate.image(ws, {image.content_id!r})\n",
        "utf-8",
    )
    app = AppTest.from_file(str(script), default_timeout=60).run()
    tags, inside = app.multiselect
    tags.set_value(["glare", "wet road"]).run()
    app.text_area[0].set_value("ask Mira").run()
    inside.set_value([ws.selections.get("Night").id]).run()
    assert not app.exception
    assert ws.annotations.tags_of([image.content_id]) == {image.content_id: ("glare", "wet road")}
    assert ws.annotations.note(image.content_id) == "ask Mira"
    assert ws.selections.holding(image.content_id) == [ws.selections.get("Night").id]
    app.multiselect[0].set_value(["glare"]).run()
    assert ws.annotations.tags() == {"glare": 1}


def test_points_are_filtered_and_coloured_by_selections(ws: Workspace) -> None:
    save(ws, "Night", "night/")
    save(ws, "Squares", "square/")
    comparison = ws.comparisons.get(ws.comparisons.list()[0].id)
    scene = Scene(ws, comparison, comparison.version_id("1.1"))
    points = scene.points
    night, square = points["bias"] == "night", points["class"] == "square"
    chosen = [ws.selections.get("Night"), ws.selections.get("Squares")]
    assert (selections.holds(scene, chosen[0]) == night).all()
    expected = np.where(night, "Night", np.where(square, "Squares", None))
    assert (selections.names(scene, chosen) == expected).all()
    ws.annotations.tag(points["content_id"][night].tolist(), "dark")
    assert (selections.tag_names(scene) == np.where(night, "dark", None)).all()
