"""What a comparison runs in: its stages timed, threads kept in check, versions of libraries."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from core.analysis.metrics.measure import one_thread
from core.jobs.folder import JobFolder

SOFTWARE = ("torch", "umap-learn", "hdbscan", "pynndescent", "scikit-learn", "numpy", "numba")
SMALL = 20_000  # images of all sides together


class Clock:
    """Seconds by stage, told to the log as they pass."""

    def __init__(self, job: JobFolder) -> None:
        self.job = job
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is inside."""
        started = time.monotonic()
        self.job.raise_if_cancelled()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)
        self.job.log(f"{name}: {self.seconds[name]:.1f} s")


@contextmanager
def one_thread_if_small(images: int) -> Iterator[None]:
    """Keep linear algebra on one thread for small sets.

    Their many short parallel steps wait for each other: beside another busy program a comparison of
    300 images took over four minutes on two threads and less than one on one. Large products gain
    from threads.
    """
    if images > SMALL:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with one_thread():
            yield
    finally:
        torch.set_num_threads(before)


def software() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in SOFTWARE},
    }
