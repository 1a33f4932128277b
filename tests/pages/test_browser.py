"""The whole app in a browser, as a new user meets it: one click on the sample project, its map, its
gaps (the injected ones and no others), every page without a fault, the spectra, and a small
fine-tune to its verdict.

One app and one browser for the whole file, so that the sample is computed once; the tests run in
order. ``GAPSCOPE_BROWSER`` names a Chromium where none is on the path.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import Locator, Page, expect  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
PAGES = {
    "": "Sample",
    "datasets": "Datasets",
    "jobs": "Jobs",
    "map": "Map",
    "gaps": "Gaps",
    "versions": "Versions",
    "search": "Search",
    "selections": "Selections",
    "spectrum": "Spectrum",
    "finetune": "Fine-tune",
}  # address and title
LONG = 400_000  # milliseconds: the sample on two busy cores
SOON = 60_000

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


def chromium() -> str:
    """A Chromium to drive, or skip."""
    named = os.environ.get("GAPSCOPE_BROWSER")
    found = named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        pytest.skip("no Chromium: install one, or name it in GAPSCOPE_BROWSER")
    return found


class App:
    """The server that runs, the browser's page, and where screenshots go."""

    def __init__(
        self, address: str, page: Page, server: subprocess.Popen[bytes], pictures: Path
    ) -> None:
        self.address, self.page, self.server, self.pictures = address, page, server, pictures
        self.workspace = pictures / "home" / "sample.duckdb"  # the sample project's own

    def go(self, name: str) -> Page:
        """A page of the app by its address, settled and without a fault."""
        self.page.goto(f"{self.address}/{name}?workspace={self.workspace}")
        there = self.workspace.exists()  # a link to a file that is not there opens the default one
        title = PAGES[name] if name or there else "Gapscope"
        expect(self.page.locator("h1")).to_have_text(title, timeout=SOON)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the app has drawn everything, and see that it drew no fault."""
        time.sleep(0.5)
        expect(
            self.page.locator("[data-testid=stApp][data-test-script-state=running]")
        ).to_have_count(0, timeout=SOON)
        expect(self.page.locator("[data-testid=stException]")).to_have_count(0)

    def picture(self, name: str) -> None:
        """Keep what is on screen."""
        self.page.screenshot(path=self.pictures / f"{name}.png")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on an empty home, as ``streamlit run`` starts it, and a browser that looks at it."""
    browser, folder = chromium(), tmp_path_factory.mktemp("browser")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "GAPSCOPE_HOME": str(folder / "home"),
        "GAPSCOPE_ROOTS": str(folder),
    }
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "streamlit_app.py",
        "--server.headless",
        "true",
        "--server.port",
        str(port),
    ]
    with (folder / "server.log").open("wb") as log, contextlib.ExitStack() as stack:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        stack.callback(_stop, server)
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not _listens(port):
            assert server.poll() is None and time.monotonic() < deadline, (
                folder / "server.log"
            ).read_text()
            time.sleep(0.2)
        playwright = stack.enter_context(sync_api.sync_playwright())
        chrome = playwright.chromium.launch(executable_path=browser, args=list(ARGUMENTS))
        stack.callback(chrome.close)
        page = chrome.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(SOON)
        yield App(address, page, server, folder)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()  # the app closes its workspaces and workers
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def choose(page: Page, name: str) -> Locator:
    """A segment, a pill or a button by its words."""
    return (
        page.get_by_role("radio", name=name, exact=True)
        .or_(page.get_by_role("button", name=name, exact=True))
        .first
    )


def kinds(app: App, wanted: set[str]) -> set[str]:
    """What the file names under the galleries' pictures begin with; galleries come one by one, so
    wait for ``wanted``.
    """
    deadline = time.monotonic() + SOON / 1000
    while True:
        found = {
            name.split("-")[0] for name in app.page.locator(".card .title").all_text_contents()
        }
        if found == wanted or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def test_one_click_makes_the_sample_and_its_list(app: App) -> None:
    page = app.go("")
    app.picture("home-empty")
    page.get_by_role("button", name="Open the sample project").click()
    expect(page.get_by_text("absent in 1.1")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("absent in 1.0")).to_be_visible()
    app.settle()


def test_the_gaps_are_the_injected_ones(app: App) -> None:
    """Version 1.0 has neither night nor snow, 1.1 has no snow: the lists hold nothing else, and the
    nearest image beside each.
    """
    page = app.go("gaps")
    for version, missing in (("1.0", {"night", "snow"}), ("1.1", {"snow"})):
        choose(page, version).click()
        app.settle()
        expect(page.locator(".card .label", has_text=f"nearest in {version}").first).to_be_visible()
        expect(page.locator(".card .label", has_text=re.compile("^real$")).first).to_be_visible()
        assert kinds(app, missing) == missing
        assert (
            page.locator(".card img").count() == 2 * page.locator(".card").count()
        )  # real, and nearest
        app.picture(f"gaps-{version}")


def the_map(page: Page) -> Locator:
    """The map, drawn."""
    chart = page.locator(".map[data-drawn]")
    expect(chart).to_be_visible()
    return chart


def stroke(page: Page, corners: tuple[tuple[float, float], ...]) -> None:
    """Draw with the mouse; corners as shares of the map's width and height."""
    box = page.locator(".map .over").first.bounding_box()
    assert box is not None
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


AROUND_ALL = ((0.5, 0.01), (0.99, 0.2), (0.99, 0.99), (0.01, 0.99), (0.01, 0.4), (0.4, 0.01))
ALL = re.compile(r"\d+ images: 384 real, \d+ synthetic")


def found(page: Page) -> Locator:
    """A place on the map where there is a point, by moving the mouse until a card comes up."""
    box, card = page.locator(".map .over").bounding_box(), page.locator(".hover-card")
    assert box is not None
    for line in range(1, 20):
        for column in range(1, 40):
            page.mouse.move(
                box["x"] + box["width"] * column / 40, box["y"] + box["height"] * line / 20
            )
            time.sleep(0.04)
            if card.is_visible():
                return card
    raise AssertionError("no point was found under the cursor")


def test_a_lasso_tells_what_it_holds(app: App) -> None:
    page = app.go("map")
    chart = the_map(page)
    stroke(page, AROUND_ALL)
    expect(page.get_by_text(ALL)).to_be_visible()
    expect(page.locator(".card").first).to_be_visible()
    app.settle()
    app.picture("map-lasso")
    selected = int(chart.get_attribute("data-selected") or 0)
    words = page.get_by_text(ALL).inner_text().split()[0].replace(",", "")
    assert selected == int(words)  # browser and server follow one rule
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nothing is selected")).to_be_visible()
    assert chart.get_attribute("data-selected") == "0"


def test_a_part_is_added_and_removed(app: App) -> None:
    page = app.go("map")
    chart = the_map(page)
    half = ((0.5, 0.14), (0.99, 0.14), (0.99, 0.99), (0.5, 0.99))
    stroke(page, AROUND_ALL)
    everything = int(chart.get_attribute("data-selected") or 0)
    page.keyboard.down("Alt")
    stroke(page, half)
    page.keyboard.up("Alt")
    left = int(chart.get_attribute("data-selected") or 0)
    assert 0 < left < everything
    expect(page.get_by_text(re.compile(rf"^{left:,} images: "))).to_be_visible()
    page.keyboard.down("Shift")
    stroke(page, half)
    page.keyboard.up("Shift")
    expect(page.get_by_text(re.compile(rf"^{everything:,} images: "))).to_be_visible()


def test_the_cursor_shows_the_image_and_a_click_takes_it(app: App) -> None:
    page = app.go("map")
    the_map(page)
    card = found(page)
    expect(card.locator(".title")).to_have_text(re.compile(r"\.(jpg|png|webp)$"))
    expect(card.locator("img")).to_have_attribute("src", re.compile("^data:image/webp"))
    app.picture("map-card")
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text(re.compile("^1 image: "))).to_be_visible()


def test_a_lasso_works_in_space(app: App) -> None:
    page = app.go("map")
    chart = the_map(page)
    page.get_by_role("button", name="In space (3)").click()
    expect(page.locator(".map[data-dims='3']")).to_be_visible()
    stroke(page, AROUND_ALL)
    page.locator(".map .over").press("ArrowLeft")  # turns; the selection stays
    expect(page.get_by_text(re.compile(r"images: \d+ real"))).to_be_visible()
    app.settle()
    app.picture("map-space")
    selected = int(chart.get_attribute("data-selected") or 0)
    assert selected > 100
    expect(page.get_by_text(re.compile(rf"^{selected:,} images: "))).to_be_visible()
    expect(page.locator(".map[data-dims='3']")).to_be_visible()
    page.get_by_role("link", name="Gaps", exact=True).click()
    expect(page.locator("h1")).to_have_text("Gaps")
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page.locator(".map[data-dims='3']")).to_be_visible()  # as it was left


def test_the_legend_leaves_out_a_version(app: App) -> None:
    page = app.go("map")
    the_map(page)
    entry = page.locator(".legend .entry", has_text=re.compile("^1.0"))
    expect(entry).to_have_attribute("aria-pressed", "true")
    before = page.get_by_text(re.compile(r"images on the map")).inner_text()
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text(before.split(".")[0])).to_have_count(0)
    app.settle()
    stroke(page, AROUND_ALL)
    expect(page.get_by_text(ALL)).to_be_visible()
    expect(page.locator(".st-key-gs-map-side").get_by_text("1.0", exact=True)).to_have_count(0)


def test_zoom_survives_new_colours(app: App) -> None:
    page = app.go("map")
    the_map(page)
    page.locator(".map .over").press("+")
    page.locator(".map .over").press("+")
    app.settle()
    area = {"x": 700, "y": 420, "width": 120, "height": 120}
    before = page.locator(".map .over").screenshot()
    page.get_by_role("combobox", name="Colour").click()
    page.get_by_role("option", name="Class", exact=True).click()
    app.settle()
    expect(page.locator(".legend .entry").first).to_be_visible()
    time.sleep(1)
    page.mouse.move(area["x"], 5)
    after = page.locator(".map .over").screenshot()
    assert before != after  # other colours
    page.locator(".map .over").press("0")
    assert page.locator(".map .over").screenshot() != after  # it was zoomed in until now


def test_versions_side_by_side_move_and_select_together(app: App) -> None:
    page = app.go("map")
    the_map(page)
    page.get_by_text("Side by side", exact=True).click()
    maps = page.locator(".map[data-drawn]")
    expect(maps).to_have_count(2)
    app.settle()
    second = page.locator(".map .over").nth(1)
    before = second.screenshot()
    page.locator(".map .over").nth(0).press("+")
    page.locator(".map .over").nth(0).press("+")
    time.sleep(1)
    assert second.screenshot() != before
    page.locator(".map .over").nth(0).press("0")
    stroke(page, ((0.02, 0.3), (0.98, 0.3), (0.98, 0.98), (0.02, 0.98)))
    expect(page.get_by_text(re.compile(r"^[\d,]+ images?: \d+ real"))).to_be_visible()
    app.settle()
    counts = [int(maps.nth(one).get_attribute("data-selected") or 0) for one in (0, 1)]
    assert counts[0] > 0 and counts[1] > 0
    app.picture("map-side-by-side")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_and_its_images_fit_a_small_window(
    app: App, scheme: Literal["light", "dark"]
) -> None:
    page = app.go("map")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(color_scheme=scheme)
    try:
        page.reload()
        chart = the_map(page)
        app.settle()
        box, side = chart.bounding_box(), page.locator(".st-key-gs-map-side").bounding_box()
        assert box is not None and side is not None
        assert box["y"] + box["height"] <= 720 and side["y"] + side["height"] <= 720
        assert box["height"] > 480 and box["width"] > 500
        assert side["x"] >= box["x"] + box["width"] and side["x"] + side["width"] <= 1280
        scrolls = page.get_by_test_id("stMain").evaluate(
            "(one) => one.scrollHeight - one.clientHeight"
        )
        assert scrolls <= 2
        app.picture(f"map-{scheme}")
        corner = chart.screenshot()
        light = np.asarray(Image.open(io.BytesIO(corner)).convert("L"))
        assert (np.median(light) > 128) == (scheme == "light")
    finally:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 1000})


def test_a_browser_without_webgl_gets_a_simpler_map(app: App) -> None:
    browser = app.page.context.browser
    assert browser is not None
    page = browser.new_page()
    page.add_init_script(
        "const made = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        "  return kind === 'webgl2' ? null : made.call(this, kind, ...more); };"
    )
    try:
        page.goto(f"{app.address}/map?workspace={app.workspace}")
        expect(page.get_by_text("This browser has no WebGL 2")).to_be_visible(timeout=SOON)
        expect(page.locator(".js-plotly-plot .nsewdrag").first).to_be_visible(timeout=SOON)
    finally:
        page.close()


def test_an_image_leads_to_its_neighbours_and_back(app: App) -> None:
    page = app.go("gaps")
    page.locator(".card").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile(r"^1 of \d+$"))).to_be_visible(timeout=SOON)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text(re.compile(r"^2 of \d+$"))).to_be_visible(timeout=SOON)
    name = dialog.locator(".gs-path").inner_text()
    dialog.get_by_role("button", name="Keep beside").click()
    dialog.locator(".card").first.click()
    expect(dialog.get_by_role("button", name="Back to")).to_be_visible(timeout=SOON)
    expect(dialog.locator(".viewer .frame")).to_have_count(2)
    app.picture("detail-beside")
    page.keyboard.press("Backspace")
    expect(dialog.locator(".gs-path")).to_have_text(name, timeout=SOON)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_without_a_fault(app: App, name: str) -> None:
    page = app.go(name)
    assert not page.get_by_text("Traceback").count()
    app.picture(f"page-{name or 'home'}")


@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("gaps", ("Looks rendered, looks real", "Split classes", "Metrics", "Self-test")),
        ("versions", ("Trend", "Clusters", "History", "Report and exports")),
    ],
)
def test_every_section_opens_without_a_fault(
    app: App, name: str, sections: tuple[str, ...]
) -> None:
    page = app.go(name)
    for section in sections:
        choose(page, section).click()
        app.settle()
        app.picture(f"{name}-{section.lower().replace(' ', '-').replace(',', '')}")


def test_the_newer_version_closed_the_night(app: App) -> None:
    page = app.go("versions")
    choose(page, "What changed").click()
    expect(
        page.get_by_text("Better: 64 of 384 real images are clearly better covered")
    ).to_be_visible()
    assert kinds(app, {"night", "snow"}) == {"night", "snow"}  # closed; still open


def test_spectra_are_measured_from_their_page(app: App) -> None:
    page = app.go("spectrum")
    page.get_by_role("button", name="Measure spectra").click()
    expect(page.get_by_text("distance to the real spectrum").first).to_be_visible(timeout=LONG)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    app.settle()
    app.picture("spectrum-measured")


def test_a_small_study_comes_to_a_verdict(app: App) -> None:
    """None against FFR, one objective, one seed, on fixed features."""
    page = app.go("finetune")
    page.get_by_text("Everything else").click()
    for off in ("USB", "ASB", "GroupDRO", "Resampling", "DFR"):
        page.get_by_role("button", name=off, exact=True).click()
        app.settle()
    seeds = page.get_by_role("textbox", name="Seeds")
    seeds.fill("0")
    seeds.press("Enter")
    expect(page.get_by_text(re.compile(r"^2 trials"))).to_be_visible()
    page.get_by_role("button", name="Start the study").click()
    expect(page.get_by_text("Under ERM, FFR").first).to_be_visible(timeout=LONG)
    app.settle()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    app.picture("finetune-verdict")


def test_the_server_never_loaded_what_only_workers_need(app: App) -> None:
    """After all of the above: what a worker computes with is not in the server's memory."""
    maps = Path(f"/proc/{app.server.pid}/maps")
    if not maps.exists():
        pytest.skip("this system does not tell what a process has loaded")
    loaded = maps.read_text()
    assert "duckdb" in loaded  # the right process: it holds the workspace
    assert not [
        name
        for name in ("/torch/", "/sklearn/", "/numba/", "/hdbscan/", "/umap/")
        if name in loaded
    ]
