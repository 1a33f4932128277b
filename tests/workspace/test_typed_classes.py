"""Zero-shot classes among typed names, from stored vectors: the head's classes grouped to the
names, CLIP's words, and what is said of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from timm.data import ImageNetInfo

from core import Workspace
from core.contracts.words import Domain, JobKind
from core.encoders import registry
from core.encoders.base import Head
from core.errors import InputError
from core.workspace import Comparison
from tests.pages import example_workspace

SHAPES = example_workspace.SHAPES
# the shapes stand for ImageNet classes, which the head below knows
STANDS_FOR = {"circle": "sorrel", "square": "accordion", "cross": "abacus"}
NAMES = [*(f"{shape} = {word}" for shape, word in STANDS_FOR.items()), "giraffe"]
INFO = ImageNetInfo()
CLASSES = tuple(INFO.index_to_description(index).split(",")[0] for index in range(1000))


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    made = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(made.path, progress=False) as workspace:
        yield workspace


@pytest.fixture
def comparison(ws: Workspace) -> Comparison:
    return ws.comparisons.get(1)


def directions(ws: Workspace, comparison: Comparison) -> dict[str, np.ndarray]:
    """For each shape a vector (d,) whose product is 1 with its images and 0 with the others."""
    sides = [ws.vectors(one, "lite0") for one in (comparison.real, *comparison.versions)]
    shape = np.array([path.split("/")[0] for paths, _ in sides for path in paths])
    vectors = np.vstack([array for _, array in sides])
    wanted = np.column_stack([shape == one for one in SHAPES]).astype(np.float32)
    return dict(zip(SHAPES, np.linalg.lstsq(vectors, wanted, rcond=1e-6)[0].T, strict=True))


@pytest.fixture
def head(ws: Workspace, comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> Head:
    """A head of ImageNet's classes that knows the shapes."""
    found = directions(ws, comparison)
    weight = np.zeros((1000, example_workspace.DIM), np.float32)
    for shape, word in STANDS_FOR.items():
        weight[CLASSES.index(word)] = 20 * found[shape]
    made = Head(weight, np.zeros(1000, np.float32), CLASSES)
    monkeypatch.setattr(registry, "load_head", lambda encoder, settings=None: made)
    return made


def test_images_get_the_typed_name_they_show(ws, comparison, head):
    before, vectors = ws.jobs.list(), ws.db.value("SELECT count(*) FROM vectors_1")
    found = ws.zero_shot(comparison, NAMES)
    assert [name.name for name in found.names] == [*SHAPES, "giraffe"]
    assert found.names[0].matched == ("sorrel",) and found.unmatched == ("giraffe",)
    images = found.images.to_pylist()
    assert len(images) == comparison.points().num_rows
    assert all(row["class"] == row["label"] for row in images if row["class"] is not None)
    assert np.mean([row["class"] is not None for row in images]) > 0.95
    assert all(0 < row["confidence"] <= 1 for row in images if row["class"] is not None)
    assert ws.db.value("SELECT count(*) FROM vectors_1") == vectors
    new = [job.kind for job in ws.jobs.list() if job.id not in {one.id for one in before}]
    assert new == [JobKind.CLASSES]


def test_accuracy_and_separation_stand_beside_each_other(ws, comparison, head):
    found = ws.zero_shot(comparison, NAMES)
    version = comparison.version("1.1")
    rows = {row.name: row for row in found.of(version.id)}
    assert (rows["cross"].labelled_real, rows["cross"].labelled_synthetic) == (40, 20)
    assert rows["cross"].correct_real <= rows["cross"].n_real <= rows["cross"].labelled_real
    assert rows["giraffe"].n_real == rows["giraffe"].labelled_real == 0
    assert rows["giraffe"].separation is None
    real, synthetic = found.by_domain(version.id)
    assert (real.domain, real.n) == (Domain.REAL, 120)
    assert (synthetic.domain, synthetic.n) == (Domain.SYNTHETIC, 100)
    assert real.accuracy > 0.95 and real.low < real.accuracy <= real.high
    # the separation is that of the labels, as the comparison measured it
    by_label = {row["class"]: row["separation"] for row in comparison.splits().to_pylist()
                if row["source"] == "label" and row["version_id"] == version.id}  # fmt: skip
    for shape in SHAPES:
        assert rows[shape].separation == pytest.approx(by_label[shape])
    few = found.separation_and_error(version.id)[0]
    assert few.n <= 3 and few.rho is None  # of three classes no rank correlation is told


def test_labels_of_the_workspace_are_the_names_at_first(ws, comparison, head, monkeypatch):
    assert ws.typed_classes.known_names() == sorted(SHAPES)
    with pytest.raises(Exception, match="None of the 3 names is among ImageNet's classes"):
        ws.zero_shot(comparison)


def test_the_newest_list_takes_the_place_of_the_last(ws, comparison, head):
    ws.zero_shot(comparison, NAMES)
    second = ws.zero_shot(comparison, ["round = sorrel", "straight = abacus"])
    assert [name.name for name in second.names] == ["round", "straight"]
    assert {row["class"] for row in second.images.to_pylist()} <= {"round", "straight", None}
    assert not any(row.labelled_real for row in second.accuracy)  # they are no labels
    assert second.by_domain(comparison.versions[0].id) == []
    ws.comparisons.remove(comparison.id)
    ws.removals.purge()
    for table in ("typed_names", "typed_classes", "typed_accuracy"):
        assert ws.db.value(f"SELECT count(*) FROM {table}") == 0


def test_clip_gives_every_image_one_of_the_names(ws, comparison, monkeypatch):
    found = directions(ws, comparison)

    class Words:
        def encode_text(self, phrases: Sequence[str]) -> np.ndarray:
            shape = [next(one for one in SHAPES if one in phrase) for phrase in phrases]
            return np.stack([found[one] for one in shape])

    monkeypatch.setattr(registry, "knows_words", lambda encoder: True)
    monkeypatch.setattr(registry, "load", lambda encoder, settings=None: Words())
    result = ws.zero_shot(comparison, list(SHAPES))
    assert all(name.matched is None for name in result.names) and result.unmatched == ()
    images = result.images.to_pylist()
    assert None not in {row["class"] for row in images}
    assert np.mean([row["class"] == row["label"] for row in images]) > 0.95


def test_what_cannot_be_done_is_said_at_once(ws, comparison):
    with pytest.raises(InputError, match="two names or more"):
        ws.typed_classes.submit(comparison, ["dog"])
    with pytest.raises(InputError, match="pyramid:1 knows neither words nor classes"):
        ws.typed_classes.submit(comparison, ["dog", "cat"], encoder="pyramid:1")
    assert ws.typed_classes.encoders(comparison) == ["lite0"]
