"""The Gaps page on the example workspace, whose answer is known: what it says, lists, filters and
hands out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts.comparison import CoverageRow, GroupRow, MetricRow, VersionRow
from core.contracts.derive import read_rows
from core.contracts.words import MetricScope
from core.workspace import Comparison, Workspace
from pages.parts.gaps import gap_list, metrics
from pages.parts.gaps.gap_list import Choices, Listing, OnMap, Order
from pages.parts.shared.read import Scene
from tests.pages import example_workspace
from tests.pages.driver import chosen_on_screen, home, show, told, visit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the example in it; read by every test, changed by none."""
    with home(tmp_path_factory.mktemp("home")) as place:
        example_workspace.build(place / "gapscope.duckdb")
        yield place


@pytest.fixture
def app(folder: Path) -> AppTest:
    """The page on the newest version."""
    return show("gaps", folder)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Comparison]]:
    """The example's comparison, read without a page."""
    made = example_workspace.build(tmp_path_factory.mktemp("read") / "gapscope.duckdb")
    with Workspace(made.path, progress=False) as ws:
        yield ws, ws.comparisons.get(made.comparison_id)


def galleries(app: AppTest) -> list[list[dict[str, Any]]]:
    """The cards of each gallery on the page."""
    return [json.loads(element.proto.json)["tiles"] for element in app.get("bidi_component")]


def headings(app: AppTest) -> list[str]:
    """The headings of the groups."""
    return [element.value for element in app.markdown if element.value.startswith("#### ")]


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "no finished comparison yet" in told(show("gaps", tmp_path))


def test_the_numbers_on_top_are_the_comparisons(
    app: AppTest, comparison: tuple[Workspace, Comparison]
) -> None:
    old, new = read_rows(VersionRow, comparison[1].summary())
    assert (old.absent, new.absent) == (40, 20)
    words = told(app)
    assert "17 %" in words  # 20 of 120 absent from 1.1
    assert "real-vs-real baseline" in words
    assert f"Of 4 gaps injected into your data this list finds {new.recovered};" in words
    assert "1 group absent" in words
    assert not app.warning
    app.segmented_control(key="version").set_value(old.version_id).run()
    assert "33 %" in told(app) and len(headings(app)) == 2


def test_labels_are_counted_before_any_group(app: AppTest) -> None:
    words = told(app)
    assert "Labels: real against rendered" in words
    assert words.index("Labels: real against rendered") < words.index("####")
    table = next(html for html in (one.proto.body for one in app.get("html")) if "gs-tier" in html)
    assert "about 33 would match the real ones (40 of 120 real images, 33 %)" in table
    assert "class='gs-tier-covered'" in table and "gs-tier-absent" not in table


def test_the_picker_shows_the_version_that_the_page_shows(folder: Path) -> None:
    """On every page that is opened first or after another one, and after another choice there."""
    app = show("map", folder)
    assert chosen_on_screen(app.segmented_control(key="version")) == ["1.1"]
    visit(app, "gaps")
    assert chosen_on_screen(app.segmented_control(key="version")) == ["1.1"]
    old, new = app.session_state["version"] - 1, app.session_state["version"]
    app.segmented_control(key="version").set_value(old).run()
    visit(app, "map")
    assert chosen_on_screen(app.segmented_control(key="version")) == ["1.0"]
    assert app.session_state["version"] == old != new


def test_the_picker_follows_another_comparison(tmp_path: Path) -> None:
    """A comparison without the version that was looked at shows its own newest one."""
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        old = made.version_ids["1.0"]
        with Workspace(made.path, progress=False) as ws:
            other = example_workspace.add_again(
                ws.db, made.comparison_id, name="Older", version_ids=[old]
            )
        app = show("gaps", tmp_path)
        app.selectbox(key="comparison").set_value(made.comparison_id).run()
        app.segmented_control(key="version").set_value(made.version_ids["1.1"]).run()
        app.selectbox(key="comparison").set_value(other).run()
        assert chosen_on_screen(app.segmented_control(key="version")) == ["1.0"]
        assert app.session_state["version"] == old and "33 %" in told(app)


def test_a_gap_tells_its_reason_and_how_sure_it_is(
    app: AppTest, comparison: tuple[Workspace, Comparison]
) -> None:
    (gap,) = (row for row in read_rows(GroupRow, comparison[1].groups("1.1")) if row.absent)
    words = told(app).replace("\\", "")
    assert headings(app) == ["#### cross \\(2\\)"]  # 1.1 has the squares
    assert gap.explanation is not None and gap.explanation in words
    assert ":red-badge[Absent]" in words
    assert "20 of 20 have bias night" in words and "darker" in words
    assert "95 %: 0.0 to 3.7; expected 16.7" in words


def test_each_real_image_stands_beside_the_nearest_synthetic_one(app: AppTest) -> None:
    (tiles,) = galleries(app)
    assert len(tiles) == 8
    assert [image["label"] for image in tiles[0]["images"]] == ["real", "nearest in 1.1"]
    assert all(
        image["src"].startswith("data:image/webp;base64,")
        for tile in tiles
        for image in tile["images"]
    )
    assert tiles[0]["key"].startswith("cross/night/")
    assert "rank 1" in tiles[0]["note"] and "distance" in tiles[0]["note"]
    more = next(button.key for button in app.button if button.key.startswith("gap_"))
    app.button(key=more).click().run()
    assert len(galleries(app)[0]) == 16


def test_filters_leave_the_chosen_images(app: AppTest) -> None:
    app.segmented_control(key="gaps_list").set_value(Listing.JUDGEMENT).run()
    assert headings(app) == ["#### cross \\(2\\)"]
    app.toggle(key="gaps_covered").set_value(True).run()
    assert len(headings(app)) == 6 and headings(app)[0] == "#### cross \\(2\\)"
    app.segmented_control(key="gaps_list").set_value(Listing.RANKING).run()
    (tiles,) = galleries(app)
    assert [tile["note"].split(" ·")[0] for tile in tiles] == [
        f"rank {rank}" for rank in range(1, 25)
    ]
    app.segmented_control(key="gaps_list").set_value(Listing.JUDGEMENT).run()
    app.multiselect(key="gaps_class").set_value(["circle"]).run()
    assert "No group with these classes is said to be absent" in told(app)


def test_groups_stand_in_the_order_that_is_asked_for(app: AppTest) -> None:
    app.segmented_control(key="version").set_value(app.session_state["version"] - 1).run()
    scores = [
        float(text)
        for text in told(app).split("gap score</span>")[:-1]
        for text in [text.rsplit("<b>", 1)[1].split("<")[0]]
    ]
    assert len(scores) == 2 and scores == sorted(scores, reverse=True)
    app.selectbox(key="gaps_order").set_value(Order.SIZE).run()
    assert len(headings(app)) == 2 and not app.exception


def test_metrics_without_a_cluster_are_no_scope_to_choose(
    app: AppTest, comparison: tuple[Workspace, Comparison]
) -> None:
    rows = read_rows(MetricRow, comparison[1].metrics())
    assert any(row.scope == MetricScope.WITHOUT for row in rows)
    app.segmented_control(key="gaps_section").set_value("Metrics").run()
    (scopes,) = (box.options for box in app.selectbox if box.key.startswith("metrics_scope"))
    assert scopes == ["all images", "class circle", "class cross", "class square"]


def test_doubt_is_a_mark_and_takes_no_group_away(tmp_path: Path) -> None:
    """Fifteen images are too few to judge by: no share is shown; the groups stay."""
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb", judged=False)
        app = show("gaps", tmp_path)
        mark = app.warning[0].value.replace("\\", "")
        assert "Version 1.1 cannot be judged: " in mark
        assert "cannot be judged</b>" in told(app) and "17 %" not in told(app)
        assert "15 synthetic images are too few for 6 groups" in mark
        assert "No group is said to be absent" in told(app) and not app.success
        assert len(headings(app)) == 6 and not any("Cluster" in one for one in headings(app))
        assert "have bias night" in told(app)


def test_other_sections_show_the_evidence(
    app: AppTest, comparison: tuple[Workspace, Comparison]
) -> None:
    app.segmented_control(key="gaps_section").set_value("Metrics").run()
    words = told(app)
    assert 0 < words.index(">Fréchet distance<") < words.index(">KID<")
    assert ">Real vs real<" in words and "Seed 1." in words

    app.segmented_control(key="gaps_section").set_value("Split classes").run()
    splits = comparison[1].splits().to_pylist()
    newest = [row["class"] for row in splits if row["version_id"] == app.session_state["version"]]
    shown = list(app.dataframe[0].value["Class"])
    assert sorted(shown) == sorted(newest)
    assert sorted(shown[:3]) == ["circle", "cross", "square"]  # the user's labels come first
    real, synthetic = galleries(app)
    assert {tile["images"][0]["label"] for tile in real} == {"real"}
    assert {tile["images"][0]["label"] for tile in synthetic} == {"1.1"}

    app.segmented_control(key="gaps_section").set_value("Looks rendered, looks real").run()
    most_real, most_rendered = galleries(app)
    shares = [
        [int(tile["note"].split(":")[1].strip(" %")) for tile in tiles]
        for tiles in (most_real, most_rendered)
    ]
    assert shares[0] == sorted(shares[0], reverse=True) and shares[1] == sorted(shares[1])

    app.segmented_control(key="gaps_section").set_value("Self-test").run()
    words = told(app).replace("\\", "")
    assert "everything is judged again" in words
    assert "threshold" not in words and "listed from" not in words
    table = app.dataframe[0].value
    assert len(table) == 12 and set(table["Real images"]) == {20}  # at three strengths
    assert set(table["Hidden synthetic images"]) == {16, 19, 20}
    assert set(table["Said then"][table["Share hidden"] == "100 %"]) == {"absent"}


def test_a_class_of_two_sources_is_told_apart(
    app: AppTest, comparison: tuple[Workspace, Comparison]
) -> None:
    app.segmented_control(key="gaps_section").set_value("Split classes").run()
    (box,) = (box for box in app.selectbox if box.key.startswith("split_class"))
    assert "circle (labels)" in box.options
    assert any(option.endswith("(ImageNet head)") for option in box.options)


def test_the_csv_holds_the_list(comparison: tuple[Workspace, Comparison]) -> None:
    ws, found = comparison
    scene = Scene(ws, found, found.version_id("1.1"))
    text = gap_list.csv_of(scene, Choices(Listing.JUDGEMENT)).decode()
    written = list(csv.DictReader(io.StringIO(text)))
    expected = found.absent("1.1").to_pylist()
    assert list(written[0]) == [*(name for name, _ in gap_list.CSV_COLUMNS), "mark"]
    assert [row["path"] for row in written] == [row["path"] for row in expected]
    assert [float(row["score"]) for row in written] == [row["score"] for row in expected]
    assert {row["class"] for row in written} == {"cross"}
    assert {row["gap"] for row in written} == {"cross (2)"}  # those by day are the first
    assert {row["tier"] for row in written} == {"absent"}


def test_the_csv_runs_no_formula(comparison: tuple[Workspace, Comparison]) -> None:
    """A file called like a formula is text in a spreadsheet."""
    ws, found = comparison
    coverage = Scene(ws, found, found.version_id("1.1")).coverage
    path = coverage.path.copy()
    path[0] = "=HYPERLINK(A1)"
    text = gap_list.csv_bytes(
        ws, replace(coverage, path=path), gap_list.listed(coverage, Choices(Listing.RANKING))
    )
    assert next(csv.DictReader(io.StringIO(text.decode())))["path"] == "'=HYPERLINK(A1)"


def test_the_nearest_images_of_one_image_are_read_as_a_row(
    comparison: tuple[Workspace, Comparison],
) -> None:
    ws, found = comparison
    scene = Scene(ws, found, found.version_id("1.1"))
    row = scene.coverage_row(str(scene.coverage.path[0]))
    assert isinstance(row, CoverageRow) and row.rank == 1 and len(row.nearest_ids) == 5
    assert set(row.nearest_ids) <= set(scene.paths_by_content())
    assert scene.coverage_row("no such file") is None


def test_a_metric_without_a_value_never_shows_nan() -> None:
    row = MetricRow(
        version_id=1,
        scope=MetricScope.ALL,
        part=None,
        name="kid",
        value=None,
        low=None,
        high=None,
        n_real=3,
        n_synthetic=2,
        baseline=None,
        baseline_low=None,
        baseline_high=None,
        seed=0,
        parameters=None,
        note="Too few images",
    )
    shown = metrics.columns([row])
    assert shown["Value"] == shown["Real vs real"] == ["–"] and shown["Interval"] == [""]
    assert str(shown["Meaning"][0]).endswith("Too few images")


def test_outside_is_read_from_the_map_that_is_chosen(
    app: AppTest, comparison: tuple[Workspace, Comparison]
) -> None:
    ws, found = comparison
    scene = Scene(ws, found, found.version_id("1.1"))
    summary, coverage = scene.summary, scene.coverage
    assert summary is not None
    for on_map, count in (
        (OnMap.JOINT, summary.outside),
        (OnMap.ALIGNED, summary.outside_aligned),
    ):
        rows = gap_list.listed(coverage, Choices(Listing.OUTSIDE, on_map=on_map))
        assert len(rows) == count
    # all crosses at night lie outside once the look is taken out: 1.1 has none
    assert {"cross/night"} <= {path.rsplit("/", 1)[0] for path in coverage.path[rows].tolist()}
    app.segmented_control(key="gaps_list").set_value(Listing.OUTSIDE).run()
    assert not app.exception
    app.segmented_control(key="gaps_map").set_value(OnMap.JOINT).run()
    assert not app.exception and app.session_state["gaps_map"] == OnMap.JOINT


def test_no_single_image_and_no_surplus_are_said_to_be_none(app: AppTest) -> None:
    """Every picture has nineteen like it, and every rendered one is of a kind that is real."""
    app.segmented_control(key="gaps_list").set_value(Listing.SINGLES).run()
    assert not app.exception
    app.segmented_control(key="gaps_list").set_value(Listing.SURPLUS).run()
    assert "No group of synthetic images of 1.1 is said to be surplus" in told(app).replace(
        "\\", ""
    )
    assert "Clusters of synthetic images only" in told(app)


def test_surplus_renders_have_cards_pictures_and_a_csv(tmp_path: Path) -> None:
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        example_workspace.add_surplus(made, "1.1", "square")
        app = show("gaps", tmp_path)
        app.segmented_control(key="gaps_list").set_value(Listing.SURPLUS).run()
        assert headings(app) == ["#### square"] and "40" in told(app)
        (tiles,) = galleries(app)
        assert [image["label"] for image in tiles[0]["images"]] == ["1.1", "nearest real"]
        assert "surplus score" in tiles[0]["note"]
        with Workspace(made.path, progress=False) as ws:
            found = ws.comparisons.get(made.comparison_id)
            scene = Scene(ws, found, made.version_ids["1.1"])
            text = gap_list.csv_of(scene, Choices(Listing.SURPLUS)).decode()
            rows = list(csv.DictReader(io.StringIO(text)))
            assert len(rows) == 40 and rows[0]["rank"] == "1" and rows[0]["name"] == "square"
            assert {row["path"].split("/")[0] for row in rows} == {"square"}
            assert "Surplus of version 1.1" in ws.exports.report_html(found)
