"""A workspace that version 0.1 (schema 1) wrote opens, with everything in it.

`data/schema1.duckdb.gz` was made by that version: 24 drawn "photographs" of gulls and crows over
sea and land, two renderer versions of 16, one comparison and one study.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from core.contracts.comparison import RESULT_ROWS
from core.contracts.derive import read_rows, table_name
from core.reports.comparison_json import comparison_json
from core.store.migrations import MIGRATIONS
from core.workspace import Workspace


@pytest.fixture
def old(tmp_path: Path):
    file = Path(__file__).parent / "data" / "schema1.duckdb.gz"
    (tmp_path / "old.duckdb").write_bytes(gzip.decompress(file.read_bytes()))
    with Workspace(tmp_path / "old.duckdb", progress=False) as ws:
        yield ws


def test_it_is_brought_to_the_newest_schema_once(old: Workspace) -> None:
    assert old.db.schema_version == len(MIGRATIONS) > 1


def test_datasets_and_vectors_are_there(old: Workspace) -> None:
    assert [(one.label, one.images) for one in old.datasets.list()] == [
        ("real", 24),
        ("v1", 16),
        ("v2", 16),
    ]
    paths, vectors = old.vectors(old.datasets.list()[0], "pyramid:1")
    assert len(paths) == 24 and vectors.shape == (24, 16)
    ids = old.datasets.images(old.datasets.list()[0]).column("content_id").to_pylist()
    assert len(old.datasets.thumbnails(ids)) == 24


def test_the_comparison_can_be_read_by_its_contracts(old: Workspace) -> None:
    record = old.comparisons.list()[0]
    comparison = old.comparisons.get(record.id)
    for row in RESULT_ROWS:
        assert read_rows(row, comparison.table(table_name(row))) is not None
    assert comparison.points().num_rows == 24 + 16 + 16
    scopes = {(one["scope"], one["part"]) for one in comparison.metrics().to_pylist()}
    assert ("all", None) in scopes and ("class", "gull") in scopes and ("without", None) in scopes
    result = comparison_json(comparison)
    assert list(result["versions"]) == ["v1", "v2"] and len(result["changes"]) == 1


def test_the_study_can_be_read(old: Workspace) -> None:
    study = old.studies.get(old.studies.list()[0].id)
    result = study.as_dict()
    assert {row["mixture"] for row in result["trials"]} == {"none", "ffr"}
    assert all(len(row["groups"]) == 4 for row in result["trials"])


def test_its_jobs_are_listed_and_the_work_can_go_on(old: Workspace) -> None:
    assert {job.status for job in old.jobs.list()} == {"done"}
    dataset = old.datasets.list()[1]
    old.datasets.order([old.datasets.list()[2].id, dataset.id])
    assert [one.label for one in old.datasets.list("synthetic")] == ["v2", "v1"]
