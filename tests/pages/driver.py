"""Drives pages without a browser: the app on an example workspace, with an engine that runs
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import settings
from pages.parts.shared import session

ROOT = Path(__file__).resolve().parents[2]


class IdleEngine:
    """Takes jobs and never finishes one."""

    capacity = 1

    def start(self, job_id: str, folder: Path) -> None:
        """Do nothing."""

    def outcome(self, job_id: str, folder: Path) -> str | None:
        """It runs for ever."""
        return None

    def cancel(self, job_id: str, folder: Path) -> None:
        """It would take a while."""

    def close(self) -> None:
        """Nothing to close."""


@contextmanager
def home(folder: Path) -> Iterator[Path]:
    """Let the app find its workspace in ``folder``, until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAPSCOPE_HOME", str(folder))
        patch.setenv("GAPSCOPE_ROOTS", str(folder))
        patch.setattr(session, "new_engine", IdleEngine)
        settings.cache_clear()
        yield folder
        session.close_all()
        settings.cache_clear()


def show(page: str, folder: Path) -> AppTest:
    """A page inside the shell. The script lies in ``folder``: beside it there is no folder
    ``pages``.
    """
    script = folder / "app.py"
    script.write_text("from streamlit_app import main\nmain()\n", "utf-8")
    return visit(AppTest.from_file(str(script), default_timeout=60).run(), page)


def visit(app: AppTest, page: str) -> AppTest:
    """Go to another page, as a click in the navigation does."""
    app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not app.exception
    return app


def told(app: AppTest) -> str:
    """Everything the page says, in one string."""
    kinds = (
        app.markdown,
        app.caption,
        app.error,
        app.warning,
        app.info,
        app.success,
        app.title,
        app.subheader,
        app.html,
    )
    return " ".join(
        str(element.proto.body if hasattr(element.proto, "body") else element.value)
        for kind in kinds
        for element in kind
    )


def chosen_on_screen(control: Any) -> list[str]:
    """What a segmented control shows as chosen where the browser draws it for the first time: the
    value it is sent, else its default. (AppTest's ``value`` is what the server believes.)
    """
    if control.proto.set_value:
        return list(control.proto.raw_values)
    return [control.options[index] for index in control.proto.default]
