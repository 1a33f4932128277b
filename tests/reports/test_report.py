"""The HTML report: one file, safe, complete, drawn without a network."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from core.reports import figures
from core.reports.brief import brief, brief_html, brief_markdown
from core.reports.html import report_html
from core.workspace import Comparison, Workspace
from tests.pages import example_workspace

NASTY = "<script>alert('x')</script>&{{ 7*7 }}"
CHROMIUM = (Path("/usr/bin/chromium"), Path("/usr/bin/chromium-browser"))


def without_plotly(page: str) -> str:
    """The report's own part: without plotly.js, its first script."""
    start = page.index("<script>")
    return page[:start] + page[page.index("</script>", start) :]


def test_the_report_is_one_file_that_asks_for_nothing(comparison: Comparison) -> None:
    page = report_html(comparison)
    own = without_plotly(page)
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", own)
    assert "@import" not in own and "url(" not in own
    assert "default-src 'none'" in own
    assert page.count("plotly.js v") == 1  # the library stands in it once
    row = comparison.version_row("1.1")
    assert row is not None and row.injected
    for words in (
        f"<h3>{escape(comparison.group_rows('1.1')[0].name)} <span",
        "Better: 20 of 120",
        "Fréchet distance",
        "1.0 → 1.1: Closed",
        "1.0 → 1.1: Still open",
        f"{row.recovered} of {row.injected} found",
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
            cursor.execute("UPDATE groups SET name = ?, explanation = ?", [NASTY, NASTY])
            cursor.execute("UPDATE points SET path = ? || path", [NASTY])
        comparison = ws.comparisons.get(built.comparison_id)
        for page in (report_html(comparison), brief_html(brief(comparison))):
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert" in page and "{{ 7*7 }}" in page
        assert "<script>" not in brief_markdown(brief(comparison))


def drawn_points(count: int, absent: int) -> figures.MapPoints:
    """A map of ``count`` images, half of them real and ``absent`` of these absent."""
    rng = np.random.default_rng(0)
    half = count // 2
    paths = [f"some/folder/of/photographs/{number:06d}.jpg" for number in range(half)] + [
        f"frames/{number:06d}.png" for number in range(count - half)
    ]
    x, y = rng.normal(size=(2, count))
    return figures.MapPoints(
        x=x,
        y=y,
        group=np.repeat([0, 1], [half, count - half]),
        groups=("photos", "version 1.0"),
        absent=np.arange(count) < absent,
        absent_from="absent from 1.0",
        paths=np.array(paths, object),
    )


def test_the_map_of_many_images_stays_small_and_keeps_every_absent_one() -> None:
    figure = figures.map_figure(drawn_points(100_000, 15_000))
    assert figure is not None
    sizes = {trace.name: len(trace.x) for trace in figure.data}
    assert sizes["absent from 1.0"] == 15_000 and sum(sizes.values()) == figures.POINTS
    # beside plotly.js (5 MB) and at most 400 thumbnails (3 MB): under 15 MB
    assert len(figure.to_json()) < 5e6
    crowded = figures.map_figure(drawn_points(100_000, 50_000))
    assert crowded is not None and len(crowded.to_json()) < 7e6


def test_the_map_is_the_domain_aligned_one(comparison: Comparison) -> None:
    points = figures.map_points(comparison, comparison.version_id("1.1"))
    table = comparison.points()
    assert points.x.tolist() == table.column("ax").to_pylist()
    assert points.groups == ("Drawn photographs", "version 1.0", "version 1.1")
    counts = {name: int((points.group == place).sum()) for place, name in enumerate(points.groups)}
    assert counts == {"Drawn photographs": 120, "version 1.0": 80, "version 1.1": 100}
    assert points.absent.sum() == 20 and (points.group[points.absent] == 0).all()


def test_a_comparison_with_one_version_and_no_metrics_still_makes_a_report(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        with ws.db.transaction() as cursor:
            for table in ("metrics", "changes", "points", "groups", "selftest"):
                cursor.execute(f"DELETE FROM {table}")
        ws.db.execute(
            "UPDATE comparisons SET version_ids = ?, finished_at = ?",
            [f"[{built.version_ids['1.0']}]", datetime(2025, 1, 2)],
        )
        page = report_html(ws.comparisons.get(built.comparison_id))
        assert "compared 2025-01-02" in page
        assert 'id="plot-map"' not in page and 'id="changes"' not in page
        ws.db.execute("UPDATE versions SET singles = 3, judged = TRUE")
        page = brief_markdown(brief(ws.comparisons.get(built.comparison_id)))
        assert "3 real images are odd one by one" in page
        ws.db.execute("UPDATE versions SET singles = 0")
        page = brief_html(brief(ws.comparisons.get(built.comparison_id)))
        assert "There is nothing to render" in page and "one by one" not in page


def test_the_report_shows_the_newest_spectrum_of_the_same_images(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        comparison = ws.comparisons.get(built.comparison_id)
        assert 'id="plot-spectrum"' not in ws.exports.report_html(comparison)
        ws.jobs.wait(ws.spectra.submit([comparison.real, *comparison.versions], sample=8))
        page = without_plotly(ws.exports.report_html(comparison))
        assert 'id="plot-spectrum"' in page and "<b>1.1:</b> Detail" in page
        (job,) = [one for one in ws.jobs.list() if one.kind == "spectrum"]
        (ws.jobs.path(job.id) / "outputs" / "curves.parquet").unlink()
        assert 'id="plot-spectrum"' not in ws.exports.report_html(comparison)


@pytest.mark.slow
def test_the_report_shows_the_newest_study_of_the_same_images(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        comparison = ws.comparisons.get(built.comparison_id)
        study = ws.finetune(
            comparison.real,
            comparison.versions[1],
            mixtures=["none"],
            objectives=["erm"],
            backbone="lite0",
            seeds=[0],
        )
        page = without_plotly(ws.exports.report_html(comparison))
    assert f"<p>{study.record.name}</p>" in page
    assert "<th>worst-group accuracy</th>" in page and "<th>mean-group accuracy</th>" in page


@pytest.mark.browser
def test_the_report_draws_its_plots_with_the_network_off(
    comparison: Comparison, tmp_path: Path
) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = next((path for path in CHROMIUM if path.exists()), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    file = tmp_path / "report.html"
    file.write_text(report_html(comparison), "utf-8")
    complaints: list[str] = []

    def asked(url: str) -> None:
        if not url.startswith(("data:", "file:", "blob:")):
            complaints.append(url)

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
        page.on("request", lambda request: asked(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector("#plot-trend .js-plotly-plot, #plot-trend.js-plotly-plot")
        page.wait_for_selector("#plot-map canvas.gl-canvas", state="attached")
        broken = page.evaluate(
            "[...document.images].filter(one => !one.complete || !one.naturalWidth).length"
        )
        browser.close()
    assert complaints == [] and broken == 0
