"""What style sheets promise, in a browser: static pieces of HTML, no app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import Page  # noqa: E402

from pages.parts.shared import gallery, style  # noqa: E402
from tests.pages.test_browser import ARGUMENTS, chromium  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIDEBAR = 220  # pixels


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A blank page."""
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield browser.new_page(viewport={"width": 800, "height": 600})
        browser.close()


def test_a_long_version_name_leaves_the_picture_free(page: Page) -> None:
    here = Path(gallery.__file__)
    label = "nearest in nightly-2026-11-20-with-the-new-materials-and-the-old-lights-run-07"
    tile = {"key": "a", "title": "a", "note": "", "images": [{"src": None, "label": label}] * 2}
    data = json.dumps({"card": "230px", "tiles": [tile]})
    draw = (
        here.with_suffix(".js")
        .read_text("utf-8")
        .replace("export default function", "function draw")
    )
    page.set_content(
        f"<style>{here.with_suffix('.css').read_text('utf-8')}</style><div id=at></div>"
    )
    page.evaluate(
        f"""() => {{ {draw}; draw({{data: {data}, parentElement: document.getElementById('at'),
        setTriggerValue: () => null}}); }}"""
    )
    frame, name = (page.locator(part).first.bounding_box() for part in (".frame", ".frame .label"))
    assert name["width"] <= frame["width"] and name["height"] < 0.2 * frame["height"]
    assert page.locator(".frame .label").first.get_attribute("title") == label  # whole, on hover


def test_the_sidebar_breaks_a_path_between_its_parts(page: Page) -> None:
    path = "/srv/photographs/renderings/autonomous_driving/comparisons/gapscope.duckdb"
    page.set_content(
        f"{style.SHEET}<div class='gs' style='display:grid;width:{SIDEBAR}px'>"
        f"<span class='gs-path' id=path>{style.path_html(path)}</span></div>"
    )
    lines = page.evaluate(
        """() => { const lines = {}; const walk = document.createTreeWalker(
            document.getElementById('path'), NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) for (let at = 0; at < walk.currentNode.length; at++) {
            const range = document.createRange();
            range.setStart(walk.currentNode, at); range.setEnd(walk.currentNode, at + 1);
            const top = Math.round(range.getBoundingClientRect().top);
            lines[top] = (lines[top] || '') + range.toString(); }
          return Object.keys(lines).map(Number).sort((a, b) => a - b).map(top => lines[top]); }"""
    )
    assert "".join(lines) == path and len(lines) > 1
    assert all(line[-1] in "/_-" for line in lines[:-1])
