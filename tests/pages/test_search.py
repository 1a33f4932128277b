"""The Search page: names, words and an image from elsewhere; it says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts.words import JobKind
from pages.parts.search import by_image, by_words
from pages.parts.shared import session
from tests.pages import example_workspace
from tests.pages.driver import home, show, told


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AppTest]:
    """The page on the example."""
    with home(tmp_path) as place:
        example_workspace.build(place / "gapscope.duckdb")
        yield show("search", place)


def test_a_part_of_a_name_finds_files_of_every_dataset(app: AppTest) -> None:
    app.text_input(key="search_name").set_value("CROSS/day/00").run()
    assert "30 images" in told(app)  # ten in each of three datasets
    real = session.open_shared(session.Place(session.default_path())).datasets.list("real")[0]
    app.multiselect(key="search_in").set_value([real.id]).run()
    assert "10 images" in told(app) and not app.exception
    app.text_input(key="search_name").set_value("zebra*").run()
    assert "No readable image has zebra\\* in its path" in told(app)


def test_words_say_what_they_need(app: AppTest) -> None:
    app.segmented_control(key="search_way").set_value("Words").run()
    assert by_words.NOT_READY in told(app) and not app.text_input


def test_an_image_is_asked_for_and_one_of_the_workspace_needs_no_job(app: AppTest) -> None:
    app.segmented_control(key="search_way").set_value("An image of yours").run()
    assert not app.exception
    ws = session.open_shared(session.Place(session.default_path()))
    inside = ws.datasets.image_file(ws.search.by_name("cross/day/003")[0].content_id)
    assert inside is not None
    found = by_image.found(ws, inside.read_bytes(), "lite0", None)
    assert found is not None and all(one.path.startswith("cross/day/") for one in found[:5])
    assert all(job.kind != JobKind.QUERY for job in ws.jobs.list())


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "There are no images yet" in told(show("search", tmp_path))
