"""What page tests need beside the driver: jobs that end when the test says so, and choices as a
browser remembers them.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1.element_tree import Multiselect

from core.jobs.worker import read_outcome, run_job
from tests.pages.driver import IdleEngine


class HeldEngine(IdleEngine):
    """Holds every job until it is let go; then it runs in the process of the test."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def outcome(self, job_id: str, folder: Path) -> str | None:
        """Run the job, once the gate is open."""
        if not self.gate.is_set():
            return None
        return read_outcome(folder) or run_job(str(folder))


def choose_as_a_browser_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser remembers what is chosen as the labels it was shown when it was chosen, and sends
    those at every run; AppTest would send the newest labels.
    """
    remembered: dict[str, list[str]] = {}

    def state(self: Multiselect) -> WidgetState:
        sent = WidgetState(id=self.id)
        sent.string_array_value.data[:] = remembered.setdefault(self.id, list(self.values))
        return sent

    monkeypatch.setattr(Multiselect, "_widget_state", property(state))
