"""An image at full size: the file itself where a browser can show it, else a WebP of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import InputError
from core.images.content import content_id
from core.images.full import full_image


def drawn(path: Path, size: tuple[int, int] = (90, 60), **saving: object) -> Path:
    """A picture of noise."""
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path, **saving)
    return path


@pytest.mark.parametrize(("name", "mime"), [("a.png", "image/png"), ("a.jpg", "image/jpeg")])
def test_what_a_browser_shows_is_sent_as_it_is(tmp_path: Path, name: str, mime: str) -> None:
    file = drawn(tmp_path / name)
    full = full_image(file, content_id(file), 50)
    assert full.data == file.read_bytes() and full.mime == mime
    assert (full.width, full.height) == (90, 60)


def test_a_photograph_on_its_side_tells_its_upright_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = drawn(tmp_path / "a.jpg", exif=exif)
    full = full_image(file, content_id(file), 50)
    assert (full.width, full.height) == (60, 90)


def test_what_no_browser_shows_becomes_a_webp(tmp_path: Path) -> None:
    file = drawn(tmp_path / "a.tif")
    full = full_image(file, content_id(file), 45)
    assert full.mime == "image/webp" and (full.width, full.height) == (90, 60)
    (tmp_path / "made.webp").write_bytes(full.data)
    assert Image.open(tmp_path / "made.webp").size == (45, 30)


def test_a_file_that_changed_or_is_away_is_said(tmp_path: Path) -> None:
    file = drawn(tmp_path / "a.png")
    with pytest.raises(InputError, match="changed since the scan"):
        full_image(file, "0" * 32, 50)
    with pytest.raises(InputError, match="gone"):
        full_image(tmp_path / "b.png", "0" * 32, 50)
    (tmp_path / "c.png").write_bytes(b"<svg onload='x'>")
    with pytest.raises(InputError, match="not an image"):
        full_image(tmp_path / "c.png", content_id(tmp_path / "c.png"), 50)
