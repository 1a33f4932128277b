"""What the folder browser says of a folder, at any depth."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.images import roots
from core.images.roots import list_folder
from pages.parts.shared.folder_browser import count_text


def touch(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number}.jpg").touch()


def test_images_below_empty_folders_are_counted_with_the_folders_that_hold_them(
    tmp_path: Path,
) -> None:
    for number, count in enumerate((100, 33, 100, 50, 50, 50, 50)):
        touch(tmp_path / ("photo" if number < 4 else "cartoon") / f"class {number}", count)
    assert count_text(list_folder(tmp_path, (tmp_path,))) == "433 images in 7 subfolders"


def test_what_lies_in_the_folder_itself_stands_first(tmp_path: Path) -> None:
    touch(tmp_path, 2)
    touch(tmp_path / "more", 3)
    words = "2 images directly inside · 3 images in 1 subfolder"
    assert count_text(list_folder(tmp_path, (tmp_path,))) == words


def test_a_count_that_was_cut_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "ENTRY_CAP", 5)
    touch(tmp_path / "a" / "b", 9)
    assert count_text(list_folder(tmp_path, (tmp_path,))) == "4 or more images in 1 subfolder"


def test_folders_without_images_say_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert count_text(list_folder(tmp_path, (tmp_path,))) == "no image in 1 subfolder"
