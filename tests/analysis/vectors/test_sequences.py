"""Near-identical images are one unit, and ordinary ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.vectors.sequences import frames, one_of_each, unit_weights
from core.errors import InputError

DIM = 256
CLIP = 8


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """300 images of six kinds, as an encoder's vectors lie: nearest neighbours a third as far apart
    as random pairs.
    """
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(6, DIM))
    return (kinds.repeat(50, axis=0) + 0.8 * rng.normal(size=(300, DIM))).astype(np.float32)


def clips(vectors: np.ndarray, noise: float) -> np.ndarray:
    """Each image as eight noisy copies, one after the other (as benchmarks/judgement.py has it)."""
    many = vectors.repeat(CLIP, axis=0)
    length = np.linalg.norm(many, axis=1, keepdims=True) / np.sqrt(many.shape[1])
    noisy = np.random.default_rng(1).normal(size=many.shape)
    return (many + noise * length * noisy).astype(np.float32)


def names(count: int) -> list[str]:
    return [f"photos/{row:04d}.jpg" for row in range(count)]


def test_ordinary_images_stay_themselves_whatever_they_are_called(pictures: np.ndarray) -> None:
    """Numbered files are no sequence unless the vectors say so."""
    assert frames(pictures, names(len(pictures))).tolist() == list(range(len(pictures)))


def test_eight_noisy_copies_are_one_unit(pictures: np.ndarray) -> None:
    units = frames(clips(pictures, 0.02), ["x.png"] * 2400)
    assert units.tolist() == np.repeat(np.arange(300), CLIP).tolist()


def test_copies_are_found_in_any_order(pictures: np.ndarray) -> None:
    order = np.random.default_rng(2).permutation(2400)
    units = frames(clips(pictures, 0.02)[order], ["x.png"] * 2400)
    clip = np.repeat(np.arange(300), CLIP)[order]
    assert len(np.unique(units)) == 300
    assert all(len(np.unique(units[clip == one])) == 1 for one in range(300))
    assert (np.diff(np.unique(units, return_index=True)[1]) > 0).all()  # numbered as they appear


def test_names_help_where_frames_differ_more(pictures: np.ndarray) -> None:
    """Frames too far apart to be told by vectors alone are a sequence if they are numbered so."""
    moving = clips(pictures[::4], 0.14)
    paths = [f"clip_{row // CLIP:02d}/frame_{row % CLIP:04d}.png" for row in range(len(moving))]
    named, unnamed = frames(moving, paths), frames(moving, ["x.png"] * len(moving))
    assert named.max() + 1 == 75 and unnamed.max() + 1 > 300
    shuffled = np.random.default_rng(3).permutation(len(moving))
    again = frames(moving[shuffled], [paths[row] for row in shuffled])
    assert again.max() + 1 == 75  # the number in the name counts, not the order of the rows


def test_a_cut_in_a_sequence_is_seen(pictures: np.ndarray) -> None:
    """One numbered sequence of two scenes is two units."""
    film = clips(pictures[[0, 60]], 0.02)
    everything = np.vstack([film, pictures[100:200]])
    paths = [f"film/{row:03d}.png" for row in range(16)] + names(100)
    assert frames(everything, paths)[:16].tolist() == [0] * 8 + [1] * 8


def test_a_long_pan_is_several_units(pictures: np.ndarray) -> None:
    """Each frame is near to the one before, but the last is another picture than the first."""
    share = np.linspace(0, 1, 200)[:, None]
    pan = ((1 - share) * pictures[0] + share * pictures[250]).astype(np.float32)
    everything = np.vstack([pan, pictures[50:250]])
    paths = [f"pan/{row:03d}.png" for row in range(200)] + names(200)
    units = frames(everything, paths)[:200]
    assert 1 < len(np.unique(units)) < 30
    assert units[0] != units[199] and (np.diff(units) >= 0).all()


def test_a_number_in_a_folder_makes_no_sequence(pictures: np.ndarray) -> None:
    moving = clips(pictures[::4], 0.14)
    paths = [f"take_{row}/frame.png" for row in range(len(moving))]
    assert np.array_equal(frames(moving, paths), frames(moving, ["x.png"] * len(moving)))


def test_few_dimensions_do_not_make_doubles() -> None:
    """A 16-dimensional encoder of textures puts everything close together; nothing is a copy."""
    rng = np.random.default_rng(4)
    vectors = (5 + 0.3 * rng.normal(size=(2000, 16))).astype(np.float32)
    units = frames(vectors, names(2000))
    assert units.max() + 1 > 0.97 * 2000


def test_identical_images_and_small_sets() -> None:
    vectors = np.random.default_rng(5).normal(size=(6, 8)).astype(np.float32)
    same = np.vstack([vectors, vectors[:2]])
    assert frames(same, ["x"] * 8).tolist() == [0, 1, 2, 3, 4, 5, 0, 1]
    assert frames(vectors[:1], ["a.png"]).tolist() == [0]
    assert frames(vectors[:0], []).tolist() == []
    with pytest.raises(InputError, match="not numbers"):
        frames(np.full((3, 4), np.nan, np.float32), ["a", "b", "c"])


def test_weights_and_samples_count_a_unit_once() -> None:
    units = np.array([0, 1, 0, 2, 0, 2])
    assert unit_weights(units) == pytest.approx([1 / 3, 1, 1 / 3, 1 / 2, 1 / 3, 1 / 2])
    assert unit_weights(units[:0]).shape == (0,)
    for seed in range(5):
        rows = one_of_each(units, seed=seed)
        assert sorted(units[rows]) == [0, 1, 2] and (np.diff(rows) > 0).all()
    assert len({tuple(one_of_each(units, seed=seed)) for seed in range(20)}) > 1


def test_photographs_do_not_merge(shared_data, tmp_path) -> None:
    """PACS photographs under lite0, in numbered files as they are: practically nothing merges."""
    from core.settings import Settings
    from core.workspace import Workspace

    settings = Settings(home=tmp_path / "home", roots=(shared_data,))
    with Workspace(tmp_path / "w.duckdb", settings=settings, progress=False) as ws:
        dataset = ws.add_dataset(shared_data / "pacs" / "photo", domain="real")
        ws.scan(dataset)
        ws.embed([dataset], "lite0")
        paths, vectors = ws.vectors(dataset, "lite0")
    units = frames(vectors, paths)
    assert units.max() + 1 >= 0.99 * len(paths)
    copies = frames(clips(vectors, 0.02), np.repeat(paths, CLIP))
    assert copies.max() + 1 <= units.max() + 1
