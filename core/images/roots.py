"""Where a user may look: folders inside the allowed roots, and a quick listing of one of them.

Everything a user types or clicks passes :func:`check_inside` before a file is touched. Nothing here
opens an image, so the server process pays nothing for importing it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError, OutsideRoots

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
COUNT_CAP = 10_000  # images counted in the listed folder before the count becomes "10,000 or more"
ENTRY_CAP = (
    50_000  # directory entries looked at in one listing: a million files must not stop the page
)
CHILD_CAP = 1_000  # images counted in each subfolder
SAMPLE = 6


@dataclass(frozen=True)
class FolderEntry:
    """A subfolder: ``images`` directly inside it (at most 1,000 are counted; None: not counted or
    not readable).
    """

    name: str
    path: Path
    images: int | None


@dataclass(frozen=True)
class FolderListing:
    """What the folder browser shows of one folder.

    ``parent`` is None at the top of the allowed folders. ``images`` counts image files directly
    inside; with ``images_capped`` there are at least that many. ``complete`` is False when the
    folder has more entries or subfolders than were looked at. ``sample`` holds up to six image
    files.
    """

    path: Path
    parent: Path | None
    folders: tuple[FolderEntry, ...]
    images: int
    images_capped: bool
    sample: tuple[Path, ...]
    complete: bool


def is_image_name(name: str) -> bool:
    """Whether a file's name says it is an image. Hidden files do not count (``._photo.jpg`` is no
    photo).
    """
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")


def check_inside(path: Path | str, roots: tuple[Path, ...]) -> Path:
    """The folder ``path``, absolute, with ``~`` expanded and every symbolic link resolved.

    Raises :class:`OutsideRoots` when it lies outside every root (said before whether it exists, so
    that nobody can probe for files elsewhere) and :class:`InputError` when it is missing, not a
    folder or not readable.
    """
    resolved = _resolve(path)
    if not _is_inside(resolved, roots):
        allowed = ", ".join(str(root) for root in roots) or "(none)"
        raise OutsideRoots(
            f"{path} is outside the folders that Gapscope may read: {allowed}",
            "Choose a folder inside them, or add it to GAPSCOPE_ROOTS and start Gapscope again.",
        )
    check_folder(resolved)
    return resolved


def check_folder(folder: Path) -> None:
    """Raise :class:`InputError` unless ``folder`` is a folder that can be listed."""
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        raise InputError(
            f"The folder {folder} does not exist", "Check the path for typing errors."
        ) from None
    except NotADirectoryError:
        raise InputError(
            f"{folder} is a file, not a folder", "Give the folder that holds the images."
        ) from None
    except PermissionError:
        raise InputError(
            f"The folder {folder} may not be read by this user",
            "Allow reading (chmod u+rx), or choose another folder.",
        ) from None
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be read: {error.strerror}",
            "Check the disk or choose another folder.",
        ) from error


def list_folder(path: Path | str, roots: tuple[Path, ...], limit: int = 500) -> FolderListing:
    """Subfolders, image count and a few images of a folder, quickly even where it holds a million
    files.

    Looks at no more than 50,000 directory entries in all and returns at most ``limit`` subfolders,
    in name order. Hidden entries and links that lead outside ``roots`` are left out. Raises as
    :func:`check_inside`.
    """
    folder = check_inside(path, roots)
    names: list[str] = []
    pictures: list[str] = []
    complete = True
    for seen, entry in enumerate(_entries(folder)):
        if seen >= ENTRY_CAP or len(pictures) >= COUNT_CAP:
            complete = False
            break
        if _is_folder(entry):
            if not entry.is_symlink() or _is_inside(_resolve(entry.path), roots):
                names.append(entry.name)
        elif is_image_name(entry.name):
            pictures.append(entry.name)
    budget = ENTRY_CAP
    folders = []
    for name in sorted(names)[:limit]:
        images, looked_at = _count_images(folder / name, budget)
        budget -= looked_at
        folders.append(FolderEntry(name, folder / name, images))
    parent = folder.parent if folder.parent != folder and _is_inside(folder.parent, roots) else None
    return FolderListing(
        path=folder,
        parent=parent,
        folders=tuple(folders),
        images=len(pictures),
        images_capped=len(pictures) >= COUNT_CAP,
        sample=tuple(folder / name for name in sorted(pictures)[:SAMPLE]),
        complete=complete and len(names) <= limit,
    )


def _resolve(path: Path | str) -> Path:
    if not str(path).strip():
        raise InputError("No folder was given", "Type the path of a folder or choose one.")
    try:
        return Path(path).expanduser().resolve()
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # a link to itself, ~nobody, a NUL, too long a name
        raise InputError(
            f"{str(path)!r} is not a usable path: {error}", "Check the path."
        ) from error


def _is_inside(resolved: Path, roots: tuple[Path, ...]) -> bool:
    return any(resolved.is_relative_to(root.expanduser().resolve()) for root in roots)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Entries that are not hidden, in no particular order."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                yield entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _count_images(folder: Path, budget: int) -> tuple[int | None, int]:
    """Images directly inside (None: not readable, or no budget left), and how many entries were
    looked at.
    """
    if budget <= 0:
        return None, 0
    images = looked_at = 0
    try:
        for entry in _entries(folder):
            looked_at += 1
            images += is_image_name(entry.name)
            if images >= CHILD_CAP or looked_at >= budget:
                break
    except OSError:
        return None, looked_at
    return images, looked_at
