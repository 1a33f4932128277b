"""The absent images as a folder: links to the photographs (or copies of them), with a manifest.

For whoever renders: open the folder in any image viewer, sort by name, the most absent comes first.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.contracts.comparison import GroupRow, LabelledCoverageRow
from core.contracts.derive import from_rows
from core.contracts.formatting import slug
from core.contracts.judgement_words import group_name
from core.contracts.manifest import ManifestRow
from core.contracts.words import Mark
from core.errors import InputError
from core.files import storage_guard
from core.reports.tables import csv_bytes
from core.store.results import Comparison

MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class WrittenFolder:
    """What was written: how many images, and which (path, reason) could not be."""

    folder: Path
    images: int
    missing: tuple[tuple[str, str], ...]


def write_absent_folder(
    comparison: Comparison, version: str | int, folder: Path, *, copies: bool = False
) -> WrittenFolder:
    """Write the absent images of one version into a new or empty folder.

    Files are named ``0001-name.jpg`` by rank. ``copies`` False: symbolic links, which cost nothing
    but break when the photographs move. ``manifest.csv`` has one :class:`ManifestRow` an image.
    Raises :class:`InputError` where the folder is not empty or cannot be written, or links are not
    allowed there.
    """
    source = Path(comparison.real.folder).resolve()
    _make(folder)
    groups = {group.group_id: group for group in comparison.group_rows(version)}
    marks = comparison.marks_by_path(version)
    rows, missing = [], []
    with storage_guard(folder):
        for number, row in enumerate(comparison.absent_rows(version), start=1):
            photo = source / row.path
            if not _below(row.path):
                missing.append((row.path, "the path leads out of the dataset's folder"))
            elif not photo.is_file():
                missing.append((row.path, "the file is not there any more"))
            else:
                file = f"{number:04d}-{_file_name(row.path)}"
                _put(photo, folder / file, copies)
                group, mark = groups.get(row.group_id), marks.get(row.path)
                rows.append(_manifest_row(file, row, group, mark))
        (folder / MANIFEST).write_bytes(csv_bytes(from_rows(ManifestRow, rows)))
    return WrittenFolder(folder, len(rows), tuple(missing))


def _manifest_row(
    file: str, row: LabelledCoverageRow, group: GroupRow | None, mark: Mark | None
) -> ManifestRow:
    return ManifestRow(
        file=file,
        path=row.path,
        score=row.score,
        q=row.q,
        cluster=row.cluster,
        tier=row.tier,
        gap=group_name(group) if group else None,
        reason=group.reason if group else None,
        nearest=row.nearest_path,
        distance=row.distance,
        class_=row.class_,
        bias=row.bias,
        mark=mark,
    )


def _below(path: str) -> bool:
    """Whether a path of the database stays inside the folder it is relative to."""
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _file_name(path: str) -> str:
    parts = PurePosixPath(path)
    return slug(parts.stem, longest=100, default="image") + slug(parts.suffix, default="")


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
