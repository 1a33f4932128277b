"""A header says what the file is, without its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.decode import ORIENTATION_TAG, UnreadableImage
from core.images.header import Header, header


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))


@pytest.mark.parametrize("quality", [25, 50, 75, 90, 96, 100])
def test_a_jpeg_tells_the_quality_it_was_saved_with(
    picture: Image.Image, tmp_path: Path, quality: int
) -> None:
    picture.save(tmp_path / "a.jpg", quality=quality)
    found = header(tmp_path / "a.jpg")
    assert found.quality == pytest.approx(quality, abs=1)
    assert (found.format, found.width, found.height, found.shorter) == ("JPEG", 90, 60, 60)


def test_other_formats_have_no_quality(picture: Image.Image, tmp_path: Path) -> None:
    picture.save(tmp_path / "a.jpg", "PNG")  # by content, not by name
    assert header(tmp_path / "a.jpg") == Header("PNG", 90, 60, None)


def test_a_turned_jpeg_is_as_large_as_people_see_it(picture: Image.Image, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    picture.save(tmp_path / "a.jpg", exif=exif)
    assert (header(tmp_path / "a.jpg").width, header(tmp_path / "a.jpg").height) == (60, 90)


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"not an image")
    with pytest.raises(UnreadableImage, match="not an image"):
        header(tmp_path / "a.png")
