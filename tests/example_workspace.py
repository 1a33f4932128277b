"""An example workspace for page tests: drawn images, two versions and one finished comparison, made
without any job.

``build(tmp_path / "gapscope.duckdb")`` writes the images, the database and the jobs folder in about
a second. What it says is known and small enough to hold in one's head:

* 120 real pictures: circle, square and cross, each by day and by night, 20 of each (six clusters, 0
  to 5)
* version 1.0 (80 pictures) lacks the squares and the crosses at night: 40 absent, 8 of them by
  score only
* version 1.1 (100 pictures) adds the squares: the 20 crosses at night stay absent, 2 circles by day
  got worse

The numbers that a compare job would compute (scores, intervals, metrics) are set here, not
measured.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from core.contracts.catalog import ImageRow
from core.contracts.comparison import RESULT_ROWS
from core.contracts.derive import conform, table_name
from core.files import write_table
from core.images.thumbnails import thumbnail
from core.jobs.folder import JobFolder
from core.store import catalog, comparison_table, embeddings, job_table
from core.store.database import Database
from tests import example_tables
from tests.embedded import embedded
from tests.example_tables import LACKING, MODES, REAL_PER_MODE

ENCODER = "lite0"
DIM = 16


@dataclass(frozen=True)
class Example:
    """Where everything is: the database, the image folders, and the ids."""

    path: Path
    images: Path
    real_id: int
    version_ids: dict[str, int]
    comparison_id: int


def build(path: Path, *, encoder: str = ENCODER, absolute: bool = True) -> Example:
    """Write the example to the database file ``path`` (new) and the folder ``images`` beside it.

    ``absolute`` False: a comparison whose list cannot be trusted, only its ranking. Close any
    Workspace on it first.
    """
    folder = path.parent / "images"
    db = Database(path)
    try:
        rows: dict[str, list[dict[str, Any]]] = {}
        ids: dict[str, int] = {}
        for name in ("real", *LACKING):
            rows[name] = _draw(folder / name, name)
            version = None if name == "real" else name
            ids[name] = catalog.add_dataset(
                db,
                name="Drawn photographs" if version is None else f"renders {version}",
                folder=folder / name,
                domain="real" if version is None else "synthetic",
                version=version,
                labels="{class}/{bias}/*",
            )
            _store_images(db, path.parent, ids[name], rows[name])
        _store_vectors(db, path.parent, [row for group in rows.values() for row in group])
        comparison_id = add_comparison(
            db, path.parent, rows, ids, encoder=encoder, absolute=absolute
        )
        _add_jobs(db, path, comparison_id)
    finally:
        db.close()
    return Example(path, folder, ids["real"], {name: ids[name] for name in LACKING}, comparison_id)


def add_comparison(
    db: Database,
    folder: Path,
    rows: dict[str, list[dict[str, Any]]],
    ids: dict[str, int],
    *,
    encoder: str = ENCODER,
    absolute: bool = True,
) -> int:
    """Store one finished comparison of the drawn images; its id."""
    comparison_id = comparison_table.add_comparison(
        db,
        name="Drawn photographs against 1.0, 1.1",
        encoder=encoder,
        seed=0,
        real_id=ids["real"],
        version_ids=[ids[name] for name in LACKING],
        parameters={},
    )
    outputs = folder / f"outputs-{comparison_id}"
    outputs.mkdir(parents=True)
    coverage = {
        name: example_tables.coverage(rows["real"], rows[name], name, ids[name]) for name in LACKING
    }
    tables = {
        "points": example_tables.points(rows, ids),
        "coverage": [row for name in LACKING for row in coverage[name]],
        "gaps": example_tables.gaps(coverage, ids),
        "clusters": example_tables.clusters(rows, ids),
        "versions": [
            example_tables.summary(name, coverage[name], len(rows[name]), ids[name], absolute)
            for name in LACKING
        ],
        "metrics": example_tables.metrics(rows, ids),
        "changes": example_tables.changes(coverage, ids),
        "selftest": example_tables.selftest(ids),
        "splits": example_tables.splits(ids),
    }
    for name, records in tables.items():
        row = next(one for one in RESULT_ROWS if table_name(one) == name)
        write_table(outputs / f"{name}.parquet", conform(row, pa.Table.from_pylist(records)))
    with db.transaction() as cursor:
        comparison_table.ingest(cursor, comparison_id, outputs)
        cursor.execute(
            "UPDATE comparisons SET status = 'done', finished_at = now()::TIMESTAMP, seconds = ? WHERE id = ?",
            [json.dumps({"map": 1.5, "coverage": 0.4}), comparison_id],
        )
    return comparison_id


# --- images ---------------------------------------------------------------------------------------


def _draw(folder: Path, name: str) -> list[dict[str, Any]]:
    """Draw a dataset: grainy and tinted where it is real, clean and flat where it is rendered; one
    row a picture.
    """
    rng = np.random.default_rng(sum(map(ord, name)))
    found = []
    for cluster, (shape, light) in enumerate(MODES):
        if name != "real" and f"{shape}/{light}" in LACKING[name]:
            continue
        for number in range(REAL_PER_MODE):
            picture = _picture(shape, light, rng, real=name == "real")
            file = folder / shape / light / f"{number:03d}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(file)
            data = file.read_bytes()
            found.append(
                {
                    "path": f"{shape}/{light}/{number:03d}.png",
                    "bytes": len(data),
                    "mtime_ns": 0,
                    "content_id": hashlib.blake2b(data, digest_size=16).hexdigest(),
                    "format": "PNG",
                    "mode": "RGB",
                    "width": 200,
                    "height": 150,
                    "status": "ok",
                    "reason": None,
                    "class": shape,
                    "bias": light,
                    "split": None,
                    "cluster": cluster,
                    "thumbnail": thumbnail(Image.fromarray(picture)),
                }
            )
    return found


def _picture(shape: str, light: str, rng: np.random.Generator, *, real: bool) -> np.ndarray:
    """One drawing, uint8 (150, 200, 3)."""
    down, across = np.mgrid[0:150, 0:200].astype(np.float32)
    size, x, y = rng.uniform(25, 45), rng.uniform(60, 140), rng.uniform(50, 100)
    dx, dy = np.abs(across - x), np.abs(down - y)
    mask = {
        "circle": np.hypot(dx, dy) < size,
        "square": np.maximum(dx, dy) < size * 0.9,
        "cross": (np.minimum(dx, dy) < size * 0.3) & (np.maximum(dx, dy) < size),
    }[shape]
    ground = np.array([0.62, 0.74, 0.86]) if light == "day" else np.array([0.10, 0.11, 0.20])
    colour = rng.uniform(0.3, 1.0, 3) * (1.0 if light == "day" else 0.55)
    picture = np.where(mask[..., None], colour, ground * (1 - 0.25 * down[..., None] / 150))
    if real:
        picture = picture * np.array([1.03, 1.0, 0.92]) + rng.normal(0, 0.035, picture.shape)
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _store_images(db: Database, folder: Path, dataset_id: int, rows: list[dict[str, Any]]) -> None:
    drop = ("cluster", "thumbnail")
    broken = {
        "path": "circle/day/broken.jpg",
        "bytes": 12,
        "status": "unreadable",
        "reason": "The file ends too early",
    }
    records = [{name: value for name, value in row.items() if name not in drop} for row in rows] + [
        broken
    ]
    shard = folder / f"images-{dataset_id}.parquet"
    write_table(shard, conform(ImageRow, pa.Table.from_pylist(records)))
    with db.transaction() as cursor:
        catalog.replace_images(
            cursor, dataset_id, [shard], {"images": len(rows), "unreadable": 1, "duplicates": 0}
        )


def _store_vectors(db: Database, folder: Path, rows: list[dict[str, Any]]) -> None:
    rng = np.random.default_rng(1)
    unique = list({row["content_id"]: row for row in rows}.values())
    centres = rng.normal(size=(len(MODES), DIM))
    plain = np.stack([centres[row["cluster"]] + rng.normal(0, 0.3, DIM) for row in unique]).astype(
        np.float32
    )
    table = embedded(
        [row["content_id"] for row in unique],
        plain,
        simplified=plain,
        thumbnails=[row["thumbnail"] for row in unique],
    )
    shard = folder / "shard-00000.parquet"
    write_table(shard, table)
    with db.transaction() as cursor:
        embeddings.ingest(cursor, {"id": ENCODER, "dim": DIM, "weights_hash": "drawn"}, [shard])


# --- jobs -----------------------------------------------------------------------------------------


def _add_jobs(db: Database, path: Path, comparison_id: int) -> None:
    """Three jobs that are done, one that failed and one that was cancelled, each with its folder."""
    told: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("scan", "Scan Drawn photographs", "done", {"images": 120, "unreadable": 1}),
        (
            "embed",
            "Embed Drawn photographs, 1.0, 1.1 with lite0",
            "done",
            {"embedded": 300, "broken": 0},
        ),
        (
            "compare",
            "Compare Drawn photographs against 1.0, 1.1",
            "done",
            {"comparison_id": comparison_id},
        ),
        ("scan", "Scan renders 0.9", "failed", {}),
        ("embed", "Embed renders 0.9 with lite0", "cancelled", {}),
    )
    for number, (kind, title, status, result) in enumerate(told):
        job_id = f"2025010{number + 1}-120000-{kind}-example"
        folder = JobFolder.create(path.with_name(path.name + ".jobs") / job_id, {"kind": kind})
        folder.report(kind, 3, 3)
        folder.log(f"{title}: {status}")
        plan = {"comparison_id": comparison_id} if kind == "compare" else {}
        job_table.add(db, job_id, kind, title, plan, [])
        job_table.set_status(db, job_id, "running")
        words = {
            "failed": ("The folder renders/0.9 is not there", "Check the path."),
            "cancelled": (
                "The job was cancelled",
                "Resume it from the Jobs page; finished parts are kept.",
            ),
        }
        what, remedy = words.get(status, (None, None))
        job_table.set_status(db, job_id, status, what=what, remedy=remedy, result=result)
