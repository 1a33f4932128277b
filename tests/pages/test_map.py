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
from scipy.spatial import ConvexHull
from streamlit.testing.v1 import AppTest

from core.contracts.words import Tier
from core.workspace import Workspace
from pages.parts.map import choices, class_shares, colouring, drawn, figures
from pages.parts.map.choices import ALIGNED, AS_IT_IS, REAL_ALONE, SPACES, VERSION_ALONE, Filters
from pages.parts.map.colouring import Subject
from pages.parts.map.drawn import Drawn
from pages.parts.shared import plots
from pages.parts.shared.read import OnPoints, Points, Scene
from tests.pages import example_workspace
from tests.pages.driver import home, show, told

Area = dict[str, list[float]]


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
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The example as version 1.1 covers it, read without a page."""
    made = example_workspace.build(tmp_path_factory.mktemp("points") / "gapscope.duckdb")
    with Workspace(made.path, progress=False) as ws:
        yield Scene(ws, ws.comparisons.get(made.comparison_id), made.version_ids["1.1"])


@pytest.fixture(scope="module")
def points(scene: Scene) -> Points:
    """The example's points."""
    return scene.points


@pytest.fixture(scope="module")
def crosses(points: Points) -> Area:
    """A lasso around the crosses by night on the domain-aligned map, where no version has any: the
    outline of these twenty real images, a little wider.
    """
    night = (points["class"] == "cross") & (points["bias"] == "night")
    place = points.place(SPACES[ALIGNED].flat)[night]
    outline = place[ConvexHull(place).vertices]
    wider = place.mean(axis=0) + 1.05 * (outline - place.mean(axis=0))
    return {"x": wider[:, 0].tolist(), "y": wider[:, 1].tolist()}


def figure(app: AppTest, number: int = 0) -> dict[str, Any]:
    """A chart of the page as Plotly gets it."""
    return json.loads(app.get("plotly_chart")[number].proto.spec)


def lasso(app: AppTest, *areas: Area) -> AppTest:
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


def test_a_lasso_says_what_is_inside(app: AppTest, crosses: Area) -> None:
    """Only real images live there: no version has crosses by night."""
    lasso(app, crosses)
    assert not app.exception
    assert "**20 images: 20 real, 0 synthetic**" in told(app)
    everything = {"x": [-99, 99, 99, -99], "y": [-99, -99, 99, 99]}
    assert "**300 images: 120 real, 180 synthetic**" in told(lasso(app, everything))


def test_a_box_and_a_click_select_too(app: AppTest, points: Points) -> None:
    place = points.place(SPACES[ALIGNED].flat)
    (x0, y0), (x1, y1) = place.min(axis=0) - 1, place.max(axis=0) + 1
    app.session_state["map"] = {
        "selection": {"points": [], "lasso": [], "box": [{"x": [x1, x0], "y": [y1, y0]}]}
    }
    assert "**300 images: 120 real, 180 synthetic**" in told(app.run())
    app.session_state["map"] = {
        "selection": {"points": [{"customdata": [130]}], "lasso": [], "box": []}
    }
    assert "**1 image: 0 real, 1 synthetic**" in told(app.run())


def test_a_selection_outlives_a_new_colour_but_not_a_new_map(app: AppTest, crosses: Area) -> None:
    lasso(app, crosses)
    for colour in ("score", "cluster", "class", "tag", "looks_real", "domain"):
        app.selectbox(key="map_colour").set_value(colour).run()
        assert not app.exception
        assert "**20 images: 20 real, 0 synthetic**" in told(app), colour
        assert len(figure(app)["layout"]["selections"]) == 1  # drawn into the new figure
    app.toggle(key="map_cube").set_value(True).run()
    assert "**20 images: 20 real, 0 synthetic**" in told(app)
    traces = figure(app, 1)["data"]
    assert {len(trace["text"]) for trace in traces} == {20, 280}  # the 3-D view follows
    app.segmented_control(key="map_look").set_value(AS_IT_IS).run()
    assert "Nothing is selected" in told(app)


def test_clear_selection_clears_it(app: AppTest, crosses: Area) -> None:
    lasso(app, crosses)
    app.selectbox(key="map_colour").set_value("domain").run()
    app.button(key="map_clear").click().run()
    assert "Nothing is selected" in told(app)
    assert not figure(app)["layout"].get("selections")


def test_filters_decide_what_is_drawn_and_counted(app: AppTest, points: Points) -> None:
    app.toggle(key="map_absent").set_value(True).run()
    assert len(figure(app)["data"][0]["text"]) == 20
    app.toggle(key="map_absent").set_value(False).run()
    app.multiselect(key="map_classes").set_value(["cross"]).run()
    assert len(figure(app)["data"][0]["text"]) == 40 + 20 + 20  # real, 1.0, 1.1
    app.multiselect(key="map_classes").set_value([]).run()
    middle = round(float(np.median(points["tag_confidence"])) * 20) / 20
    app.slider(key="map_confidence").set_value((middle, 1.0)).run()
    sure = int((points["tag_confidence"] >= middle).sum())
    assert 0 < sure < 300
    assert len(figure(app)["data"][0]["text"]) == sure
    app.slider(key="map_confidence").set_value((1.0, 1.0)).run()
    assert "No image passes these filters." in told(app)


def test_each_side_alone_has_a_map_of_its_own(app: AppTest) -> None:
    app.segmented_control(key="map_look").set_value(REAL_ALONE).run()
    assert len(figure(app)["data"][0]["text"]) == 120
    app.segmented_control(key="map_look").set_value(VERSION_ALONE).run()
    assert len(figure(app)["data"][0]["text"]) == 100


def test_levels_of_one_pyramid_are_picked_by_level(tmp_path: Path) -> None:
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        with Workspace(made.path, progress=False) as ws:
            levels = [
                example_workspace.add_again(ws.db, made.comparison_id, encoder=f"pyramid:{level}")
                for level in (2, 4)
            ]
            ws.comparisons.remove(made.comparison_id)
        app = show("map", tmp_path)
        level = next(
            control for control in app.segmented_control if (control.key or "").startswith("level_")
        )
        assert level.options == ["2", "4"] and level.value == levels[1]
        level.set_value(levels[0]).run()
        assert not app.exception and app.session_state["comparison"] == levels[0]


# --- what the map shows ---------------------------------------------------------------------------


def test_an_area_is_resolved_over_points_that_were_not_drawn(points: Points, crosses: Area) -> None:
    """The browser names one point; the lasso's corners decide."""
    event = {"selection": {"points": [{"customdata": 3}], "lasso": [crosses], "box": []}}
    place, every = points.place(SPACES[ALIGNED].flat), np.ones(len(points), bool)
    rows = drawn.rows_inside(drawn.from_event(event), place, every)
    assert len(rows) == 20 and len(set(points["acluster"][rows])) == 1
    assert drawn.rows_inside(Drawn(rows=(3, 999)), place, every).tolist() == [3]
    assert not drawn.from_event(None) and not drawn.from_event({"selection": {}})


def test_colours_say_what_the_legend_says(points: Points) -> None:
    absent = np.zeros(len(points), bool)
    absent[:20] = True
    tier = np.where(points.real, Tier.COVERED, None)
    tier[:20], tier[20:50], tier[50:60] = Tier.ABSENT, Tier.CANNOT_TELL, Tier.THIN
    covered = OnPoints(np.where(points.real, 1.0, np.nan), absent, tier)
    subject = Subject(points, covered, "acluster", np.ones(len(points), bool))
    by_version = colouring.coloured(subject, "version")
    assert {label: count for label, _, count in by_version.legend} == {
        "Drawn photographs, absent": 20,
        "Drawn photographs, thin": 10,
        "Drawn photographs, cannot tell": 30,
        "Drawn photographs, covered": 60,
        "1.0": 80,
        "1.1": 100,
    }
    assert by_version.colours[by_version.codes[0]] == plots.ABSENT
    for by in choices.offered(points):
        made = colouring.coloured(subject, by)
        assert made.codes.shape == (300,) and made.codes.max() < len(made.colours)
        assert made.ends is not None or sum(count for _, _, count in made.legend) == 300
    scored = colouring.coloured(subject, "score")
    assert {scored.colours[code] for code in scored.codes[~points.real]} == {plots.FAINT}


def test_names_reach_the_hover_as_text(points: Points) -> None:
    columns = {**points.columns, "path": points["path"].copy()}
    columns["path"][0] = "a/<img src=x>.png"
    marked = Points(columns, points.real, points.group, points.groups, points.ids)
    (words,) = figures.hover(marked, np.array([0]), np.full(300, 1.5), "cluster")
    assert "<img" not in words and "&lt;img src=x&gt;.png" in words and "gap score 1.50" in words


def test_class_shares_compare_datasets(points: Points) -> None:
    names, shares = class_shares.shares(points, "class", np.arange(len(points)))
    assert set(names) == {"circle", "square", "cross"}
    assert shares["1.0"][names.index("circle")] == pytest.approx(0.5)  # 40 of 80
    assert shares["Drawn photographs"] == pytest.approx([1 / 3] * 3)
    assert class_shares.shares(points, "zero_shot", np.arange(len(points))) == ([], {})


def test_filters_combine(points: Points) -> None:
    absent, version = np.zeros(len(points), bool), points.ids[1]

    def passing(space: str, filters: Filters) -> np.ndarray:
        return choices.passing(points, SPACES[space], filters, absent, version)

    squares = passing(AS_IT_IS, Filters(groups=("1.0", "1.1"), classes=("square",)))
    assert set(points["class"][squares]) == {"square"} and not points.real[squares].any()
    assert squares.sum() == 20 + 40  # of 1.0 those by day, of 1.1 all
    confidence = points["tag_confidence"]
    low, high = np.quantile(confidence, (0.2, 0.8))
    sure = passing(AS_IT_IS, Filters(confidence=(low, high)))
    assert (sure == ((confidence >= low) & (confidence <= high))).all() and 100 < sure.sum() < 300
    assert passing(VERSION_ALONE, Filters()).sum() == 80


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
    tiers = tuple(plots.TIERS.values())
    for sight, (one, other) in itertools.product(DICHROMACY, itertools.combinations(tiers, 2)):
        assert np.linalg.norm(_oklab(one, sight) - _oklab(other, sight)) > 10, (one, other)
