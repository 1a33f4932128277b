"""What is removed is out of every list, comes back as it was, and is gone after a purge."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.store import comparison_table, study_table
from core.store.removal import Thing
from core.workspace import Workspace
from tests.conftest import draw_images


def test_a_removed_dataset_comes_back_with_its_scan(workspace: Workspace, tmp_path: Path) -> None:
    draw_images(tmp_path / "photos", 3, hue=0)
    real = workspace.add_dataset(tmp_path / "photos", domain="real")
    workspace.scan(real)
    before = workspace.datasets.list()
    workspace.datasets.remove(real)
    assert workspace.datasets.list() == []
    (gone,) = workspace.removals.list()
    assert (gone.thing, gone.id, gone.words) == (Thing.DATASET, real.id, "dataset photos")
    workspace.removals.put_back(gone)
    assert workspace.datasets.list() == before and before[0].images == 3
    workspace.datasets.remove(real)
    assert workspace.add_dataset(tmp_path / "photos", domain="real").id == real.id  # again
    workspace.datasets.remove(real)
    assert [one.id for one in workspace.removals.purge()] == [real.id]
    assert workspace.db.value("SELECT count(*) FROM images") == 0
    assert workspace.add_dataset(tmp_path / "photos", domain="real").id != real.id


def test_a_version_name_that_was_given_anew_is_not_doubled(
    workspace: Workspace, tmp_path: Path
) -> None:
    for name in ("old", "new"):
        draw_images(tmp_path / name, 1, hue=0)
    old = workspace.add_dataset(tmp_path / "old", domain="synthetic", version="1.0")
    workspace.datasets.remove(old)
    workspace.add_dataset(tmp_path / "new", domain="synthetic", version="1.0")
    with pytest.raises(InputError, match="is used by another folder now"):
        workspace.removals.put_back(workspace.removals.list()[0])


def test_a_comparison_and_a_study_bring_their_datasets_back(
    workspace: Workspace, tmp_path: Path
) -> None:
    for name in ("photos", "renders"):
        draw_images(tmp_path / name, 1, hue=0)
    real = workspace.add_dataset(tmp_path / "photos", domain="real")
    version = workspace.add_dataset(tmp_path / "renders", domain="synthetic", version="1.0")
    about = {"real_id": real.id, "version_ids": [version.id], "parameters": {}}
    comparison = comparison_table.add_comparison(
        workspace.db, name="c", encoder="lite0", seed=0, **about
    )
    study = study_table.add_study(workspace.db, name="s", **about)
    workspace.comparisons.remove(comparison)
    workspace.studies.remove(study)
    for dataset in (real, version):
        workspace.datasets.remove(dataset)
    assert not (workspace.comparisons.list() or workspace.studies.list())
    for thing in (Thing.COMPARISON, Thing.STUDY):
        (one,) = (one for one in workspace.removals.list() if one.thing == thing)
        workspace.removals.put_back(one)
        assert [dataset.id for dataset in workspace.datasets.list()] == [real.id, version.id]
    assert workspace.removals.list() == []
    assert len(workspace.comparisons.list()) == len(workspace.studies.list()) == 1
