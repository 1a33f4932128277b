"""Every kind of image file becomes the 8-bit RGB picture a person would see; broken ones say
why.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import InputError
from core.images import decode
from core.images.thumbnails import thumbnail

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def quadrants(side: int = 64) -> Image.Image:
    """Red, green / blue, white: shows every flip and turn."""
    pixels = np.empty((side, side, 3), np.uint8)
    half = side // 2
    pixels[:half, :half], pixels[:half, half:] = RED, GREEN
    pixels[half:, :half], pixels[half:, half:] = BLUE, WHITE
    return Image.fromarray(pixels)


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    )


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    right, bottom = image.width - 4, image.height - 4
    return [image.getpixel(at) for at in ((3, 3), (right, 3), (3, bottom), (right, bottom))]


def near(colours: list[tuple[int, ...]], expected: list[tuple[int, ...]], tolerance: int) -> bool:
    return bool(np.abs(np.subtract(colours, expected)).max() <= tolerance)


@pytest.mark.parametrize("format_", ["PNG", "BMP", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("as_path", [False, True])
def test_each_format_shows_the_same_picture(format_: str, as_path: bool, tmp_path: Path) -> None:
    data = encoded(quadrants(), format_)
    (tmp_path / "the picture").write_bytes(data)

    image = decode.decode(tmp_path / "the picture" if as_path else data)

    assert (image.mode, image.size) == ("RGB", (64, 64))
    assert near(corners(image), [RED, GREEN, BLUE, WHITE], tolerance=3)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
def test_compressed_tiff(compression: str) -> None:
    image = decode.decode(encoded(quadrants(), "TIFF", compression=compression))
    assert near(corners(image), [RED, GREEN, BLUE, WHITE], tolerance=3)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_rotation_shows_the_image_upright(turn: int, format_: str) -> None:
    upright = quadrants().resize((96, 64), Image.Resampling.NEAREST)
    held = {6: 8, 8: 6}.get(turn, turn)  # how the camera was held: the turn's inverse
    stored = upright.transpose(decode.TURNS[held]) if held in decode.TURNS else upright
    exif = Image.Exif()
    exif[decode.ORIENTATION_TAG] = turn

    image = decode.decode(encoded(stored, format_, exif=exif))

    assert image.size == (96, 64)
    assert near(corners(image), [RED, GREEN, BLUE, WHITE], tolerance=40)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_costs_the_rotation_and_not_the_image() -> None:
    data = encoded(quadrants(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff\xff\xff\xff\xff")
    assert decode.decode(data).size == (64, 64)


def test_sixteen_bit_grey_uses_the_full_range() -> None:
    steps = np.array([[0, 257, 32768, 65535]] * 2, np.uint16)
    for format_ in ("PNG", "TIFF"):
        grey = np.asarray(decode.decode(encoded(Image.fromarray(steps), format_)))
        assert grey[0].tolist() == [[0] * 3, [1] * 3, [128] * 3, [255] * 3], format_


def test_sixteen_bit_files_of_one_set_stay_comparable() -> None:
    dark = np.asarray(
        decode.decode(encoded(Image.fromarray(np.full((4, 4), 9000, np.uint16)), "PNG"))
    )
    light = np.asarray(
        decode.decode(encoded(Image.fromarray(np.full((4, 4), 50000, np.uint16)), "PNG"))
    )
    assert (dark[0, 0, 0], light[0, 0, 0]) == (35, 195)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 257.0, 65535.0], [0, 1, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([float("nan"), 0.5, 1.0], [0, 128, 255]),
        ([7.0e9, 7.0e9, 7.0e9], [0, 0, 0]),
    ],
)
def test_float_tiff_takes_the_smallest_usual_range_that_fits(
    values: list[float], expected: list[int]
) -> None:
    data = encoded(Image.fromarray(np.array([values], np.float32)), "TIFF")
    assert np.asarray(decode.decode(data))[0, :, 0].tolist() == expected


def test_integer_tiff_of_bytes_is_not_stretched() -> None:
    data = encoded(Image.fromarray(np.array([[0, 1, 200]], np.int32)), "TIFF")
    assert np.asarray(decode.decode(data))[0, :, 0].tolist() == [0, 1, 200]


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_and_bilevel(mode: str) -> None:
    image = decode.decode(encoded(Image.new("L", (8, 8), 255).convert(mode), "PNG"))
    assert image.getpixel((0, 0)) == WHITE


def test_palette() -> None:
    image = decode.decode(encoded(quadrants().convert("P", palette=Image.Palette.ADAPTIVE), "PNG"))
    assert near(corners(image), [RED, GREEN, BLUE, WHITE], tolerance=3)


def test_transparent_pixels_become_mid_grey_whatever_colour_they_hide() -> None:
    rgba = quadrants().convert("RGBA")
    rgba.putalpha(
        Image.fromarray(np.repeat(np.array([[0] * 32 + [255] * 32], np.uint8), 64, axis=0))
    )
    for format_ in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if format_ == "WEBP" else {}
        shown = corners(decode.decode(encoded(rgba, format_, **options)))
        assert shown == [decode.BACKGROUND, GREEN, decode.BACKGROUND, WHITE], format_


def test_half_transparent_is_half_the_colour() -> None:
    image = decode.decode(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 128)), "PNG"))
    assert near([image.getpixel((0, 0))], [(192, 64, 64)], tolerance=1)


def test_palette_with_a_transparent_entry() -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([*RED, *GREEN, *BLUE])
    palette.putpixel((0, 0), 2)
    image = decode.decode(encoded(palette, "PNG", transparency=2))
    assert (image.getpixel((0, 0)), image.getpixel((5, 5))) == (decode.BACKGROUND, GREEN)


def test_grey_with_alpha() -> None:
    image = decode.decode(encoded(Image.new("LA", (4, 4), (250, 0)), "PNG"))
    assert image.getpixel((0, 0)) == decode.BACKGROUND


def test_cmyk_jpeg_is_not_inverted() -> None:
    data = encoded(quadrants().convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data[:64]  # the marker that says inks are stored inverted
    assert near(corners(decode.decode(data)), [RED, GREEN, BLUE, WHITE], tolerance=8)


def test_of_a_tiff_with_pages_the_first_is_shown() -> None:
    pages = [Image.new("RGB", (8, 8), colour) for colour in (GREEN, RED)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert decode.decode(data).getpixel((0, 0)) == GREEN


def test_a_phone_jpeg_with_two_pictures_shows_the_first() -> None:
    pages = [Image.new("RGB", (16, 16), colour) for colour in (GREEN, RED)]
    data = encoded(pages[0], "MPO", save_all=True, append_images=pages[1:])
    assert near([decode.decode(data).getpixel((8, 8))], [GREEN], tolerance=3)


def test_a_large_jpeg_is_decoded_small_but_never_below_what_is_needed() -> None:
    data = encoded(noise(1600, 1200), "JPEG")
    assert decode.decode(data).size == (1600, 1200)
    assert decode.decode(data, shortest=224).size == (400, 300)
    assert decode.decode(data, shortest=301).size == (800, 600)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(1, 300))
def test_shortest_is_kept_for_every_size(width: int, height: int, shortest: int) -> None:
    small = decode.decode(encoded(Image.new("RGB", (width, height)), "JPEG"), shortest=shortest)
    assert min(small.size) >= min(shortest, width, height)


def test_small_decoding_still_turns() -> None:
    exif = Image.Exif()
    exif[decode.ORIENTATION_TAG] = 6
    data = encoded(noise(1600, 1200), "JPEG", exif=exif)
    assert decode.decode(data, shortest=300).size == (300, 400)


# --- broken files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_cut_off_file_says_so(format_: str) -> None:
    data = encoded(noise(64, 64), format_)
    with pytest.raises(decode.UnreadableImage) as caught:
        decode.decode(data[: len(data) // 2])
    assert caught.value.reason == decode.CUT_OFF
    assert isinstance(caught.value, InputError)


def test_a_cut_off_tiff_is_unreadable() -> None:
    data = encoded(noise(64, 64), "TIFF")
    with pytest.raises(decode.UnreadableImage):
        decode.decode(data[: len(data) // 2])


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = bytearray(encoded(Image.new("1", (1, 1)), "BMP"))
    bomb[18:26] = (20_000).to_bytes(4, "little") * 2  # the size in the header: 400 million pixels
    with pytest.raises(decode.UnreadableImage, match="178,956,970 pixels"):
        decode.decode(bytes(bomb))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", decode.EMPTY),
        (b"<html>404 Not Found</html>", decode.NOT_AN_IMAGE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", decode.NOT_AN_IMAGE),
        (b"\xff\xd8\xff\xe0" + b"\0" * 60, "The file begins like a JPEG but its header is damaged"),
    ],
)
def test_what_is_no_image_says_so(data: bytes, expected: str) -> None:
    with pytest.raises(decode.UnreadableImage) as caught:
        decode.decode(data)
    assert caught.value.reason == expected


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(decode.UnreadableImage, match="gone"):
        decode.decode(tmp_path / "truncated.jpg")


def test_a_path_that_contains_the_word_truncated_is_not_taken_for_the_reason(
    tmp_path: Path,
) -> None:
    (tmp_path / "truncated.jpg").write_text("no image")
    with pytest.raises(decode.UnreadableImage) as caught:
        decode.decode(tmp_path / "truncated.jpg")
    assert caught.value.reason == decode.NOT_AN_IMAGE


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied"), "may not be read"),
        (OSError(116, "Stale file handle"), "Stale file handle"),
        (MemoryError(), "more memory"),
    ],
)
def test_what_is_away_is_told_apart_from_what_is_broken(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(decode.UnavailableImage, match=said):
        decode.decode(SEEDS[0])


def test_a_missing_file_is_away_and_damaged_bytes_are_broken(tmp_path: Path) -> None:
    with pytest.raises(decode.UnavailableImage, match="gone"):
        decode.decode(tmp_path / "missing.png")
    for broken in (b"", b"<html>", SEEDS[1][:100], SEEDS[5][:200]):
        with pytest.raises(decode.UnreadableImage) as caught:
            decode.decode(broken)
        assert not isinstance(caught.value, decode.UnavailableImage)


SEEDS = [
    encoded(noise(20, 20), "JPEG", progressive=True),
    encoded(noise(20, 20), "PNG"),
    encoded(noise(20, 20).convert("P"), "PNG", transparency=3),
    encoded(noise(20, 20), "WEBP"),
    encoded(noise(20, 20), "BMP"),
    encoded(noise(20, 20), "TIFF", compression="tiff_lzw"),
    encoded(noise(20, 20), "GIF"),
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6),
    st.data(),
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
def test_any_damage_ends_in_an_image_or_in_a_reason(
    seed: bytes, damage: list[tuple[int, int]], data: st.DataObject
) -> None:
    broken = bytearray(seed)
    for at, value in damage:
        broken[at % len(broken)] = value
    cut = data.draw(st.integers(0, len(broken)))
    try:
        assert decode.decode(bytes(broken[:cut])).mode == "RGB"
    except decode.UnreadableImage as error:
        assert error.reason
        assert "\n" not in str(error)


# --- thumbnails -----------------------------------------------------------------------------------


def test_a_thumbnail_is_a_webp_of_at_most_160_pixels() -> None:
    picture = noise(640, 320)
    small = Image.open(io.BytesIO(thumbnail(picture)))
    assert (small.format, small.size) == ("WEBP", (160, 80))
    assert picture.size == (640, 320)  # the caller's image is as it was


def test_a_thumbnail_never_enlarges() -> None:
    assert Image.open(io.BytesIO(thumbnail(quadrants(32)))).size == (32, 32)


def test_a_thumbnail_of_a_very_long_image_keeps_a_pixel() -> None:
    assert Image.open(io.BytesIO(thumbnail(noise(2000, 2)))).size == (160, 1)
