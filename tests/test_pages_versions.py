"""The Versions page on the example workspace: verdicts, lists, trends that refuse what cannot be
compared, and what it hands out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts.comparison import MetricRow
from core.contracts.derive import from_rows
from core.jobs.compare.rows import contribution_rows
from core.store import comparison_table
from core.store.database import Database
from tests import example_workspace
from tests.page_driver import home, show, told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the example in it, and beside its comparison one under another seed."""
    place = tmp_path_factory.mktemp("home")
    built = example_workspace.build(place / "gapscope.duckdb")
    db = Database(built.path)
    rows = [
        row
        for version_id, drift in ((built.version_ids["1.0"], 0.0), (built.version_ids["1.1"], 2.0))
        for row in contribution_rows(
            version_id,
            {"frechet_distance": {None: 10.0 + drift, 3: 9.0, 4: 8.0 + drift}},
            120,
            80,
            0,
        )
    ]
    shown = from_rows(MetricRow, rows)
    with db.transaction() as cursor:
        cursor.register("added", shown)
        cursor.execute(
            "INSERT INTO metrics BY NAME SELECT ? AS comparison_id, * FROM added",
            [built.comparison_id],
        )
        cursor.unregister("added")
    other = comparison_table.add_comparison(
        db,
        name="Another seed",
        encoder="lite0",
        seed=7,
        real_id=built.real_id,
        version_ids=list(built.version_ids.values()),
        parameters={},
    )
    with db.transaction() as cursor:
        cursor.execute(
            "UPDATE comparisons SET status = 'done', finished_at = TIMESTAMP '2024-01-01 00:00:00' WHERE id = ?",
            [other],
        )
    db.close()
    with home(place):
        yield place


@pytest.fixture
def app(folder: Path) -> AppTest:
    """The page with the example's comparison chosen."""
    page = show("versions", folder)
    page.selectbox(key="comparison").set_value(1).run()
    return page


def section(app: AppTest, name: str) -> AppTest:
    app.segmented_control(key="versions_section").set_value(name).run()
    assert not app.exception
    return app


def galleries(app: AppTest) -> list[list[dict[str, Any]]]:
    return [json.loads(element.proto.json)["tiles"] for element in app.get("bidi_component")]


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "no finished comparison yet" in told(show("versions", tmp_path))


def test_the_verdict_and_the_lists_stand_on_the_first_section(app: AppTest) -> None:
    words = told(app).replace("\\", "")
    assert (
        "1.0 → 1.1." in words
        and "Better: 20 of 120 real images are clearly better covered" in words
    )
    closed, still, regressed = galleries(app)  # nothing is new here
    assert all(tile["title"].startswith("0") and "square/night" in tile["key"] for tile in closed)
    assert all("cross/night" in tile["key"] for tile in still) and {
        tile["key"] for tile in regressed
    } == {
        "circle/day/000.png",
        "circle/day/001.png",
    }
    real, before, after = closed[0]["images"]
    assert (real["label"], before["label"], after["label"]) == ("real", "1.0", "1.1")
    assert all(image["src"].startswith("data:image/webp") for image in closed[0]["images"])


def test_what_moved_a_metric_is_told_by_cluster(app: AppTest) -> None:
    words = told(app)
    assert "What moved the metrics" in words and "Fréchet distance" in words
    assert "+2" in words and "100 %" in words  # without cluster 3 nothing changed


def test_the_trend_leaves_out_what_cannot_be_compared_and_says_why(app: AppTest) -> None:
    words = told(section(app, "Trend"))
    assert (
        "Another seed" in words
        and "another seed (7)" in words.replace("\\", "")
        and "cannot be compared" in words
    )
    charts = [json.loads(element.proto.spec) for element in app.get("plotly_chart")]
    absent = charts[0]["data"]
    assert (
        absent[1]["x"] == ["1.0", "1.1"] and absent[0]["line"]["dash"] == "dash"
    )  # the floor, then the numbers
    assert (
        len(charts) == 13
    )  # the absent rate and twelve metrics, leave-one-out rows not among them


def test_clusters_against_versions(app: AppTest) -> None:
    section(app, "Clusters")
    table = app.dataframe[0].value.set_index("Cluster")
    assert (
        table.loc["square at night", "1.0: absent"] == "100 %"
        and table.loc["square at night", "1.1: absent"] == "0 %"
    )


def test_the_history_says_which_numbers_are_comparable(app: AppTest) -> None:
    table = section(app, "History").dataframe[0].value.set_index("Comparison")
    assert table.loc["Another seed", "Comparable"] == "no: another seed (7)"
    assert table.loc["Drawn photographs against 1.0, 1.1", "Comparable"] == "this one"


def test_a_folder_of_absent_images_is_written_beside_the_workspace(
    app: AppTest, folder: Path
) -> None:
    section(app, "Report and exports")
    assert len(app.get("download_button")) == 8
    app.button(key="export_folder").click().run()
    assert "20 images" in told(app)
    written = folder / "exports" / "absent-1-1.1"
    assert len(list(written.glob("*.png"))) == 20 and (written / "manifest.csv").is_file()
    app.button(key="export_folder").click().run()
    assert (
        folder / "exports" / "absent-1-1.1-2" / "manifest.csv"
    ).is_file()  # nothing is overwritten


def test_a_comparison_of_one_version_says_what_to_do(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    db = Database(built.path)
    db.execute("UPDATE comparisons SET version_ids = ?", [f"[{built.version_ids['1.0']}]"])
    with db.transaction() as cursor:
        cursor.execute("DELETE FROM changes")
    db.close()
    with home(tmp_path):
        app = show("versions", tmp_path)
        assert "two or more" in told(app)
        for name in ("Trend", "Clusters", "History", "Report and exports"):
            section(app, name)
