"""Search through the client: neighbours are those of a full search in NumPy, across datasets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from core.contracts.search import FoundImage
from core.contracts.words import Domain, Framing
from core.errors import InputError
from core.workspace import Workspace
from core.workspace.search import Search
from tests.pages import example_workspace


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The example, open; read by every test, changed by none."""
    made = example_workspace.build(tmp_path_factory.mktemp("search") / "gapscope.duckdb")
    with Workspace(made.path, progress=False) as opened:
        yield opened


def cosine_distances(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The reference: 1 - cos in float64, (n,)."""
    query, vectors = query.astype(np.float64), vectors.astype(np.float64)
    return 1 - vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)


def test_neighbours_equal_a_full_search(ws: Workspace) -> None:
    real = ws.datasets.list(Domain.REAL)[0]
    paths, vectors = ws.vectors(real, example_workspace.ENCODER)
    query = vectors[paths.index("cross/day/003.png")]
    everything = {}
    for dataset in ws.datasets.list():
        of_paths, of_vectors = ws.vectors(dataset, example_workspace.ENCODER)
        distances = cosine_distances(query, of_vectors)
        everything |= {
            (dataset.id, path): distance
            for path, distance in zip(of_paths, distances.tolist(), strict=True)
        }
    del everything[real.id, "cross/day/003.png"]
    expected = sorted(everything.items(), key=lambda item: item[1])[:15]
    found = ws.neighbours(real, "cross/day/003.png", 15)
    assert [(one.dataset_id, one.path) for one in found] == [where for where, _ in expected]
    assert [one.distance for one in found] == pytest.approx([d for _, d in expected], abs=1e-6)


def test_each_dataset_gives_its_own_nearest(ws: Workspace) -> None:
    real = ws.datasets.list(Domain.REAL)[0]
    content_id = ws.search.image(real, "circle/day/000.png").content_id
    by_dataset = ws.search.nearest(content_id, 4)
    assert set(by_dataset) == {dataset.id for dataset in ws.datasets.list()}
    for found in by_dataset.values():
        assert len(found) == 4
        assert all(one.path.startswith("circle/day/") for one in found)
    chosen = ws.datasets.list(Domain.SYNTHETIC)[:1]
    assert {one.dataset_id for one in ws.search.alike(content_id, 30, datasets=chosen)} == {
        chosen[0].id
    }


def test_a_name_is_found_without_capitals_and_as_written(ws: Workspace) -> None:
    real = ws.datasets.list(Domain.REAL)[0]
    found = ws.search.by_name("CROSS/night/00", [real])
    assert [one.path for one in found] == [f"cross/night/{n:03d}.png" for n in range(10)]
    assert ws.search.by_name("100%_sure") == [] == ws.search.by_name("broken")  # not readable
    assert len(ws.search.by_name("cross/day/001")) == 3  # one in each dataset


def test_what_cannot_be_searched_is_said(ws: Workspace) -> None:
    real = ws.datasets.list(Domain.REAL)[0]
    with pytest.raises(InputError, match="has no readable image"):
        ws.neighbours(real, "nothing.png")
    with pytest.raises(InputError, match="not embedded under pyramid:1"):
        ws.neighbours(real, "cross/day/003.png", encoder="pyramid:1")
    content_id = ws.search.image(real, "cross/day/003.png").content_id
    with pytest.raises(InputError, match="not embedded"):
        ws.search.alike(content_id, encoder="lite0", framing=Framing.WHOLE)
    assert ws.search.encoders() == ["lite0"] and ws.search.encoders([]) == []


def test_an_empty_workspace_says_that_nothing_is_embedded(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="No image is embedded yet"):
        workspace.search.alike("0" * 32)


def test_copies_count_once() -> None:
    first, copy = FoundImage(1, "a.png", "x", 0.25), FoundImage(2, "b.png", "x", 0.25)
    other = FoundImage(2, "c.png", "y", 0.5)
    assert Search.merged([[first], [copy, other]], 5) == [first, other]
    assert Search.merged([[first], [copy, other]], 1) == [first]
