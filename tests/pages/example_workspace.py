"""An example workspace for tests: drawn images, two or three versions and one finished comparison,
made by the product itself. Only the vectors are set by hand instead of running an encoder.

``build(tmp_path / "gapscope.duckdb")`` gives each caller a copy of its own; the first call of a
test session makes what is copied, in some twenty seconds. What the comparison must find is known
and small enough to hold in one's head:

* 120 real pictures: circle, square and cross, each by day and by night, 20 of each (six modes)
* version 1.0 (80 pictures) lacks the squares and the crosses at night: 40 absent
* version 1.1 (100 pictures) adds the squares: the 20 crosses at night stay absent
* version 1.2 (100 pictures, where it is asked for) adds the crosses and loses the squares again
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from core.analysis.explain.attributes import photometric
from core.contracts.catalog import Dataset
from core.contracts.comparison import RESULT_ROWS
from core.contracts.derive import table_name
from core.contracts.words import Domain, JobKind, JobStatus, View
from core.contracts.work import embedded_schema
from core.files import write_table
from core.images.thumbnails import thumbnail
from core.jobs.folder import JobFolder
from core.store import comparison_table, embeddings, job_table
from core.store.database import Database
from core.workspace import Workspace
from tests.embedded import encoder_run

ENCODER = "lite0"
DIM = 1280  # of its vectors
CONTENT = 16  # dimensions in which the drawn images differ
LENGTH = 10.0  # of a vector's parts: the encoder's head is surer of some images than of others
SHAPES, LIGHTS = ("circle", "square", "cross"), ("day", "night")
MODES = tuple((shape, light) for shape in SHAPES for light in LIGHTS)
PER_MODE = 20
FEW = 3  # likewise, where a version cannot be judged
REAL = "Drawn photographs"
LACKING = {
    "1.0": ("square/night", "cross/night"),
    "1.1": ("cross/night",),
    "1.2": ("square/night",),
}
TWO, THREE = ("1.0", "1.1"), ("1.0", "1.1", "1.2")
BROKEN = "circle/day/broken.jpg"  # in every folder a file that is no image
SEED = 1


@dataclass(frozen=True)
class Example:
    """Where everything is: the database, the image folders, and the ids."""

    path: Path
    images: Path
    real_id: int
    version_ids: dict[str, int]
    comparison_id: int


def build(
    path: Path,
    *,
    judged: bool = True,
    versions: tuple[str, ...] = TWO,
) -> Example:
    """Write the example to the database file ``path`` (new) and the folder ``images`` beside it.

    ``judged`` False: the versions have so few images that they cannot be judged.
    """
    made = _made(judged, versions)
    images = path.parent / "images"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(made.path, path)
    shutil.copytree(_jobs(made.path), _jobs(path))
    shutil.copytree(made.images, images)
    db = Database(path)
    db.execute(
        "UPDATE datasets SET folder = replace(folder, ?, ?)", [str(made.images), str(images)]
    )
    db.close()
    return replace(made, path=path, images=images)


def add_again(db: Database, comparison_id: int, **changed: object) -> int:
    """A second comparison with the results of the first, as another run with an equal answer leaves
    them. ``changed``: columns of its record, such as ``encoder``, ``seed``, ``name``.
    """
    record = comparison_table.comparison(db, comparison_id)
    assert record is not None
    columns = ("name", "encoder", "seed", "real_id", "version_ids", "parameters")
    values = {name: getattr(record, name) for name in columns}
    other = comparison_table.add_comparison(db, **{**values, **changed})
    for name in map(table_name, RESULT_ROWS):
        db.execute(
            f"""INSERT INTO {name} SELECT * REPLACE ({other} AS comparison_id) FROM {name}
            WHERE comparison_id = {comparison_id}"""
        )
    db.execute(
        """UPDATE comparisons SET status = 'done', finished_at = created_at,
        real_fingerprint = ?, software = ? WHERE id = ?""",
        [record.real_fingerprint, json.dumps(dict(record.software)), other],
    )
    return other


def add_surplus(made: Example, version: str, shape: str) -> None:
    """Say of a version's images of one shape that they are surplus, in one group."""
    version_id = made.version_ids[version]
    with Workspace(made.path, progress=False) as ws:
        real = ws.datasets.images(ws.datasets.get(made.real_id)).to_pylist()[0]
        images = [
            row
            for row in ws.datasets.images(ws.datasets.get(version_id)).to_pylist()
            if row["path"].startswith(f"{shape}/")
        ]
        for rank, row in enumerate(images, start=1):
            ws.db.execute(
                "INSERT INTO surplus BY NAME SELECT ? AS comparison_id, ? AS version_id, "
                "? AS path, ? AS content_id, 0.9 AS score, 0.5 AS distance, ? AS nearest_path, "
                '? AS nearest_id, 0 AS "group", ? AS rank',
                [
                    made.comparison_id,
                    version_id,
                    row["path"],
                    row["content_id"],
                    real["path"],
                    real["content_id"],
                    rank,
                ],
            )
        ws.db.execute(
            "INSERT INTO surplus_groups BY NAME SELECT ? AS comparison_id, ? AS version_id, "
            '0 AS "group", ? AS size, 0.4 AS share, 0.9 AS score, ? AS name, ? AS explanation',
            [made.comparison_id, version_id, len(images), shape, "Squares."],
        )


# --- made once ------------------------------------------------------------------------------------


@cache
def _made(judged: bool, versions: tuple[str, ...]) -> Example:
    place = Path(tempfile.mkdtemp(prefix="gapscope-example-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    images = place / "images"
    with Workspace(place / "gapscope.duckdb", progress=False) as ws:
        real = _add(ws, images / "real")
        rendered = [
            _add(ws, images / version, version, each=PER_MODE if judged else FEW)
            for version in versions
        ]
        _store_vectors(ws, place, [real, *rendered])
        comparison = ws.compare(
            real,
            rendered,
            encoder=ENCODER,
            seed=SEED,
            injected=4,
            reruns=2,
        )
        _add_unfinished_jobs(ws)
        ids = {str(one.version): one.id for one in rendered}
        return Example(ws.path, images, real.id, ids, comparison.id)


def _add(
    ws: Workspace, folder: Path, version: str | None = None, *, each: int = PER_MODE
) -> Dataset:
    """Draw a dataset's images, so many of each mode, add it and scan it."""
    _draw(folder, LACKING[version] if version else (), each, real=version is None)
    dataset = ws.add_dataset(
        folder,
        domain=Domain.SYNTHETIC if version else Domain.REAL,
        version=version,
        name=f"renders {version}" if version else REAL,
        labels="{class}/{bias}/*",
    )
    ws.scan(dataset)
    return ws.datasets.get(dataset.id)


# --- images and vectors ---------------------------------------------------------------------------


def _draw(folder: Path, lacking: tuple[str, ...], each: int, *, real: bool) -> None:
    """Draw a dataset: grainy and tinted where it is real, clean and flat where it is rendered."""
    rng = np.random.default_rng(sum(map(ord, folder.name)))
    for shape, light in MODES:
        place = folder / shape / light
        if f"{shape}/{light}" in lacking:
            continue
        place.mkdir(parents=True)
        for number in range(each):
            Image.fromarray(_picture(shape, light, rng, real=real)).save(
                place / f"{number:03d}.png"
            )
    (folder / BROKEN).write_bytes(b"not an image")


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


def _store_vectors(ws: Workspace, place: Path, datasets: list[Dataset]) -> None:
    """Store what an embed job would: each mode a direction of its own, rendered images shifted."""
    rng = np.random.default_rng(1)
    basis = LENGTH * np.linalg.qr(rng.normal(size=(DIM, CONTENT)))[0].T
    centres, shift = rng.normal(size=(len(MODES), CONTENT)), 0.4 * rng.normal(size=CONTENT)
    rows: dict[str, dict[str, object]] = {}
    for dataset in datasets:
        for path in sorted(Path(dataset.folder).rglob("*.png")):
            mode = MODES.index((path.parts[-3], path.parts[-2]))
            vector = centres[mode] + rng.normal(0, 0.25, CONTENT)
            if dataset.domain == Domain.SYNTHETIC:
                vector = vector + shift
            rows.setdefault(*_embedded(path, (vector @ basis).astype(np.float32).tolist()))
    shard = place / "shard-00000.parquet"
    write_table(shard, pa.Table.from_pylist(list(rows.values()), embedded_schema(DIM)))
    with ws.db.transaction() as cursor:
        embeddings.ingest(cursor, encoder_run(ENCODER, DIM), [shard])


def _embedded(path: Path, vector: list[float]) -> tuple[str, dict[str, object]]:
    """A content id and the row that an embed job leaves for it."""
    content_id = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    image = Image.open(path).convert("RGB")
    return content_id, {
        "content_id": content_id,
        "error": None,
        "skipped": None,
        **dict.fromkeys(map(str, View), vector),
        "thumbnail": thumbnail(image),
        **photometric(np.asarray(image)),
    }


# --- jobs -----------------------------------------------------------------------------------------


def _add_unfinished_jobs(ws: Workspace) -> None:
    """A job that failed and one that was cancelled, each with its folder."""
    for kind, title, status, what, remedy in (
        (
            JobKind.SCAN,
            "Scan renders 0.9",
            JobStatus.FAILED,
            "The folder renders/0.9 is not there",
            "Check the path.",
        ),
        (
            JobKind.EMBED,
            "Embed renders 0.9 with lite0",
            JobStatus.CANCELLED,
            "The job was cancelled",
            "Resume it from the Jobs page; finished parts are kept.",
        ),
    ):
        job_id = f"20250101-120000-{kind}-example"
        folder = JobFolder.create(_jobs(ws.path) / job_id, {"kind": kind})
        folder.report(kind, 3, 3)
        folder.log(f"{title}: {status}")
        job_table.add(ws.db, job_id, kind, title, {}, [])
        job_table.set_status(ws.db, job_id, JobStatus.RUNNING)
        job_table.set_status(ws.db, job_id, status, what=what, remedy=remedy, result={})


def _jobs(database: Path) -> Path:
    return database.with_name(database.name + ".jobs")
