"""The example workspace, read by every test of this folder and changed by none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.workspace import Comparison, Workspace
from tests.pages import example_workspace


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The example workspace, open."""
    built = example_workspace.build(tmp_path_factory.mktemp("example") / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as workspace:
        yield workspace


@pytest.fixture(scope="session")
def comparison(example: Workspace) -> Comparison:
    """Its comparison of the real images with 1.0 and 1.1."""
    (record,) = example.comparisons.list()
    return example.comparisons.get(record.id)
