"""The absent images as a folder: links to the photographs (or copies of them), with a manifest.

For whoever renders: open the folder in any image viewer, sort by name, the most absent comes first.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa

from core.errors import InputError
from core.files import storage_guard
from core.reports.source import ComparisonLike
from core.reports.tables import csv_bytes

MANIFEST = "manifest.csv"
_UNSAFE = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True)
class Written:
    """What was written: how many images, and which (path, reason) could not be."""

    folder: Path
    images: int
    missing: tuple[tuple[str, str], ...]


def write_absent_folder(
    comparison: ComparisonLike, version: str | int, folder: Path, *, copies: bool = False
) -> Written:
    """Write the absent images of one version into a new or empty folder.

    Files are named ``0001-name.jpg`` by rank. ``copies`` False: symbolic links, which cost nothing
    but break when the photographs move. ``manifest.csv`` has one row an image: file, path, score,
    level, cluster, gap, nearest, distance, class, bias. Raises :class:`InputError` where the folder
    is not empty or cannot be written, or links are not allowed there.
    """
    source = Path(comparison.real.folder).resolve()
    _make(folder)
    names = {gap["cluster"]: gap["name"] for gap in comparison.gaps(version).to_pylist()}
    rows, missing = [], []
    with storage_guard(folder):
        for number, row in enumerate(comparison.absent(version).to_pylist(), start=1):
            photo = source / row["path"]
            if not photo.is_file():
                missing.append((row["path"], "the file is not there any more"))
                continue
            file = f"{number:04d}-{_UNSAFE.sub('_', PurePosixPath(row['path']).name)}"
            _put(photo, folder / file, copies)
            rows.append(
                {
                    "file": file,
                    **{key: row[key] for key in ("path", "score", "q", "cluster")},
                    "gap": names.get(row["cluster"]),
                    **{key: row[key] for key in ("nearest", "distance", "class", "bias")},
                }
            )
        (folder / MANIFEST).write_bytes(csv_bytes(pa.Table.from_pylist(rows, SCHEMA)))
    return Written(folder, len(rows), tuple(missing))


SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("path", pa.string()),
        ("score", pa.float64()),
        ("q", pa.float64()),
        ("cluster", pa.int32()),
        ("gap", pa.string()),
        ("nearest", pa.string()),
        ("distance", pa.float64()),
        ("class", pa.string()),
        ("bias", pa.string()),
    ]
)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror}", "Choose another folder."
        ) from error
    if taken is not None:
        raise InputError(f"{folder} is not empty", "Choose a new folder: nothing is overwritten.")


def _put(photo: Path, target: Path, copies: bool) -> None:
    if copies:
        shutil.copyfile(photo, target)
        return
    try:
        target.symlink_to(photo)
    except OSError as error:
        raise InputError(
            f"Links cannot be made in {target.parent}: {error.strerror}", "Write copies instead."
        ) from error
