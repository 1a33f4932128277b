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

from core.store.database import Database
from tests.pages import example_workspace
from tests.pages.driver import chosen_on_screen, home, show, told


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the example in it, and beside its comparison one under another seed."""
    place = tmp_path_factory.mktemp("home")
    built = example_workspace.build(place / "gapscope.duckdb")
    db = Database(built.path)
    example_workspace.add_again(db, built.comparison_id, name="Another seed", seed=7)
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
    assert "1.0 → 1.1." in words
    assert "Better: 20 of 120 real images are clearly better covered" in words
    assert "20 of 20 closed; was absent, now covered" in words and "still absent" in words
    assert "4 other groups are covered as before" in words
    closed, still = galleries(app)  # nothing is new or regressed here
    assert all("square/night" in tile["key"] for tile in closed)
    assert all("cross/night" in tile["key"] for tile in still)
    real, before, after = closed[0]["images"]
    assert (real["label"], before["label"], after["label"]) == ("real", "1.0", "1.1")
    assert all(image["src"].startswith("data:image/webp") for image in closed[0]["images"])


def test_what_had_closed_and_opens_again_is_regressed(tmp_path: Path) -> None:
    """Version 1.1 closes the squares by night, 1.2 loses them again."""
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb", versions=example_workspace.THREE)
        app = show("versions", tmp_path)
        words = told(app).replace("\\", "")
        assert "1.1 → 1.2." in words  # the newest step
        assert "20 of 120 real images are clearly better covered, 20 clearly worse" in words
        closed, opened, regressed = galleries(app)
        assert all("cross/night" in tile["key"] for tile in closed)
        assert all("square/night" in tile["key"] for tile in opened)
        assert [tile["key"] for tile in regressed] == [tile["key"] for tile in opened]
        (pair,) = (box for box in app.selectbox if box.key.startswith("versions_pair"))
        assert pair.options == ["1.0 → 1.1", "1.1 → 1.2", "1.0 → 1.2"]
        pair.set_value(pair.value.replace("3-4", "2-3")).run()
        assert "1.0 → 1.1." in told(app).replace("\\", "")


def test_what_moved_a_metric_is_told_by_cluster(app: AppTest) -> None:
    words = told(app)
    assert "What moved the metrics" in words and "Fréchet distance" in words
    assert "change without it" in words and "share of the change" in words


def test_the_trend_leaves_out_what_cannot_be_compared_and_says_why(app: AppTest) -> None:
    words = told(section(app, "Trend"))
    assert (
        "Another seed" in words
        and "another seed (7)" in words.replace("\\", "")
        and "cannot be compared" in words
    )
    charts = [json.loads(element.proto.spec) for element in app.get("plotly_chart")]
    baseline, absent = charts[0]["data"]
    assert absent["x"] == ["1.0", "1.1"] and baseline["line"]["dash"] == "dash"
    assert absent["y"] == pytest.approx([1 / 3, 1 / 6])


def test_the_trend_opens_with_four_charts_and_has_the_others_behind_more(app: AppTest) -> None:
    section(app, "Trend")
    heads = ["Absent share", "Recall", "Fréchet distance", "Classifier AUC"]
    said = [line.value for line in app.markdown if line.value.startswith("**")]
    assert [line.split("**")[1] for line in said if ", " in line] == heads
    assert len(app.get("plotly_chart")) == 4
    app.session_state["trend_more"] = True
    app.run()
    # the absent share and fourteen metrics, none of them without a cluster
    assert len(app.get("plotly_chart")) == 15


def test_clusters_against_versions(app: AppTest) -> None:
    section(app, "Clusters")
    table = app.dataframe[0].value.set_index("Cluster")
    assert table.index.is_unique  # two clusters of squares are told apart
    absent = {
        version: sorted(
            table.index[table[f"{version}: judged"] == "absent"].str.split(" (", regex=False).str[0]
        )
        for version in ("1.0", "1.1")
    }
    assert absent == {"1.0": ["cross", "square"], "1.1": ["cross"]}
    (cross,) = table[table["1.1: judged"] == "absent"]["1.1: synthetic"]
    assert cross == "0"
    assert set(table["Real images"]) == {20} and len(table) == 6


def test_doubt_leaves_the_clusters_as_they_are(tmp_path: Path) -> None:
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb", judged=False)
        app = section(show("versions", tmp_path), "Clusters")
        (shown,) = (one for one in app.segmented_control if one.key.startswith("versions_heatmap"))
        assert shown.value == "Judgement"
        words = told(app).replace("\\", "")
        assert "Version 1.0 cannot be judged: " in words
        assert "Version 1.1 cannot be judged: " in words


def test_no_verdict_is_green_where_a_version_cannot_be_judged(tmp_path: Path) -> None:
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb", judged=False)
        app = show("versions", tmp_path)
        assert not app.success
        (verdict,) = app.warning
        words = verdict.value.replace("\\", "")
        assert "Cannot tell: version 1.0 cannot be judged: " in words
        section(app, "Trend")
        assert len(app.get("plotly_chart")) == 3  # no absent share is drawn, and why is said
        assert "Version 1.1 cannot be judged: " in told(app).replace("\\", "")


def test_the_history_says_which_numbers_are_comparable(app: AppTest) -> None:
    table = section(app, "History").dataframe[0].value.set_index("Comparison")
    assert table.loc["Another seed", "Comparable"] == "no: another seed (7)"
    assert table.loc["Drawn photographs against 1.0, 1.1", "Comparable"] == "this one"


def test_a_folder_of_absent_images_is_written_beside_the_workspace(
    app: AppTest, folder: Path
) -> None:
    section(app, "Report and exports")
    assert len(app.get("download_button")) == 9
    app.button(key="export_folder").click().run()
    assert "20 images" in told(app)
    written = folder / "exports" / "absent-1-1.1"
    assert len(list(written.glob("*.png"))) == 20 and (written / "manifest.csv").is_file()
    app.button(key="export_folder").click().run()
    assert (
        folder / "exports" / "absent-1-1.1-2" / "manifest.csv"
    ).is_file()  # nothing is overwritten


def test_the_version_to_export_is_the_one_that_is_shown(app: AppTest) -> None:
    section(app, "Report and exports")
    assert chosen_on_screen(app.segmented_control(key="version")) == ["1.1"]


def test_a_comparison_of_one_version_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb", versions=("1.0",))
        app = show("versions", tmp_path)
        assert "two or more" in told(app)
        for name in ("Trend", "Clusters", "History", "Report and exports"):
            section(app, name)
