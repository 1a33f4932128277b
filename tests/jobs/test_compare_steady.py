"""The sample project's absent groups, their names and every image's tier are the same whichever
numbers the encoder computed in and on however many threads.

What does differ between two machines is how HDBSCAN cuts the covered images, which hang together,
into clusters, and so how many gaps can be injected among them and how many of those are found. No
tier and no word may hang on that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.analysis.explain.attributes import ATTRIBUTES
from core.contracts.compare_spec import CompareParameters, CompareSpec, SideSpec
from core.contracts.comparison import GroupRow
from core.contracts.derive import read_rows
from core.contracts.requests import BOTH_VIEWS
from core.contracts.work import EmbedSpec
from core.images.scan import scan_file
from core.jobs.compare import task as compare
from core.jobs.embed import task as embed
from core.jobs.folder import JobFolder
from core.jobs.sample.project import VERSIONS, mode_of, write_sample

REPOSITORY = Path(__file__).parents[2]
SETTINGS = [(precision, threads) for precision in ("f32", "bf16") for threads in (1, 2)]


def main(sample: Path, folder: Path, precision: str) -> None:
    """Embed and compare the sample as a worker would; write what is absent as ``outcome.json``."""
    folders = {"real": sample / "real"} | {name: sample / "renders" / name for name in VERSIONS}
    files = {
        name: sorted(file for file in root.rglob("*") if file.suffix in (".jpg", ".png"))
        for name, root in folders.items()
    }
    ids = {
        name: [scan_file(folders[name], file).content_id for file in own]
        for name, own in files.items()
    }
    vectors = _embedded(folder / "embed", files, ids, precision)
    job = _compared(folder / "compare", folders, files, ids, vectors)
    (folder / "outcome.json").write_text(json.dumps(_outcome(job)))


def _embedded(folder: Path, files: dict, ids: dict, precision: str) -> dict[str, dict]:
    """The embed task's row of each content."""
    once = {
        one: str(file) for name in files for one, file in zip(ids[name], files[name], strict=True)
    }
    job = JobFolder.create(folder, EmbedSpec("lite0", device="cpu", precision=precision))
    listed = {"content_id": list(once), "file": list(once.values())}
    job.write_input_table("images.parquet", pa.table(listed))
    embed.run(job)
    assert json.loads(job.output("encoder.json").read_text())["precision"] == precision
    shards = [pq.read_table(shard) for shard in job.outputs("shard-*.parquet")]
    return {row["content_id"]: row for shard in shards for row in shard.to_pylist()}


def _compared(folder: Path, folders: dict, files: dict, ids: dict, vectors: dict) -> JobFolder:
    """The compare task with its own parameters, but without re-runs, which are not asked about."""
    sides = [
        SideSpec(place, None if name == "real" else name, name, "")
        for place, name in enumerate(folders)
    ]
    parameters = CompareParameters(reruns=0)
    spec = CompareSpec("lite0", 0, sides[0], tuple(sides[1:]), parameters=parameters)
    job = JobFolder.create(folder, spec)
    for name, root in folders.items():
        paths = [file.relative_to(root).as_posix() for file in files[name]]
        rows = [vectors[one] for one in ids[name]]
        columns = {
            "path": paths,
            "content_id": ids[name],
            "class": [path.split("/")[0] for path in paths],
            "bias": [path.split("/")[1] for path in paths],
            "labels": [None] * len(paths),
            **{attribute: [row[attribute] for row in rows] for attribute in ATTRIBUTES},
        }
        job.write_input_table(f"{name}.parquet", pa.table(columns))
        for view in BOTH_VIEWS:
            array = np.array([row[view] for row in rows], np.float32)
            job.write_input_array(f"{name}-{view}.npy", array)
    compare.run(job)
    return job


def _outcome(job: JobFolder) -> dict[str, dict]:
    """By version: each absent group's name with its images, and all images that are absent."""
    gaps = read_rows(GroupRow, pq.read_table(job.output("groups.parquet")))
    coverage = pq.read_table(job.output("coverage.parquet")).to_pylist()
    outcome = {}
    for place, version in enumerate(VERSIONS, start=1):
        own = [row for row in coverage if row["version_id"] == place]
        outcome[version] = {
            "absent": sorted(row["path"] for row in own if row["absent"]),
            "groups": sorted(
                [gap.name, sorted(row["path"] for row in own if row["cluster"] == gap.cluster)]
                for gap in gaps
                if gap.version_id == place and gap.absent
            ),
            "all explained": all(gap.name and gap.explanation for gap in gaps),
        }
    return outcome


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, dict]]:
    """The outcome under each of :data:`SETTINGS`, each in a process of its own."""
    place = tmp_path_factory.mktemp("steady")
    write_sample(place / "sample")
    with ThreadPoolExecutor(2) as pool:  # each in a process of its own, two at a time
        return list(pool.map(lambda setting: _in_a_process(place, *setting), SETTINGS))


def _in_a_process(place: Path, precision: str, threads: int) -> dict[str, dict]:
    folder = place / f"{precision}-{threads}"
    folder.mkdir()
    code = (
        "from pathlib import Path; from tests.jobs import test_compare_steady as steady; "
        f"steady.main(Path({str(place / 'sample')!r}), Path({str(folder)!r}), {precision!r})"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": str(threads), "GAPSCOPE_HOME": str(place)},
        check=True,
    )
    return json.loads((folder / "outcome.json").read_text())


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_precision_and_threads_change_no_group_no_tier_and_no_word(
    outcomes: list[dict[str, dict]],
) -> None:
    first, *others = outcomes
    for setting, other in zip(SETTINGS[1:], others, strict=True):
        assert other == first, setting


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_absent_groups_are_the_modes_that_a_version_lacks(
    outcomes: list[dict[str, dict]],
) -> None:
    for outcome in outcomes:
        for version, missing in (("1.0", {"night", "snow"}), ("1.1", {"snow"})):
            found = outcome[version]
            modes = [{mode_of(path) for path in paths} for _, paths in found["groups"]]
            assert sorted(map(sorted, modes)) == [[mode] for mode in sorted(missing)]
            assert {mode_of(path) for path in found["absent"]} == missing
            assert len(found["absent"]) == 64 * len(missing)
            assert found["all explained"]
