"""A progress bar on stderr for verbs that wait: stage, rate, time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from core.contracts.catalog import Progress


class ProgressBar:
    """Draws the reports of whatever runs in this process; one line a stage."""

    def __init__(self, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._rich: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, report: Progress) -> None:
        """Show one report."""
        if not self.enabled:
            return
        if self._rich is None:
            self._rich = RichProgress(
                TextColumn("{task.description:<28}"),
                BarColumn(bar_width=32),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}", style="dim"),
                console=Console(stderr=True),
                transient=False,
            )
            self._rich.start()
        if report.stage not in self._tasks:
            self._tasks[report.stage] = self._rich.add_task(
                report.stage, total=report.total or None, note=""
            )
        self._rich.update(
            self._tasks[report.stage],
            completed=report.done,
            total=report.total or None,
            note=report.note,
        )

    def close(self) -> None:
        """Leave the bars as they are and give the terminal back."""
        if self._rich is not None:
            self._rich.stop()
        self._rich, self._tasks = None, {}
