"""Where a user may look: folders inside the allowed roots, and a quick listing of one of them.

Everything a user types or clicks passes :func:`check_inside` before a file is touched. Nothing here
opens an image, so the server process pays nothing for importing it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError, OutsideRoots

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
COUNT_CAP = 10_000  # images counted in the listed folder before the count becomes "10,000 or more"
ENTRY_CAP = (
    50_000  # directory entries looked at in one listing: a million files must not stop the page
)
CHILD_CAP = 10_000  # images counted in each subfolder, at any depth
SAMPLE = 6


@dataclass(frozen=True)
class FolderEntry:
    """A subfolder: ``images`` in it at any depth (None: not counted or not readable; with
    ``capped`` there are at least that many), in how many ``folders``, itself among them, and the
    ``first`` of them that was met.
    """

    name: str
    path: Path
    images: int | None
    folders: int = 0
    capped: bool = False
    first: Path | None = None


@dataclass(frozen=True)
class FolderListing:
    """What the folder browser shows of one folder.

    ``parent`` is None at the top of the allowed folders. ``images`` counts image files directly
    inside; with ``images_capped`` there are at least that many. ``complete`` is False when the
    folder has more entries or subfolders than were looked at, at any depth. ``sample`` holds up to
    six image files.
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

    Looks at no more than 50,000 entries of the folder and 50,000 below it, and returns at most
    ``limit`` subfolders, in name order. Hidden entries and links that lead outside ``roots`` are
    left out. Raises as :func:`check_inside`.
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
        entry_below, looked_at = _look_below(folder / name, budget)
        budget -= looked_at
        folders.append(entry_below)
    parent = folder.parent if folder.parent != folder and _is_inside(folder.parent, roots) else None
    return FolderListing(
        path=folder,
        parent=parent,
        folders=tuple(folders),
        images=len(pictures),
        images_capped=len(pictures) >= COUNT_CAP,
        sample=tuple(folder / name for name in sorted(pictures)[:SAMPLE]),
        complete=complete
        and len(names) <= limit
        and not any(one.capped or (one.images is None and budget <= 0) for one in folders),
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


def _look_below(folder: Path, budget: int) -> tuple[FolderEntry, int]:
    """What is in a subfolder at any depth, upper levels first, and how many entries were looked at:
    at most ``budget``. Links below it are not followed: they could lead round in a circle.
    """
    counts: dict[Path, int] = {}
    first: Path | None = None
    images = looked_at = 0
    level, capped = deque([folder]), budget <= 0
    while level and not capped:
        here = level.popleft()
        try:
            for entry in _entries(here):
                looked_at += 1
                if not entry.is_symlink() and _is_folder(entry):
                    level.append(here / entry.name)
                elif is_image_name(entry.name):
                    images += 1
                    counts[here] = counts.get(here, 0) + 1
                    first = first or here / entry.name
                if images >= CHILD_CAP or looked_at >= budget:
                    capped = True
                    break
        except OSError:
            if here == folder:
                return FolderEntry(folder.name, folder, None), looked_at
    if budget <= 0:
        return FolderEntry(folder.name, folder, None), 0
    return FolderEntry(folder.name, folder, images, len(counts), capped, first), looked_at
