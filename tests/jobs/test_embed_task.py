"""The embed task: every image gets its row, broken files cost themselves, what changed or is away
is left for another time, a stopped job ends with the same vectors.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from itertools import accumulate, count, cycle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch import nn

from core.analysis.explain.attributes import ATTRIBUTES, photometric
from core.contracts.derive import from_columns
from core.contracts.framings import SHOWN, views_of
from core.contracts.words import Framing, View
from core.contracts.work import SourceRow, embedded_schema
from core.encoders import registry
from core.encoders.base import Encoder, Transform
from core.errors import EncoderNotReady, InputError, JobCancelled, StorageFull
from core.images.content import content_id
from core.images.decode import decode
from core.images.framing import cropped
from core.images.views import simplified
from core.jobs.embed import preparation
from core.jobs.embed import task as embed
from core.jobs.folder import JobFolder
from tests.conftest import draw_images

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    """Seven drawn pictures, numbered from 0; number 3 is cut off and number 5 is gone."""
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
    columns = {"content_id": ids_of(files), "file": [str(file) for file in files]}
    job.write_input_table("images.parquet", from_columns(SourceRow, columns))
    return job


def ids_of(files: list[Path]) -> list[str]:
    """Content ids as a scan gives them; made up for files that are gone."""
    return [
        content_id(file) if file.exists() else f"{number:032x}" for number, file in enumerate(files)
    ]


def summary(job: JobFolder) -> dict:
    return json.loads(job.output("summary.json").read_text())


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
        f"shard-00000000{first}.parquet" for first in (0, 3, 6)
    ]
    table = rows(job)
    assert [row["content_id"] for row in table] == ids_of(pictures)
    assert [number for number, row in enumerate(table) if row["error"]] == [3]
    assert [number for number, row in enumerate(table) if row["skipped"]] == [5]
    assert "cut off" in table[3]["error"] and "gone" in table[5]["skipped"]
    reasons = {"The file is gone, or a link that leads nowhere": 1}
    assert summary(job) == {"embedded": 5, "broken": 1, "skipped": 1, "reasons": reasons}

    encoder = registry.load("lite0")
    for number, row in enumerate(table):
        if number in (3, 5):
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


@pytest.mark.parametrize("framing", [Framing.WHOLE, Framing.TILES_2X2, Framing.TILES_3X2])
def test_other_framings_are_further_views(tmp_path, pictures, tiny, framing):
    """Each tile, plain and simplified, is squashed to the encoder's square by itself."""
    views = views_of(framing)
    job = make_job(tmp_path / "job", pictures[:1], views=list(views), thumbnails=False)
    embed.run(job)
    row, image = rows(job)[0], decode(pictures[0])
    encoder = embed.registry.load("lite0")
    for view in views:
        part = cropped(image, SHOWN[view].tile)
        part = simplified(part) if SHOWN[view].simplified else part
        pixels = np.asarray(part.resize((32, 32), Image.Resampling.BICUBIC, reducing_gap=3.0))
        expected = encoder.encode(torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()))[0]
        np.testing.assert_allclose(row[view], expected.numpy(), rtol=1e-3, atol=1e-4)
    assert len({tuple(row[view]) for view in views}) == len(views)  # none shows another's part


def test_columns_are_those_of_the_contract(tmp_path, pictures, tiny):
    job = make_job(tmp_path / "job", pictures, views=["plain"], thumbnails=False)
    embed.run(job)
    table = pq.read_table(job.output("shard-000000000.parquet"))
    assert table.schema.equals(embedded_schema(6, [View.PLAIN]))
    assert {"content_id", "error", "skipped", "plain", "thumbnail"} <= set(table.column_names)
    assert "simplified" not in table.column_names  # no column of a view that was not asked for
    assert set(ATTRIBUTES) <= set(table.column_names)
    assert table.schema.field("plain").type == pa.list_(pa.float32(), 6)
    assert table.column("plain").null_count == 2


def test_a_second_run_makes_only_what_is_missing(tmp_path, pictures, tiny, monkeypatch):
    job = make_job(tmp_path / "job", pictures, shard=2)
    embed.run(job)
    whole = rows(job)
    kept = job.output("shard-000000000.parquet").stat().st_mtime_ns
    job.output("shard-000000002.parquet").unlink()
    opened = []
    monkeypatch.setattr(
        preparation,
        "decode",
        lambda data, **options: opened.append(data) or decode(data, **options),
    )
    embed.run(job)
    assert rows(job) == whole
    assert job.output("shard-000000000.parquet").stat().st_mtime_ns == kept
    wanted = [pictures[0], *pictures[2:4]]  # the first one to try the weights on
    assert set(opened) == {file.read_bytes() for file in wanted}


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
    code = (
        "from core.jobs.folder import JobFolder; from core.jobs.embed import task\n"
        f"task.run(JobFolder({str(job.path)!r}))"
    )
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
    job.output("shard-000000000.parquet").unlink()
    embed.run(job)
    assert rows(job) == before


@pytest.mark.parametrize("report", range(1, 8))
def test_a_cancel_at_any_report_keeps_every_finished_batch_and_changes_no_vector(
    tmp_path, pictures, tiny, report
):
    untouched = make_job(tmp_path / "whole", pictures, batch=2)
    embed.run(untouched)
    job = make_job(tmp_path / "job", pictures, batch=2)
    reports = count(1)

    def cancelled() -> None:
        if next(reports) == report:
            raise JobCancelled("The job was cancelled")

    job.raise_if_cancelled = cancelled
    with pytest.raises(JobCancelled):
        embed.run(job)
    batches = max(0, report - 3)  # three reports come before the first batch
    assert len(rows(job)) == min(7, 2 * batches)
    embed.run(job)
    assert rows(job) == rows(untouched) and summary(job) == summary(untouched)


def test_shards_end_when_their_time_is_up_and_the_vectors_are_the_same(
    tmp_path, pictures, tiny, monkeypatch
):
    results = []
    for number, ticks in enumerate([[0], [30], [1, 25, 3], [15]]):
        clock = accumulate(cycle(ticks))
        monkeypatch.setattr(embed, "time", SimpleNamespace(monotonic=clock.__next__))
        job = make_job(tmp_path / f"job{number}", pictures, batch=2, shard_seconds=20)
        embed.run(job)
        results.append((len(job.outputs("shard-*")), rows(job)))
    assert [shards for shards, _ in results] == [1, 4, 3, 2]
    assert all(table == results[0][1] for _, table in results)


def test_a_shard_holds_whole_batches(tmp_path, pictures, tiny):
    job = make_job(tmp_path / "job", pictures, batch=2, shard=5)
    embed.run(job)
    assert [pq.read_metadata(path).num_rows for path in job.outputs("shard-*")] == [4, 3]


def test_a_shard_that_does_not_belong_here_is_made_anew(tmp_path, pictures, tiny):
    job = make_job(tmp_path / "job", pictures, shard=2)
    embed.run(job)
    whole = rows(job)
    first, second, third, _ = job.outputs("shard-*")
    pq.write_table(pq.read_table(first).drop_columns(["skipped"]), first)  # an older version's
    third.unlink()
    second.rename(third)  # other contents
    embed.run(job)
    assert rows(job) == whole


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
        if "shard-000000003" in str(where):
            raise OSError(28, "No space left on device")
        return real(table, where, **options)

    monkeypatch.setattr("core.files.pq.write_table", full)
    with pytest.raises(StorageFull, match="full"):
        embed.run(job)
    assert [path.name for path in job.outputs("shard-*")] == ["shard-000000000.parquet"]


def test_bad_specs_are_refused_before_any_work(tmp_path, pictures):
    with pytest.raises(InputError, match="no view 'upside-down'"):
        embed.run(make_job(tmp_path / "a", pictures, views=["upside-down"]))
    with pytest.raises(InputError, match="Did you mean shard_seconds"):
        embed.run(make_job(tmp_path / "c", pictures, shard_second=3))
    with pytest.raises(InputError, match="precision cannot be 'f8'"):
        embed.run(make_job(tmp_path / "d", pictures, precision="f8"))
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
    assert summary(nothing) == {"embedded": 0, "broken": 0, "skipped": 0, "reasons": {}}
    broken = make_job(tmp_path / "broken", [pictures[3], pictures[5]], precision="auto")
    embed.run(broken)
    assert [row["plain"] for row in rows(broken)] == [None, None]


# --- what changed, and what was only away ---------------------------------------------------------


def nothing_but(row: dict, *names: str) -> bool:
    return {name for name, value in row.items() if value is not None} == {"content_id", *names}


def test_a_file_that_changed_since_the_scan_gives_no_row_of_its_own(tmp_path, pictures, tiny):
    job = make_job(tmp_path / "job", pictures[:3])
    pictures[1].write_bytes(pictures[0].read_bytes())
    embed.run(job)
    table = rows(job)
    assert nothing_but(table[1], "skipped") and "changed since the scan" in table[1]["skipped"]
    assert table[0]["plain"] and table[2]["plain"]
    reasons = {"The file changed since the scan": 1}
    assert summary(job) == {"embedded": 2, "broken": 0, "skipped": 1, "reasons": reasons}
    assert f"skipped {pictures[1]}: The file changed since the scan" in job.read_log()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory"), "gone"),
        (PermissionError(13, "Permission denied"), "may not be read"),
        (OSError(107, "Transport endpoint is not connected"), "not connected"),
        (MemoryError(), "more memory"),
    ],
)
def test_a_file_that_is_away_is_not_called_broken(
    tmp_path, pictures, tiny, monkeypatch, error, said
):
    job = make_job(tmp_path / "job", pictures[:3])
    read = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path == pictures[1]:
            raise error
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", fail)
    embed.run(job)
    assert nothing_but(rows(job)[1], "skipped") and said in rows(job)[1]["skipped"]


@pytest.mark.parametrize("step", ["decode", "simplified", "thumbnail", "photometric"])
def test_an_image_that_needs_too_much_memory_costs_itself(
    tmp_path, pictures, tiny, monkeypatch, step
):
    def fail(*_, **__):
        raise MemoryError

    job = make_job(tmp_path / "job", pictures[:1])
    monkeypatch.setattr(preparation, step, fail)
    embed.run(job)
    assert nothing_but(rows(job)[0], "skipped") and "more memory" in rows(job)[0]["skipped"]


def test_an_overwritten_image_never_gets_the_other_ones_vector(workspace, tmp_path):
    """Scan, overwrite, embed, restore, scan, embed: the vectors are those of the contents."""
    files = draw_images(tmp_path / "real", 3, hue=0)
    real = workspace.add_dataset(tmp_path / "real", domain="real")
    workspace.scan(real)
    original, other = files[1].read_bytes(), files[0].read_bytes()
    files[1].write_bytes(other)
    result = workspace.embed([real], "lite0")
    assert (result.embedded, result.broken) == (2, 0)
    assert result.skipped == {"The file changed since the scan": 1}
    assert workspace.vectors(real, "lite0")[0] == ["0000.png", "0002.png"]
    files[1].write_bytes(original)
    assert workspace.scan(real).unreadable == 0
    assert workspace.embed([real], "lite0").embedded == 1

    encoder = registry.load("lite0")
    prepared = np.stack([encoder.prepare(decode(file)) for file in files])
    expected = encoder.encode(torch.from_numpy(prepared)).numpy()
    paths, vectors = workspace.vectors(real, "lite0")
    assert paths == [file.name for file in files]
    distances = np.linalg.norm(vectors[:, None] - expected, axis=2)
    assert distances.argmin(axis=1).tolist() == [0, 1, 2]  # whatever precision was measured best


def test_a_file_that_comes_back_is_embedded(workspace, tmp_path):
    files = draw_images(tmp_path / "real", 3, hue=0)
    real = workspace.add_dataset(tmp_path / "real", domain="real")
    workspace.scan(real)
    files[2].rename(tmp_path / "away.png")
    assert sum(workspace.embed([real], "lite0").skipped.values()) == 1
    (tmp_path / "away.png").rename(files[2])
    assert workspace.embed([real], "lite0").embedded == 1
    assert workspace.scan(real).unreadable == 0
    assert workspace.vectors(real, "lite0")[0] == [file.name for file in files]
