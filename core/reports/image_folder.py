"""Writing image files into a folder of their own: links or copies, with safe names, into nothing
that is there already.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.contracts.formatting import slug
from core.errors import InputError

MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class WrittenFolder:
    """What was written: how many images, and which (path, reason) could not be."""

    folder: Path
    images: int
    missing: tuple[tuple[str, str], ...]


def make(folder: Path) -> None:
    """Make a new folder, or take an empty one. Raises :class:`InputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror}", "Choose another folder."
        ) from error
    if taken is not None:
        raise InputError(f"{folder} is not empty", "Choose a new folder: nothing is overwritten.")


def put(source: Path, path: str, folder: Path, number: int, *, copies: bool) -> str:
    """Copy or link the image ``path`` of the dataset folder ``source`` as ``0001-name.jpg``; its
    new name. Raises :class:`FileNotFoundError` with the reason where it is not there, and
    :class:`InputError` where links cannot be made.
    """
    if not _below(path):
        raise FileNotFoundError("the path leads out of the dataset's folder")
    photo = source / path
    if not photo.is_file():
        raise FileNotFoundError("the file is not there any more")
    target = folder / f"{number:04d}-{_file_name(path)}"
    if copies:
        shutil.copyfile(photo, target)
        return target.name
    try:
        target.symlink_to(photo)
    except OSError as error:
        raise InputError(
            f"Links cannot be made in {target.parent}: {error.strerror}", "Write copies instead."
        ) from error
    return target.name


def _below(path: str) -> bool:
    """Whether a path of the database stays inside the folder it is relative to."""
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _file_name(path: str) -> str:
    parts = PurePosixPath(path)
    return slug(parts.stem, longest=100, default="image") + slug(parts.suffix, default="")
