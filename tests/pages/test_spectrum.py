"""The Spectrum page: it asks for two sides, starts the job, and shows what a job measured on drawn
images.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from core.workspace import Workspace
from pages.parts.shared import plots
from tests.pages import example_workspace
from tests.pages.driver import home, show, told


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "Add a real folder and a rendered one" in told(show("spectrum", tmp_path))


def test_the_button_starts_the_job(tmp_path: Path) -> None:
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb")
        app = show("spectrum", tmp_path)
        app.button(key="spectrum_start").click().run()
        assert not app.exception
        assert "Spectrum of Drawn photographs, 1.0, 1.1" in told(app)
        assert "spectrum_start" not in {button.key for button in app.button}  # one at a time


def test_a_measurement_is_shown(tmp_path: Path) -> None:
    """The drawn photographs have grain, the rendered ones none: their finest detail is missing, and
    the page says so.
    """
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        with Workspace(made.path, progress=False) as ws:
            ws.jobs.wait(ws.spectra.submit(ws.datasets.list(), sample=24, crop=64))
        app = show("spectrum", tmp_path)
        words = told(app).replace("\\", "")
        assert words.count("distance to the real spectrum") == 2 and " dB" in words
        assert "missing high frequencies" in words
        charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
        assert (
            len(charts) == 1 + 3 + 2
        )  # curves, a mean for each dataset, a difference for each version
        assert [trace["name"] for trace in charts[0]["data"] if trace.get("name")] == [
            "Drawn photographs",
            "1.0",
            "1.1",
        ]
        app.multiselect(key="spectrum_versions").set_value([made.version_ids["1.1"]]).run()
        assert len(app.get("plotly_chart")) == 0  # nothing measured for this choice


def test_files_of_another_kind_are_told_before_the_findings(tmp_path: Path) -> None:
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        for file in (made.images / "1.1").rglob("0*.png"):
            Image.open(file).resize((100, 75)).save(file, "JPEG", quality=70)
        with Workspace(made.path, progress=False) as ws:
            ws.jobs.wait(ws.spectra.submit(ws.datasets.list(), sample=24, crop=64))
            report = ws.exports.report_html(ws.comparisons.get(made.comparison_id))
        words = told(show("spectrum", tmp_path)).replace("\\", "")
        told_first = words.index("The files differ in file format and native size")
        assert told_first < words.index("distance to the real spectrum")
        assert "version 1.1: 100 % JPEG of quality about 70 (24 of 24)" in words
        assert "version 1.0:" not in words
        assert "These differences alone can make the findings" in report


def test_a_peak_survives_the_screens_coarser_grid() -> None:
    plane = np.zeros((512, 512), np.float32)
    plane[301, 77] = 25.0
    figure = plots.plane_figure(plane, "1.0 minus real", -25, 25, signed=True)
    assert len(figure.data[0].z) < 200 and np.max(figure.data[0].z) == 25.0
