"""Workspace: one DuckDB file, its jobs folder, and every verb the pages and the command line have.

::

    from core import Workspace

    with Workspace("team.duckdb") as ws:
        real = ws.add_dataset("photos/", domain="real")
        v1 = ws.add_dataset("renders/1.0/", domain="synthetic", version="1.0")
        comparison = ws.compare(real, [v1])
        comparison.absent("1.0")

A script runs jobs in its own process, with a progress bar. The app opens the workspace with a
worker engine: jobs run in a warm process beside the server, and a thread moves them along.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from core.contracts.catalog import Dataset
from core.contracts.encoder_trial import SAMPLE, EncoderTrialRow
from core.contracts.requests import EmbedResult, SampleRequest, SubmittedComparison
from core.contracts.search import FoundImage
from core.contracts.specs import from_json
from core.contracts.words import View
from core.encoders import registry
from core.encoders.registry import EncoderInfo as EncoderInfo
from core.images import scan
from core.jobs.engines import Engine
from core.settings import Settings
from core.settings import settings as default_settings
from core.store.database import Database
from core.store.results import Comparison
from core.store.study_results import Study
from core.workspace.annotations import Annotations
from core.workspace.comparisons import Comparisons
from core.workspace.context import Context
from core.workspace.datasets import Datasets
from core.workspace.encoder_trials import EncoderTrials
from core.workspace.exports import Exports
from core.workspace.job_queue import Jobs
from core.workspace.marks import Marks
from core.workspace.progress import ProgressBar
from core.workspace.removal import Removals
from core.workspace.search import Search
from core.workspace.selections import Selections
from core.workspace.spectra import Spectra
from core.workspace.studies import Studies
from core.workspace.typed_classes import TypedClasses, ZeroShot


class Workspace:
    """The client of everything: ``datasets``, ``comparisons``, ``encoder_trials``,
    ``typed_classes``, ``marks``, ``annotations``, ``selections``, ``search``, ``studies``,
    ``spectra``, ``exports``, ``removals``, ``jobs``, and the verbs that a script needs.

    ``path``: the DuckDB file (made if absent; None: the default workspace in ``GAPSCOPE_HOME``).
    ``read_only``: open a colleague's copy without touching it. ``engine``: where jobs run; None: in
    this process. ``progress``: draw a bar on stderr while a verb waits. ``confined``: folders must
    lie inside ``GAPSCOPE_ROOTS`` (the app's users; whoever writes a script or types a command may
    read what the system lets them read). Raises :class:`WorkspaceLocked`, :class:`SchemaTooNew`,
    :class:`InputError`.
    """

    SAMPLE_NAME: ClassVar[str] = "Sample project"  # of the comparison that it makes

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        read_only: bool = False,
        engine: Engine | None = None,
        settings: Settings | None = None,
        progress: bool = True,
        confined: bool = False,
    ) -> None:
        self.settings = settings or default_settings()
        self.path = (
            Path(path).expanduser().resolve()
            if path is not None
            else self.settings.default_workspace
        )
        self.read_only = read_only
        self.db = Database(self.path, read_only=read_only)
        roots = self.settings.allowed_roots if confined else (Path(self.path.anchor),)
        context = Context(self.db, self.settings, roots, read_only)
        self._bar = ProgressBar(enabled=progress)
        folder = self.path.with_name(self.path.name + ".jobs")
        self.jobs = Jobs(context, folder, engine, self._bar)
        self.datasets = Datasets(context, self.jobs)
        self.encoder_trials = EncoderTrials(context, self.jobs, self.datasets)
        self.comparisons = Comparisons(context, self.jobs, self.datasets, self.encoder_trials)
        self.typed_classes = TypedClasses(context, self.jobs, self.datasets)
        self.marks = Marks(context)
        self.annotations = Annotations(context)
        self.selections = Selections(context)
        self.search = Search(context, self.jobs)
        self.studies = Studies(context, self.jobs, self.datasets)
        self.spectra = Spectra(self.jobs)
        self.removals = Removals(context)
        self.exports = Exports(self.comparisons, self.jobs)

    def close(self) -> None:
        """Stop jobs, write everything to the file, let go of it."""
        self.jobs.close()
        self._bar.close()
        self.db.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- verbs that wait --------------------------------------------------------------------------

    def add_dataset(
        self,
        folder: str | Path,
        *,
        domain: str,
        version: str | None = None,
        name: str | None = None,
        labels: str | None = None,
    ) -> Dataset:
        """Add an image folder, or find it again. See :meth:`Datasets.add`."""
        return self.datasets.add(folder, domain=domain, version=version, name=name, labels=labels)

    def scan(self, dataset: Dataset) -> scan.ScanSummary:
        """Look into a dataset's folder and wait for it."""
        self.jobs.wait(self.datasets.submit_scan(dataset))
        return scan.summarise(self.datasets.images(dataset))

    def embed(
        self, datasets: Sequence[Dataset], encoder: str = "auto", *, allow_download: bool = False
    ) -> EmbedResult:
        """Embed what is not embedded yet and wait for it; what the job says of itself."""
        job_id = self.datasets.submit_embed(datasets, encoder, allow_download=allow_download)
        return from_json(EmbedResult, self.jobs.wait(job_id).result)

    def compare(
        self, real: Dataset, versions: Sequence[Dataset], *, encoder: str = "auto", **options: Any
    ) -> Comparison:
        """Scan, embed and compare what is needed, and wait. See :meth:`Comparisons.submit`."""
        submitted = self.comparisons.submit(real, versions, encoder=encoder, **options)
        return self.comparisons.wait(submitted)

    def compare_encoders(
        self,
        real: Dataset,
        version: Dataset,
        encoders: Sequence[str] | None = None,
        sample: int = SAMPLE,
    ) -> list[EncoderTrialRow]:
        """Try which encoder sees gaps best in these datasets, and wait: one row an encoder, the
        best first. See :meth:`EncoderTrials.submit`.
        """
        self.jobs.wait(self.encoder_trials.submit(real, version, encoders=encoders, sample=sample))
        return self.encoder_trials.read(real, version)

    def zero_shot(
        self,
        comparison: Comparison,
        names: Sequence[str] | None = None,
        encoder: str = "auto",
    ) -> ZeroShot:
        """Give every image of a comparison the likeliest of these class names, and wait. See
        :meth:`TypedClasses.submit`.
        """
        self.jobs.wait(self.typed_classes.submit(comparison, names, encoder=encoder))
        return self.typed_classes.read(comparison)

    def finetune(
        self, real: Dataset, versions: Sequence[Dataset] | Dataset, **parameters: Any
    ) -> Study:
        """Run a study and wait for it. See :meth:`Studies.submit`."""
        return self.studies.wait(self.studies.submit(real, versions, **parameters))

    def vectors(
        self, dataset: Dataset, encoder: str = "auto", view: str = View.PLAIN
    ) -> tuple[list[str], np.ndarray]:
        """Paths and vectors, (n, d) float32, of a dataset's images that are embedded."""
        return self.datasets.vectors(dataset, encoder, view)

    def neighbours(
        self,
        dataset: Dataset,
        path: str,
        k: int = 10,
        *,
        datasets: Sequence[Dataset] | None = None,
        encoder: str = "auto",
    ) -> list[FoundImage]:
        """The ``k`` images (of these datasets, or all) most like one image, nearest first. See
        :meth:`Search.alike`.
        """
        image = self.search.image(dataset, path)
        return self.search.alike(image.content_id, k, datasets=datasets, encoder=encoder)

    # --- encoders, the sample project -------------------------------------------------------------

    def encoders(self) -> list[EncoderInfo]:
        """Which encoders there are, which are ready, how to get the others."""
        return registry.list_encoders(self.settings)

    def resolve_encoder(
        self, encoder: str, real: Dataset | None = None, versions: Sequence[Dataset] = ()
    ) -> str:
        """``auto`` becomes CLIP where its weights are ready, else ``lite0``; for a comparison of
        these datasets, what a trial of them says.
        """
        if real is not None:
            return self.encoder_trials.choose(encoder, real, versions)
        return registry.resolve(encoder, self.settings)

    def open_sample(self) -> SubmittedComparison:
        """Draw the sample project, add its datasets and compare them."""
        from core.jobs.sample.project import LABELS, VERSIONS  # light: names only

        folder = self.settings.home / "sample"
        drawn = self.jobs.submit(SampleRequest(str(folder)), "Draw the sample project")
        for part in ("real", *(f"renders/{version}" for version in VERSIONS)):
            (folder / part).mkdir(parents=True, exist_ok=True)
        real = self.add_dataset(
            folder / "real", domain="real", name="sample: real stand-ins", labels=LABELS
        )
        versions = [
            self.add_dataset(
                folder / "renders" / version, domain="synthetic", version=version, labels=LABELS
            )
            for version in VERSIONS
        ]
        return self.comparisons.submit(
            real, versions, name=self.SAMPLE_NAME, encoder="lite0", after=[drawn]
        )
