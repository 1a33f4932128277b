"""Search by an image from elsewhere and by words: embedded in a job, then compared with what is
stored.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.contracts.words import JobKind
from core.encoders import registry
from core.errors import InputError, JobFailed
from core.jobs.query.prepare import ASIDE
from core.workspace import Workspace
from tests.conftest import draw_images

ENCODER = "pyramid:1"


@pytest.fixture
def ws(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Four pictures of one hue and four of another, embedded."""
    for domain, hue in (("real", 0), ("synthetic", 1)):
        draw_images(tmp_path / domain, 4, hue=hue)
        dataset = workspace.add_dataset(tmp_path / domain, domain=domain)
        workspace.scan(dataset)
        workspace.embed([dataset], ENCODER)
    return workspace


def test_an_image_from_elsewhere_finds_its_like(ws: Workspace, tmp_path: Path) -> None:
    (outside,) = draw_images(tmp_path / "outside", 1, hue=1, seed=7)
    found = ws.search.by_image(outside, 8)
    assert len(found) == 8 and found[0].distance is not None
    assert {one.dataset_id for one in found[:4]} == {ws.datasets.list("synthetic")[0].id}
    inside = tmp_path / "real" / "0002.png"
    same = ws.search.by_image(inside, 1)[0]
    assert same.path == "0002.png" and same.distance == pytest.approx(0, abs=1e-3)
    assert not list((ws.jobs.folder / ASIDE).iterdir())  # nothing is left behind
    assert ws.search.known(inside.read_bytes()) is not None
    assert ws.search.known(outside.read_bytes()) is None


def test_what_is_no_image_fails_in_words(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no image", "utf-8")
    with pytest.raises(JobFailed, match="not an image"):
        ws.search.by_image(tmp_path / "note.txt")


def test_words_need_a_clip_encoder(ws: Workspace) -> None:
    assert ws.search.text_encoders() == []
    with pytest.raises(InputError, match="needs a CLIP encoder"):
        ws.search.by_text("a gull at night")
    with pytest.raises(InputError, match="needs a CLIP encoder"):
        ws.search.by_text("a gull at night", encoder=ENCODER)


class Speaker:
    """Stands in for a CLIP encoder: a phrase is the number of an image of the real dataset."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    def encode_text(self, phrases: list[str]) -> np.ndarray:
        """The vector of that image."""
        return self._vectors[[int(phrase) for phrase in phrases]]


def test_a_phrase_is_embedded_in_a_job(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ws.datasets.list("real")[0]
    paths, vectors = ws.vectors(real, ENCODER)
    monkeypatch.setattr(registry, "knows_words", lambda encoder: encoder == ENCODER)
    monkeypatch.setattr(registry, "load", lambda encoder, **_: Speaker(vectors))
    assert ws.search.text_encoders() == [ENCODER]
    found = ws.search.by_text(" 3 ", 2, datasets=[real])
    assert found[0].path == paths[3] and found[0].distance == pytest.approx(0, abs=1e-6)
    assert ws.jobs.list()[0].kind == JobKind.QUERY
