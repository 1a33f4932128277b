"""Studies: the From-Fake-to-Real test on the workspace's datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from core.contracts.catalog import Dataset
from core.contracts.requests import StudyRequest, SubmittedStudy
from core.contracts.specs import to_json
from core.contracts.study import Mixture, Objective, Trainable, study_spec
from core.contracts.study_rows import StudyRecord, StudyVerdict, SummaryRow, TrialRow
from core.contracts.words import View
from core.encoders import registry
from core.finetune.plan import MixtureCounts as MixtureCounts
from core.finetune.plan import StudyPlan as StudyPlan
from core.finetune.plan import check
from core.finetune.study_images import read_images
from core.jobs.finetune.prepare import labelled_images, thinned
from core.store import removal, study_table
from core.store.removal import Thing
from core.store.study_results import Study
from core.workspace.context import Context
from core.workspace.datasets import Datasets
from core.workspace.job_queue import Jobs
from core.workspace.study_readings import (
    StudyProgress,
    TestImage,
    study_progress,
    study_rows,
    study_verdict,
    study_zip,
    test_images,
)
from core.workspace.study_versions import StudyVersions, study_versions

T = TypeVar("T")


class Studies:
    """The studies of one workspace."""

    def __init__(self, context: Context, jobs: Jobs, datasets: Datasets) -> None:
        self._context = context
        self._db = context.db
        self._jobs = jobs
        self._datasets = datasets

    def list(self) -> list[StudyRecord]:
        """All studies, the newest first."""
        return study_table.studies(self._db)

    def get(self, study_id: int) -> Study:
        """One study, ready to be read."""
        return Study(self._db, study_id)

    def remove(self, study_id: int) -> None:
        """Take a study out of the workspace; :class:`Removals` puts it back."""
        self._context.check_writable()
        removal.mark(self._db, Thing.STUDY, study_id)

    def plan(self, real: Dataset, versions: Sequence[Dataset], **parameters: Any) -> StudyPlan:
        """What a study would do with these labels: group table, synthetic counts, bias numbers,
        problems. Trains nothing.
        """
        spec = study_spec(parameters)
        return check(read_images(thinned(self.labelled_images(real, versions), spec)), spec)

    def submit(
        self,
        real: Dataset,
        versions: Sequence[Dataset] | Dataset,
        *,
        name: str | None = None,
        labels: str | None = None,
        allow_download: bool = False,
        **parameters: Any,
    ) -> SubmittedStudy:
        """Start a study, and say what was asked for. Never waits.

        ``parameters`` are the fields of :class:`~core.contracts.study.StudySpec`. Whatever can be
        known to be wrong now (labels, groups, weights) is said now, as :class:`InputError` or
        :class:`EncoderNotReady`; what needs a scan that was not made yet is said by the job.
        """
        chosen = [versions] if isinstance(versions, Dataset) else list(versions)
        datasets = [real, *chosen]
        for dataset in datasets:
            if labels and labels != dataset.labels:
                self._datasets.set_labels(dataset, labels)
        settings = self._context.settings
        backbone = registry.resolve(parameters.get("backbone", "auto"), settings)
        parameters["backbone"] = backbone
        if not allow_download:
            registry.require_ready(backbone, settings)
        after = [self._datasets.submit_scan(one) for one in datasets if one.scanned_at is None]
        if not after:
            self.plan(real, chosen, **parameters).raise_for_errors()
        spec = study_spec(parameters)
        title = name or f"FFR test of {', '.join(one.label for one in chosen)} on {real.label}"
        study_id = study_table.add_study(
            self._db,
            name=title,
            real_id=real.id,
            version_ids=[one.id for one in chosen],
            parameters=to_json(spec),
        )
        head = spec.trainable == Trainable.HEAD
        if head:
            embed = self._datasets.submit_embed(
                datasets, backbone, views=(View.PLAIN,), allow_download=allow_download, after=after
            )
            after = [embed]
        request = StudyRequest(
            study_id,
            encoder=backbone if head else None,
            device=settings.device,
            weights=self._context.weights,
        )
        job_id = self._jobs.submit(request, title, after)
        study_table.set_job(self._db, study_id, job_id)
        return SubmittedStudy(study_id, job_id)

    def wait(self, submitted: SubmittedStudy) -> Study:
        """Wait for a study that was asked for, and read it."""
        job = self._jobs.wait(submitted.job_id)
        return self.get(int(job.result["study_id"]))

    def labelled_images(self, real: Dataset, versions: Sequence[Dataset]) -> pa.Table:
        """Readable images of a study with labels: row, dataset_id, domain, version, path, file,
        content_id, class, bias, split.
        """
        return labelled_images(self._db, real.id, [version.id for version in versions])

    # --- what a study left ------------------------------------------------------------------------

    def rows(self, study_id: int, row: type[T]) -> Sequence[T]:
        """One of a study's tables as rows of its contract; none where it has no such table."""
        return study_rows(self.get(study_id), row)

    def verdict(self, study_id: int) -> StudyVerdict:
        """What a finished study says; empty before."""
        return study_verdict(self.get(study_id).record)

    def live_curves(self, study_id: int) -> StudyProgress:
        """How far a study is: the trials that are over, and the curve of the one in training."""
        job_id = self.get(study_id).record.job_id
        if job_id is None:
            return StudyProgress((), None, ())
        outputs = self._jobs.path(job_id) / "outputs"
        return study_progress(outputs, running=self._jobs.get(job_id).active)

    def version_table(
        self, study_id: int, mixture: Mixture, objective: Objective, severity: int = 0
    ) -> StudyVersions:
        """What training gained by each version, beside the numbers of a comparison of them."""
        summary = [one for one in self.rows(study_id, SummaryRow) if one.severity == severity]
        record = self.get(study_id).record
        return study_versions(self._db, record, summary, mixture, objective)

    def export_zip(self, study_id: int) -> bytes:
        """Every table as CSV, with parameters, software versions and verdict as JSON, in one ZIP
        file.
        """
        return study_zip(self.get(study_id))

    def checkpoints(self, study_id: int) -> Sequence[Path]:
        """The study's weights on disk (safetensors); none where the job's folder is gone."""
        job_id = self.get(study_id).record.job_id
        if not job_id:
            return []
        folder = self._jobs.path(job_id) / "outputs" / "checkpoints"
        return sorted(folder.glob("*.safetensors"))

    def test_images(self, plan: StudyPlan, each: int) -> Sequence[TestImage]:
        """The first ``each`` real test images of every group of a plan: what can be explained by
        saliency maps.
        """
        return test_images(plan, each)

    def again(self, study_id: int, trial: TrialRow | None = None) -> SubmittedStudy:
        """Start a study once more from its record: all of it, or one mixture, objective, seed and
        severity (for all versions; the splits are drawn as they were).
        """
        record = self.get(study_id).record
        spec, name = study_spec(dict(record.parameters)), record.name
        if trial is not None:
            name = f"{trial.trial} of {record.name}, again"
            spec = replace(
                study_spec(dict(trial.parameters)),
                mixtures=(trial.mixture,),
                objectives=(trial.objective,),
                seeds=(trial.seed,),
                severities=(trial.severity,),
                saliency=(),
            )
        real = self._datasets.get(record.real_id)
        versions = [self._datasets.get(version_id) for version_id in record.version_ids]
        return self.submit(real, versions, name=name, **asdict(spec))
