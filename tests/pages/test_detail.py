"""The detail view: one dialog that steps through its list, opens neighbours and comes back, and
puts two images side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts.search import FoundImage
from core.contracts.words import Domain, Mark
from pages.parts.shared import looking, session
from pages.parts.shared.looking import Looking
from tests.pages import example_workspace
from tests.pages.driver import home, told

A, B, C = (FoundImage(1, f"{name}.png", name * 32) for name in "abc")
NEIGHBOUR, FAR = FoundImage(2, "near.png", "d" * 32), FoundImage(2, "far.png", "e" * 32)

SCRIPT = """
from pages.parts.shared import detail, looking, session
from pages.parts.shared.read import Scene
ws = session.open_shared(session.Place(session.default_path()))
comparison = ws.comparisons.get(ws.comparisons.list()[0].id)
scene = Scene(ws, comparison, comparison.version_id('1.1'))
if looking.now() is None:
    rows = scene.rows_of([row.path for row in comparison.absent_rows('1.1')])
    looking.begin(detail.images_of(scene, rows), 0)
detail.body(ws, {scene})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A home with the example in it."""
    with home(tmp_path) as place:
        example_workspace.build(place / "gapscope.duckdb")
        yield place


def opened(folder: Path, *, scene: str = "scene") -> AppTest:
    """The dialog's body on the first of the twenty absent images."""
    script = folder / "alone.py"
    script.write_text(SCRIPT.format(scene=scene), "utf-8")
    app = AppTest.from_file(str(script), default_timeout=120).run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> None:
    """Press one of the dialog's buttons."""
    app.button(key=f"detail_{key}").click().run()
    assert not app.exception


def shown(app: AppTest) -> FoundImage:
    """What the dialog looks at."""
    return app.session_state["detail_looking"].shown


def test_neighbours_lead_on_and_back() -> None:
    start = Looking((A, B, C), 1)
    there = start.opened(NEIGHBOUR).opened(FAR)
    assert there.shown == FAR and there.came_from == NEIGHBOUR
    assert there.back().shown == NEIGHBOUR and there.back().came_from == B
    assert there.back().back() == start and start.came_from is None
    assert there.opened(NEIGHBOUR) == start.opened(NEIGHBOUR)  # seen on the way: back to it
    assert there.opened(B) == start


def test_steps_stay_in_the_list_and_leave_the_neighbours() -> None:
    start = Looking((A, B, C), 1)
    assert start.stepped(1).shown == C and start.stepped(1).stepped(1).shown == C
    assert start.stepped(-1).stepped(-1).shown == A
    assert start.opened(NEIGHBOUR).stepped(1) == start.stepped(1)


def test_what_is_kept_beside_stays_there() -> None:
    kept = Looking((A, B, C), 0).kept_beside(A)
    assert kept.pictures == (A,)
    assert kept.stepped(1).pictures == (A, B) and kept.opened(FAR).pictures == (A, FAR)
    assert kept.stepped(1).kept_beside(None).pictures == (B,)


def test_the_list_is_gone_through_by_buttons_and_arrow_keys(folder: Path) -> None:
    app = opened(folder)
    first = shown(app)
    assert "1 of 20" in told(app) and app.button(key="detail_previous").disabled
    assert app.button(key="detail_next").proto.shortcut.lower() == "right"
    press(app, "next")
    assert "2 of 20" in told(app) and shown(app) != first
    press(app, "previous")
    assert shown(app) == first and first.path in told(app)


def test_it_shows_labels_scores_and_the_nearest_of_both_sides(folder: Path) -> None:
    app = opened(folder)
    said = told(app)
    for words in ("cross", "night", "Nearest images in version 1\\.1", "Nearest real images"):
        assert words in said
    assert list(app.dataframe[0].value["Version"]) == ["1.0", "1.1"]


def test_a_neighbour_opens_inside_and_back_returns(folder: Path) -> None:
    app = opened(folder)
    first = shown(app)
    ws = session.open_shared(session.Place(session.default_path()))
    version = ws.datasets.list(Domain.SYNTHETIC)[1]
    neighbour = ws.search.nearest(first.content_id, 1, datasets=[version])[version.id][0]
    app.session_state["detail_looking"] = looking.Looking((first,), 0).opened(neighbour)
    app.run()
    said = told(app)
    assert neighbour.path in said and not app.dataframe  # a synthetic image has no gap score
    press(app, "beside")
    press(app, "back")
    assert [one.content_id for one in app.session_state["detail_looking"].pictures] == [
        neighbour.content_id,
        first.content_id,
    ]
    press(app, "beside")
    assert app.session_state["detail_looking"].pictures == (first,)


def test_marking_leaves_the_dialog_open(folder: Path) -> None:
    app = opened(folder)
    (control,) = [one for one in app.segmented_control if one.key.startswith("mark_image_")]
    control.set_value(Mark.MATTERS).run()
    assert not app.exception and "1 of 20" in told(app)
    press(app, "next")
    assert "2 of 20" in told(app)


def test_without_a_comparison_it_looks_in_every_dataset(folder: Path) -> None:
    app = opened(folder, scene="None")
    said = told(app)
    assert "Nearest synthetic images" in said and "Nearest real images" in said
    assert "Class" in said and "cross" in said and "Gap score" not in said
