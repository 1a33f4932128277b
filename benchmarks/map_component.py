"""The map component against Plotly, in a real browser: how long until it is drawn, until a
lasso's rows are counted, until it has other colours, and what travels.

    python benchmarks/map_component.py [--points 120000] [--points 1000000] [--plotly-most 120000]

Starts a Streamlit app of its own in a temporary folder, with as many made-up points in 2-D and 3-D,
and drives it in headless Chromium with software GL (``GAPSCOPE_BROWSER`` names one). Both maps are
opened in one run, each in a browser of its own, one after the other. Trust the ratios: seconds
depend on what else the machine does. Needs Playwright. Plotly is skipped above ``--plotly-most``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
LIMIT = 240_000  # milliseconds for one step
SCRIPT = '''
import sys
import numpy as np
import streamlit as st
sys.path.insert(0, {root!r})
from pages.parts.map import component, selected
from pages.parts.map.colouring import Colouring, Entry
from pages.parts.map.component import Drawing
from pages.parts.map.selected import Ground
from pages.parts.shared.plots import MANY
from core.workspace.selection import inside_polygon

st.set_page_config(layout="wide")
if st.query_params["kind"] == "empty":
    st.write("nothing here")
    st.stop()
kind, count = st.query_params["kind"], int(st.query_params["points"])
KEY = ("benchmark", count, "")

@st.cache_resource
def made(count):
    """Twenty blobs in space; on paper, their first two coordinates."""
    rng = np.random.default_rng(0)
    blob = rng.integers(0, 20, count)
    places = rng.normal(0, 10, (20, 3))[blob] + rng.normal(0, 1.2, (count, 3))
    places = places.astype(np.float32)
    files = component.coordinates(places[:, :2]), component.coordinates(places)
    return places, files, blob, rng.random(count) < 0.4, rng.random(count) < 0.02

places, files, blob, real, absent = made(count)
by = st.radio("Colour", ("blob", "domain"), horizontal=True)
codes = blob if by == "blob" else real.astype(int)
names = [f"{{by}} {{code}}" for code in range(int(codes.max()) + 1)]
palette = MANY[: len(names)]

if kind == "ours":
    sizes = np.bincount(codes)
    colours = Colouring(codes, palette, tuple(
        Entry(name, palette[code], int(sizes[code]), (code,)) for code, name in enumerate(names)))
    shown = np.ones(count, bool)
    ground = Ground(KEY, places[:, :2], places, shown)
    chosen = selected.current(KEY)
    mask = np.zeros(count, bool)
    mask[chosen.rows] = True
    def told(event):
        if event == "gesture":
            selected.take(component.value_of("map", "gesture"), ground)
    component.show(Drawing("benchmark", "benchmark", *files, real, absent & real, shown, mask,
        colours, by, serial=chosen.serial), "map", told)
    st.write(f"counted {{len(chosen.rows)}}")
else:
    import plotly.graph_objects as go
    rows = np.arange(count)
    edges = np.linspace(0, 1, len(palette) + 1)
    scale = [(float(e), c) for i, c in enumerate(palette) for e in edges[i : i + 2]]
    figure = go.Figure(go.Scattergl(x=places[:, 0], y=places[:, 1], mode="markers", customdata=rows,
        marker=dict(color=codes, colorscale=scale, cmin=-0.5, cmax=len(palette) - 0.5, size=3)))
    figure.update_layout(dragmode="lasso", height=480, uirevision="benchmark")
    event = st.plotly_chart(figure, key="map", on_select="rerun", selection_mode=("lasso",))
    found = 0
    for area in event["selection"]["lasso"]:
        corners = np.column_stack([area["x"], area["y"]])
        found = int(inside_polygon(places[:, :2], corners).sum())
    st.write(f"counted {{found}}")
'''


def main() -> None:
    """Measure and print JSON, one line a map and number of points."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, action="append")
    parser.add_argument("--plotly-most", type=int, default=120_000)
    chosen = parser.parse_args()
    with _served() as address, sync_playwright() as playwright:
        with contextlib.closing(_browser(playwright)) as browser:
            print(json.dumps(nothing(browser, address)), flush=True)
        for count in chosen.points or [120_000, 1_000_000]:
            _warmed(playwright, address, count)
            for kind in ("ours", "plotly"):
                if kind == "plotly" and count > chosen.plotly_most:
                    continue
                with contextlib.closing(_browser(playwright)) as browser:
                    print(json.dumps(measured(browser, address, kind, count)), flush=True)


def nothing(browser: Browser, address: str) -> dict[str, Any]:
    """Seconds until a page of Streamlit with one line of text is there: the share of every page."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    start = time.perf_counter()
    page.goto(f"{address}/?kind=empty&points=0")
    page.get_by_text("nothing here").wait_for()
    return {"map": "empty page", "load": os.getloadavg()[0], "drawn_s": _since(start)}


def measured(browser: Browser, address: str, kind: str, count: int) -> dict[str, Any]:
    """Seconds and kilobytes of one map."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(LIMIT)
    sent: list[int] = []
    received: list[int] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(len(frame)))
        socket.on("framereceived", lambda frame: received.append(len(frame)))

    page.on("websocket", watch)
    result: dict[str, Any] = {"map": kind, "points": count, "load": os.getloadavg()[0]}
    start = time.perf_counter()
    page.goto(f"{address}/?kind={kind}&points={count}")
    _drawn(page, kind)
    result["drawn_s"] = _since(start)
    result["message_kb"] = round(sum(received) / 1000, 1)
    sent.clear()
    stroke = time.perf_counter()
    _lasso(page, kind)
    start = time.perf_counter()
    result["drag_s"] = round(start - stroke, 2)
    page.wait_for_function("/counted [1-9]/.test(document.body.innerText)")
    result["counted_s"] = _since(start)
    words = page.get_by_text("counted ").last.inner_text()
    result["share"] = round(int(words.split()[-1]) / count, 3)
    result["sent_kb"] = round(sum(sent) / 1000, 1)
    _settled(page)
    received.clear()
    start = time.perf_counter()
    page.get_by_text("domain", exact=True).first.click()
    if kind == "ours":
        page.wait_for_function("(before) => window.gsDrawn() !== before", arg=_mark(page))
    _settled(page)
    result["recoloured_s"] = _since(start)
    result["recolour_kb"] = round(sum(received) / 1000, 1)
    if kind == "ours":
        result |= _in_space(page)
    page.close()
    return result


def _in_space(page: Page) -> dict[str, float]:
    """The same points in 3-D: until drawn, and a lasso there."""
    start = time.perf_counter()
    page.locator(".map .over").press("Escape")
    page.wait_for_function("/counted 0/.test(document.body.innerText)")
    page.get_by_role("button", name="In space (3)").click()
    page.wait_for_selector(".map[data-dims='3']")
    _frame(page)
    drawn = _since(start)
    _lasso(page, "ours")
    start = time.perf_counter()
    page.wait_for_function("/counted [1-9]/.test(document.body.innerText)")
    return {"space_drawn_s": drawn, "space_counted_s": _since(start)}


def _drawn(page: Page, kind: str) -> None:
    if kind == "ours":
        page.wait_for_selector(".map[data-drawn]")
        page.evaluate(
            "() => { const host = [...document.querySelectorAll('*')].find((one) =>"
            " one.shadowRoot?.querySelector('.map'));"
            " window.gsDrawn = () => host.shadowRoot.querySelector('.map').dataset.drawn; }"
        )
    else:
        page.wait_for_selector(".js-plotly-plot .nsewdrag")
        page.wait_for_selector(".js-plotly-plot canvas")
    _frame(page)


def _mark(page: Page) -> str:
    return page.evaluate("window.gsDrawn()")


def _frame(page: Page) -> None:
    """Until what was drawn is on the screen: a picture of it can be taken."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    page.screenshot(clip={"x": 300, "y": 200, "width": 300, "height": 200})


def _lasso(page: Page, kind: str) -> None:
    """A stroke of 16 moves around the left part of the map."""
    box = page.locator(".map .over" if kind == "ours" else ".js-plotly-plot .nsewdrag").first
    area = box.bounding_box()
    assert area is not None
    left, top, width, height = area["x"], area["y"], area["width"], area["height"]
    at = [(0.28, 0.06), (0.52, 0.06), (0.52, 0.95), (0.02, 0.95), (0.02, 0.4), (0.27, 0.4)]
    corners = [(left + width * x, top + height * y) for x, y in at]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()


def _settled(page: Page) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    _frame(page)


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 2)


def _warmed(playwright: Any, address: str, count: int) -> None:
    """Make the points once, so that neither map pays for that."""
    with contextlib.closing(_browser(playwright)) as browser:
        page = browser.new_page()
        page.set_default_timeout(LIMIT)
        page.goto(f"{address}/?kind=ours&points={count}")
        page.wait_for_selector(".map[data-drawn]")


def _browser(playwright: Any) -> Browser:
    named = os.environ.get("GAPSCOPE_BROWSER") or shutil.which("chromium")
    return playwright.chromium.launch(executable_path=named, args=list(ARGUMENTS))


@contextlib.contextmanager
def _served() -> Iterator[str]:
    """The address of the app, while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "app.py"
        script.write_text(SCRIPT.format(root=str(ROOT)), "utf-8")
        command = [sys.executable, "-m", "streamlit", "run", str(script)]
        command += ["--server.headless", "true", "--server.port", str(port)]
        command += ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
        command += ["--browser.serverAddress", "localhost"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert server.poll() is None, "the app did not start"
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
