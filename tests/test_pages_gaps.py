"""The Gaps page on the example workspace, whose answer is known: what it says, lists, filters and
hands out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.workspace import Workspace
from pages.parts.gaps import evidence, gap_list
from pages.parts.shared.read import column_array
from tests import example_workspace
from tests.page_driver import home, show, told


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


def galleries(app: AppTest) -> list[list[dict[str, Any]]]:
    """The cards of each gallery on the page."""
    return [json.loads(element.proto.json)["tiles"] for element in app.get("bidi_component")]


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "no finished comparison yet" in told(show("gaps", tmp_path))


def test_the_numbers_on_top_are_the_comparisons(app: AppTest) -> None:
    words = told(app)
    assert "17 %" in words and "11 % to 23 %" in words  # 20 of 120 absent from 1.1
    assert "0.8 %" in words  # the floor
    assert "Of 20 gaps injected into your data this list finds 17; false alarms 1.0 %." in words
    app.segmented_control(key="version").set_value(
        app.segmented_control(key="version").options.index("1.0") + 2
    ).run()
    assert "33 %" in told(app) and "square at night" in told(app)


def test_a_gap_tells_its_reason_and_how_sure_it_is(app: AppTest) -> None:
    words = told(app)
    assert "cross at night" in words and "square at night" not in words  # 1.1 has the squares
    assert "by cluster and score 16" in words and "by score only 4" in words
    assert "95 %: 8.5 to 22.8; expected 15.0" in words


def test_each_real_image_stands_beside_the_nearest_synthetic_one(app: AppTest) -> None:
    (tiles,) = galleries(app)
    assert len(tiles) == 8
    assert [image["label"] for image in tiles[0]["images"]] == ["real", "nearest in 1.1"]
    assert all(
        image["src"].startswith("data:image/webp;base64,")
        for tile in tiles
        for image in tile["images"]
    )
    assert (
        tiles[0]["key"].startswith("cross/night/")
        and "rank 1" in tiles[0]["note"]
        and "distance" in tiles[0]["note"]
    )
    app.button(
        key=next(button.key for button in app.button if button.key.startswith("gap_5"))
    ).click().run()
    assert len(galleries(app)[0]) == 16


def test_filters_leave_the_chosen_images(app: AppTest) -> None:
    app.segmented_control(key="gaps_list").set_value("By both").run()
    assert "by cluster and score 16" in told(app) and "by score only" not in told(app)
    app.multiselect(key="gaps_class").set_value(["circle"]).run()
    assert "No absent image of these classes." in told(app)


def test_absent_images_of_no_gap_come_last(tmp_path: Path) -> None:
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        with Workspace(made.path, progress=False) as ws:
            ws.db.execute("DELETE FROM gaps WHERE name LIKE 'square%'")
        app = show("gaps", tmp_path)
        app.segmented_control(key="version").set_value(made.version_ids["1.0"]).run()
        headings = [element.value for element in app.markdown if element.value.startswith("####")]
        assert headings == ["#### cross at night", "#### Not in any gap :gray[· 20 images]"]
        assert galleries(app)[1][0]["key"].startswith("square/night/")


def test_metrics_without_a_cluster_are_no_scope_to_choose(tmp_path: Path) -> None:
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        with Workspace(made.path, progress=False) as ws:
            ws.db.execute(
                "INSERT INTO metrics SELECT * REPLACE ('without' AS scope, '3' AS part) FROM metrics WHERE scope = 'all'"
            )
        app = show("gaps", tmp_path)
        app.segmented_control(key="gaps_section").set_value("Metrics").run()
        (scopes,) = (box.options for box in app.selectbox if box.key.startswith("metrics_scope"))
        assert scopes == ["all images", "class cross"]


def test_only_the_ranking_is_shown_where_only_it_can_be_trusted(tmp_path: Path) -> None:
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb", absolute=False)
        app = show("gaps", tmp_path)
        assert "Only the ranking can be trusted" in app.warning[0].value
        assert "finds 2;" in app.warning[0].value.replace("\\", "")
        assert "17 %" not in told(app)  # no absent rate, and no choice of lists
        assert "gaps_list" not in {control.key for control in app.segmented_control}
        (tiles,) = galleries(app)
        assert [tile["note"].split(" ·")[0] for tile in tiles] == [
            f"rank {rank}" for rank in range(1, 25)
        ]


def test_other_sections_show_the_evidence(app: AppTest) -> None:
    section = app.segmented_control(key="gaps_section")
    section.set_value("Metrics").run()
    words = told(app)
    assert (
        0 < words.index(">Fréchet distance<") < words.index(">KID<") and ">4<" in words
    )  # its floor
    app.selectbox(
        key=next(box.key for box in app.selectbox if box.key.startswith("metrics_scope"))
    ).set_value("cross").run()
    assert ">–<" in told(app) and "Too few images" in told(app)

    app.segmented_control(key="gaps_section").set_value("Split classes").run()
    assert list(app.dataframe[0].value["Class"]) == ["cross", "square", "circle"]
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
    assert (
        app.dataframe[0].value["Found"][0] == 17
        and app.dataframe[0].value["Used"][0] == "this list"
    )


def test_the_csv_holds_the_list(folder: Path, tmp_path: Path) -> None:
    made = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(made.path, progress=False) as ws:
        found = ws.comparisons.get(made.comparison_id)
        table = found.coverage("1.1")
        ranking = {
            name: column_array(table.column(name))
            for name in table.column_names
            if name != "nearest_ids"
        }
        ranking["gap"] = np.array(
            ["cross at night" if absent else None for absent in ranking["absent"]], dtype=object
        )
        rows = gap_list.chosen_rows(ranking, "The list", [])
        text = gap_list.csv_bytes(ranking, rows).decode()
        expected = found.absent("1.1").to_pylist()
    written = list(csv.DictReader(io.StringIO(text)))
    assert list(written[0]) == list(gap_list.CSV_COLUMNS)
    assert [row["path"] for row in written] == [row["path"] for row in expected]
    assert [float(row["score"]) for row in written] == pytest.approx(
        [row["score"] for row in expected]
    )
    assert {row["gap"] for row in written} == {"cross at night"} and {
        row["class"] for row in written
    } == {"cross"}
    assert sum(row["by_cluster"] == "true" for row in written) == 16


def test_a_metric_without_a_value_never_shows_nan() -> None:
    row = {
        "name": "kid",
        "value": None,
        "low": None,
        "high": None,
        "baseline": None,
        "baseline_low": None,
        "baseline_high": None,
        "n_real": 3,
        "n_synthetic": 2,
        "seed": 0,
        "parameters": None,
        "note": "Too few images",
    }
    shown = evidence.metric_row(row)
    assert (
        shown["Value"] == shown["Floor"] == "–"
        and shown["Note"] == "Too few images"
        and shown["Interval"] == ""
    )
