"""The whole app in a browser, as a new user meets it: one click on the sample project, its map, its
gaps (the injected ones and no others), every page without a fault, the spectra, and a small
fine-tune to its verdict.

One app and one browser for the whole file, so that the sample is computed once; the tests run in
order. ``GAPSCOPE_BROWSER`` names a Chromium where none is on the path.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    "": "Gapscope",
    "datasets": "Datasets",
    "jobs": "Jobs",
    "map": "Map",
    "gaps": "Gaps",
    "versions": "Versions",
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
        expect(self.page.locator("h1")).to_have_text(PAGES[name], timeout=SOON)
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


def test_a_lasso_tells_what_it_holds(app: App) -> None:
    page = app.go("map")
    chart = page.locator(".js-plotly-plot .nsewdrag").first
    expect(chart).to_be_visible()
    lasso = page.locator(".modebar-btn[data-title='Lasso Select']")
    if lasso.count():
        lasso.first.dispatch_event("click")
    box = chart.bounding_box()
    assert box is not None
    left, top, right, bottom = (
        box["x"] + 8,
        box["y"] + 8,
        box["x"] + box["width"] - 8,
        box["y"] + box["height"] - 8,
    )
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 4)):
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"384 real"))).to_be_visible()
    expect(page.locator(".card").first).to_be_visible()
    app.settle()
    app.picture("map-lasso")


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
