"""Looking through a dataset on the Datasets page, before anything was compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts.listing import ImageOrder
from core.workspace import Workspace
from tests.conftest import draw_images
from tests.pages.driver import home, show, told


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AppTest]:
    """The page with one folder: four pictures, one of them twice, and a broken file; its images
    are being looked through.
    """
    with home(tmp_path) as place:
        draw_images(place / "photos", 4, hue=0)
        shutil.copy(place / "photos" / "0001.png", place / "photos" / "again.png")
        (place / "photos" / "broken.png").write_bytes(b"not an image")
        with Workspace(place / "gapscope.duckdb", progress=False) as ws:
            ws.scan(ws.add_dataset(place / "photos", domain="real"))
        page = show("datasets", place)
        page.session_state["browse-1"] = True
        yield page.run()


def boxes(app: AppTest) -> list[str]:
    """Labels of what can be folded out: contents are saved, and two of the five files are one."""
    return [block.proto.popover.label for block in app.get("popover")]


def test_images_are_shown_in_any_order_before_a_comparison(app: AppTest) -> None:
    assert not app.exception and "Save 4 images" in boxes(app)
    for order in (ImageOrder.BYTES, ImageOrder.WIDTH, ImageOrder.CHANGED):
        app.selectbox(key="browse_1_order").set_value(order).run()
        assert not app.exception
    app.selectbox(key="browse_1_order").set_value(ImageOrder.SHARPNESS).run()
    assert "known of 0 of 5" in told(app)


def test_only_copies_are_shown_where_asked(app: AppTest) -> None:
    app.toggle(key="browse_1_copies").set_value(True).run()
    assert not app.exception and "Save 1 image" in boxes(app)


def test_unreadable_files_stand_with_their_reason(app: AppTest) -> None:
    app.session_state["inside-1"] = True
    app.run()
    table = app.dataframe[-1].value
    assert list(table["path"]) == ["broken.png"] and "not an image" in table["reason"][0]
