"""The embed task: every image gets its row, broken files cost themselves, a killed job ends with
the same vectors.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch import nn

from core.analysis.explain.attributes import ATTRIBUTES, photometric
from core.encoders import registry
from core.encoders.base import Encoder, Transform
from core.errors import EncoderNotReady, InputError, JobCancelled, StorageFull
from core.images.decode import decode
from core.images.views import simplified
from core.jobs.embed import task as embed
from core.jobs.folder import JobFolder

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    """Seven drawn pictures; the fourth is cut off and the sixth is gone."""
    rng = np.random.default_rng(0)
    files = []
    for number in range(7):
        pixels = np.kron(rng.integers(0, 256, (6, 8, 3)), np.ones((20, 20, 1))).astype(np.uint8)
        files.append(tmp_path / f"picture {number}.jpg")
        Image.fromarray(pixels).save(files[-1], quality=90)
    files[3].write_bytes(files[3].read_bytes()[:700])
    files[5].unlink()
    return files


def make_job(folder: Path, files: list[Path], **spec) -> JobFolder:
    job = JobFolder.create(
        folder, {"kind": "embed", "encoder": "lite0", "device": "cpu", "precision": "f32", **spec}
    )
    ids = [f"{number:032x}" for number in range(len(files))]
    job.write_input_table(
        "images.parquet", pa.table({"content_id": ids, "file": [str(file) for file in files]})
    )
    return job


def rows(job: JobFolder) -> list[dict]:
    return [
        row for shard in job.outputs("shard-*.parquet") for row in pq.read_table(shard).to_pylist()
    ]


@pytest.fixture
def tiny(monkeypatch) -> nn.Module:
    """Put a network of a few numbers in lite0's place, for what does not depend on the network."""

    class Tiny(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.arange(1.0, 7.0))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.cat([images.mean((2, 3)), images.amax((2, 3))], 1) * self.weight

    module = Tiny()

    def load(encoder_id: str, **options) -> Encoder:
        return Encoder(encoder_id, module, 6, Transform(32, 32, (0.5,) * 3, (0.5,) * 3), "tiny")

    monkeypatch.setattr(embed.registry, "load", load)
    return module


def test_every_image_gets_its_row_and_broken_files_cost_themselves(tmp_path, pictures):
    job = make_job(tmp_path / "job", pictures, shard=3)
    embed.run(job)
    assert [path.name for path in job.outputs("shard-*")] == [
        f"shard-0000{n}.parquet" for n in range(3)
    ]
    table = rows(job)
    assert [row["content_id"] for row in table] == [f"{number:032x}" for number in range(7)]
    assert [number for number, row in enumerate(table) if row["error"]] == [3, 5]
    assert "cut off" in table[3]["error"] and "gone" in table[5]["error"]

    encoder = registry.load("lite0")
    for number, row in enumerate(table):
        if row["error"]:
            assert (
                row["plain"] is row["simplified"] is row["thumbnail"] is row["brightness"] is None
            )
            continue
        image = decode(pictures[number])
        for view, shown in [("plain", image), ("simplified", simplified(image))]:
            expected = encoder.encode(torch.from_numpy(encoder.prepare(shown)[None].copy()))[
                0
            ].numpy()
            np.testing.assert_allclose(row[view], expected, rtol=1e-3, atol=1e-4)
        assert Image.open(io.BytesIO(row["thumbnail"])).size == (160, 120)
        assert {name: row[name] for name in ATTRIBUTES} == pytest.approx(
            photometric(np.asarray(image))
        )

    about = json.loads(job.output("encoder.json").read_text())
    assert (
        about["id"] == "lite0"
        and about["dim"] == 1280
        and about["precision"] == "f32"
        and len(about["weights_hash"]) == 64
    )
    assert job.progress().stage == "embed" and job.progress().done == job.progress().total == 7
    assert "f32" in job.progress().note


def test_columns_are_those_of_the_contract(tmp_path, pictures, tiny):
    job = make_job(tmp_path / "job", pictures, views=["plain"], thumbnails=False)
    embed.run(job)
    table = pq.read_table(job.output("shard-00000.parquet"))
    assert table.column_names == [
        "content_id",
        "error",
        "plain",
        "simplified",
        "thumbnail",
        *ATTRIBUTES,
    ]
    assert table.schema.field("plain").type == pa.list_(pa.float32(), 6)
    assert table.column("plain").null_count == 2 and table.column("simplified").null_count == 7


def test_a_second_run_makes_only_what_is_missing(tmp_path, pictures, tiny, monkeypatch):
    job = make_job(tmp_path / "job", pictures, shard=2)
    embed.run(job)
    whole = rows(job)
    kept = job.output("shard-00000.parquet").stat().st_mtime_ns
    job.output("shard-00001.parquet").unlink()
    opened = []
    monkeypatch.setattr(
        embed, "decode", lambda file, **options: opened.append(file) or decode(file, **options)
    )
    embed.run(job)
    assert rows(job) == whole
    assert job.output("shard-00000.parquet").stat().st_mtime_ns == kept
    assert set(opened) == {pictures[0], *pictures[2:4]}  # the first one to try the weights on


def test_batches_larger_and_smaller_than_shards_give_the_same_rows(tmp_path, pictures, tiny):
    results = []
    for number, (batch, shard) in enumerate([(32, 100), (2, 5), (5, 2), (1, 1)]):
        job = make_job(tmp_path / f"job{number}", pictures, batch=batch, shard=shard)
        embed.run(job)
        results.append(
            [
                (row["content_id"], row["plain"] and np.round(row["plain"], 4).tolist())
                for row in rows(job)
            ]
        )
    assert results[0] == results[1] == results[2] == results[3]


def test_memory_that_runs_out_costs_no_image(tmp_path, pictures, tiny, monkeypatch):
    forward = type(tiny).forward

    def cramped(self, images):
        if len(images) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, images)

    monkeypatch.setattr(type(tiny), "forward", cramped)
    job = make_job(tmp_path / "job", pictures, batch=4)
    embed.run(job)
    assert sum(row["plain"] is not None for row in rows(job)) == 5


def test_kill_in_the_middle_then_resume_gives_the_same_vectors(tmp_path, pictures):
    files = [pictures[0], pictures[1], pictures[3], pictures[2]] * 5
    untouched = make_job(tmp_path / "whole", files, shard=4, batch=4, views=["plain"])
    embed.run(untouched)
    job = make_job(tmp_path / "killed", files, shard=4, batch=4, views=["plain"])
    code = f"from core.jobs.folder import JobFolder; from core.jobs.embed import task; task.run(JobFolder({str(job.path)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)
    deadline = time.monotonic() + 120
    while not job.outputs("shard-*") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in job.outputs("shard-*")}
    assert 1 <= len(finished) < 5, "the kill came too late to show anything"
    embed.run(job)
    assert all(path.stat().st_mtime_ns == before for path, before in finished.items())
    assert rows(job) == rows(untouched)


def test_a_resumed_job_keeps_its_precision_and_batch(tmp_path, pictures, tiny):
    job = make_job(tmp_path / "job", pictures, shard=2, precision="bf16", batch=3)
    embed.run(job)
    before = rows(job)
    spec = {**job.spec, "precision": "f32", "batch": 1}
    (job.path / "spec.json").write_text(json.dumps(spec))
    job.output("shard-00000.parquet").unlink()
    embed.run(job)
    assert rows(job) == before


def test_cancel_keeps_finished_shards(tmp_path, pictures, tiny, monkeypatch):
    job = make_job(tmp_path / "job", pictures, shard=2, batch=2)
    write = job.write_table

    def cancel_after_the_second(name, table):
        write(name, table)
        if name == "shard-00001.parquet":
            job.cancel()

    monkeypatch.setattr(job, "write_table", cancel_after_the_second)
    with pytest.raises(JobCancelled):
        embed.run(job)
    assert len(job.outputs("shard-*")) == 2
    job.clear_cancel()
    embed.run(job)
    assert len(rows(job)) == 7


def test_weights_with_nan_store_nothing(tmp_path, pictures, tiny):
    tiny.weight.data[2] = float("nan")
    job = make_job(tmp_path / "job", pictures, precision="auto")
    with pytest.raises(InputError, match="not numbers"):
        embed.run(job)
    assert job.outputs("shard-*") == []


def test_weights_that_changed_are_not_mixed_with_the_old(tmp_path, pictures, tiny):
    job = make_job(tmp_path / "job", pictures, shard=2)
    embed.run(job)
    about = json.loads(job.output("encoder.json").read_text())
    job.write_json("encoder.json", {**about, "weights_hash": "another"})
    with pytest.raises(InputError, match="changed since this job began"):
        embed.run(job)


def test_a_full_disk_says_so_and_keeps_what_is_there(tmp_path, pictures, tiny, monkeypatch):
    job = make_job(tmp_path / "job", pictures, shard=3)
    real = pq.write_table

    def full(table, where, **options):
        if "shard-00001" in str(where):
            raise OSError(28, "No space left on device")
        return real(table, where, **options)

    monkeypatch.setattr("core.jobs.folder.pq.write_table", full)
    with pytest.raises(StorageFull, match="full"):
        embed.run(job)
    assert [path.name for path in job.outputs("shard-*")] == ["shard-00000.parquet"]


def test_bad_specs_are_refused_before_any_work(tmp_path, pictures):
    with pytest.raises(InputError, match="no view 'upside-down'"):
        embed.run(make_job(tmp_path / "a", pictures, views=["upside-down"]))
    with pytest.raises(EncoderNotReady):
        embed.run(
            make_job(
                tmp_path / "b", pictures, encoder="timm:resnet34.a1_in1k", weights=str(tmp_path)
            )
        )
    assert not JobFolder(tmp_path / "b").outputs("*")


def test_no_images_and_only_broken_images(tmp_path, pictures, tiny):
    nothing = make_job(tmp_path / "none", [], precision="auto")
    embed.run(nothing)
    assert rows(nothing) == [] and nothing.output("encoder.json").exists()
    broken = make_job(tmp_path / "broken", [pictures[3], pictures[5]], precision="auto")
    embed.run(broken)
    assert [row["plain"] for row in rows(broken)] == [None, None]
