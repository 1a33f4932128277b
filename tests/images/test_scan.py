"""What a scan says of each file, of the folders that hold them, and of the whole."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from core.contracts.catalog import ImageRow
from core.contracts.derive import schema
from core.images import decode, scan
from core.images.labels import parse_spec
from core.images.scan import KnownFiles, iter_images, scan_file, summarise, to_table


def noise(width: int = 40, height: int = 30, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def found_in(folder: Path) -> list[str]:
    return [scan.relative_name(folder, path) for path in iter_images(folder)]


def put(folder: Path, name: str, data: bytes = b"") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# --- finding files --------------------------------------------------------------------------------


def test_images_are_found_by_suffix_at_any_depth_in_a_fixed_order(tmp_path: Path) -> None:
    names = [
        "b.PNG",
        "a.jpeg",
        "sub folder/x.tiff",
        "sub folder/deep/er/y.WebP",
        "größe/日本.bmp",
        "z.jpg",
        "q.tif",
    ]
    for name in [*names, "notes.txt", "archive.png.zip", ".hidden.png", ".cache/1.png", "._a.jpeg"]:
        put(tmp_path, name)
    assert found_in(tmp_path) == [
        "a.jpeg",
        "b.PNG",
        "q.tif",
        "z.jpg",
        "größe/日本.bmp",
        "sub folder/x.tiff",
        "sub folder/deep/er/y.WebP",
    ]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "to-a").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert found_in(tmp_path) == ["a/1.png"]


def test_a_linked_folder_is_followed(tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/1.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "linked").symlink_to(tmp_path / "elsewhere")
    assert found_in(tmp_path / "data") == ["linked/1.png"]


def test_a_folder_that_may_not_be_read_is_told_and_the_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "open/1.png")
    put(tmp_path, "shut/2.png")
    scandir = os.scandir

    def refuse(path: str):
        if path.endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    blocked: list[ImageRow] = []
    paths = iter_images(
        tmp_path, lambda path, error: blocked.append(scan.folder_row(tmp_path, path, error))
    )

    assert [path.name for path in paths] == ["1.png"]
    assert [(row.path, row.status, row.reason) for row in blocked] == [
        ("shut", "unreadable", "This folder may not be read by this user")
    ]


# --- one file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize(
    "size", [(40, 30), (700, 500)]
)  # small files are decoded, of large ones the end is looked for
def test_a_good_file(format_: str, size: tuple[int, int], tmp_path: Path) -> None:
    data = encoded(noise(*size), format_)
    path = put(tmp_path, "sub/ä b.png", data)  # the content decides, not the suffix

    row = scan_file(tmp_path, path)

    assert (row.status, row.reason) == ("ok", None)
    assert (row.path, row.bytes, row.mtime_ns) == (
        "sub/ä b.png",
        len(data),
        path.stat().st_mtime_ns,
    )
    assert (row.format, row.mode, row.width, row.height) == (format_, "RGB", *size)
    assert row.content_id == hashlib.blake2b(data, digest_size=16).hexdigest()


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("size", [(40, 30), (700, 500)])
def test_the_size_is_that_of_the_upright_image(
    format_: str, size: tuple[int, int], tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[decode.ORIENTATION_TAG] = 6
    data = encoded(noise(*size), format_, exif=exif)
    row = scan_file(tmp_path, put(tmp_path, "1.png", data))
    assert (row.width, row.height) == size[::-1] == decode.decode(data).size


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("size", [(40, 30), (700, 500)])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_cut_off_file_is_found_whatever_its_size(
    format_: str, size: tuple[int, int], part: float, tmp_path: Path
) -> None:
    data = encoded(noise(*size), format_)
    row = scan_file(tmp_path, put(tmp_path, "1.png", data[: int(len(data) * part)]))
    assert row.status == "unreadable"
    assert row.reason
    assert row.content_id  # the bytes were read: their hash is known


def test_a_cut_off_jpeg_is_not_taken_for_whole_because_of_its_exif_thumbnail(
    tmp_path: Path,
) -> None:
    inner = encoded(noise(60, 60, seed=1), "JPEG")
    app = b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner  # has an end marker of its own
    outer = encoded(noise(900, 700), "JPEG", quality=95)
    data = outer[:2] + app + outer[2:]
    assert len(data) > 2 * scan.DECODE_BYTES

    whole, cut = put(tmp_path, "whole.jpg", data), put(tmp_path, "cut.jpg", data[: len(data) // 2])

    assert scan_file(tmp_path, whole).status == "ok"
    assert scan_file(tmp_path, cut).reason == decode.CUT_OFF


def test_bytes_behind_the_end_of_a_jpeg_do_no_harm(tmp_path: Path) -> None:
    data = encoded(noise(900, 700), "JPEG", quality=95) + b"\0" * 5000
    assert scan_file(tmp_path, put(tmp_path, "1.jpg", data)).status == "ok"


def test_a_file_too_large_to_hold_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(noise(90, 70), "PNG")
    path = put(tmp_path, "1.png", data)
    before = scan_file(tmp_path, path)
    monkeypatch.setattr(scan, "HOLD_BYTES", 100)
    assert scan_file(tmp_path, path) == before
    path.write_bytes(data[:9000])
    assert scan_file(tmp_path, path).reason == decode.CUT_OFF


def test_a_decompression_bomb_is_named(tmp_path: Path) -> None:
    bomb = bytearray(encoded(Image.new("1", (1, 1)), "BMP"))
    bomb[18:26] = (20_000).to_bytes(4, "little") * 2
    row = scan_file(tmp_path, put(tmp_path, "bomb.bmp", bytes(bomb)))
    assert row.reason == "The image is larger than the safety limit of 178,956,970 pixels"


def make_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.jpg")
    return folder / "pipe.jpg"


def make_dangling(folder: Path) -> Path:
    (folder / "dangling.jpg").symlink_to(folder / "nowhere.jpg")
    return folder / "dangling.jpg"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: put(folder, "empty.jpg"), "The file is empty"),
        (lambda folder: put(folder, "page.jpg", b"<html>"), "The file is not an image"),
        (lambda folder: put(folder, "text.png", b"\x89PNG\r\n\x1a\n junk"), "begins like a PNG"),
        (make_dangling, "The file is gone, or a link that leads nowhere"),
        (make_pipe, "Not a file"),
        (lambda folder: put(folder, os.fsdecode(b"caf\xe9.jpg"), b""), "not valid UTF-8"),
    ],
    ids=["empty", "html", "damaged", "dangling", "pipe", "name"],
)
def test_what_cannot_be_read_is_a_row_with_a_reason(
    make: Callable[[Path], Path], reason: str, tmp_path: Path
) -> None:
    path = make(tmp_path)
    (found,) = iter_images(tmp_path)
    row = scan_file(tmp_path, found)
    assert found == path
    assert row.status == "unreadable"
    assert reason in row.reason
    assert to_table([row]).num_rows == 1  # every name fits into a table


def test_a_file_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = put(tmp_path, "1.png", encoded(noise(), "PNG"))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    row = scan_file(tmp_path, path)
    assert (row.status, row.reason) == ("unreadable", "The file may not be read by this user")


# --- files known from the last scan ---------------------------------------------------------------


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def refuse(path: Path, size: int) -> tuple[str, bytes]:
        raise AssertionError(f"{path} was read")

    return lambda: monkeypatch.setattr(scan, "_hash", refuse)


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, no_reading: Callable[[], None]
) -> None:
    path = put(tmp_path, "a/1.png", encoded(noise(), "PNG"))
    row = scan_file(tmp_path, path)
    known = KnownFiles(to_table([row]))
    no_reading()
    assert scan_file(tmp_path, path, known) == row


@pytest.mark.parametrize("change", ["bytes", "time"])
def test_a_changed_file_is_read_again(change: str, tmp_path: Path) -> None:
    path = put(tmp_path, "1.bmp", encoded(noise(seed=1), "BMP"))
    known = KnownFiles(to_table([scan_file(tmp_path, path)]))
    before = path.stat()
    path.write_bytes(encoded(noise(seed=2), "BMP") + (b"\0" if change == "bytes" else b""))
    later = before.st_mtime_ns + (1_000_000 if change == "time" else 0)
    os.utime(path, ns=(later, later))

    row = scan_file(tmp_path, path, known)

    assert row.content_id == hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    assert row.content_id != known["1.bmp"].content_id


def test_an_unreadable_file_is_tried_again(tmp_path: Path) -> None:
    path = put(tmp_path, "1.png", encoded(noise(), "PNG"))
    good = scan_file(tmp_path, path)
    bad = replace(good, content_id=None, status="unreadable", reason="no permission")
    assert scan_file(tmp_path, path, KnownFiles(to_table([bad]))) == good


def test_a_known_table_of_an_older_gapscope_is_ignored() -> None:
    assert len(KnownFiles(pa.table({"path": ["1.png"], "bytes": [5]}))) == 0


# --- the whole ------------------------------------------------------------------------------------


def test_a_summary_counts_what_is_there(tmp_path: Path) -> None:
    put(tmp_path, "dog/day/1.png", encoded(noise(10, 20), "PNG"))
    put(tmp_path, "dog/night/2.jpg", encoded(noise(30, 40), "JPEG"))
    put(tmp_path, "cat/day/3.png", encoded(noise(50, 10), "PNG"))
    shutil.copy(tmp_path / "cat" / "day" / "3.png", tmp_path / "cat" / "day" / "copy.png")
    put(tmp_path, "cat/day/empty.png")
    put(tmp_path, "cat/day/empty too.png")
    put(tmp_path, "loose.bmp", encoded(noise(), "BMP"))
    rows = [scan_file(tmp_path, path) for path in iter_images(tmp_path)]
    table = to_table(rows, parse_spec("{class}/{bias}/*", tmp_path))

    summary = summarise(table).as_dict()

    assert table.schema == schema(ImageRow)
    assert summary == {
        "files": 7,
        "images": 5,
        "unreadable": 2,
        "reasons": {"The file is empty": 2},
        "formats": {"PNG": 3, "BMP": 1, "JPEG": 1},
        "sizes": {
            "width": {"min": 10, "median": 40, "max": 50},
            "height": {"min": 10, "median": 20, "max": 40},
        },
        "duplicates": 1,
        "bytes": sum(row.bytes for row in rows),
        "classes": {"cat": 2, "dog": 2},
        "groups": [
            {"class": "cat", "bias": "day", "images": 2},
            {"class": "dog", "bias": "day", "images": 1},
            {"class": "dog", "bias": "night", "images": 1},
        ],
        "splits": {},
        "labels": {},
        "left_out": {},
    }


def test_a_summary_counts_every_column_that_is_a_label(tmp_path: Path) -> None:
    rows = [
        replace(scan.BLANK, path=f"dog/{'wet' if n % 3 else 'dry'}/f{n}_.png") for n in range(9)
    ]
    for n, row in enumerate(rows):
        rows[n] = replace(row, width=1, height=1, bytes=1, content_id=f"c{n}", format="PNG")
    table = to_table(rows, parse_spec("{class}/{weather}/{frame}_*", tmp_path))

    summary = summarise(table, {"box": "holds list<item: int64>, not text"})

    assert summary.labels == {"weather": {"wet": 6, "dry": 3}}
    assert summary.left_out == {
        "box": "holds list<item: int64>, not text",
        "frame": "9 different values in 9 images: an identity or a time, not a label",
    }


def test_a_summary_of_nothing_readable() -> None:
    summary = summarise(
        to_table(
            [replace(scan.BLANK, path="1.png", status="unreadable", reason="The file is empty")]
        )
    )
    assert (summary.files, summary.images, summary.duplicates, summary.bytes, summary.sizes) == (
        1,
        0,
        0,
        0,
        {},
    )
