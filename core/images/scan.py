"""What is in an image folder: one row a file, unreadable files among them with a reason.

Files are found by name, read once, hashed, and opened far enough to know that they are whole.
Nothing is held longer than one file (and the names of one folder), so a million files need little
more memory than a thousand.
"""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from core.contracts.catalog import ImageRow
from core.contracts.derive import columns, from_columns, schema
from core.contracts.label_words import why_no_label
from core.contracts.words import ImageStatus
from core.images import decode
from core.images.content import content_id
from core.images.labels import NO_LABELS, LabelSource
from core.images.roots import is_image_name

BAD_NAME = "The name is not valid UTF-8: rename it"
NOT_A_FILE = "Not a file (a device, a pipe or a socket)"

# Files of up to this size are decoded to be sure (0.05 ms at 32 x 32, about 1 ms at this size); of
# larger ones only the end is looked for, and they are decoded when it is missing.
DECODE_BYTES = 64 * 1024
DECODE_PIXELS = 1_000_000
# chunks that may hold an orientation
PNG_EXIF = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")
HOLD_BYTES = 64 * 1024 * 1024  # larger files are hashed in pieces instead of held in memory


# A file of which nothing is known yet: what is found out is put in its place.
BLANK = ImageRow(
    path="",
    bytes=None,
    mtime_ns=None,
    content_id=None,
    format=None,
    mode=None,
    width=None,
    height=None,
    status=ImageStatus.OK,
    reason=None,
    class_=None,
    bias=None,
    split=None,
    labels=None,
)


class KnownFiles(Mapping[str, ImageRow]):
    """Readable files of an earlier scan by path. Rows stay in Arrow until asked for."""

    def __init__(self, table: pa.Table) -> None:
        """``table`` has the columns of :class:`ImageRow`; unreadable files are left out, so they
        are tried again.
        """
        names = schema(ImageRow).names
        if not set(names) <= set(table.column_names):
            table = schema(ImageRow).empty_table()
        readable = pc.equal(table["status"], ImageStatus.OK.value)
        self._table = table.filter(readable).select(names).combine_chunks()
        self._index = {path: row for row, path in enumerate(self._table["path"].to_pylist())}

    def __getitem__(self, path: str) -> ImageRow:
        row = self._index[path]
        return ImageRow(*(column[row].as_py() for column in self._table.columns))

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


def iter_images(
    folder: Path, on_error: Callable[[Path, OSError], None] | None = None
) -> Iterator[Path]:
    """Image files at any depth, by suffix: each folder's files in name order, then its subfolders
    in name order.

    Links are followed, a folder that is reached twice (a link to a parent) is entered once. Hidden
    files and folders are skipped. A subfolder that cannot be listed goes to ``on_error`` and is
    skipped. Memory: the names of one folder's images and of the folders still to come.
    """
    visited: set[tuple[int, int]] = set()
    waiting = [str(folder)]
    while waiting:
        current = waiting.pop()
        try:
            info = Path(current).stat()
            if (info.st_dev, info.st_ino) in visited:
                continue
            visited.add((info.st_dev, info.st_ino))
            files, folders = _listing(current)
        except OSError as error:
            if on_error is not None:
                on_error(Path(current), error)
            continue
        for name in files:
            yield Path(current, name)
        waiting.extend(f"{current}{os.sep}{name}" for name in reversed(folders))


def relative_name(root: Path, path: Path) -> str:
    """``path`` relative to ``root`` with ``/``; bytes that are not UTF-8 are shown as ``\\xNN``."""
    relative = str(path)[len(str(root)) :].lstrip(os.sep).replace(os.sep, "/")
    return (
        relative
        if relative.isascii()
        else os.fsencode(relative).decode("utf-8", "backslashreplace")
    )


def scan_file(root: Path, path: Path, known: Mapping[str, ImageRow] | None = None) -> ImageRow:
    """The row of one file, not labelled yet. Never raises for what is wrong with the file: that is
    the row's ``reason``.

    A file of the same path, size and modification time in ``known`` is not read again.
    """
    name = relative_name(root, path)
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:  # nothing downstream could store this path and find the file again
        return _unreadable(name, BAD_NAME)
    try:
        info = path.stat()
    except OSError as error:
        return _unreadable(name, decode.reason(error))
    before = known.get(name) if known is not None else None
    if before is not None and before.bytes == info.st_size and before.mtime_ns == info.st_mtime_ns:
        return before
    if not stat.S_ISREG(info.st_mode):  # opening a pipe would wait for ever
        return _unreadable(name, NOT_A_FILE)
    row = replace(BLANK, path=name, bytes=info.st_size, mtime_ns=info.st_mtime_ns)
    try:
        content, source = _hash(path, info.st_size)
        row = replace(row, content_id=content)
        format_, mode, (width, height) = _inspect(source)
    except OSError as error:
        return replace(row, status=ImageStatus.UNREADABLE, reason=decode.reason(error))
    except decode.UnreadableImage as error:
        return replace(row, status=ImageStatus.UNREADABLE, reason=error.reason)
    return replace(row, format=format_, mode=mode, width=width, height=height)


def folder_row(root: Path, path: Path, error: OSError) -> ImageRow:
    """The row of a subfolder that could not be listed, so that its images do not go missing without
    a word.
    """
    why = f"This folder cannot be read: {error.strerror}"
    if isinstance(error, PermissionError):
        why = "This folder may not be read by this user"
    return _unreadable(relative_name(root, path), why)


def to_table(rows: list[ImageRow], source: LabelSource | None = None) -> pa.Table:
    """Rows as a table of :class:`ImageRow`, labelled by ``source`` (None: without labels)."""
    values = {
        column.attribute: [getattr(row, column.attribute) for row in rows]
        for column in columns(ImageRow)
    }
    return from_columns(ImageRow, values | _labels([row.path for row in rows], source))


def relabel(table: pa.Table, source: LabelSource | None) -> pa.Table:
    """``table`` (of :class:`ImageRow`) with all labels from ``source`` (None: all null). Reads no
    file.
    """
    labels = _labels(table["path"].to_pylist(), source)
    for column in columns(ImageRow):
        if column.attribute in labels:
            place = table.schema.get_field_index(column.name)
            field = schema(ImageRow).field(column.name)
            table = table.set_column(place, field, pa.array(labels[column.attribute], field.type))
    return table


# --- the whole in numbers -------------------------------------------------------------------------


@dataclass(frozen=True)
class ScanSummary:
    """A scan in numbers. Everything but ``files``, ``unreadable`` and ``reasons`` speaks of
    readable images.

    ``duplicates``: images whose bytes already occurred in another file. ``sizes``: smallest, median
    and largest width and height in pixels, each by itself. ``classes``: images by class;
    ``groups``: rows of class, bias and images (null where a label is missing); both empty without
    labels. ``splits``: images by split. ``labels``: for every other column that is a label, images
    by value; ``left_out``: columns that are none, and why.
    """

    files: int
    images: int
    unreadable: int
    reasons: dict[str, int]
    formats: dict[str, int]
    sizes: dict[str, dict[str, int]]
    duplicates: int
    bytes: int
    classes: dict[str, int]
    groups: list[dict[str, str | int | None]]
    splits: dict[str, int]
    labels: dict[str, dict[str, int]]
    left_out: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def summarise(table: pa.Table, left_out: Mapping[str, str] | None = None) -> ScanSummary:
    """The numbers of a scan. ``table`` has the columns of :class:`ImageRow` (but needs no path);
    ``left_out``: columns that the label source left out, and why.
    """
    readable = pc.equal(table["status"], ImageStatus.OK.value)
    good, bad = table.filter(readable), table.filter(pc.invert(readable))
    sizes = {}
    for side in ("width", "height") if good.num_rows else ():
        values = good[side].to_numpy()
        low, median, high = int(values.min()), int(np.median(values)), int(values.max())
        sizes[side] = {"min": low, "median": median, "max": high}
    grouped = (
        good.filter(pc.is_valid(good["class"]))
        .group_by(["class", "bias"])
        .aggregate([([], "count_all")])
    )
    groups = [
        {"class": row["class"], "bias": row["bias"], "images": row["count_all"]}
        for row in grouped.to_pylist()
    ]
    by_column = _other_labels(good["labels"])
    no_labels = {
        column: why
        for column, counts in by_column.items()
        if (why := why_no_label(column, counts, sum(counts.values())))
    }
    return ScanSummary(
        files=table.num_rows,
        images=good.num_rows,
        unreadable=bad.num_rows,
        reasons=_counts(bad["reason"]),
        formats=_counts(good["format"]),
        sizes=sizes,
        duplicates=good.num_rows - pc.count_distinct(good["content_id"]).as_py(),
        bytes=pc.sum(good["bytes"]).as_py() or 0,
        classes=_counts(good["class"]),
        groups=sorted(groups, key=lambda group: (group["class"], group["bias"] or "")),
        splits=_counts(good["split"]),
        labels={name: counts for name, counts in by_column.items() if name not in no_labels},
        left_out={**(left_out or {}), **no_labels},
    )


def _other_labels(column: pa.ChunkedArray) -> dict[str, dict[str, int]]:
    """Images by value, for every column of the labels beside class, bias and split."""
    found: dict[str, Counter[str]] = {}
    for text, images in _counts(column).items():  # few texts differ: each is read once
        for name, value in json.loads(text).items():
            found.setdefault(name, Counter())[value] += images
    return {
        name: dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
        for name, counts in found.items()
    }


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each value occurs (nulls left out), most frequent first, then by name."""
    pairs = [
        (item["values"], item["counts"]) for item in pc.value_counts(column.drop_null()).to_pylist()
    ]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


# --- one file -------------------------------------------------------------------------------------


def _unreadable(name: str, why: str) -> ImageRow:
    """The row of what could not even be opened."""
    return replace(BLANK, path=name, status=ImageStatus.UNREADABLE, reason=why)


def _labels(paths: list[str], source: LabelSource | None) -> dict[str, list[str | None]]:
    """The label columns of ``paths``, by attribute of :class:`ImageRow`."""
    known = [source.label(path) if source is not None else NO_LABELS for path in paths]
    texts = {
        others: json.dumps(dict(others), ensure_ascii=False) if others else None
        for others in {labels.others for labels in known}
    }
    return {
        "class_": [labels.class_ for labels in known],
        "bias": [labels.bias for labels in known],
        "split": [labels.split for labels in known],
        "labels": [texts[labels.others] for labels in known],
    }


def _listing(folder: str) -> tuple[list[str], list[str]]:
    """Names of the image files and of the subfolders of a folder, each sorted."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                is_folder = entry.is_dir()
            except OSError:  # a link to itself: no folder; as a file it becomes a row with a reason
                is_folder = False
            if is_folder:
                folders.append(entry.name)
            elif is_image_name(entry.name):
                files.append(entry.name)
    return sorted(files), sorted(folders)


def _hash(path: Path, size: int) -> tuple[str, bytes | Path]:
    """The content id, and what to open: the bytes themselves, or the path of a file too large to
    hold.
    """
    source = path.read_bytes() if size <= HOLD_BYTES else path
    return content_id(source), source


def _inspect(source: bytes | Path) -> tuple[str, str, tuple[int, int]]:
    """Format, mode and upright size. Raises :class:`decode.UnreadableImage`, also for a file that
    is cut off.
    """
    with decode.opened(source) as image:
        format_, mode, (width, height) = image.format, image.mode, image.size
        small = (
            isinstance(source, bytes)
            and len(source) <= DECODE_BYTES
            and width * height <= DECODE_PIXELS
        )
        if small or not _is_whole(image, source):
            image.load()
        if _turns(image, source):
            width, height = height, width
    return "JPEG" if format_ == "MPO" else format_ or "", mode, (width, height)


def _turns(image: Image.Image, source: bytes | Path) -> bool:
    """Whether EXIF swaps width and height."""
    # Asked for EXIF, Pillow decodes a whole PNG to look for some behind the pixels: ask only where
    # there may be some.
    if (
        image.format == "PNG"
        and isinstance(source, bytes)
        and not any(key in source for key in PNG_EXIF)
    ):
        return False
    return decode.orientation(image) in decode.SIDEWAYS


def _is_whole(image: Image.Image, source: bytes | Path) -> bool:
    """Whether the file's end is there. False also where that is not known: then the image has to be
    decoded.

    JPEG: an end marker (FF D9) behind the last start of a scan; it cannot occur inside the coded
    data, where FF is always followed by 00 or a restart marker. PNG: the closing chunk. WebP: as
    many bytes as the header says.
    """
    if not isinstance(source, bytes):
        return False
    if image.format in ("JPEG", "MPO"):
        return source.find(b"\xff\xd9", _first_scan(source)) != -1
    if image.format == "PNG":
        return source.rfind(b"IEND") != -1
    if image.format == "WEBP":
        return len(source) >= int.from_bytes(source[4:8], "little") + 8
    return False


def _first_scan(data: bytes) -> int:
    """Where a JPEG's first scan begins: behind the headers, whose EXIF thumbnail has an end marker
    of its own.

    Segments are FF, marker, two bytes of length that count themselves (ITU-T T.81, annex B).
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xFF:  # fill byte
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDA:
            return at + 2 + length
        at += 2 + length
    return len(data)  # no scan: there is no whole image
