"""The scan job: a folder of images in, a job folder's Parquet out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.contracts.catalog import ImageRow
from core.contracts.derive import schema
from core.errors import InputError, JobCancelled
from core.images import scan as scanning
from core.jobs.folder import JobFolder
from core.jobs.scan import task as scan


def draw(folder: Path, names: list[str], seed: int = 0) -> None:
    random = np.random.default_rng(seed)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / name)


def new_job(
    path: Path, folder: Path, labels: str | None = None, shard_rows: int = 5000
) -> JobFolder:
    spec = {"kind": "scan", "folder": str(folder), "labels": labels, "shard_rows": shard_rows}
    return JobFolder.create(path, spec)


def paths(job: JobFolder) -> list[str]:
    return scan.read_rows(job)["path"].to_pylist()


NAMES = [
    f"{cls}/{bias}/{number:03d}.png"
    for cls in ("cat", "dog")
    for bias in ("day", "night")
    for number in range(70)
]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    draw(tmp_path / "images", NAMES)
    return tmp_path / "images"


def test_a_folder_becomes_rows_and_a_summary(images: Path, tmp_path: Path) -> None:
    (images / "cat" / "broken.png").write_bytes(b"")
    job = new_job(tmp_path / "job", images, "{class}/{bias}/*", shard_rows=100)

    scan.run(job)

    table = scan.read_rows(job)
    assert table.schema == schema(ImageRow)
    assert paths(job) == ["cat/broken.png", *NAMES]
    assert [pq.read_metadata(path).num_rows for path in job.outputs("images-*.parquet")] == [
        100,
        100,
        81,
    ]
    row = table.slice(1, 1).to_pylist()[0]
    assert (row["class"], row["bias"], row["split"], row["status"]) == ("cat", "day", None, "ok")
    summary = json.loads(job.output("summary.json").read_text())
    assert (summary["files"], summary["images"], summary["unreadable"]) == (281, 280, 1)
    assert summary["classes"] == {"cat": 140, "dog": 140}
    assert [group["images"] for group in summary["groups"]] == [70] * 4
    assert job.progress().done == job.progress().total == 281


def test_the_number_of_threads_and_the_size_of_shards_change_nothing(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = []
    for threads, rows in ((1, 5000), (7, 33)):
        monkeypatch.setattr(
            type(scan.settings()), "decode_threads", property(lambda _, n=threads: n)
        )
        job = new_job(tmp_path / f"job{threads}", images, shard_rows=rows)
        scan.run(job)
        tables.append(scan.read_rows(job))
    assert tables[0] == tables[1]


def test_run_again_after_a_change_it_says_what_is_there_now(images: Path, tmp_path: Path) -> None:
    job = new_job(tmp_path / "job", images, shard_rows=50)
    scan.run(job)
    for name in NAMES[100:]:
        (images / name).unlink()
    draw(images, ["new.png", NAMES[0]], seed=9)

    scan.run(job)

    fresh = new_job(tmp_path / "fresh", images, shard_rows=50)
    scan.run(fresh)
    assert paths(job) == ["new.png", *NAMES[:100]]
    assert scan.read_rows(job) == scan.read_rows(fresh)
    assert job.output("summary.json").read_text() == fresh.output("summary.json").read_text()


def test_a_scan_that_was_stopped_goes_on_without_reading_twice(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job(tmp_path / "job", images, shard_rows=100)
    write, read = JobFolder.write_table, []
    hash_file = scanning._hash

    def stop_after_two(self: JobFolder, name: str, table: object) -> None:
        write(self, name, table)
        if name == "images-00001.parquet":
            self.cancel()

    monkeypatch.setattr(JobFolder, "write_table", stop_after_two)
    with pytest.raises(JobCancelled):
        scan.run(job)
    assert not job.output("summary.json").exists()
    monkeypatch.setattr(JobFolder, "write_table", write)
    monkeypatch.setattr(
        scanning, "_hash", lambda path, size: read.append(path) or hash_file(path, size)
    )
    job.clear_cancel()

    scan.run(job)

    assert paths(job) == NAMES
    assert len(read) == 80


def test_files_of_the_last_scan_are_not_read_but_are_labelled_anew(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_job(tmp_path / "first", images, "{class}/*")
    scan.run(first)
    second = new_job(tmp_path / "second", images, "*/{class}/*")
    second.write_input_table("known.parquet", scan.read_rows(first))

    def refuse(path: Path, size: int) -> None:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(scanning, "_hash", refuse)
    scan.run(second)

    labels = ["class", "bias", "split"]
    assert scan.read_rows(second).drop_columns(labels) == scan.read_rows(first).drop_columns(labels)
    assert set(scan.read_rows(second)["class"].to_pylist()) == {"day", "night"}


def test_one_broken_file_of_each_kind_costs_that_file_alone(images: Path, tmp_path: Path) -> None:
    whole = (images / NAMES[0]).read_bytes()
    (images / "truncated.png").write_bytes(whole[:100])
    (images / "page.jpg").write_text("<html>")
    (images / "dangling.png").symlink_to(images / "nowhere.png")
    (images / "loop").symlink_to(images)
    job = new_job(tmp_path / "job", images)
    scan.run(job)
    summary = json.loads(job.output("summary.json").read_text())
    assert (summary["images"], summary["unreadable"]) == (280, 3)
    assert sum(summary["reasons"].values()) == 3


@pytest.mark.parametrize("make", ["missing", "empty", "no images", "file"])
def test_a_folder_without_images_is_bad_input(make: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    if make in ("empty", "no images"):
        folder.mkdir()
    if make == "no images":
        (folder / "notes.txt").write_text("no image")
    if make == "file":
        folder.write_text("no folder")
    with pytest.raises(InputError) as caught:
        scan.run(new_job(tmp_path / "job", folder))
    assert str(folder) in caught.value.what
    assert caught.value.remedy


def test_labels_that_fit_nothing_end_the_scan_before_a_file_is_read(
    images: Path, tmp_path: Path
) -> None:
    job = new_job(tmp_path / "job", images, "{split}/{class}/{bias}/*")
    with pytest.raises(InputError, match=r"000\.png gives nothing; cat"):
        scan.run(job)
    assert job.outputs("*") == []


def test_a_folder_that_may_not_be_read_is_a_row(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = scanning._listing

    def refuse(folder: str):
        if folder.endswith("night"):
            raise PermissionError(13, "Permission denied", folder)
        return listing(folder)

    monkeypatch.setattr(scanning, "_listing", refuse)
    job = new_job(tmp_path / "job", images)
    scan.run(job)
    summary = json.loads(job.output("summary.json").read_text())
    assert (summary["images"], summary["reasons"]) == (
        140,
        {"This folder may not be read by this user": 2},
    )

    for name in ("cat", "dog"):
        (images / name / "day").rename(images / name / "midnight")
    with pytest.raises(InputError, match="no images that may be read"):
        scan.run(new_job(tmp_path / "nothing left", images))


def test_photographs(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "pacs" / "photo"
    job = new_job(tmp_path / "job", folder, "{class}/*")
    scan.run(job)
    summary = json.loads(job.output("summary.json").read_text())
    assert summary["unreadable"] == 0
    assert summary["formats"] == {"JPEG": summary["images"]}
    assert {"dog", "elephant", "giraffe", "guitar", "horse", "house", "person"} == set(
        summary["classes"]
    )
