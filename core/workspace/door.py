"""Workspace: one DuckDB file, its jobs folder, and every verb the pages and the command line have.

::

    from core import Workspace

    with Workspace("team.duckdb") as ws:
        real = ws.add_dataset("photos/", domain="real")
        v1 = ws.add_dataset("renders/1.0/", domain="synthetic", version="1.0")
        found = ws.compare(real, [v1])
        found.absent("1.0")

A script runs jobs in its own process, with a progress bar. The app opens the workspace with a
worker engine: jobs run in a warm process beside the server, and a thread moves them along.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.encoders import registry
from core.errors import GapscopeError, InputError, JobCancelled, JobFailed
from core.images import labels as label_sources
from core.images import roots, scan
from core.jobs.engines import Engine, InlineEngine
from core.jobs.folder import JobFolder, Progress
from core.jobs.supervisor import Supervisor
from core.settings import Settings
from core.settings import settings as default_settings
from core.store import catalog, results, vectors
from core.store import jobs as job_store
from core.store.catalog import Dataset
from core.store.database import Database
from core.store.jobs import JobRecord
from core.store.results import ComparisonRecord
from core.workspace.comparison import Comparison
from core.workspace.kinds import all_kinds
from core.workspace.progress import ProgressBar
from core.workspace.studies import Studies

VIEWS = ("plain", "simplified")


class Workspace(Studies):
    """The one door to everything.

    ``path``: the DuckDB file (made if absent; None: the default workspace in ``GAPSCOPE_HOME``).
    ``read_only``: open a colleague's copy without touching it. ``engine``: where jobs run; None: in
    this process. ``progress``: draw a bar on stderr while a verb waits. ``confined``: folders must
    lie inside ``GAPSCOPE_ROOTS`` (the app's users; whoever writes a script or types a command may
    read what the system lets them read). Raises :class:`WorkspaceLocked`, :class:`SchemaTooNew`,
    :class:`InputError`.
    """

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
        self._roots = self.settings.allowed_roots if confined else (Path(self.path.anchor),)
        self.db = Database(self.path, read_only=read_only)
        self.jobs_folder = self.path.with_name(self.path.name + ".jobs")
        self._bar = ProgressBar(enabled=progress)
        self._supervisor: Supervisor | None = None
        self._threaded = engine is not None
        if not read_only:
            self._supervisor = Supervisor(
                self.db, self.jobs_folder, engine or InlineEngine(self._bar), all_kinds(self.db)
            )
            self._supervisor.recover()
            if self._threaded:
                self._supervisor.run_thread()

    def close(self) -> None:
        """Stop jobs, write everything to the file, let go of it."""
        if self._supervisor is not None:
            self._supervisor.close()
        self._bar.close()
        self.db.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- datasets ---------------------------------------------------------------------------------

    def add_dataset(
        self,
        folder: str | Path,
        *,
        domain: str,
        version: str | None = None,
        name: str | None = None,
        labels: str | None = None,
    ) -> Dataset:
        """Add an image folder, or find it again if it is there already.

        ``domain`` is ``real`` or ``synthetic``; a synthetic dataset needs a ``version`` name of its
        own (default: the folder's name). ``labels``: a path pattern such as ``{class}/{bias}/*``,
        or a CSV / Parquet table. Raises :class:`InputError` for a folder that is missing,
        unreadable or outside the roots, and for a version name that another folder uses.
        """
        self._writable()
        if domain not in ("real", "synthetic"):
            raise InputError(
                f"A domain is 'real' or 'synthetic', not {domain!r}", "Choose one of the two."
            )
        resolved = roots.check_inside(folder, self._roots)
        title = name or resolved.name or str(resolved)
        if domain == "synthetic":
            version = (version or title).strip()
            if not version:
                raise InputError(
                    "A synthetic dataset needs a version name",
                    "Give the renderer release, such as 1.0.",
                )
        else:
            version = None
        if labels:
            self._label_source(labels, resolved)  # a bad pattern is said now, not in a job
        for known in catalog.datasets(self.db):
            same_folder = known.folder == str(resolved) and known.domain == domain
            if same_folder and known.version == version:
                if labels is not None and labels != known.labels:
                    self.set_labels(known, labels)
                return self.dataset(known.id)
            if domain == "synthetic" and known.version == version:
                raise InputError(
                    f"The version name {version!r} is used already, for {known.folder}",
                    "Choose another version name, or another workspace (--db).",
                )
        return self.dataset(
            catalog.add_dataset(
                self.db,
                name=title,
                domain=domain,
                version=version,
                folder=resolved,
                labels=labels or None,
            )
        )

    def datasets(self, domain: str | None = None) -> list[Dataset]:
        """All datasets (of one domain): the real ones, and the versions in their order."""
        return [
            dataset for dataset in catalog.datasets(self.db) if domain in (None, dataset.domain)
        ]

    def dataset(self, dataset_id: int) -> Dataset:
        """One dataset by id."""
        found = catalog.dataset(self.db, dataset_id)
        if found is None:
            raise InputError(
                f"There is no dataset {dataset_id} in this workspace",
                "Add it on the Datasets page.",
            )
        return found

    def remove_dataset(self, dataset: Dataset) -> None:
        """Forget a dataset. The folder on disk is not touched; comparisons that used it cannot be
        shown any more.
        """
        self._writable()
        users = [
            record.name
            for record in results.comparisons(self.db)
            if dataset.id in (record.real_id, *record.version_ids)
        ]
        if users:
            raise InputError(
                f"{dataset.label} is used by the comparison {users[0]!r}",
                "Remove that comparison first.",
            )
        catalog.remove_dataset(self.db, dataset.id)

    def set_labels(self, dataset: Dataset, labels: str | None) -> Dataset:
        """Take class, bias and split from a path pattern or table, without reading the images
        again.
        """
        self._writable()
        source = self._label_source(labels, dataset.folder) if labels else None
        table = scan.relabel(catalog.images(self.db, dataset.id), source)
        catalog.replace_labels(
            self.db, dataset.id, labels, table.select(["path", "class", "bias", "split"])
        )
        return self.dataset(dataset.id)

    def explain_labels(self, dataset: Dataset, labels: str) -> str:
        """What a label source gives for three example images, in words."""
        source = self._label_source(labels, dataset.folder)
        return label_sources.explain(
            source, catalog.images(self.db, dataset.id).column("path").to_pylist()
        )

    def try_labels(self, folder: str | Path, labels: str, limit: int = 6) -> pa.Table:
        """What a label source gives for a few images of a folder, added or not: path, class, bias,
        split.
        """
        inside = roots.check_inside(folder, self._roots)
        source = label_sources.parse_spec(labels, inside, self._roots)
        names = [
            scan.relative_name(inside, path) for path in islice(scan.iter_images(inside), 2000)
        ]
        rows = [
            (name, source.label(name)) for name in names[:: max(1, len(names) // limit)][:limit]
        ]
        return pa.table(
            {
                "path": [name for name, _ in rows],
                "class": [label.class_ for _, label in rows],
                "bias": [label.bias for _, label in rows],
                "split": [label.split for _, label in rows],
            }
        )

    def order_versions(self, version_ids: Sequence[int]) -> None:
        """Put the versions into this order."""
        self._writable()
        for position, dataset_id in enumerate(version_ids, start=1):
            catalog.update_dataset(self.db, dataset_id, position=position)

    def images(self, dataset: Dataset) -> pa.Table:
        """Every file of the last scan, readable or not, with its reason."""
        return catalog.images(self.db, dataset.id)

    def browse(self, folder: str | Path | None = None) -> roots.FolderListing:
        """What is in a folder on this machine, inside the roots."""
        return roots.list_folder(folder or self.settings.allowed_roots[0], self._roots)

    # --- looking at images ------------------------------------------------------------------------

    def thumbnails(self, content_ids: Sequence[str]) -> dict[str, bytes]:
        """WebP thumbnails by content id; contents without one are left out."""
        return vectors.thumbnails(self.db, list(content_ids))

    def image_file(self, content_id: str) -> Path | None:
        """Some file on disk with this content, or None."""
        found = self.db.value(
            """SELECT min(d.folder || '/' || i.path) FROM images i JOIN datasets d ON d.id = i.dataset_id
                                 WHERE i.content_id = ?""",
            [content_id],
        )
        return Path(found) if found else None

    def vectors(
        self, dataset: Dataset, encoder: str = "auto", view: str = "plain"
    ) -> tuple[list[str], np.ndarray]:
        """Paths and vectors, (n, d) float32, of a dataset's images that are embedded under this
        encoder.
        """
        table, array = vectors.dataset_vectors(
            self.db, dataset.id, self.resolve_encoder(encoder), view
        )
        return table.column("path").to_pylist(), array

    # --- encoders ---------------------------------------------------------------------------------

    def encoders(self) -> list[registry.EncoderInfo]:
        """Which encoders there are, which are ready, how to get the others."""
        return registry.list_encoders(self.settings)

    def resolve_encoder(self, encoder: str) -> str:
        """``auto`` becomes CLIP where its weights are ready, else ``lite0``."""
        return registry.resolve(encoder, self.settings)

    # --- long work --------------------------------------------------------------------------------

    def scan(self, dataset: Dataset) -> scan.ScanSummary:
        """Look into a dataset's folder and wait for it."""
        self.wait(self.submit_scan(dataset))
        return scan.summarise(self.images(dataset))

    def embed(
        self, datasets: Sequence[Dataset], encoder: str = "auto", *, allow_download: bool = False
    ) -> dict[str, Any]:
        """Embed what is not embedded yet and wait for it; what the job says of itself."""
        return self.wait(self.submit_embed(datasets, encoder, allow_download=allow_download)).result

    def compare(
        self,
        real: Dataset,
        versions: Sequence[Dataset],
        *,
        encoder: str = "auto",
        seed: int = 0,
        allow_download: bool = False,
        **parameters: Any,
    ) -> Comparison:
        """Scan, embed and compare what is needed, and wait for it."""
        job_id = self.submit_compare(
            real, versions, encoder=encoder, seed=seed, allow_download=allow_download, **parameters
        )
        return self.comparison(self.wait(job_id).result["comparison_id"])

    def submit_scan(self, dataset: Dataset, *, after: Sequence[str] = ()) -> str:
        """Start a scan; its job id."""
        return self._submit(
            "scan", f"Scan {dataset.label}", {"dataset_id": dataset.id}, list(after)
        )

    def submit_embed(
        self,
        datasets: Sequence[Dataset],
        encoder: str = "auto",
        *,
        views: Sequence[str] = VIEWS,
        allow_download: bool = False,
        after: Sequence[str] = (),
    ) -> str:
        """Start embedding; its job id. Raises :class:`EncoderNotReady` at once if weights are
        absent.
        """
        encoder = self.resolve_encoder(encoder)
        if not allow_download:
            registry.require_ready(encoder, self.settings)
        names = ", ".join(dataset.label for dataset in datasets)
        return self._submit(
            "embed",
            f"Embed {names} with {encoder}",
            {
                "dataset_ids": [dataset.id for dataset in datasets],
                "encoder": encoder,
                "views": list(views),
                "device": self.settings.device,
                "allow_download": allow_download,
                "threads": self.settings.workers,
                "weights": str(self.settings.weights) if self.settings.weights else None,
            },
            list(after),
        )

    def submit_compare(
        self,
        real: Dataset,
        versions: Sequence[Dataset],
        *,
        encoder: str = "auto",
        seed: int = 0,
        allow_download: bool = False,
        name: str | None = None,
        rescan: bool = True,
        concepts: Sequence[str] | None = None,
        after: Sequence[str] = (),
        **parameters: Any,
    ) -> str:
        """Start scan, embed and compare in turn; the id of the compare job, whose result names the
        comparison.
        """
        self._check_compare(real, versions)
        encoder = self.resolve_encoder(encoder)
        if not allow_download:
            registry.require_ready(encoder, self.settings)
        datasets = [real, *versions]
        scans = [
            self.submit_scan(dataset, after=after)
            for dataset in datasets
            if rescan or dataset.scanned_at is None
        ]
        embed = self.submit_embed(
            datasets, encoder, allow_download=allow_download, after=scans or after
        )
        title = name or f"{real.label} against {', '.join(version.label for version in versions)}"
        comparison_id = results.add_comparison(
            self.db,
            name=title,
            encoder=encoder,
            seed=seed,
            real_id=real.id,
            version_ids=[version.id for version in versions],
            parameters=parameters,
        )
        job_id = self._submit(
            "compare",
            f"Compare {title}",
            {
                "comparison_id": comparison_id,
                "views": list(VIEWS),
                "concepts": list(concepts) if concepts else None,
                "weights": str(self.settings.weights) if self.settings.weights else None,
                "previous": self._previous(real, versions, encoder),
            },
            [embed],
        )
        results.update_record(self.db, "comparisons", comparison_id, job_id=job_id)
        return job_id

    def submit_spectrum(
        self, datasets: Sequence[Dataset], *, sample: int = 300, seed: int = 0, crop: int = 256
    ) -> str:
        """Start the spectrum comparison; its job id."""
        names = ", ".join(dataset.label for dataset in datasets)
        return self._submit(
            "spectrum",
            f"Spectrum of {names}",
            {
                "dataset_ids": [dataset.id for dataset in datasets],
                "sample": sample,
                "seed": seed,
                "crop": crop,
            },
            [],
        )

    def open_sample(self) -> str:
        """Draw the sample project, add its datasets and compare them; the id of the compare job."""
        from core.jobs.sample.project import LABELS, VERSIONS  # light: names only

        folder = self.settings.home / "sample"
        drawn = self._submit("sample", "Draw the sample project", {"folder": str(folder)}, [])
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
        return self.submit_compare(
            real, versions, name="Sample project", encoder="lite0", after=[drawn]
        )

    # --- comparisons ------------------------------------------------------------------------------

    def comparisons(self) -> list[ComparisonRecord]:
        """All comparisons, the newest first."""
        return results.comparisons(self.db)

    def comparison(self, comparison_id: int) -> Comparison:
        """One comparison, ready to be read."""
        return Comparison(self.db, comparison_id)

    def remove_comparison(self, comparison_id: int) -> None:
        """Forget a comparison and its results."""
        self._writable()
        results.remove_comparison(self.db, comparison_id)

    # --- jobs -------------------------------------------------------------------------------------

    def jobs(self, limit: int = 500) -> list[JobRecord]:
        """Jobs, the newest first."""
        return job_store.jobs(self.db, limit)

    def job(self, job_id: str) -> JobRecord:
        """One job by id."""
        found = job_store.job(self.db, job_id)
        if found is None:
            raise InputError(f"There is no job {job_id}", "Look at the Jobs page.")
        return found

    def progress(self, job_id: str) -> Progress | None:
        """The newest report of a job."""
        return JobFolder(self.jobs_folder / self.job(job_id).folder).progress()

    def log(self, job_id: str) -> str:
        """What a job wrote into its log."""
        return JobFolder(self.jobs_folder / self.job(job_id).folder).read_log()

    def job_path(self, job_id: str) -> Path:
        """A job's folder on disk."""
        return self.jobs_folder / self.job(job_id).folder

    def cancel(self, job_id: str) -> None:
        """Stop a job. What it finished is kept."""
        self._moving().cancel(job_id)

    def resume(self, job_id: str) -> None:
        """Start a stopped job again where it stopped, with the jobs it needs."""
        self._moving().resume(job_id)

    def wait(self, job_id: str) -> JobRecord:
        """Wait for a job; its record. Raises :class:`JobFailed` or :class:`JobCancelled` with the
        job's own words.
        """
        supervisor = self._moving()
        while (job := self.job(job_id)).active:
            if self._threaded:
                time.sleep(0.1)
            else:
                supervisor.step()
        self._bar.close()
        if job.status == "done":
            return job
        error = JobCancelled if job.status == "cancelled" else JobFailed
        raise error(job.what or f"The job {job.title!r} is {job.status}", job.remedy or "")

    # --- inside -----------------------------------------------------------------------------------

    def _label_source(self, labels: str, folder: str | Path) -> label_sources.LabelSource:
        return label_sources.parse_spec(labels, Path(folder), self._roots)

    def _submit(self, kind: str, title: str, plan: dict[str, Any], after: list[str]) -> str:
        supervisor = self._moving()
        job_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{kind}-{secrets.token_hex(3)}"
        job_store.add(
            self.db, job_id=job_id, kind=kind, title=title, folder=job_id, plan=plan, after=after
        )
        supervisor.wake()
        return job_id

    def _check_compare(self, real: Dataset, versions: Sequence[Dataset]) -> None:
        if real.domain != "real":
            raise InputError(
                f"{real.label} is not a real dataset", "Choose a real dataset to compare against."
            )
        if not versions:
            raise InputError(
                "There is no version to compare with", "Add a folder of synthetic images."
            )
        for version in versions:
            if version.domain != "synthetic":
                raise InputError(
                    f"{version.label} is not a synthetic dataset", "Choose versions of a renderer."
                )

    def _previous(self, real: Dataset, versions: Sequence[Dataset], encoder: str) -> int | None:
        """The newest comparison whose map this one should continue: same real data and encoder,
        versions a beginning.
        """
        wanted = [version.id for version in versions]
        for record in results.comparisons(self.db):
            if (
                record.status == "done"
                and record.real_id == real.id
                and record.encoder == encoder
                and len(record.version_ids) < len(wanted)
                and set(record.version_ids) < set(wanted)
            ):
                return record.id
        return None

    def _moving(self) -> Supervisor:
        self._writable()
        assert self._supervisor is not None
        return self._supervisor

    def _writable(self) -> None:
        if self.read_only:
            raise GapscopeError(
                "This workspace is open for reading only", "Open it for writing to change it."
            )
