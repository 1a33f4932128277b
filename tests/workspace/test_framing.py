"""A comparison's framing: what is embedded for it, what it finds that the central square does not,
and where it is said.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.analysis.explain.place import common_place, outstanding_tiles
from core.contracts.framings import places, views_of
from core.contracts.words import Framing
from core.errors import InputError
from core.reports.comparison_json import comparison_json
from core.workspace import Workspace


def draw_frames(folder: Path, count: int, *, corner: bool, seed: int) -> None:
    """Wide frames of six scenes in changing light, with a striped sign in the upper right
    ``corner`` or not.
    """
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    scenes = np.random.default_rng(9).integers(30, 200, (6, 3, 5, 3))
    for number in range(count):
        scene = np.kron(scenes[number % 6], np.ones((30, 32, 1))) * rng.uniform(0.8, 1.2)
        pixels = np.clip(scene + rng.normal(0, 6, scene.shape), 0, 255).astype(np.uint8)
        if corner:
            top, left = rng.integers(4, 12), rng.integers(128, 136)
            pixels[top : top + 24, left : left + 24] = 250
            pixels[top : top + 24 : 4, left : left + 24] = (220, 20, 20)
        Image.fromarray(pixels).save(folder / f"{chr(97 + number % 26)}{number}x.png")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The same folders under every framing: real frames of which a third have the sign, renders
    without it.
    """
    root = tmp_path_factory.mktemp("framing")
    draw_frames(root / "real" / "road", 40, corner=False, seed=0)
    draw_frames(root / "real" / "sign", 20, corner=True, seed=1)
    draw_frames(root / "renders", 40, corner=False, seed=2)
    with Workspace(root / "w.duckdb", progress=False) as ws:
        real = ws.add_dataset(root / "real", domain="real")
        version = ws.add_dataset(root / "renders", domain="synthetic", version="1.0")
        options = {"encoder": "pyramid:3", "reruns": 0, "injected": 0}
        yield (
            ws,
            {
                framing: ws.compare(real, [version], framing=framing, **options)
                for framing in (Framing.CENTRE, Framing.WHOLE, Framing.TILES_2X2)
            },
        )


def seen(comparison) -> float:
    """How far the frames with the sign are from the renders, against those without."""
    away: dict[str, list[float]] = {"sign": [], "road": []}
    for row in comparison.coverage_rows("1.0"):
        away[row.path.split("/")[0]].append(row.distance)
    return float(np.median(away["sign"]) / np.median(away["road"]))


def test_the_central_square_does_not_see_the_corner_and_the_others_do(compared) -> None:
    _, by_framing = compared
    assert seen(by_framing[Framing.CENTRE]) < 1.3
    assert seen(by_framing[Framing.WHOLE]) > 3
    assert seen(by_framing[Framing.TILES_2X2]) > 3


def test_the_stored_tiles_say_where_in_the_frame_the_sign_is(compared) -> None:
    ws, by_framing = compared
    comparison = by_framing[Framing.TILES_2X2]
    sides = (comparison.real, comparison.versions[0])
    views = views_of(Framing.TILES_2X2, simplified=False)
    real, version = ([ws.vectors(one, "pyramid:3", view)[1] for view in views] for one in sides)
    paths = ws.vectors(comparison.real, "pyramid:3", views[0])[0]
    signs = np.array([path.startswith("sign/") for path in paths])
    found = common_place(
        outstanding_tiles(real, version), np.flatnonzero(signs), np.flatnonzero(~signs)
    )
    assert found is not None and places(Framing.TILES_2X2)[found.place] == "upper right"
    assert found.count >= 0.9 * found.size


def test_each_framing_is_an_answer_of_its_own_and_says_its_name(compared) -> None:
    _, by_framing = compared
    assert len({one.id for one in by_framing.values()}) == len(by_framing)
    assert {one.record.seen_by for one in by_framing.values()} == {
        "pyramid:3",
        "pyramid:3, whole",
        "pyramid:3, tiles 2x2",
    }
    told = {comparison_json(one)["framing"] for one in by_framing.values()}
    assert told == {"centre", "whole", "tiles 2x2"}


def test_tiles_are_embedded_only_when_they_are_asked_for(compared) -> None:
    """Rows stay images; a tile's vectors are a further view of the same contents."""
    ws, by_framing = compared
    real = by_framing[Framing.CENTRE].real
    paths, vectors = ws.vectors(real, "pyramid:3", "tile-2x2-1")
    assert len(paths) == real.images and vectors.shape == ws.vectors(real, "pyramid:3")[1].shape
    assert ws.vectors(real, "pyramid:3", "tile-3x2-1")[0] == []
    for comparison in by_framing.values():
        assert comparison.points().num_rows == 100


def test_near_identical_frames_are_counted(compared) -> None:
    _, by_framing = compared
    for comparison in by_framing.values():
        units = comparison.units()
        assert set(units) == {comparison.real.id, comparison.versions[0].id}
        result = comparison_json(comparison)
        assert result["real"]["units"] == units[comparison.real.id] <= 60


def test_an_unknown_framing_is_refused_with_those_there_are(compared) -> None:
    ws, by_framing = compared
    comparison = by_framing[Framing.CENTRE]
    with pytest.raises(InputError, match=r"no framing .tiles 4x4..*tiles"):
        ws.compare(comparison.real, comparison.versions, framing="tiles 4x4")
