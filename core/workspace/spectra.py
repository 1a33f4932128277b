"""Spectra: comparing frequency spectra, and the pictures and curves that such jobs left."""

from __future__ import annotations

from collections.abc import Sequence

from core.contracts.catalog import Dataset
from core.contracts.requests import SpectrumRequest
from core.workspace.work import Jobs


class Spectra:
    """The spectrum comparisons of one workspace."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def submit(
        self, datasets: Sequence[Dataset], *, sample: int = 300, seed: int = 0, crop: int = 256
    ) -> str:
        """Start a spectrum comparison; its job id."""
        names = ", ".join(dataset.label for dataset in datasets)
        ids = tuple(dataset.id for dataset in datasets)
        return self._jobs.submit(SpectrumRequest(ids, sample, seed, crop), f"Spectrum of {names}")
