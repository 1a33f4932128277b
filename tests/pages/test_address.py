"""A link, a reload and Back show what was seen: the address carries it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.store.database import Database
from core.workspace import Workspace
from tests.pages import example_workspace
from tests.pages.driver import home, show, told, visit
from tests.pages.example_workspace import Example


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """A home with the example, a second comparison beside its own, and another workspace."""
    with home(tmp_path_factory.mktemp("home")) as place:
        built = example_workspace.build(place / "gapscope.duckdb")
        db = Database(built.path)
        example_workspace.add_again(db, built.comparison_id, name="Another seed", seed=7)
        db.close()
        with Workspace(place / "other.duckdb", progress=False):
            pass
        yield built


def follow(made: Example, page: str, link: dict[str, str]) -> AppTest:
    """A link in a new browser session."""
    app = show("home", made.path.parent)
    app.query_params.clear()
    app.query_params.update(link)
    return visit(app, page)


def test_what_is_chosen_stands_in_the_address_and_a_link_shows_it(made: Example) -> None:
    app = visit(show("home", made.path.parent), "gaps")
    assert app.query_params == {"comparison": "2", "version": "1.1"}
    app.selectbox(key="comparison").set_value(1).run()
    app.segmented_control(key="version").set_value(made.version_ids["1.0"]).run()
    app.segmented_control(key="gaps_list").set_value("Ranking").run()
    link = {"comparison": "1", "version": "1.0", "list": "ranking"}
    assert app.query_params == link

    other = follow(made, "gaps", link)
    assert other.session_state["comparison"] == 1
    assert other.session_state["version"] == made.version_ids["1.0"]
    assert other.segmented_control(key="gaps_list").value == "Ranking"
    assert other.query_params == link

    app.segmented_control(key="gaps_section").set_value("Self-test").run()
    assert app.query_params == {"comparison": "1", "version": "1.0", "tab": "self-test"}
    other = follow(made, "gaps", app.query_params)
    assert other.segmented_control(key="gaps_section").value == "Self-test"


def test_back_shows_what_was_seen_before(made: Example) -> None:
    """The browser goes back by sending the address as it was."""
    app = follow(made, "versions", {"comparison": "2"})
    before = dict(app.query_params)
    app.segmented_control(key="versions_section").set_value("Trend").run()
    assert app.query_params["tab"] == "trend"
    app.query_params.clear()
    app.query_params.update(before)
    app.run()
    assert app.segmented_control(key="versions_section").value == "What changed"
    app.query_params["tab"] = "history"
    app.run()
    assert app.segmented_control(key="versions_section").value == "History"


def test_a_choice_wins_over_the_address_as_it_was_written(made: Example) -> None:
    app = follow(made, "gaps", {"comparison": "1", "version": "1.0"})
    app.segmented_control(key="version").set_value(made.version_ids["1.1"]).run()
    assert app.query_params["version"] == "1.1"


def test_a_link_to_what_is_not_there_says_so_and_shows_the_newest(made: Example) -> None:
    app = follow(made, "gaps", {"comparison": "77", "version": "9.9", "tab": "nonsense"})
    assert "not in this workspace any more" in told(app)
    assert app.query_params == {"comparison": "2", "version": "1.1"}


def test_the_workspace_is_in_the_link_and_back_leads_to_the_first_one(made: Example) -> None:
    other = str(made.path.with_name("other.duckdb"))
    app = follow(made, "home", {"workspace": other})
    assert app.query_params == {"workspace": other}
    assert "absent in 1.0" not in told(app)
    app.query_params.clear()
    app.run()
    assert "absent in 1.0" in told(app) and app.query_params == {}
