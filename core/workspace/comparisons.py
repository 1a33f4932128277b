"""Comparisons: asking for one, reading the finished ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.contracts.catalog import Dataset
from core.contracts.compare_spec import CompareParameters
from core.contracts.comparison import ComparisonRecord
from core.contracts.framings import framing_of, views_of
from core.contracts.requests import CompareRequest, SubmittedComparison
from core.contracts.specs import from_json, to_json
from core.contracts.words import Domain, Framing, RecordStatus
from core.encoders import registry
from core.errors import InputError
from core.store import comparison_table, removal
from core.store.removal import Thing
from core.store.results import Comparison
from core.workspace.context import Context
from core.workspace.datasets import Datasets
from core.workspace.encoder_trials import EncoderTrials
from core.workspace.freshness import FolderChange, changes
from core.workspace.job_queue import Jobs


class Comparisons:
    """The comparisons of one workspace."""

    def __init__(
        self, context: Context, jobs: Jobs, datasets: Datasets, trials: EncoderTrials
    ) -> None:
        self._context = context
        self._db = context.db
        self._jobs = jobs
        self._datasets = datasets
        self._trials = trials

    def list(self) -> list[ComparisonRecord]:
        """All comparisons, the newest first."""
        return comparison_table.comparisons(self._db)

    def get(self, comparison_id: int) -> Comparison:
        """One comparison, ready to be read."""
        return Comparison(self._db, comparison_id)

    def remove(self, comparison_id: int) -> None:
        """Take a comparison out of the workspace; :class:`Removals` puts it back."""
        self._context.check_writable()
        removal.mark(self._db, Thing.COMPARISON, comparison_id)

    def submit(
        self,
        real: Dataset,
        versions: Sequence[Dataset],
        *,
        encoder: str = "auto",
        seed: int = 0,
        allow_download: bool = False,
        name: str | None = None,
        after: Sequence[str] = (),
        **parameters: Any,
    ) -> SubmittedComparison:
        """Start scan, embed and compare in turn, and say what was asked for.

        ``encoder`` ``auto`` follows a trial of these datasets: :meth:`EncoderTrials.choose`.
        ``parameters`` are the fields of :class:`~core.contracts.compare_spec.CompareParameters`; an
        unknown name is refused with the nearest known one. Raises :class:`InputError`, and
        :class:`EncoderNotReady` if weights are absent.
        """
        self._check(real, versions)
        chosen = from_json(CompareParameters, parameters)
        encoder = self._trials.choose(encoder, real, versions)
        if not allow_download:
            registry.require_ready(encoder, self._context.settings)
        datasets = [real, *versions]
        scans = [self._datasets.submit_scan(dataset, after=after) for dataset in datasets]
        views = views_of(chosen.framing)
        embed = self._datasets.submit_embed(
            datasets, encoder, views=views, allow_download=allow_download, after=scans
        )
        title = name or f"{real.label} against {', '.join(version.label for version in versions)}"
        version_ids = tuple(version.id for version in versions)
        comparison_id = comparison_table.add_comparison(
            self._db,
            name=title,
            encoder=encoder,
            seed=seed,
            real_id=real.id,
            version_ids=version_ids,
            parameters=to_json(chosen),
        )
        request = CompareRequest(
            comparison_id,
            real.id,
            version_ids,
            encoder,
            seed,
            chosen,
            views=views,
            previous=self._previous(real, versions, encoder, chosen.framing),
            weights=self._context.weights,
        )
        job_id = self._jobs.submit(request, f"Compare {title}", [embed])
        comparison_table.set_job(self._db, comparison_id, job_id)
        return SubmittedComparison(comparison_id, job_id)

    def changes(self, comparison: Comparison) -> Sequence[FolderChange]:
        """The datasets of a comparison whose folders changed since it was made, and how."""
        return changes(self._db, comparison)

    def again(self, comparison_id: int) -> SubmittedComparison:
        """Start a comparison once more: the same datasets as they are now, the same encoder, seed
        and parameters. What did not change is not computed again.
        """
        record = self.get(comparison_id).record
        return self.submit(
            self._datasets.get(record.real_id),
            [self._datasets.get(version_id) for version_id in record.version_ids],
            encoder=record.encoder,
            seed=record.seed,
            name=record.name,
            **record.parameters,
        )

    def wait(self, submitted: SubmittedComparison) -> Comparison:
        """Wait for a comparison that was asked for, and read it."""
        job = self._jobs.wait(submitted.job_id)
        return self.get(int(job.result["comparison_id"]))

    def _check(self, real: Dataset, versions: Sequence[Dataset]) -> None:
        if real.domain != Domain.REAL:
            raise InputError(
                f"{real.label} is not a real dataset", "Choose a real dataset to compare against."
            )
        if not versions:
            raise InputError(
                "There is no version to compare with", "Add a folder of synthetic images."
            )
        for version in versions:
            if version.domain != Domain.SYNTHETIC:
                raise InputError(
                    f"{version.label} is not a synthetic dataset", "Choose versions of a renderer."
                )

    def _previous(
        self, real: Dataset, versions: Sequence[Dataset], encoder: str, framing: Framing
    ) -> int | None:
        """The newest comparison whose map this one should continue: same real data, encoder and
        framing, and some of these versions, in whatever order.
        """
        wanted = {version.id for version in versions}
        for record in self.list():
            if (
                record.status == RecordStatus.DONE
                and record.real_id == real.id
                and record.encoder == encoder
                and framing_of(record.parameters) == framing
                and set(record.version_ids) < wanted
            ):
                return record.id
        return None
