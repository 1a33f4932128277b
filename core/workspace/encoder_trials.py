"""Which encoder sees gaps best in this data: asking for a trial, reading the newest one, and what
``auto`` makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.contracts.catalog import Dataset
from core.contracts.encoder_trial import SAMPLE, EncoderTrialRow
from core.contracts.requests import EncoderTrialRequest
from core.contracts.words import Domain
from core.encoders import registry
from core.errors import InputError
from core.store import encoder_trials
from core.workspace.context import Context
from core.workspace.datasets import Datasets
from core.workspace.job_queue import Jobs

AUTO = "auto"
SMALLEST = 100  # images of a sample, below which there is no gap to inject


class EncoderTrials:
    """The encoder trials of one workspace."""

    def __init__(self, context: Context, jobs: Jobs, datasets: Datasets) -> None:
        self._context = context
        self._jobs = jobs
        self._datasets = datasets

    def ready(self) -> list[str]:
        """The listed encoders whose weights are on this machine."""
        return [one.id for one in registry.list_encoders(self._context.settings) if one.ready]

    def submit(
        self,
        real: Dataset,
        version: Dataset,
        *,
        encoders: Sequence[str] | None = None,
        sample: int = SAMPLE,
        seed: int = 0,
    ) -> str:
        """Start scans, the embedding of a sample under every encoder, and the trial; its job id.

        ``encoders``: ids (None: all that are ready). ``sample``: images in all, half of each side;
        their vectors are kept, so that no image is embedded twice. Raises :class:`InputError` for
        fewer than two encoders or a sample that is too small, :class:`EncoderNotReady` where
        weights are absent.
        """
        self._check(real, version, sample)
        settings = self._context.settings
        wanted = self.ready() if encoders is None else encoders
        chosen = tuple(dict.fromkeys(registry.resolve(one, settings) for one in wanted))
        if len(chosen) < 2:
            raise InputError(
                f"A trial needs two encoders or more, not {len(chosen)}",
                "`python -m core encoders` says which are ready, and how to get the others.",
            )
        for one in chosen:
            registry.require_ready(one, settings)
        after = [self._datasets.submit_scan(dataset) for dataset in (real, version)]
        for one in chosen:  # one after the other: each wants the whole machine
            job = self._datasets.submit_embed([real, version], one, sample=sample // 2, after=after)
            after = [job]
        request = EncoderTrialRequest(real.id, version.id, chosen, sample, seed)
        title = f"Try {len(chosen)} encoders on {real.label} against {version.label}"
        return self._jobs.submit(request, title, after)

    def read(self, real: Dataset, version: Dataset) -> list[EncoderTrialRow]:
        """What the newest trial of these datasets found, the best encoder first; empty: none."""
        return encoder_trials.trial(self._context.db, real.id, version.id)

    def choose(self, encoder: str, real: Dataset, versions: Sequence[Dataset]) -> str:
        """The full id of an encoder for a comparison of these datasets.

        ``auto`` is the best of the newest trial of one of the versions, where it is ready and
        clearly better than what ``auto`` is otherwise, or, where that was not tried, than every
        other; else as :func:`core.encoders.registry.resolve` says. Raises :class:`InputError` for
        an id that does not exist.
        """
        usual = registry.resolve(encoder, self._context.settings)
        if encoder != AUTO:
            return usual
        trials = [rows for version in versions if (rows := self.read(real, version))]
        if not trials:
            return usual
        best, *others = max(trials, key=lambda rows: rows[0].tried_at)
        known = next((row for row in others if row.encoder == usual), None)
        if known is None:
            better = best.clear
        else:
            better = known.behind_low is not None and known.behind_low > 0
        ready = registry.info(best.encoder, self._context.settings).ready
        return best.encoder if better and ready else usual

    def _check(self, real: Dataset, version: Dataset, sample: int) -> None:
        if real.domain != Domain.REAL or version.domain != Domain.SYNTHETIC:
            raise InputError(
                f"{real.label} against {version.label} is no real dataset against a version",
                "Choose one of each.",
            )
        if sample < SMALLEST:
            raise InputError(
                f"A sample of {sample} images is too small to inject gaps into",
                f"Take at least {SMALLEST}.",
            )
