"""The Map page on the example workspace: a played lasso gives the composition that is there, in
every colour and map.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.store import comparison_table
from core.workspace import Workspace
from pages.parts.map import view as map_view
from pages.parts.map.view import Drawn, Filters
from pages.parts.shared import plots, read
from tests import example_workspace
from tests.page_driver import home, show, told

# In the map with the look removed, the crosses by night (cluster 5) lie around 300 degrees on a
# ring of radius 6.
CROSSES = {"x": [1.0, 5.2, 5.2, 1.0], "y": [-8.0, -8.0, -3.0, -3.0]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the example in it; read by every test, changed by none."""
    with home(tmp_path_factory.mktemp("home")) as place:
        example_workspace.build(place / "gapscope.duckdb")
        yield place


@pytest.fixture
def app(folder: Path) -> AppTest:
    """The page as it opens."""
    return show("map", folder)


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> read.Points:
    """The example's points, read without a page."""
    made = example_workspace.build(tmp_path_factory.mktemp("points") / "gapscope.duckdb")
    with Workspace(made.path, progress=False) as ws:
        return read.points(ws, ws.comparisons.get(made.comparison_id))


def figure(app: AppTest, number: int = 0) -> dict[str, Any]:
    """A chart of the page as Plotly gets it."""
    return json.loads(app.get("plotly_chart")[number].proto.spec)


def lasso(app: AppTest, *areas: dict[str, list[float]]) -> AppTest:
    """Play a lasso: the browser sends its corners, and the points it drew inside."""
    app.session_state["map"] = {"selection": {"points": [], "lasso": list(areas), "box": []}}
    return app.run()


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "no finished comparison yet" in told(show("map", tmp_path))


def test_one_trace_holds_every_image(app: AppTest) -> None:
    (trace,) = figure(app)["data"]
    assert trace["type"] == "scattergl" and len(trace["text"]) == 300
    assert "Nothing is selected" in told(app)


def test_a_lasso_says_what_is_inside(app: AppTest) -> None:
    """Only real images live there: no version has crosses by night."""
    lasso(app, CROSSES)
    assert not app.exception
    assert "**20 images: 20 real, 0 synthetic**" in told(app)
    everything = {"x": [-20, 20, 20, -20], "y": [-20, -20, 20, 20]}
    assert "**300 images: 120 real, 180 synthetic**" in told(lasso(app, everything))


def test_a_box_and_a_click_select_too(app: AppTest) -> None:
    app.session_state["map"] = {
        "selection": {"points": [], "lasso": [], "box": [{"x": [5.2, 1.0], "y": [-3.0, -8.0]}]}
    }
    assert "**20 images: 20 real, 0 synthetic**" in told(app.run())
    app.session_state["map"] = {
        "selection": {"points": [{"customdata": [130]}], "lasso": [], "box": []}
    }
    assert "**1 image: 0 real, 1 synthetic**" in told(app.run())


def test_a_selection_outlives_a_new_colour_but_not_a_new_map(app: AppTest) -> None:
    lasso(app, CROSSES)
    for colour in ("score", "cluster", "class", "tag", "looks_real", "domain"):
        app.selectbox(key="map_colour").set_value(colour).run()
        assert not app.exception
        assert "**20 images: 20 real, 0 synthetic**" in told(app), colour
        assert len(figure(app)["layout"]["selections"]) == 1  # drawn into the new figure
    app.toggle(key="map_cube").set_value(True).run()
    assert {len(trace["text"]) for trace in figure(app, 1)["data"]} == {
        20,
        280,
    }  # the 3-D view follows
    app.segmented_control(key="map_look").set_value("As it is").run()
    assert "Nothing is selected" in told(app)


def test_clear_selection_clears_it(app: AppTest) -> None:
    lasso(app, CROSSES)
    app.selectbox(key="map_colour").set_value("domain").run()
    app.button(key="map_clear").click().run()
    assert "Nothing is selected" in told(app)
    assert not figure(app)["layout"].get("selections")


def test_filters_decide_what_is_drawn_and_counted(app: AppTest) -> None:
    app.toggle(key="map_absent").set_value(True).run()
    assert len(figure(app)["data"][0]["text"]) == 20
    app.toggle(key="map_absent").set_value(False).run()
    app.multiselect(key="map_classes").set_value(["cross"]).run()
    assert len(figure(app)["data"][0]["text"]) == 40 + 20 + 20  # real, 1.0, 1.1
    app.slider(key="map_confidence").set_value((0.99, 1.0)).run()
    assert "No image passes these filters." in told(app) or len(figure(app)["data"][0]["text"]) < 80


def test_each_side_alone_has_a_map_of_its_own(app: AppTest) -> None:
    app.segmented_control(key="map_look").set_value("Real alone").run()
    assert len(figure(app)["data"][0]["text"]) == 120
    app.segmented_control(key="map_look").set_value("Version alone").run()
    assert len(figure(app)["data"][0]["text"]) == 100


def test_levels_of_one_pyramid_are_picked_by_level(tmp_path: Path) -> None:
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb", encoder="pyramid:2")
        with Workspace(made.path, progress=False) as ws:
            earlier = ws.comparisons.list()[0]
            other = comparison_table.add_comparison(
                ws.db,
                name=earlier.name,
                encoder="pyramid:4",
                seed=0,
                real_id=earlier.real_id,
                version_ids=earlier.version_ids,
                parameters={},
            )
            for table in ("points", "coverage", "versions"):
                ws.db.execute(
                    f"INSERT INTO {table} SELECT * REPLACE ({other} AS comparison_id) FROM {table}"
                )
            ws.db.execute(
                f"UPDATE comparisons SET status = 'done', finished_at = now()::TIMESTAMP WHERE id = {other}"
            )
        app = show("map", tmp_path)
        level = next(
            control for control in app.segmented_control if (control.key or "").startswith("level_")
        )
        assert level.options == ["2", "4"] and level.value == other
        level.set_value(made.comparison_id).run()
        assert not app.exception and app.session_state["comparison"] == made.comparison_id


# --- what the map shows ---------------------------------------------------------------------------


def test_an_area_is_resolved_over_points_that_were_not_drawn(points: read.Points) -> None:
    """The browser names one point; the lasso's corners decide."""
    event = {"selection": {"points": [{"customdata": 3}], "lasso": [CROSSES], "box": []}}
    place = points.place(("ax", "ay"))
    rows = map_view.selected(map_view.drawn(event), place, np.ones(len(points), bool))
    assert len(rows) == 20 and set(points["acluster"][rows]) == {5}
    assert map_view.selected(Drawn(rows=(3, 999)), place, np.ones(len(points), bool)).tolist() == [
        3
    ]
    assert not map_view.drawn(None) and not map_view.drawn({"selection": {}})


def test_colours_say_what_the_legend_says(points: read.Points) -> None:
    absent = np.zeros(len(points), bool)
    absent[:20] = True
    score = np.where(points.real, 1.0, np.nan)
    everything = np.ones(len(points), bool)
    by_version = map_view.colouring(points, "version", "As it is", score, absent, "1.1", everything)
    assert {label: count for label, _, count in by_version.legend} == {
        "Drawn photographs, covered": 100,
        "absent from 1.1": 20,
        "1.0": 80,
        "1.1": 100,
    }
    assert by_version.colours[by_version.codes[0]] == plots.ABSENT
    for by in map_view.offered(points):
        made = map_view.colouring(points, by, "Look removed", score, absent, "1.1", everything)
        assert made.codes.shape == (300,) and made.codes.max() < len(made.colours)
        assert made.ends is not None or sum(count for _, _, count in made.legend) == 300
    scored = map_view.colouring(points, "score", "As it is", score, absent, "1.1", everything)
    assert {scored.colours[code] for code in scored.codes[~points.real]} == {plots.FAINT}


def test_names_reach_the_hover_as_text(points: read.Points) -> None:
    columns = {**points.columns, "path": points["path"].copy()}
    columns["path"][0] = "a/<img src=x>.png"
    marked = read.Points(columns, points.real, points.group, points.groups, points.ids)
    (words,) = map_view.hover(marked, np.array([0]), np.full(300, 1.5), "As it is")
    assert "<img" not in words and "&lt;img src=x&gt;.png" in words and "score 1.50" in words


def test_class_shares_compare_domains(points: read.Points) -> None:
    names, shares = map_view.shares(points, "class", np.arange(len(points)))
    assert set(names) == {"circle", "square", "cross"}
    assert shares["1.0"][names.index("circle")] == pytest.approx(0.5)  # 40 of 80
    assert shares["Drawn photographs"] == pytest.approx([1 / 3] * 3)
    assert map_view.shares(points, "zero_shot", np.arange(len(points))) == ([], {})


def test_filters_combine(points: read.Points) -> None:
    absent = np.zeros(len(points), bool)
    version = int(points.ids[1])
    keep = map_view.visible(
        points, "As it is", Filters(groups=("1.0", "1.1"), classes=("square",)), absent, version
    )
    assert set(points["class"][keep]) == {"square"} and not points.real[keep].any()
    sure = map_view.visible(points, "As it is", Filters(confidence=(0.5, 0.9)), absent, version)
    assert (
        points["tag_confidence"][sure].min() >= 0.5 and points["tag_confidence"][sure].max() <= 0.9
    )
    assert map_view.visible(points, "Version alone", Filters(), absent, version).sum() == 80


# Dichromacy after Machado, Oliveira and Fernandes (2009), severity 1: protan, deutan, tritan.
DICHROMACY = (
    np.eye(3),
    np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
)


def _oklab(colour: str, sight: np.ndarray) -> np.ndarray:
    """The colour as a dichromat sees it, in Oklab (Ottosson 2020), times 100."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.clip(
        sight @ np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4), 0, 1
    )
    lms = np.cbrt(
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ linear
    )
    return (
        100
        * np.array(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ]
        )
        @ lms
    )


def test_colours_stay_apart_for_colour_blind_readers() -> None:
    """Real, absent and the first three versions differ by 14 or more; 2 is just noticeable."""
    meant = (plots.REAL, plots.ABSENT, *plots.VERSIONS[:3])
    for sight, (one, other) in itertools.product(DICHROMACY, itertools.combinations(meant, 2)):
        assert np.linalg.norm(_oklab(one, sight) - _oklab(other, sight)) > 14, (one, other)
