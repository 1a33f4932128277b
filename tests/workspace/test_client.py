"""The Python door: folders in, gap list out, nothing done twice, nothing lost; and every refusal in
words.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from core.analysis.vectors.clustering import match
from core.errors import (
    EncoderNotReady,
    GapscopeError,
    InputError,
    JobFailed,
    OutsideRoots,
    WorkspaceLocked,
)
from core.jobs.sample.project import mode_of, write_sample
from core.reports.comparison_json import comparison_json
from core.settings import Settings
from core.workspace import Workspace
from tests.conftest import REPOSITORY, draw_images


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Real images of two kinds; the rendered ones show only the first."""
    real, rendered = tmp_path / "real", tmp_path / "rendered"
    draw_images(real / "red", 40, hue=0)
    draw_images(real / "green", 24, hue=1, seed=1)
    draw_images(rendered / "red", 40, hue=0, seed=2)
    return real, rendered


def test_from_folders_to_the_list_of_what_is_absent(workspace: Workspace, tmp_path: Path) -> None:
    """The sample project's known answer: 1.0 renders neither night nor snow, 1.1 adds night."""
    drawn = write_sample(tmp_path / "sample", images_per_mode=32)
    real = workspace.add_dataset(drawn.real, domain="real", labels=drawn.labels)
    versions = [
        workspace.add_dataset(folder, domain="synthetic", version=name, labels=drawn.labels)
        for name, folder in drawn.versions.items()
    ]
    found = workspace.compare(real, versions, encoder="lite0")

    for version, missing in drawn.missing.items():
        listed = set(found.absent(version).column("path").to_pylist())
        truly = {
            path
            for path in found.coverage(version).column("path").to_pylist()
            if mode_of(path) in missing
        }
        assert len(listed & truly) >= 0.9 * len(truly) and len(listed & truly) >= 0.9 * len(listed)
        leading = found.coverage(version).column("path").to_pylist()[: len(truly)]
        assert sum(path in truly for path in leading) >= 0.95 * len(truly)
    states = [
        (row["state"], mode_of(row["path"])) for row in found.changes("1.0", "1.1").to_pylist()
    ]
    assert (
        states.count(("closed", "night")) >= 29
        and sum(state == "closed" for state, _ in states) <= 33
    )
    assert states.count(("open", "snow")) >= 29 and not any(
        state == "opened" for state, _ in states
    )

    result = comparison_json(found)
    json.dumps(result, allow_nan=False)
    assert set(result["versions"]["1.0"]["scores"]) == set(
        found.coverage("1.0").column("path").to_pylist()
    )
    points = found.points()
    assert points.num_rows == sum(dataset.images for dataset in (found.real, *found.versions))
    assert pc.sum(pc.is_null(points.column("x"))).as_py() == 0
    assert workspace.datasets.thumbnails(found.coverage("1.0").column("content_id").to_pylist())

    again = workspace.compare(real, versions, encoder="lite0")
    assert (
        again.id == found.id
    )  # the same inputs give the same comparison: nothing is computed twice
    embeds = [job.result["embedded"] for job in workspace.jobs.list() if job.kind == "embed"]
    assert embeds[0] == 0 and len(embeds) == 2


def test_a_version_that_is_added_later_leaves_the_map_and_the_clusters_where_they_were(
    workspace: Workspace, tmp_path: Path
) -> None:
    drawn = write_sample(tmp_path / "sample", images_per_mode=16)
    real = workspace.add_dataset(drawn.real, domain="real")
    first = workspace.add_dataset(drawn.versions["1.0"], domain="synthetic", version="1.0")
    before = workspace.compare(real, [first], encoder="lite0")
    points = before.points()
    old = {row["path"]: row for row in points.to_pylist() if row["domain"] == "real"}
    second = workspace.add_dataset(drawn.versions["1.1"], domain="synthetic", version="1.1")
    after = workspace.compare(real, [first, second], encoder="lite0")
    new = {row["path"]: row for row in after.points().to_pylist() if row["domain"] == "real"}

    embeds = [job.result["embedded"] for job in workspace.jobs.list() if job.kind == "embed"]
    assert embeds[0] <= 12  # only the images of night, which 1.0 lacks
    span = max(row["x"] for row in old.values()) - min(row["x"] for row in old.values())
    moved = [
        np.hypot(new[path]["x"] - row["x"], new[path]["y"] - row["y"]) for path, row in old.items()
    ]
    assert np.median(moved) < 0.08 * span
    # Clusters keep their numbers as far as a one-to-one pairing can: pairing them again changes no
    # number.
    earlier = {(row["dataset_id"], row["path"]): row["cluster"] for row in points.to_pylist()}
    rows = after.points().to_pylist()
    before_labels = np.array([earlier.get((row["dataset_id"], row["path"]), -1) for row in rows])
    labels = np.array([row["cluster"] for row in rows])
    np.testing.assert_array_equal(match(before_labels, labels), labels)
    assert before.points().equals(points)  # the earlier comparison stays as it was


def test_same_seed_same_result_bit_for_bit(
    tmp_path: Path, home: Settings, folders: tuple[Path, Path]
) -> None:
    results = []
    for name in ("a", "b"):
        with Workspace(tmp_path / f"{name}.duckdb", settings=home, progress=False) as ws:
            real = ws.add_dataset(folders[0], domain="real")
            version = ws.add_dataset(folders[1], domain="synthetic", version="1.0")
            found = ws.compare(real, [version], encoder="lite0", seed=3)
            results.append((found.points(), found.coverage("1.0"), found.metrics()))
    for one, other in zip(*results, strict=True):
        assert one.equals(other)


def test_only_new_images_are_embedded(workspace: Workspace, folders: tuple[Path, Path]) -> None:
    real = workspace.add_dataset(folders[0], domain="real")
    workspace.scan(real)
    assert workspace.embed([real], "lite0").embedded == 64
    shutil.copy(folders[0] / "red" / "0000.png", folders[0] / "same bytes, other name.png")
    draw_images(folders[0] / "blue", 3, hue=2)
    summary = workspace.scan(real)
    assert (summary.images, summary.duplicates) == (68, 1)
    assert workspace.embed([real], "lite0").embedded == 3
    paths, vectors = workspace.vectors(real, "lite0")
    assert len(paths) == len(vectors) == 68 and np.isfinite(vectors).all()


def test_labels_can_change_without_reading_an_image_again(
    workspace: Workspace, folders: tuple[Path, Path]
) -> None:
    real = workspace.add_dataset(folders[0], domain="real")
    workspace.scan(real)
    assert set(workspace.datasets.images(real).column("class").to_pylist()) == {None}
    workspace.datasets.set_labels(real, "{class}/*")
    assert set(workspace.datasets.images(real).column("class").to_pylist()) == {"red", "green"}
    workspace.datasets.set_labels(real, None)
    assert set(workspace.datasets.images(real).column("class").to_pylist()) == {None}


def test_a_broken_file_costs_that_file_alone(
    workspace: Workspace, folders: tuple[Path, Path]
) -> None:
    whole = (folders[0] / "red" / "0001.png").read_bytes()
    (folders[0] / "red" / "0001.png").write_bytes(whole[: len(whole) // 2])
    real = workspace.add_dataset(folders[0], domain="real")
    version = workspace.add_dataset(folders[1], domain="synthetic", version="1.0")
    found = workspace.compare(real, [version], encoder="lite0")
    assert found.coverage("1.0").num_rows == 63
    assert comparison_json(found)["real"]["unreadable"] == 1


# --- refusals -------------------------------------------------------------------------------------


def test_a_version_name_is_used_once(workspace: Workspace, folders: tuple[Path, Path]) -> None:
    workspace.add_dataset(folders[1], domain="synthetic", version="1.0")
    assert (
        workspace.add_dataset(folders[1], domain="synthetic", version="1.0").id == 1
    )  # the same folder: found again
    with pytest.raises(
        InputError, match=r"version name '1.0' is used already.*another version name"
    ):
        workspace.add_dataset(folders[0], domain="synthetic", version="1.0")


def test_a_missing_folder_and_a_folder_without_images(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        workspace.add_dataset(tmp_path / "nowhere", domain="real")
    (tmp_path / "empty").mkdir()
    empty = workspace.add_dataset(tmp_path / "empty", domain="real")
    with pytest.raises(JobFailed, match="has no images"):
        workspace.scan(empty)


def test_a_confined_workspace_stays_inside_the_roots(tmp_path: Path, home: Settings) -> None:
    with (
        Workspace(tmp_path / "t.duckdb", settings=home, progress=False, confined=True) as ws,
        pytest.raises(OutsideRoots, match="GAPSCOPE_ROOTS"),
    ):
        ws.add_dataset("/etc", domain="real")


def test_weights_that_are_absent_are_said_before_any_work(
    workspace: Workspace, folders: tuple[Path, Path]
) -> None:
    real = workspace.add_dataset(folders[0], domain="real")
    version = workspace.add_dataset(folders[1], domain="synthetic", version="1.0")
    with pytest.raises(EncoderNotReady, match="GAPSCOPE_WEIGHTS"):
        workspace.compare(real, [version], encoder="clip:ViT-B-32/laion2b_s34b_b79k")
    assert workspace.jobs.list() == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_very_few_real_images_give_a_result_or_a_reason_but_no_fault(
    workspace: Workspace, tmp_path: Path, folders: tuple[Path, Path], count: int
) -> None:
    draw_images(tmp_path / "few", count, hue=1)
    real = workspace.add_dataset(tmp_path / "few", domain="real")
    version = workspace.add_dataset(folders[1], domain="synthetic", version="1.0")
    try:
        found = workspace.compare(real, [version], encoder="lite0")
    except JobFailed as error:
        assert "fault in Gapscope" not in str(error) and "real image" in str(error)
    else:
        json.dumps(comparison_json(found), allow_nan=False)
        assert found.coverage("1.0").num_rows == count


def test_images_that_are_all_the_same_are_said_to_be(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("real", "rendered"):
        first = draw_images(tmp_path / name, 1, hue=0)[0]
        for copy in range(20):
            shutil.copy(first, first.with_name(f"copy {copy}.png"))
    real = workspace.add_dataset(tmp_path / "real", domain="real")
    version = workspace.add_dataset(tmp_path / "rendered", domain="synthetic", version="1.0")
    with pytest.raises(JobFailed, match="same vector"):
        workspace.compare(real, [version], encoder="lite0")


def test_a_workspace_is_opened_once_and_read_by_a_copy(
    tmp_path: Path, home: Settings, folders: tuple[Path, Path]
) -> None:
    path = tmp_path / "team.duckdb"
    with Workspace(path, settings=home, progress=False) as ws:
        ws.scan(ws.add_dataset(folders[0], domain="real"))
        code = f"from core import Workspace\nWorkspace({str(path)!r})"
        other = subprocess.run(
            [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True
        )
        assert (
            WorkspaceLocked.__name__ in other.stderr and "Close the other Gapscope" in other.stderr
        )
    shutil.copy(path, tmp_path / "copy.duckdb")
    with Workspace(tmp_path / "copy.duckdb", read_only=True, settings=home, progress=False) as ws:
        assert ws.datasets.list()[0].images == 64
        with pytest.raises(GapscopeError, match="reading only"):
            ws.add_dataset(folders[1], domain="synthetic", version="1.0")


def test_the_server_process_never_loads_what_only_workers_need() -> None:
    code = (
        "import sys, core.workspace, core.jobs.engines\n"
        "heavy = {'torch', 'umap', 'hdbscan', 'sklearn', 'numba', 'timm', 'open_clip', 'streamlit'}"
        " & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- a kill in the middle -------------------------------------------------------------------------

EMBED = """
import json, sys, core.jobs.embed.task as embed, core.jobs.kinds as kinds
from dataclasses import replace
from pathlib import Path
from core.jobs.sample.project import mode_of, write_sample
from core.settings import Settings
from core.workspace import Workspace
kind = kinds.KINDS["embed"]
def small_shards(db, job, folder):  # many shards, so that a kill falls between two of them
    result = kind.prepare(db, job, folder)
    spec = Path(folder) / "spec.json"
    if result is None and '"shard": 8' not in spec.read_text():
        values = json.loads(spec.read_text())
        spec.write_text(json.dumps({**values, "shard": 8, "precision": "f32"}))
    return result
kinds.KINDS["embed"] = replace(kind, prepare=small_shards)
home, database, folder = sys.argv[1:]
with Workspace(database, settings=Settings(home=Path(home)), progress=False) as ws:
    real = ws.add_dataset(folder, domain="real")
    ws.scan(real)
    ws.embed([real], "lite0")
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_embedding_loses_nothing_that_was_finished(
    tmp_path: Path, home: Settings
) -> None:
    """kill -9 between two shards; opened again, finished shards are in the database, the rest is
    embedded, and the vectors are those of a run that was never stopped.
    """
    draw_images(tmp_path / "real", 160, hue=0)
    script = tmp_path / "embed.py"
    script.write_text(EMBED)
    arguments = [
        sys.executable,
        str(script),
        str(home.home),
        str(tmp_path / "killed.duckdb"),
        str(tmp_path / "real"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(arguments, cwd=REPOSITORY, env=environment)
    jobs = tmp_path / "killed.duckdb.jobs"
    deadline = time.monotonic() + 120
    while len(list(jobs.glob("*-embed-*/outputs/shard-*.parquet"))) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    with Workspace(tmp_path / "killed.duckdb", settings=home, progress=False) as ws:
        stopped = next(job for job in ws.jobs.list() if job.kind == "embed")
        assert stopped.status == "interrupted" and "finished parts are kept" in (
            stopped.remedy or ""
        )
        real = ws.datasets.list("real")[0]
        kept = len(ws.vectors(real, "lite0")[0])
        assert 16 <= kept < 160
        ws.jobs.resume(stopped.id)
        ws.jobs.wait(stopped.id)
        paths, vectors = ws.vectors(real, "lite0")
    subprocess.run(
        [*arguments[:3], str(tmp_path / "whole.duckdb"), arguments[4]],
        cwd=REPOSITORY,
        env=environment,
        check=True,
    )
    with Workspace(tmp_path / "whole.duckdb", settings=home, progress=False) as ws:
        whole_paths, whole = ws.vectors(ws.datasets.list("real")[0], "lite0")
    assert paths == whole_paths and len(paths) == 160
    np.testing.assert_array_equal(vectors, whole)
