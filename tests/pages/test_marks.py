"""Marks on the pages: three choices on each group and image, badges, switches, and ten groups to
check.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts.words import Mark, Tier
from core.workspace import Comparison, Workspace
from pages.parts.gaps import gap_list
from pages.parts.gaps import marks as gap_marks
from pages.parts.gaps.check import Reply
from pages.parts.gaps.gap_list import Choices, Listing
from pages.parts.shared import session
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape
from tests.pages import example_workspace
from tests.pages.driver import home, show, told, visit


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A home with the example in it."""
    with home(tmp_path) as place:
        example_workspace.build(place / "gapscope.duckdb")
        yield place


@pytest.fixture
def app(folder: Path) -> AppTest:
    """The Gaps page on the newest version, 1.1: the crosses at night are absent."""
    return show("gaps", folder)


def opened(app: AppTest) -> tuple[Workspace, Comparison]:
    """The workspace that the page has open, and its comparison."""
    ws = session.open_shared(session.Place(session.default_path()))
    return ws, ws.comparisons.get(app.session_state["comparison"])


def headings(app: AppTest) -> list[str]:
    """Names of the groups on the page."""
    return [text.value for text in app.markdown if text.value.startswith("#### ")]


def choices(app: AppTest, start: str = "mark_") -> list[str]:
    """Keys of the choices on the page."""
    return [
        one.key
        for one in app.segmented_control
        if one.key is not None and one.key.startswith(start)
    ]


def mark(app: AppTest, word: Mark | None) -> None:
    """Press one of the three choices of the first group."""
    app.segmented_control(key=choices(app)[0]).set_value(word).run()
    assert not app.exception


def csv_rows(scene: Scene, listing: Listing) -> list[dict[str, str]]:
    """What the page's CSV button hands out."""
    text = gap_list.csv_of(scene, Choices(listing)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_group_is_marked_by_one_press_and_cleared_by_another(app: AppTest) -> None:
    assert "my marks" not in told(app)
    (key,) = choices(app)
    assert list(app.segmented_control(key=key).options) == [
        "Covered after all",
        "Does not matter",
        "Matters",
    ]
    mark(app, Mark.IGNORED)
    ws, comparison = opened(app)
    assert len(ws.marks.list(comparison.real)) == 20
    assert ":gray-badge[does not matter]" in told(app)
    assert "0 open gaps that matter" in told(app).replace("\\", "")
    assert headings(app) == ["#### cross \\(2\\)"]  # it stays, with its badge
    mark(app, None)
    assert ws.marks.list(comparison.real) == [] and "does not matter]" not in told(app)


def test_the_switches_show_and_hide_what_is_marked(app: AppTest) -> None:
    mark(app, Mark.COVERED)
    assert headings(app) == [] and "No group is said to be absent" in told(app)
    app.toggle(key=gap_marks.RESPECT).set_value(False).run()
    assert headings(app) == ["#### cross \\(2\\)"] and ":green-badge[covered after all]" in told(
        app
    )
    mark(app, Mark.IGNORED)
    app.toggle(key=gap_marks.RESPECT).set_value(True).run()
    assert headings(app) == ["#### cross \\(2\\)"]
    app.toggle(key=gap_marks.HIDE).set_value(True).run()
    assert headings(app) == []


def test_what_matters_comes_onto_the_list(app: AppTest) -> None:
    app.toggle(key="gaps_covered").set_value(True).run()
    _, comparison = opened(app)
    group = next(row for row in comparison.group_rows("1.1") if row.tier == Tier.COVERED)
    (key,) = (one for one in choices(app) if one.endswith(group.group_id))
    app.segmented_control(key=key).set_value(Mark.MATTERS).run()
    app.toggle(key="gaps_covered").set_value(False).run()
    assert headings(app) == ["#### cross \\(2\\)", f"#### {escape(group.name)}"]
    assert "2 open gaps that matter" in told(app).replace("\\", "")
    app.multiselect(key="gaps_class").set_value(["square"]).run()
    assert headings(app) == ([f"#### {group.name}"] if group.name == "square" else [])


def test_the_page_says_which_answers_are_used(app: AppTest) -> None:
    mark(app, Mark.IGNORED)
    assert gap_marks.PLAIN.replace("-", "") in told(app).replace("\\", "").replace("-", "")


def test_marks_show_on_other_pages(app: AppTest) -> None:
    mark(app, Mark.IGNORED)
    app.segmented_control(key="gaps_section").set_value("Self-test").run()
    assert set(app.dataframe[0].value["Mark"]) <= {"", "does not matter"}
    visit(app, "versions")
    for control in app.segmented_control:
        if "Clusters" in control.options:
            control.set_value("Clusters").run()
    tables = [one.value for one in app.dataframe if "Cluster" in one.value]
    assert tables and "does not matter" in set(tables[0]["Mark"])


def test_the_csv_has_the_marks_and_follows_the_switches(app: AppTest) -> None:
    mark(app, Mark.IGNORED)
    ws, comparison = opened(app)
    scene = Scene(ws, comparison, comparison.version_id("1.1"))
    written = csv_rows(scene, Listing.JUDGEMENT)
    assert len(written) == 20 and {row["mark"] for row in written} == {"does not matter"}
    (group,) = ws.marks.of(comparison, "1.1").groups
    ws.marks.set_group(comparison, "1.1", group, Mark.COVERED)
    assert not csv_rows(scene, Listing.JUDGEMENT)
    assert len(csv_rows(scene, Listing.RANKING)) == 120


def test_the_check_asks_and_holds_half_back(app: AppTest) -> None:
    ws, comparison = opened(app)
    ws.db.execute("UPDATE groups SET probability = 0.5")
    app.segmented_control(key="gaps_section").set_value("Check ten groups").run()
    keys = choices(app, "check_")
    assert len(keys) == 6 and "0 of 6 answered" in told(app)
    assert "gap score" not in told(app)  # what the judgement says does not lead the eye
    for key in keys:
        app.segmented_control(key=key).set_value(Reply.NO).run()
    assert not app.exception and "6 of 6 answered" in told(app)
    captions = [one.value for one in app.caption]
    assert captions.count("You said not covered, held back.") == 3
    assert captions.count("You said not covered, used.") == 3
    answers = ws.marks.of(comparison, "1.1").answers
    absent = next(row.group_id for row in comparison.group_rows("1.1") if row.absent)
    assert answers[absent].held_back  # the only absent one is asked for the list's precision
    assert "Of 1 group said absent" in told(app) and "precision 1.00" in told(app).replace("\\", "")
    app.segmented_control(key=keys[0]).set_value(None).run()
    assert "5 of 6 answered" in told(app)


def alone(folder: Path, draw: str, *, read_only: bool = False) -> AppTest:
    """A script with nothing on it but ``draw``, a call with the names marks, scene and path."""
    script = folder / "alone.py"
    script.write_text(
        "from pages.parts.shared import marks, session\n"
        "from pages.parts.shared.read import Scene\n"
        f"place = session.Place(session.default_path(), {read_only})\n"
        "ws = session.open_shared(place)\n"
        "comparison = ws.comparisons.get(ws.comparisons.list()[0].id)\n"
        "scene = Scene(ws, comparison, comparison.version_id('1.1'))\n"
        f"path = comparison.absent_rows('1.1')[0].path\n{draw}\n",
        "utf-8",
    )
    return AppTest.from_file(str(script), default_timeout=60).run()


def test_one_image_is_marked_by_itself(folder: Path) -> None:
    """As in its dialog."""
    app = alone(folder, "marks.image_choices(scene, path)")
    (key,) = choices(app, "mark_image_")
    app.segmented_control(key=key).set_value(Mark.COVERED).run()
    assert not app.exception and ":green-badge[covered after all]" in told(app)
    ws = session.open_shared(session.Place(session.default_path()))
    (row,) = ws.marks.list(ws.datasets.list("real")[0])
    assert row.mark == Mark.COVERED and row.group_name is None


def test_a_workspace_open_for_reading_offers_no_choice(folder: Path) -> None:
    app = alone(folder, "marks.group_choices(scene, scene.gaps[0].group_id)", read_only=True)
    (key,) = choices(app)
    control = app.segmented_control(key=key)
    assert control.disabled and "open for reading only" in control.help
