"""What leaves Gapscope: tables, lists for other tools, the folder of absent images, the brief and
the report.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import InputError
from core.reports import coco, fiftyone, figures, folder, history, pairs, tables
from core.reports.brief import brief, brief_html, brief_markdown
from core.reports.html import report_html
from core.workspace import Comparison, Workspace
from tests import example_workspace

NASTY = "<script>alert('x')</script>&{{ 7*7 }}"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Comparison]]:
    """The example workspace, read by every test here and changed by none."""
    built = example_workspace.build(tmp_path_factory.mktemp("example") / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        yield ws, ws.comparisons.get(built.comparison_id)


# --- tables ---------------------------------------------------------------------------------------


def test_text_that_looks_like_a_formula_is_made_safe_and_numbers_stay() -> None:
    dangerous = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=x",
        "\r=x",
        "plain.jpg",
        "a=b",
        "",
        None,
    ]
    table = pa.table(
        {"path": dangerous, "score": [-1.5] * 10, "=name": ["x"] * 10, "ids": [["=a", "b"]] * 10}
    )
    rows = list(csv.DictReader(io.StringIO(tables.csv_text(table), newline="")))
    assert [row["path"] for row in rows] == [
        f"'{text}" if text and text[0] in "=+-@\t\r" else text or "" for text in dangerous
    ]
    assert {row["score"] for row in rows} == {"-1.5"} and {row["ids"] for row in rows} == {"'=a b"}
    assert "'=name" in rows[0]


def test_the_absent_images_of_every_version_are_in_one_csv(example) -> None:
    _, found = example
    rows = list(csv.DictReader(io.StringIO(tables.absent_csv(found))))
    assert (
        sum(row["version"] == "1.0" for row in rows) == 40
        and sum(row["version"] == "1.1" for row in rows) == 20
    )
    assert rows[0]["path"] == found.absent("1.0").column("path")[0].as_py()
    assert float(rows[0]["score"]) == found.absent("1.0").column("score")[0].as_py()


def test_every_table_leaves_as_csv_and_as_parquet(example) -> None:
    _, found = example
    archives = {
        form: zipfile.ZipFile(io.BytesIO(tables.tables_zip(found, form))) for form in tables.FORMATS
    }
    names = {
        "points",
        "coverage",
        "gaps",
        "clusters",
        "versions",
        "metrics",
        "changes",
        "selftest",
        "splits",
    }
    for form, archive in archives.items():
        assert {
            PurePosixPath(name).stem for name in archive.namelist()
        } == names and archive.testzip() is None, form
    points = pq.read_table(io.BytesIO(archives["parquet"].read("points.parquet")))
    assert points.equals(found.points())
    assert (
        len(list(csv.reader(io.StringIO(archives["csv"].read("coverage.csv").decode()))))
        == 1 + 2 * 120
    )
    with pytest.raises(InputError, match="xlsx"):
        tables.tables_zip(found, "xlsx")


# --- lists for other tools ------------------------------------------------------------------------


def imported_by_fiftyone(place: Path) -> list[tuple[Path, str | None, dict]]:
    """Read a folder as FiftyOne's guide describes: names from data.json, targets from labels.json
    by class number.
    """
    labels = json.loads((place / "labels.json").read_text("utf-8"))
    files = json.loads((place / "data.json").read_text("utf-8"))
    found = []
    for name in sorted(labels["labels"]):
        target = labels["labels"][name]
        assert set(target) <= {"label", "confidence", "attributes"}
        found.append((Path(files[name]), labels["classes"][target["label"]], target))
    return found


def test_fiftyone_finds_every_real_image_with_its_label(example, tmp_path: Path) -> None:
    _, found = example
    zipfile.ZipFile(io.BytesIO(fiftyone.fiftyone_zip(found, "1.1"))).extractall(tmp_path)
    samples = imported_by_fiftyone(tmp_path)
    assert len(samples) == 120 and all(
        file.is_file() and file.is_absolute() for file, _, _ in samples
    )
    absent = {
        str(file.relative_to(found.real.folder)) for file, label, _ in samples if label == "absent"
    }
    assert absent == set(found.absent("1.1").column("path").to_pylist())
    one = next(target for _, label, target in samples if label == "absent")
    assert one["confidence"] == pytest.approx(0.99) and one["attributes"]["gap"] == "cross at night"
    assert None not in one["attributes"].values()


def test_fiftyone_names_stay_apart_where_only_the_ending_differs() -> None:
    assert fiftyone._names(["a/1.jpg", "a/1.png", "b/2.jpg"]) == ["a/1.jpg", "a/1.png", "b/2"]


def test_the_coco_list_has_the_absent_images_with_their_sizes(example) -> None:
    ws, found = example
    told = json.loads(coco.coco_json(ws, found, "1.0"))
    assert {"info", "images", "licenses", "categories"} <= set(told)
    assert [image["file_name"] for image in told["images"]] == found.absent("1.0").column(
        "path"
    ).to_pylist()
    assert [image["id"] for image in told["images"]] == list(range(1, 41))
    assert all((image["width"], image["height"]) == (200, 150) for image in told["images"])


@pytest.mark.parametrize("copies", [False, True])
def test_the_folder_holds_the_absent_images_by_rank(example, tmp_path: Path, copies: bool) -> None:
    _, found = example
    written = folder.write_absent_folder(found, "1.1", tmp_path / "out", copies=copies)
    rows = list(csv.DictReader((tmp_path / "out" / "manifest.csv").open(encoding="utf-8")))
    assert written.images == len(rows) == 20 and not written.missing
    for row in rows:
        file, photo = tmp_path / "out" / row["file"], Path(found.real.folder) / row["path"]
        assert file.is_symlink() is not copies and file.read_bytes() == photo.read_bytes()
    assert [row["file"][:4] for row in rows] == [f"{rank:04d}" for rank in range(1, 21)]
    assert (
        float(rows[0]["score"]) >= float(rows[-1]["score"]) and rows[0]["gap"] == "cross at night"
    )


def test_a_folder_with_something_in_it_is_left_alone(example, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="not empty"):
        folder.write_absent_folder(example[1], "1.1", tmp_path)
    with pytest.raises(InputError):
        folder.write_absent_folder(example[1], "1.1", tmp_path / "mine.txt" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_photographs_that_are_gone_are_told(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        found = ws.comparisons.get(built.comparison_id)
        gone = found.absent("1.1").column("path")[3].as_py()
        (Path(found.real.folder) / gone).unlink()
        written = folder.write_absent_folder(found, "1.1", tmp_path / "out")
    assert written.images == 19 and [path for path, _ in written.missing] == [gone]


# --- pairs and history ----------------------------------------------------------------------------


def test_pairs_count_what_the_changes_say(example) -> None:
    (pair,) = pairs.pairs_of(example[1])
    assert (pair.before, pair.after) == ("1.0", "1.1")
    assert (
        pair.counts == {"closed": 20, "open": 20, "opened": 0, "regressed": 2}
        and pair.verdict.word == "better"
    )


def test_clusters_are_told_version_by_version(example) -> None:
    rows = {row["name"]: row for row in history.cluster_rows(example[1])}
    assert rows["square at night"]["absent"] == [1.0, 0.0] and rows["cross at night"]["absent"] == [
        1.0,
        1.0,
    ]
    assert rows["cross at night"]["size"] == 20 and rows["Cluster 0"]["absent"] == [0.0, 0.0]


def test_only_comparable_numbers_join_a_trend(example) -> None:
    _, found = example
    mine = replace(found.record, real_fingerprint="a")
    others = [
        replace(mine, id=2, version_ids=[9]),
        replace(mine, id=3, encoder="clip:x"),
        replace(mine, id=4, seed=1),
        replace(mine, id=5, parameters={"n_neighbors": 5}),
        replace(mine, id=6, real_fingerprint="b"),
        replace(mine, id=7, status="failed"),
        replace(mine, id=8, real_id=99),
    ]
    pasts = history.history([mine, *others], mine)
    assert {past.record.id: past.differs for past in pasts} == {
        mine.id: (),
        2: (),
        3: ("another encoder (clip:x)",),
        4: ("another seed (1)",),
        5: ("other parameters",),
        6: ("other real images",),
    }
    numbers = {
        past.record.id: [
            {"name": "kid", "version_id": past.record.id, "value": 1.0},
            {"name": "kid", "version_id": 77, "value": past.record.id},
        ]
        for past in pasts
    }
    rows = history.comparable_trend(pasts, numbers)
    assert [(row["version_id"], row["value"]) for row in rows] == [
        (mine.id, 1.0),
        (77, mine.id),
        (2, 1.0),
    ]


# --- the brief and the report ---------------------------------------------------------------------


def test_the_brief_says_what_to_render_and_how_much(example) -> None:
    ws, found = example
    page = brief(ws, found)
    (want,) = page.wants
    assert (page.version, page.absent, want.name, want.absent, want.short_by) == (
        "1.1",
        20,
        "cross at night",
        20,
        14,
    )
    assert all(
        one.picture.startswith("data:image/webp;base64,") and one.nearest_picture
        for one in want.examples
    )
    words = brief_markdown(ws, found, "1.0")
    assert (
        "Render more of this: square at night" in words
        and "Render more of this: cross at night" in words
    )
    assert "Of 20 gaps injected into this data the list finds 17" in words
    assert found.absent("1.0").column("path")[0].as_py() in words


def test_the_brief_of_an_untrusted_list_says_so(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb", absolute=False)
    with Workspace(built.path, progress=False) as ws:
        found = ws.comparisons.get(built.comparison_id)
        assert "Only the order can be trusted" in brief_markdown(
            ws, found
        ) and "Only the order" in brief_html(ws, found)
        assert "Only the ranking can be trusted" in report_html(ws, found)


def test_the_report_is_one_file_that_asks_for_nothing(example) -> None:
    ws, found = example
    page = report_html(ws, found)
    own = page.replace(
        page[page.index("<script>") : page.index("</script>", page.index("<script>"))], ""
    )  # without plotly.js
    assert (
        not re.search(r"""(?:src|href)=["'](?!data:|#)""", own)
        and "@import" not in own
        and "url(" not in own
    )
    assert "default-src 'none'" in own
    assert page.count("plotly.js v") == 1  # the library stands in it once
    for words in (
        "cross at night",
        "Better: 20 of 120",
        "Fréchet distance",
        "1.0 → 1.1: Closed",
        "Regressed",
        "17 of 20 found",
    ):
        assert words in own, words
    pictures = re.findall(r'src="data:image/webp;base64,([^"]+)"', own)
    assert len(pictures) > 30 and all(base64.b64decode(text)[8:12] == b"WEBP" for text in pictures)


def test_names_are_shown_and_never_run(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        newest = built.version_ids["1.1"]
        ws.db.execute("UPDATE datasets SET version = ? WHERE id = ?", [NASTY, newest])
        ws.db.execute("UPDATE comparisons SET name = ?", [NASTY])
        with ws.db.transaction() as cursor:
            cursor.execute("UPDATE gaps SET name = ?, reason = ?", [NASTY, NASTY])
            cursor.execute("UPDATE points SET path = ? || path", [NASTY])
        found = ws.comparisons.get(built.comparison_id)
        for page in (report_html(ws, found), brief_html(ws, found)):
            assert (
                "<script>alert" not in page
                and "&lt;script&gt;alert" in page
                and "{{ 7*7 }}" in page
            )
        assert "<script>" not in brief_markdown(ws, found)


def fake_points(count: int, absent: int) -> SimpleNamespace:
    """As much of a comparison of ``count`` images as the map needs, half of them real and
    ``absent`` of these absent.
    """
    rng = np.random.default_rng(0)
    half = count // 2
    paths = [f"some/folder/of/photographs/{number:06d}.jpg" for number in range(half)] + [
        f"frames/{number:06d}.png" for number in range(count - half)
    ]
    place = rng.normal(size=(2, count)).astype(np.float32)
    table = pa.table(
        {
            "dataset_id": np.repeat([1, 2], [half, count - half]).astype(np.int32),
            "path": paths,
            "ax": place[0],
            "ay": place[1],
            "x": place[0],
            "y": place[1],
        }
    )
    version = SimpleNamespace(id=2, version="1.0", label="1.0")
    return SimpleNamespace(
        points=lambda: table,
        absent=lambda _: pa.table({"path": paths[:absent]}),
        versions=[version],
        real=SimpleNamespace(label="photos"),
        record=SimpleNamespace(real_id=1),
    )


def test_the_map_of_many_images_stays_small_and_keeps_every_absent_one() -> None:
    figure = figures.map_figure(fake_points(100_000, 15_000), 2)
    sizes = {trace.name: len(trace.x) for trace in figure.data}
    assert sizes["absent from 1.0"] == 15_000 and sum(sizes.values()) == figures.POINTS
    assert (
        len(figure.to_json()) < 5e6
    )  # beside plotly.js (5 MB) and at most 400 thumbnails (3 MB): under 15 MB
    assert len(figures.map_figure(fake_points(100_000, 50_000), 2).to_json()) < 7e6


def test_a_comparison_with_one_version_and_no_metrics_still_makes_a_report(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        with ws.db.transaction() as cursor:
            for table in ("metrics", "changes", "points", "gaps", "selftest"):
                cursor.execute(f"DELETE FROM {table}")
        ws.db.execute(
            "UPDATE comparisons SET version_ids = ?, finished_at = ?",
            [f"[{built.version_ids['1.0']}]", datetime(2025, 1, 2)],
        )
        page = report_html(ws, ws.comparisons.get(built.comparison_id))
        assert (
            "compared 2025-01-02" in page
            and 'id="plot-map"' not in page
            and 'id="changes"' not in page
        )
        assert "absent one by one" in brief_markdown(ws, ws.comparisons.get(built.comparison_id))
        with ws.db.transaction() as cursor:
            cursor.execute("UPDATE versions SET absent = 0")
        assert "There is nothing to render" in brief_html(
            ws, ws.comparisons.get(built.comparison_id)
        )


@pytest.mark.browser
def test_the_report_draws_its_plots_with_the_network_off(example, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = next(
        (
            path
            for path in (Path("/usr/bin/chromium"), Path("/usr/bin/chromium-browser"))
            if path.exists()
        ),
        None,
    )
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    ws, found = example
    file = tmp_path / "report.html"
    file.write_text(report_html(ws, found), "utf-8")
    told: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=str(chromium),
            args=[
                "--no-sandbox",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
            ],
        )
        page = browser.new_context(offline=True).new_page()
        page.on(
            "request",
            lambda request: (
                told.append(request.url)
                if not request.url.startswith(("data:", "file:", "blob:"))
                else None
            ),
        )
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector("#plot-trend .js-plotly-plot, #plot-trend.js-plotly-plot")
        page.wait_for_selector("#plot-map canvas.gl-canvas", state="attached")
        broken = page.evaluate(
            "[...document.images].filter(one => !one.complete || !one.naturalWidth).length"
        )
        browser.close()
    assert told == [] and broken == 0
