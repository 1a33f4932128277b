"""What tests share: a workspace of their own, small drawn images, and the real photographs where
they are at hand.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.settings import Settings
from core.workspace import Workspace

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in a worker; before anything loads OpenMP

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def shared_data() -> Path:
    """Real photographs for trying things on; they are not part of the project, so tests that use
    them may skip.
    """
    folder = Path(os.environ.get("GAPSCOPE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no test photographs: set GAPSCOPE_TEST_DATA to a folder that holds pacs/")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Settings of a user whose home is the test's folder."""
    return Settings(home=tmp_path / "home", roots=(tmp_path,))


@pytest.fixture
def workspace(tmp_path: Path, home: Settings):
    """An empty workspace that runs jobs in this process."""
    with Workspace(tmp_path / "test.duckdb", settings=home, progress=False) as ws:
        yield ws


def draw_images(
    folder: Path, count: int, *, hue: int, seed: int = 0, kind: str = "png"
) -> list[Path]:
    """Small pictures of coloured discs on noise: enough for an encoder to tell two hues apart."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, hue, count])
    made = []
    for number in range(count):
        pixels = rng.integers(0, 60, (48, 64, 3)).astype(np.uint8)
        y, x = np.mgrid[:48, :64]
        disc = (x - rng.integers(16, 48)) ** 2 + (y - rng.integers(12, 36)) ** 2 < rng.integers(
            60, 200
        )
        pixels[disc] = np.roll([220, 90, 30], hue)
        path = folder / f"{number:04d}.{kind}"
        Image.fromarray(pixels).save(path)
        made.append(path)
    return made
