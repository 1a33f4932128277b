"""How the workspace serves each kind of job: what it writes into the folder before, what it stores
afterwards.

A kind is the only place where the database and a job folder meet.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from core import ANALYSIS
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.store import catalog, results, vectors
from core.store.database import Database
from core.store.jobs import JobRecord


class _Base:
    """What the kinds share: the database, and nothing to salvage."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def salvage(self, job: JobRecord, folder: Path) -> None:
        """Nothing is worth keeping from a job of this kind that was stopped."""

    def failed(self, job: JobRecord) -> None:
        """Nothing else to update."""

    def _dataset(self, dataset_id: int) -> catalog.Dataset:
        found = catalog.dataset(self.db, dataset_id)
        if found is None:
            raise InputError(
                f"Dataset {dataset_id} is no longer in the workspace",
                "Start again with the datasets there are.",
            )
        return found


class SampleKind(_Base):
    """Draws the sample project's folders."""

    def prepare(self, job: JobRecord, folder: Path) -> dict[str, Any] | None:
        """The spec alone: where to draw."""
        JobFolder.create(folder, {"kind": "sample", **job.plan})
        return None

    def ingest(self, job: JobRecord, folder: Path) -> dict[str, Any]:
        """The images are where they belong; nothing goes into the database."""
        return {"folder": job.plan["folder"]}


class ScanKind(_Base):
    """Looks into one dataset's folder."""

    def prepare(self, job: JobRecord, folder: Path) -> dict[str, Any] | None:
        """The last scan's rows go along, so that unchanged files are not read again."""
        dataset = self._dataset(job.plan["dataset_id"])
        work = JobFolder.create(
            folder,
            {
                "kind": "scan",
                "folder": dataset.folder,
                "labels": dataset.labels,
                "shard_rows": 5000,
            },
        )
        work.write_input_table("known.parquet", catalog.images(self.db, dataset.id))
        return None

    def ingest(self, job: JobRecord, folder: Path) -> dict[str, Any]:
        """Put the rows in place of the old ones."""
        work = JobFolder(folder)
        summary = json.loads(work.output("summary.json").read_text("utf-8"))
        with self.db.transaction() as cursor:
            catalog.replace_images(
                cursor, job.plan["dataset_id"], work.outputs("images-*.parquet"), summary
            )
        return {name: summary.get(name) for name in ("images", "unreadable", "duplicates")}


class EmbedKind(_Base):
    """Embeds what is not embedded yet."""

    def prepare(self, job: JobRecord, folder: Path) -> dict[str, Any] | None:
        """List the contents without vectors; if there are none, there is nothing to do."""
        plan = job.plan
        missing = vectors.to_embed(
            self.db, plan["dataset_ids"], plan["encoder"], tuple(plan["views"])
        )
        if missing.num_rows == 0:
            return {"embedded": 0}
        work = JobFolder(folder)
        if (
            work.path / "spec.json"
        ).exists():  # resumed: the shards on disk belong to the list that is there
            if work.input("images.parquet").exists():
                return None
            shutil.rmtree(folder)
        spec = {
            name: plan[name]
            for name in ("encoder", "views", "device", "allow_download", "threads", "weights")
        }
        known = vectors.encoder_row(self.db, plan["encoder"])
        if known:  # all vectors of a workspace share one precision: what was measured first stays
            spec["precision"] = known["detail"].get("precision", "auto")
        JobFolder.create(folder, {"kind": "embed", **spec}).write_input_table(
            "images.parquet", missing
        )
        return None

    def ingest(self, job: JobRecord, folder: Path) -> dict[str, Any]:
        """Store vectors, thumbnails and attributes."""
        shards, encoder = self._store(folder)
        summary = json.loads(JobFolder(folder).output("summary.json").read_text("utf-8"))
        for shard in shards:
            shard.unlink()  # the vectors are in the database now; twice on disk would be waste
        return {
            **summary,
            "encoder": encoder.get("id"),
            "device": encoder.get("device"),
            "precision": encoder.get("precision"),
        }

    def salvage(self, job: JobRecord, folder: Path) -> None:
        """Store the finished shards; they stay in the folder too, for a resume."""
        if JobFolder(folder).outputs("shard-*.parquet"):
            self._store(folder)

    def _store(self, folder: Path) -> tuple[list[Path], dict[str, Any]]:
        # here: it brings SciPy, a second that the first page need not wait
        from core.analysis.explain.attributes import ATTRIBUTES

        work = JobFolder(folder)
        shards = work.outputs("shard-*.parquet")
        encoder = json.loads(work.output("encoder.json").read_text("utf-8"))
        known = vectors.encoder_row(self.db, encoder["id"])
        if known and known["weights_hash"] and known["weights_hash"] != encoder.get("weights_hash"):
            raise InputError(
                f"The weights of {encoder['id']} changed since this workspace embedded with them",
                "Put the old weights back, or make a new workspace: vectors of two weights cannot be compared.",
            )
        with self.db.transaction() as cursor:
            vectors.ingest(cursor, encoder, shards, ATTRIBUTES)
        return shards, encoder


class CompareKind(_Base):
    """Compares a real dataset with versions."""

    def prepare(self, job: JobRecord, folder: Path) -> dict[str, Any] | None:
        """Write vectors and tables; if the same comparison was made before, that one is the result."""
        record = results.comparison(self.db, job.plan["comparison_id"])
        if record is None:
            raise InputError("The comparison was removed", "Start it again.")
        real = self._dataset(record.real_id)
        versions = [self._dataset(version_id) for version_id in record.version_ids]
        prints = {
            dataset.id: catalog.fingerprint(self.db, dataset.id) for dataset in (real, *versions)
        }
        encoder = vectors.encoder_row(self.db, record.encoder) or {}
        fingerprint = _digest(
            {
                "analysis": ANALYSIS,
                "encoder": [record.encoder, encoder.get("weights_hash")],
                "seed": record.seed,
                "parameters": record.parameters,
                "real": prints[real.id],
                "versions": [[v.id, v.version, prints[v.id]] for v in versions],
                "previous": job.plan.get("previous"),
            }
        )
        earlier = results.find_done(self.db, fingerprint)
        if earlier is not None:
            results.remove_comparison(self.db, record.id)
            return {"comparison_id": earlier, "reused": True}
        results.update_record(
            self.db,
            "comparisons",
            record.id,
            fingerprint=fingerprint,
            real_fingerprint=prints[real.id],
        )
        if folder.exists():
            shutil.rmtree(folder)
        work = JobFolder.create(
            folder,
            {
                "kind": "compare",
                "encoder": record.encoder,
                "seed": record.seed,
                "parameters": record.parameters,
                "real": {"dataset_id": real.id, "name": real.name, "file": "real"},
                "versions": [
                    {"dataset_id": version.id, "version": version.version, "file": f"v{index:02d}"}
                    for index, version in enumerate(versions)
                ],
                "weights": job.plan.get("weights"),
                "concepts": job.plan.get("concepts"),
                "previous": job.plan.get("previous"),
            },
        )
        for dataset, name in (
            (real, "real"),
            *((version, f"v{i:02d}") for i, version in enumerate(versions)),
        ):
            self._write_vectors(work, dataset, record.encoder, job.plan["views"], name)
        if job.plan.get("previous"):
            work.write_input_table(
                "previous.parquet",
                self.db.table(
                    "SELECT * EXCLUDE (comparison_id) FROM points WHERE comparison_id = ?",
                    [job.plan["previous"]],
                ),
            )
        return None

    def ingest(self, job: JobRecord, folder: Path) -> dict[str, Any]:
        """Store the result tables and mark the comparison as done, all in one transaction."""
        comparison_id = job.plan["comparison_id"]
        work = JobFolder(folder)
        told = json.loads(work.output("told.json").read_text("utf-8"))
        with self.db.transaction() as cursor:
            results.ingest_comparison(cursor, comparison_id, folder / "outputs")
            cursor.execute(
                """UPDATE comparisons SET status = 'done', finished_at = now()::TIMESTAMP, software = ?, seconds = ?
                              WHERE id = ?""",
                [
                    json.dumps(told.get("software", {})),
                    json.dumps(told.get("seconds", {})),
                    comparison_id,
                ],
            )
        return {"comparison_id": comparison_id}

    def failed(self, job: JobRecord) -> None:
        """The comparison will not come."""
        results.update_record(self.db, "comparisons", job.plan["comparison_id"], status="failed")

    def _write_vectors(
        self, work: JobFolder, dataset: catalog.Dataset, encoder: str, views: list[str], name: str
    ) -> None:
        table: pa.Table | None = None
        for view in views:
            rows, array = vectors.dataset_vectors(self.db, dataset.id, encoder, view)
            if rows.num_rows == 0:
                raise InputError(
                    f"No image of {dataset.label} ({dataset.folder}) could be embedded",
                    "Look at the unreadable files on the Datasets page.",
                )
            work.write_input_array(f"{name}-{view}.npy", array)
            table = rows
        assert table is not None
        work.write_input_table(f"{name}.parquet", table)


class SpectrumKind(_Base):
    """Compares frequency spectra on a sample of images."""

    def prepare(self, job: JobRecord, folder: Path) -> dict[str, Any] | None:
        """List the files of every dataset."""
        plan = job.plan
        entries = []
        work = JobFolder(folder)
        tables: dict[str, pa.Table] = {}
        for index, dataset_id in enumerate(plan["dataset_ids"]):
            dataset = self._dataset(dataset_id)
            name = f"d{index:02d}"
            entries.append(
                {
                    "dataset_id": dataset.id,
                    "version": dataset.version,
                    "domain": dataset.domain,
                    "file": name,
                    "name": dataset.label,
                }
            )
            tables[name] = self.db.table(
                "SELECT path, content_id, ? || '/' || path AS file FROM images WHERE dataset_id = ? AND status = 'ok' ORDER BY path",
                [dataset.folder, dataset.id],
            )
        work = JobFolder.create(
            folder,
            {
                "kind": "spectrum",
                "sample": plan["sample"],
                "seed": plan["seed"],
                "crop": plan["crop"],
                "datasets": entries,
            },
        )
        for name, table in tables.items():
            work.write_input_table(f"{name}.parquet", table)
        return None

    def ingest(self, job: JobRecord, folder: Path) -> dict[str, Any]:
        """The spectra stay as files in the job folder: they are pictures and curves, read whole or
        not at all.
        """
        return {"folder": job.folder, "dataset_ids": job.plan["dataset_ids"]}


class FinetuneKind(_Base):
    """One From-Fake-to-Real study."""

    def prepare(self, job: JobRecord, folder: Path) -> dict[str, Any] | None:
        """Images with labels, and for `head` the vectors."""
        from core.workspace.studies import study_images  # here: it imports this module's neighbours

        record = results.study(self.db, job.plan["study_id"])
        if record is None:
            raise InputError("The study was removed", "Start it again.")
        work = JobFolder(folder)
        if (work.path / "spec.json").exists() and work.input("images.parquet").exists():
            return None  # resumed: finished trials are there
        table, array = study_images(self.db, record, encoder=job.plan.get("encoder"))
        work = JobFolder.create(
            folder,
            {
                "kind": "finetune",
                **record.parameters,
                "weights": job.plan.get("weights"),
                "device": job.plan.get("device", "auto"),
            },
        )
        work.write_input_table("images.parquet", table)
        if array is not None:
            work.write_input_array("vectors.npy", array)
        return None

    def ingest(self, job: JobRecord, folder: Path) -> dict[str, Any]:
        """Store the study's tables; checkpoints stay in the job folder."""
        study_id = job.plan["study_id"]
        work = JobFolder(folder)
        told = json.loads(work.output("verdict.json").read_text("utf-8"))
        with self.db.transaction() as cursor:
            results.ingest_study(cursor, study_id, folder / "outputs")
            cursor.execute(
                """UPDATE studies SET status = 'done', finished_at = now()::TIMESTAMP, verdict = ?, software = ?
                              WHERE id = ?""",
                [json.dumps(told), json.dumps(told.get("software", {})), study_id],
            )
        return {"study_id": study_id}

    def failed(self, job: JobRecord) -> None:
        """The study will not come, as it stands."""
        results.update_record(self.db, "studies", job.plan["study_id"], status="failed")


def all_kinds(db: Database) -> dict[str, Any]:
    """Every kind of job by name."""
    return {
        "sample": SampleKind(db),
        "scan": ScanKind(db),
        "embed": EmbedKind(db),
        "compare": CompareKind(db),
        "spectrum": SpectrumKind(db),
        "finetune": FinetuneKind(db),
    }


def _digest(value: Any) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).hexdigest()
