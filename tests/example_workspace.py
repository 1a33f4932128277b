"""An example workspace for page tests: drawn images, two versions and one finished comparison, made without any job.

``build(tmp_path / "gapscope.duckdb")`` writes the images, the database and the jobs folder in about a second. What it
says is known and small enough to hold in one's head:

* 120 real pictures: circle, square and cross, each by day and by night, 20 of each (six clusters, 0 to 5)
* version 1.0 (80 pictures) lacks the squares and the crosses at night: 40 absent, 8 of them by score only
* version 1.1 (100 pictures) adds the squares: the 20 crosses at night stay absent, 2 circles by day got worse

The numbers that a compare job would compute (scores, intervals, metrics) are set here, not measured.
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

from core.images.thumbnails import thumbnail
from core.jobfolder import JobFolder, write_table
from core.store import catalog, results, vectors
from core.store import jobs as job_store
from core.store.database import Database

MODES = tuple((shape, light) for shape in ("circle", "square", "cross") for light in ("day", "night"))  # cluster = index
REAL_PER_MODE = 20
LACKING = {"1.0": ("square/night", "cross/night"), "1.1": ("cross/night",)}
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

    ``absolute`` False: a comparison whose list cannot be trusted, only its ranking. Close any Workspace on it first.
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
                db, name="Drawn photographs" if version is None else f"renders {version}", folder=folder / name,
                domain="real" if version is None else "synthetic", version=version, labels="{class}/{bias}/*")
            _store_images(db, path.parent, ids[name], rows[name])
        _store_vectors(db, path.parent, [row for group in rows.values() for row in group])
        comparison_id = add_comparison(db, path.parent, rows, ids, encoder=encoder, absolute=absolute)
        _add_jobs(db, path, comparison_id)
    finally:
        db.close()
    return Example(path, folder, ids["real"], {name: ids[name] for name in LACKING}, comparison_id)


def add_comparison(db: Database, folder: Path, rows: dict[str, list[dict[str, Any]]], ids: dict[str, int], *,
                   encoder: str = ENCODER, absolute: bool = True) -> int:
    """Store one finished comparison of the drawn images; its id."""
    comparison_id = results.add_comparison(
        db, name="Drawn photographs against 1.0, 1.1", encoder=encoder, seed=0, real_id=ids["real"],
        version_ids=[ids[name] for name in LACKING], parameters={})
    outputs = folder / f"outputs-{comparison_id}"
    outputs.mkdir(parents=True)
    coverage = {name: _coverage(rows["real"], rows[name], name, ids[name]) for name in LACKING}
    tables = {
        "points": _points(rows, ids),
        "coverage": [row for name in LACKING for row in coverage[name]],
        "gaps": _gaps(coverage, ids),
        "clusters": _clusters(rows, ids),
        "versions": [_summary(name, coverage[name], len(rows[name]), ids[name], absolute) for name in LACKING],
        "metrics": _metrics(rows, ids),
        "changes": _changes(coverage, ids),
        "selftest": _selftest(ids),
        "splits": _splits(ids),
    }
    for name, records in tables.items():
        write_table(outputs / f"{name}.parquet", pa.Table.from_pylist(records))
    with db.transaction() as cursor:
        results.ingest_comparison(cursor, comparison_id, outputs)
        cursor.execute("UPDATE comparisons SET status = 'done', finished_at = now()::TIMESTAMP, seconds = ? WHERE id = ?",
                       [json.dumps({"map": 1.5, "coverage": 0.4}), comparison_id])
    return comparison_id


# --- images -------------------------------------------------------------------------------------------------


def _draw(folder: Path, name: str) -> list[dict[str, Any]]:
    """Draw a dataset: grainy and tinted where it is real, clean and flat where it is rendered; one row a picture."""
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
            found.append({
                "path": f"{shape}/{light}/{number:03d}.png", "bytes": len(data), "mtime_ns": 0,
                "content_id": hashlib.blake2b(data, digest_size=16).hexdigest(), "format": "PNG", "mode": "RGB",
                "width": 200, "height": 150, "status": "ok", "reason": None, "class": shape, "bias": light,
                "split": None, "cluster": cluster, "thumbnail": thumbnail(Image.fromarray(picture))})
    return found


def _picture(shape: str, light: str, rng: np.random.Generator, *, real: bool) -> np.ndarray:
    """One drawing, uint8 (150, 200, 3)."""
    down, across = np.mgrid[0:150, 0:200].astype(np.float32)
    size, x, y = rng.uniform(25, 45), rng.uniform(60, 140), rng.uniform(50, 100)
    dx, dy = np.abs(across - x), np.abs(down - y)
    mask = {"circle": np.hypot(dx, dy) < size, "square": np.maximum(dx, dy) < size * 0.9,
            "cross": (np.minimum(dx, dy) < size * 0.3) & (np.maximum(dx, dy) < size)}[shape]
    ground = np.array([0.62, 0.74, 0.86]) if light == "day" else np.array([0.10, 0.11, 0.20])
    colour = rng.uniform(0.3, 1.0, 3) * (1.0 if light == "day" else 0.55)
    picture = np.where(mask[..., None], colour, ground * (1 - 0.25 * down[..., None] / 150))
    if real:
        picture = picture * np.array([1.03, 1.0, 0.92]) + rng.normal(0, 0.035, picture.shape)
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _store_images(db: Database, folder: Path, dataset_id: int, rows: list[dict[str, Any]]) -> None:
    drop = ("cluster", "thumbnail")
    broken = {"path": "circle/day/broken.jpg", "bytes": 12, "status": "unreadable", "reason": "The file ends too early"}
    records = [{name: value for name, value in row.items() if name not in drop} for row in rows] + [broken]
    shard = folder / f"images-{dataset_id}.parquet"
    write_table(shard, pa.Table.from_pylist(records))
    with db.transaction() as cursor:
        catalog.replace_images(cursor, dataset_id, [shard], {"images": len(rows), "unreadable": 1, "duplicates": 0})


def _store_vectors(db: Database, folder: Path, rows: list[dict[str, Any]]) -> None:
    rng = np.random.default_rng(1)
    unique = list({row["content_id"]: row for row in rows}.values())
    centres = rng.normal(size=(len(MODES), DIM))
    plain = [(centres[row["cluster"]] + rng.normal(0, 0.3, DIM)).astype(np.float32).tolist() for row in unique]
    table = pa.table({
        "content_id": [row["content_id"] for row in unique], "error": pa.nulls(len(unique), pa.string()),
        "plain": pa.array(plain, pa.list_(pa.float32(), DIM)), "simplified": pa.array(plain, pa.list_(pa.float32(), DIM)),
        "thumbnail": [row["thumbnail"] for row in unique]})
    shard = folder / "shard-00000.parquet"
    write_table(shard, table)
    with db.transaction() as cursor:
        vectors.ingest(cursor, {"id": ENCODER, "dim": DIM, "weights_hash": "drawn"}, [shard], ())  # no attributes: pages read none


# --- result tables ------------------------------------------------------------------------------------------


def _points(rows: dict[str, list[dict[str, Any]]], ids: dict[str, int]) -> list[dict[str, Any]]:
    """Six islands on a ring; in the map as it is, the rendered ones lie beside the real ones."""
    rng = np.random.default_rng(2)
    found = []
    for name, group in rows.items():
        real = name == "real"
        for row in group:
            angle = row["cluster"] * np.pi / 3
            centre = 6 * np.array([np.cos(angle), np.sin(angle)])
            removed, joint, alone = (centre + rng.normal(0, 0.55, 2) for _ in range(3))
            joint = joint + (0 if real else 1.2)
            deep = rng.normal(0, 0.55, 3) + np.array([*centre, row["cluster"] % 3])
            confidence = float(rng.uniform(0.3, 0.99))
            found.append({
                "dataset_id": ids[name], "path": row["path"], "content_id": row["content_id"],
                "x": joint[0], "y": joint[1], "x3": deep[0], "y3": deep[1], "z3": deep[2],
                "cluster": 2 * row["cluster"] + (0 if real else 1),
                "rx": removed[0], "ry": removed[1], "rx3": deep[0], "ry3": deep[1], "rz3": deep[2] + 1,
                "rcluster": row["cluster"], "sx": alone[0], "sy": alone[1], "scluster": row["cluster"],
                "real_cluster": row["cluster"] if real else -1,
                "tag": {"circle": "balloon", "square": "crate", "cross": "airliner"}[row["class"]],
                "tag_confidence": confidence, "zero_shot": None, "zero_shot_confidence": None,
                "looks_real": float(np.clip((0.85 if real else 0.2) + rng.normal(0, 0.08), 0, 1))})
    return found


def _coverage(real: list[dict[str, Any]], synthetic: list[dict[str, Any]], name: str, version_id: int) -> list[dict[str, Any]]:
    """Real pictures of a mode that the version lacks score high. The first four of each such mode: by score only."""
    rng = np.random.default_rng(3)
    found = []
    for row in real:
        number = int(row["path"][-7:-4])
        lacking = f"{row['class']}/{row['bias']}" in LACKING[name]
        near = [other for other in synthetic if other["class"] == row["class"]] or synthetic
        five = [near[(number + step) % len(near)] for step in range(5)]
        worse = name == "1.1" and row["cluster"] == 0 and number < 2
        score = (2.4 if lacking else 0.1) + float(rng.normal(0, 0.15)) + (0.9 if worse else 0)
        found.append({
            "version_id": version_id, "path": row["path"], "content_id": row["content_id"], "score": score,
            "distance": 0.2 + 0.1 * score, "nearest_path": five[0]["path"], "nearest_id": five[0]["content_id"],
            "nearest_ids": [other["content_id"] for other in five], "by_cluster": lacking and number >= 4,
            "by_score": lacking, "absent": lacking, "level": 0.01 if lacking else 0.6, "cluster": row["cluster"]})
    found.sort(key=lambda row: -row["score"])
    return [{**row, "rank": rank} for rank, row in enumerate(found, start=1)]


def _gaps(coverage: dict[str, list[dict[str, Any]]], ids: dict[str, int]) -> list[dict[str, Any]]:
    found = []
    for name, rows in coverage.items():
        for cluster, (shape, light) in enumerate(MODES):
            if f"{shape}/{light}" not in LACKING[name]:
                continue
            mine = [row for row in rows if row["cluster"] == cluster and row["absent"]]
            found.append({
                "version_id": ids[name], "cluster": cluster, "size": REAL_PER_MODE, "absent": len(mine),
                "n_synthetic": 1.0, "expected": 15.0, "low": 8.5, "high": 22.8,
                "score": float(np.mean([row["score"] for row in mine])), "level": 0.01, "stability": 0.95,
                "name": f"{shape} at {light}",
                "reason": f"darker than what {name} covers (d = -1.8); all of the class {shape}",
                "tags": json.dumps([]), "attributes": json.dumps([{"name": "brightness", "d": -1.8, "words": "darker"}]),
                "concepts": json.dumps([]), "classes": json.dumps([{"name": shape, "share": 1.0}])})
    return found


def _clusters(rows: dict[str, list[dict[str, Any]]], ids: dict[str, int]) -> list[dict[str, Any]]:
    found = []
    for cluster in range(len(MODES)):
        for name, group in rows.items():
            n = sum(row["cluster"] == cluster for row in group)
            for space in ("joint", "removed", "real"):
                if space == "real" and name != "real":
                    continue
                found.append({"space": space, "cluster": cluster, "version_id": None if name == "real" else ids[name],
                              "n": n, "covered": n > 0})
    return found


def _summary(name: str, rows: list[dict[str, Any]], images: int, version_id: int, absolute: bool) -> dict[str, Any]:
    absent = sum(row["absent"] for row in rows)
    rate = absent / len(rows)
    return {
        "version_id": version_id, "version": name, "position": list(LACKING).index(name), "images": images,
        "absent": absent, "absent_rate": rate, "low": rate - 0.06, "high": rate + 0.06, "floor_rate": 0.008,
        "absent_by_cluster": sum(row["by_cluster"] for row in rows), "view": "joined", "threshold": 1.5,
        "planted": 20, "found": 17 if absolute else 2, "false_alarms": 0.01, "power": 0.85 if absolute else 0.1,
        "absolute": absolute,
        "verdict": "" if absolute else "The look of this version is too far from the camera's for a list."}


def _metrics(rows: dict[str, list[dict[str, Any]]], ids: dict[str, int]) -> list[dict[str, Any]]:
    values = {"frechet_distance": (31.0, 4.0), "kid": (0.021, 0.0004), "cmmd": (1.9, 0.1), "mmd": (0.12, 0.01),
              "precision": (0.71, 0.93), "recall": (0.52, 0.92), "density": (0.8, 1.0), "coverage": (0.61, 0.95),
              "classifier_auc": (0.97, 0.52), "authenticity": (0.99, 0.97), "near_copies": (0.0, 0.0), "vendi": (14.0, 18.0)}
    found = []
    for step, name in enumerate(LACKING):
        for metric, (value, floor) in values.items():
            better = value + 0.3 * step * (floor - value)
            found.append({
                "version_id": ids[name], "scope": "all", "name": metric, "value": better, "low": better * 0.95,
                "high": better * 1.05, "n_real": len(rows["real"]), "n_synthetic": len(rows[name]), "floor": floor,
                "floor_low": floor * 0.9, "floor_high": floor * 1.1, "seed": 0, "parameters": json.dumps({"k": 5}),
                "note": None})
        found.append({
            "version_id": ids[name], "scope": "class:cross", "name": "frechet_distance", "value": None, "low": None, "high": None,
            "n_real": 40, "n_synthetic": 20, "floor": None, "floor_low": None, "floor_high": None, "seed": 0,
            "parameters": json.dumps({}), "note": "Too few images for this encoder's dimensions"})
    return found


def _changes(coverage: dict[str, list[dict[str, Any]]], ids: dict[str, int]) -> list[dict[str, Any]]:
    before = {row["path"]: row for row in coverage["1.0"]}
    found = []
    for after in coverage["1.1"]:
        old = before[after["path"]]
        state = {(True, False): "closed", (False, True): "opened", (True, True): "open",
                 (False, False): "covered"}[(bool(old["absent"]), bool(after["absent"]))]
        change = after["score"] - old["score"]
        found.append({
            "from_id": ids["1.0"], "to_id": ids["1.1"], "path": after["path"], "content_id": after["content_id"],
            "state": state, "change": change, "regressed": change > 0.6, "before_path": old["nearest_path"],
            "before_id": old["nearest_id"], "after_path": after["nearest_path"], "after_id": after["nearest_id"],
            "cluster": after["cluster"]})
    return found


def _selftest(ids: dict[str, int]) -> list[dict[str, Any]]:
    return [{"version_id": ids[name], "view": "joined", "threshold": 1.5, "planted_cluster": seed % 6, "seed": seed,
             "size": 20, "hidden": 15, "auroc": 0.98, "found": seed % 7 != 0, "false_alarms": 0.01}
            for name in LACKING for seed in range(20)]


def _splits(ids: dict[str, int]) -> list[dict[str, Any]]:
    return [{"class": shape, "source": "label", "version_id": ids[name], "n_real": 40, "n_synthetic": 20,
             "separation": separation, "real_cluster": 2 * index, "synthetic_cluster": 2 * index + 1,
             "note": f"{shape}: real and rendered images live in different clusters" if separation > 0.5 else ""}
            for name in LACKING for index, (shape, separation) in enumerate((("cross", 0.9), ("square", 0.4), ("circle", 0.1)))]


# --- jobs ---------------------------------------------------------------------------------------------------


def _add_jobs(db: Database, path: Path, comparison_id: int) -> None:
    """Three jobs that are done, one that failed and one that was cancelled, each with its folder."""
    told: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("scan", "Scan Drawn photographs", "done", {"images": 120, "unreadable": 1}),
        ("embed", "Embed Drawn photographs, 1.0, 1.1 with lite0", "done", {"embedded": 300, "broken": 0}),
        ("compare", "Compare Drawn photographs against 1.0, 1.1", "done", {"comparison_id": comparison_id}),
        ("scan", "Scan renders 0.9", "failed", {}),
        ("embed", "Embed renders 0.9 with lite0", "cancelled", {}))
    for number, (kind, title, status, result) in enumerate(told):
        job_id = f"2025010{number + 1}-120000-{kind}-example"
        folder = JobFolder.create(path.with_name(path.name + ".jobs") / job_id, {"kind": kind})
        folder.report(kind, 3, 3)
        folder.log(f"{title}: {status}")
        plan = {"comparison_id": comparison_id} if kind == "compare" else {}
        job_store.add(db, job_id=job_id, kind=kind, title=title, folder=job_id, plan=plan, after=[])
        job_store.set_status(db, job_id, "running")
        words = {"failed": ("The folder renders/0.9 is not there", "Check the path."),
                 "cancelled": ("The job was cancelled", "Resume it from the Jobs page; finished parts are kept.")}
        what, remedy = words.get(status, (None, None))
        job_store.set_status(db, job_id, status, what=what, remedy=remedy, result=result)
