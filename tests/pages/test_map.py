"""The Map page on the example workspace: a played lasso gives the composition that is there, in
every colour and map.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from core.contracts.words import Tier
from core.workspace import Workspace
from pages.parts.map import choices, class_shares, colouring, component, figures, labels, selected
from pages.parts.map.choices import ALIGNED, AS_IT_IS, REAL_ALONE, SPACES, VERSION_ALONE, Filters
from pages.parts.map.colouring import Subject
from pages.parts.map.picture import places
from pages.parts.map.selected import Gesture, Ground, Mode, Selected
from pages.parts.shared import cards, plots
from pages.parts.shared.read import OnPoints, Points, Scene
from tests.pages import example_workspace
from tests.pages.driver import ROOT, home, show, told

EVERYTHING = [-99, -99, 99, -99, 99, 99, -99, 99]


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
def night(points: Points) -> np.ndarray:
    """The crosses by night: twenty real images, where no version has any."""
    return points.real & (points["class"] == "cross") & (points["bias"] == "night")


@pytest.fixture(scope="module")
def crosses(points: Points, night: np.ndarray) -> list[float]:
    """A lasso around them on the domain-aligned map: their outline, a little wider, corner by
    corner.
    """
    place = points.place(SPACES[ALIGNED].flat)[night]
    outline = place[ConvexHull(place).vertices]
    return (place.mean(axis=0) + 1.05 * (outline - place.mean(axis=0))).ravel().tolist()


def sent(app: AppTest) -> dict[str, Any]:
    """What the map is told."""
    return json.loads(the_map(app).mixed.json or the_map(app).json)


def the_map(app: AppTest) -> Any:
    """The map's message."""
    return next(
        one.proto for one in app.get("bidi_component") if one.proto.component_name == "gapscope_map"
    )


def tell(app: AppTest, event: str, value: Any) -> AppTest:
    """Play what the browser does when the map tells something."""
    state = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{the_map(app).id}__events")
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])
    states = app._tree.get_widget_states()
    states.widgets.append(state)
    return app._run(states)


def draw(app: AppTest, corners: list[float], mode: str = "replace", **more: Any) -> AppTest:
    """Play a lasso."""
    gesture = {"mode": mode, "corners": corners, "matrix": None, "serial": next(SERIAL), **more}
    return tell(app, "gesture", {"gestures": [gesture]})


SERIAL = itertools.count(1)


def drawn_points(app: AppTest) -> int:
    """How many points the filters leave on the map, as the panel says."""
    return int(told(app).split(" on the map.")[0].rsplit("<b>", 1)[1].split()[0].replace(",", ""))


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "no finished comparison yet" in told(show("map", tmp_path))


def test_every_image_is_on_the_map_and_none_is_in_the_message(app: AppTest) -> None:
    message = sent(app)
    assert message["count"] == 300 and message["shown"] is None and message["selected"] is None
    assert all(message[name].startswith("/mock/media/") for name in ("flat", "deep", "codes"))
    assert len(json.dumps(message)) < 5_000
    assert drawn_points(app) == 300 and "Nothing is selected" in told(app)


def test_a_lasso_says_what_is_inside(app: AppTest, crosses: list[float]) -> None:
    """Only real images live there: no version has crosses by night."""
    draw(app, crosses)
    assert not app.exception
    assert "**20 images: 20 real, 0 synthetic**" in told(app)
    assert "**300 images: 120 real, 180 synthetic**" in told(draw(app, EVERYTHING))


def test_shift_adds_alt_removes_escape_clears(app: AppTest, crosses: list[float]) -> None:
    draw(app, EVERYTHING)
    assert "**280 images: 100 real, 180 synthetic**" in told(draw(app, crosses, "remove"))
    assert "**300 images: 120 real, 180 synthetic**" in told(draw(app, crosses, "add"))
    tell(app, "gesture", {"gestures": [{"mode": "clear", "serial": next(SERIAL)}]})
    assert "Nothing is selected" in told(app) and sent(app)["selected"] is None


def test_a_click_takes_one_image(app: AppTest) -> None:
    tell(app, "gesture", {"gestures": [{"mode": "replace", "row": 130, "serial": next(SERIAL)}]})
    assert "**1 image: 0 real, 1 synthetic**" in told(app)
    tell(app, "gesture", {"gestures": [{"mode": "add", "row": 3, "serial": next(SERIAL)}]})
    assert "**2 images: 1 real, 1 synthetic**" in told(app)


def test_gestures_that_were_not_answered_are_sent_again_and_count_once(
    app: AppTest, crosses: list[float]
) -> None:
    first = {"mode": "replace", "corners": crosses, "matrix": None, "serial": next(SERIAL)}
    second = {"mode": "add", "row": 130, "serial": next(SERIAL)}
    tell(app, "gesture", {"gestures": [first]})
    tell(app, "gesture", {"gestures": [first, second]})
    assert "**21 images: 20 real, 1 synthetic**" in told(app)
    tell(app, "gesture", {"gestures": [first]})
    assert "**21 images: 20 real, 1 synthetic**" in told(app)
    assert sent(app)["serial"] == second["serial"]


def test_a_selection_outlives_new_colours_filters_and_maps(
    app: AppTest, crosses: list[float]
) -> None:
    draw(app, crosses)
    before = sent(app)
    for colour in ("score", "cluster", "class", "tag", "looks_real", "domain"):
        app.selectbox(key="map_colour").set_value(colour).run()
        assert not app.exception
        assert "**20 images: 20 real, 0 synthetic**" in told(app), colour
        now = sent(app)
        assert now["codes"] != before["codes"]
        same = ("view", "flat", "deep", "kinds", "selected", "serial")
        assert [now[name] for name in same] == [before[name] for name in same]  # nothing anew
    app.selectbox(key="map_look").set_value(AS_IT_IS).run()
    assert "**20 images: 20 real, 0 synthetic**" in told(app)
    assert sent(app)["view"] != before["view"] and sent(app)["flat"] != before["flat"]
    app.multiselect(key="map_classes").set_value(["circle"]).run()
    assert "Nothing is selected" in told(app)  # they are selected, but cannot be seen
    app.multiselect(key="map_classes").set_value([]).run()
    assert "**20 images: 20 real, 0 synthetic**" in told(app)


def test_clear_clears(app: AppTest, crosses: list[float]) -> None:
    draw(app, crosses)
    app.button(key="map_clear").click().run()
    assert "Nothing is selected" in told(app)


def test_a_lasso_takes_only_what_can_be_seen(app: AppTest) -> None:
    app.multiselect(key="map_classes").set_value(["cross"]).run()
    assert "**80 images: 40 real, 40 synthetic**" in told(draw(app, EVERYTHING))
    app.multiselect(key="map_classes").set_value([]).run()
    assert "**80 images: 40 real, 40 synthetic**" in told(app)


def test_the_legend_leaves_out_what_is_clicked(app: AppTest) -> None:
    tell(app, "hide", {"by": "version", "hidden": ["1.0", "no such entry"]})
    assert drawn_points(app) == 220
    entries = {entry["label"]: entry for entry in sent(app)["legend"]}
    assert entries["1.0"]["hidden"] and entries["1.0"]["count"] == 80  # it can be brought back
    assert not entries["1.1"]["hidden"]
    assert "**220 images: 120 real, 100 synthetic**" in told(draw(app, EVERYTHING))
    app.selectbox(key="map_colour").set_value("domain").run()
    tell(app, "hide", {"by": "domain", "hidden": []})
    assert not any(entry["hidden"] for entry in sent(app)["legend"])  # each colouring its own


def test_without_webgl_a_sample_is_drawn_the_old_way(app: AppTest, crosses: list[float]) -> None:
    assert not app.get("plotly_chart")
    tell(app, "missing", True)
    (chart,) = app.get("plotly_chart")
    (trace,) = json.loads(chart.proto.spec)["data"]
    assert trace["type"] == "scatter" and len(trace["x"]["bdata"]) > 1000
    area = {"x": crosses[::2], "y": crosses[1::2]}
    (made,) = figures.gestures({"selection": {"lasso": [area]}}, 5)
    assert made.corners is not None and made.corners.ravel().tolist() == crosses


def test_filters_decide_what_is_drawn_and_counted(app: AppTest, points: Points) -> None:
    app.toggle(key="map_absent").set_value(True).run()
    assert drawn_points(app) == 20 and sent(app)["shown"] is not None
    app.toggle(key="map_absent").set_value(False).run()
    app.multiselect(key="map_classes").set_value(["cross"]).run()
    assert drawn_points(app) == 40 + 20 + 20  # real, 1.0, 1.1
    app.multiselect(key="map_classes").set_value([]).run()
    middle = round(float(np.median(points["tag_confidence"])) * 20) / 20
    app.slider(key="map_confidence").set_value((middle, 1.0)).run()
    sure = int((points["tag_confidence"] >= middle).sum())
    assert 0 < sure < 300
    assert drawn_points(app) == sure
    app.slider(key="map_confidence").set_value((1.0, 1.0)).run()
    assert "No image passes these filters." in told(app)


def test_each_side_alone_has_a_map_of_its_own(app: AppTest) -> None:
    app.selectbox(key="map_look").set_value(REAL_ALONE).run()
    assert drawn_points(app) == 120 and sent(app)["deep"] is None
    app.selectbox(key="map_look").set_value(VERSION_ALONE).run()
    assert drawn_points(app) == 100


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


@pytest.fixture(scope="module")
def ground(scene: Scene) -> Ground:
    """The domain-aligned map with every point in sight."""
    flat, deep = places(scene, SPACES[ALIGNED])
    return Ground(scene.key, flat, deep, np.ones(len(flat), bool))


def test_a_lasso_in_space_is_seen_through_its_matrix(ground: Ground, night: np.ndarray) -> None:
    """Looked at straight along each axis, the screen shows the two others."""
    assert ground.deep is not None
    for away in range(3):
        across, up = (axis for axis in range(3) if axis != away)
        matrix = np.zeros((4, 4))
        matrix[0, across] = matrix[1, up] = 0.01
        matrix[3, 3] = 1
        place = 0.01 * ground.deep[night][:, [across, up]].astype(float)
        low, high = place.min(axis=0) - 1e-9, place.max(axis=0) + 1e-9
        box = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
        rows = selected.rows_of(Gesture(Mode.REPLACE, 1, box, matrix), ground)
        every = 0.01 * ground.deep[:, [across, up]].astype(float)
        assert (
            rows.tolist() == np.flatnonzero(((every >= low) & (every <= high)).all(axis=1)).tolist()
        )
        assert set(np.flatnonzero(night)) <= set(rows.tolist())


def test_matrices_arrive_column_by_column() -> None:
    matrix = list(range(16))
    part = {"mode": "add", "serial": 1, "corners": [0, 0, 1, 0, 1, 1], "matrix": matrix}
    (gesture,) = selected.read({"gestures": [part]})
    assert gesture.matrix is not None and gesture.matrix[:, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "part",
    [
        {"mode": "explode", "serial": 1, "row": 1},
        {"mode": "add", "serial": "1", "row": 1},
        {"mode": "add", "serial": 1, "corners": [0, 0, 1, 1]},
        {"mode": "add", "serial": 1, "corners": [0, 0, 1, 0, 1]},
        {"mode": "add", "serial": 1, "corners": [0, 0, 1, 0, 1, float("nan")]},
        {"mode": "add", "serial": 1, "corners": [0, 0, 1, 0, 1, "1"]},
        {"mode": "add", "serial": 1, "corners": [0.0] * 40_000},
        {"mode": "add", "serial": 1, "corners": [0, 0, 1, 0, 1, 1], "matrix": [1, 2]},
        "add",
    ],
)
def test_what_is_no_gesture_changes_nothing(part: Any) -> None:
    assert selected.read({"gestures": [part]}) == []
    assert selected.read(part) == [] and selected.read(None) == []


def test_rows_that_are_not_there_or_hidden_are_not_taken(ground: Ground) -> None:
    hidden = Ground(ground.key, ground.flat, ground.deep, np.arange(300) != 3)
    for row in (3, 999, -1):
        after = selected.after(Selected(), Gesture(Mode.ADD, 1, row=row), hidden)
        assert not len(after.rows)


def test_labels_stand_over_what_they_name(scene: Scene, points: Points, night: np.ndarray) -> None:
    found = {label.text: label for label in labels.of(scene, ALIGNED)}
    gap = next(label for label in found.values() if label.tone == "gap")
    place = points.place(SPACES[ALIGNED].flat)[night]
    assert place[:, 0].min() <= gap.flat[0] <= place[:, 0].max()
    assert np.median(place[:, 1]) < gap.flat[1] <= place[:, 1].max()
    assert {"circle", "square"} <= found.keys()  # a class each, at its largest cluster
    assert len(found) == len(labels.of(scene, ALIGNED))
    assert all(label.deep is None for label in labels.of(scene, REAL_ALONE))


def test_a_card_says_what_is_known_of_an_image(scene: Scene, points: Points) -> None:
    source = cards.Source(scene.ws, points, scene.on_points)
    row = int(np.flatnonzero(scene.on_points.absent)[0])
    real = cards.card(source, row)
    assert real["title"] == str(points["path"][row]).rsplit("/", 1)[-1]
    assert real["lines"][:2] == ["Drawn photographs", "cross"]
    assert real["lines"][2].startswith("absent · gap score ")
    assert real["picture"].startswith("data:image/webp;base64,")
    assert cards.card(source, 299)["lines"][0] == "1.1"


def test_cards_are_told_only_to_who_has_the_token(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cards.address(scene) is None  # no server, no route
    monkeypatch.setattr(cards, "_served", threading.Event())
    monkeypatch.setattr(cards, "_sources", {})
    monkeypatch.setattr(cards, "_tokens", OrderedDict())
    browser = TestClient(Starlette(routes=[cards.route()]))
    address = cards.address(scene)
    assert address is not None and address == cards.address(scene)
    assert browser.get(f"{address}/5").json() == cards.card(
        cards.Source(scene.ws, scene.points, scene.on_points), 5
    )
    assert browser.get(f"{address}/300").status_code == 404
    assert browser.get(f"{cards.PATH}/guess/5").status_code == 404
    assert len(address.rsplit("/", 1)[1]) >= 32
    other = cards.address(scene.of(scene.points.ids[1]))
    assert other is not None and other != address


def test_streamlit_finds_the_server_with_its_route_and_workers_find_nothing() -> None:
    """In a process of its own: a server changes Streamlit's settings for good."""
    code = """
import sys
from pathlib import Path
import streamlit_app
assert "streamlit" not in sys.modules  # what a spawned worker imports
from streamlit.web.server.app_discovery import discover_asgi_app
found = discover_asgi_app(Path(streamlit_app.__file__))
assert found.import_string == "streamlit_app:app", found
print([route.path for route in streamlit_app.app._user_routes])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"['{cards.PATH}/{{token}}/{{row:int}}']"


def test_the_browser_gets_float32_and_bits(scene: Scene, points: Points) -> None:
    """What js/files.js reads: little-endian floats row by row, masks lowest bit first."""
    place = points.place(SPACES[ALIGNED].flat)
    read = np.frombuffer(component.coordinates(place).content, "<f4").reshape(-1, 2)
    assert read == pytest.approx(place, rel=1e-6)
    mask = np.zeros(10, bool)
    mask[[0, 2, 9]] = True
    assert component.mask_file(mask).content == bytes([0b101, 0b10])


def test_classes_keep_their_colour_in_every_view(scene: Scene, points: Points) -> None:
    every, few = np.ones(300, bool), points["class"] == "square"
    named = {}
    for shown in (every, few):
        made = colouring.coloured(Subject(points, scene.on_points, "acluster", shown), "class")
        for entry in made.legend:
            assert named.setdefault(entry.label, entry.colour) == entry.colour
    assert len(set(named.values())) == 3
    columns = {**points.columns, "tag": np.where(points.real, points["class"], "zebra")}
    guessed = Points(columns, points.real, points.group, points.groups, points.ids)
    tags = colouring.class_colours(guessed, "tag")
    assert {name: tags[name] for name in named} == named and tags["zebra"] not in named.values()


def test_a_picture_of_a_million_rows_needs_a_byte_a_row(scene: Scene) -> None:
    """Many clusters share codes rather than overflow one."""
    clusters = np.arange(-1, 999)
    made = colouring._by_cluster(clusters, np.ones(1000, bool))
    assert made.codes.max() < colouring.CODES and len(made.colours) <= colouring.CODES
    assert sum(entry.count for entry in made.legend) == 1000


def test_colours_say_what_the_legend_says(points: Points) -> None:
    absent = np.zeros(len(points), bool)
    absent[:20] = True
    tier = np.where(points.real, Tier.COVERED, None)
    tier[:20], tier[20:50], tier[50:60] = Tier.ABSENT, Tier.CANNOT_TELL, Tier.THIN
    covered = OnPoints(np.where(points.real, 1.0, np.nan), absent, tier)
    subject = Subject(points, covered, "acluster", np.ones(len(points), bool))
    by_version = colouring.coloured(subject, "version")
    assert {entry.label: entry.count for entry in by_version.legend} == {
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
        assert made.ends is not None or sum(entry.count for entry in made.legend) == 300
        for entry in made.legend:  # an entry's codes have its colour, and its count
            assert {made.colours[code] for code in entry.codes} <= {entry.colour, *plots.MANY}
            assert np.isin(made.codes, entry.codes).sum() == entry.count
            assert made.left_in([entry.label]).sum() == 300 - entry.count
            if by in ("version", "domain"):  # a ring in the legend where the map has rings
                assert entry.ring == (not points.real[np.isin(made.codes, entry.codes)].any())
    scored = colouring.coloured(subject, "score")
    assert {scored.colours[code] for code in scored.codes[~points.real]} == {plots.FAINT}


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
