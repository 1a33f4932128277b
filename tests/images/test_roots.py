"""Where a user may look: only inside the roots, and quickly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import InputError, OutsideRoots
from core.images import roots
from core.images.roots import check_inside, list_folder


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_a_folder_inside_comes_back_resolved(tmp_path: Path) -> None:
    (tmp_path / "a" / "Größe und mehr").mkdir(parents=True)
    assert check_inside(tmp_path / "a" / ".." / "a" / "Größe und mehr", (tmp_path,)) == (
        tmp_path.resolve() / "a" / "Größe und mehr"
    )
    assert check_inside(str(tmp_path), (tmp_path,)) == tmp_path.resolve()


def test_the_users_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos").mkdir()
    assert check_inside("~/photos", (tmp_path,)) == tmp_path.resolve() / "photos"


@pytest.mark.parametrize(
    "path", ["/", "/etc", "inside/../../outside", "inside-not", "inside/way-out"]
)
def test_nothing_leads_out_of_the_roots(path: str, tmp_path: Path) -> None:
    for name in ("inside", "inside-not", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "inside" / "way-out").symlink_to(tmp_path / "outside")
    with pytest.raises(OutsideRoots, match="GAPSCOPE_ROOTS"):
        check_inside(tmp_path / path, (tmp_path / "inside",))


def test_outside_it_does_not_tell_what_exists(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    with pytest.raises(OutsideRoots):
        check_inside(tmp_path / "no such folder", (tmp_path / "inside",))


def test_without_roots_nothing_is_inside(tmp_path: Path) -> None:
    with pytest.raises(OutsideRoots):
        check_inside(tmp_path, ())


def test_a_missing_folder_and_a_file_say_so(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    with pytest.raises(InputError, match="does not exist"):
        check_inside(tmp_path / "missing", (tmp_path,))
    with pytest.raises(InputError, match="is a file"):
        check_inside(tmp_path / "a.png", (tmp_path,))


@pytest.mark.parametrize("path", ["", "  ", "a\0b", "~nobody-of-that-name/x", "x" * 5000])
def test_a_path_that_is_none_is_bad_input(path: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        check_inside(path, (tmp_path,))


def test_a_link_to_itself_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError):
        check_inside(tmp_path / "loop", (tmp_path,))


def test_no_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)  # a test that runs as root may read everything
    with pytest.raises(InputError, match="may not be read by this user"):
        check_inside(tmp_path, (tmp_path,))


def test_a_listing_has_folders_counts_and_a_sample(tmp_path: Path) -> None:
    touch(
        *(tmp_path / f"{number}.JPG" for number in range(8)),
        tmp_path / "notes.txt",
        tmp_path / ".hidden.png",
    )
    touch(tmp_path / "b" / "1.png", tmp_path / "b" / "deeper" / "2.png", tmp_path / "a" / "x.tif")
    (tmp_path / ".git").mkdir()

    listing = list_folder(tmp_path, (tmp_path,))

    assert [(folder.name, folder.images) for folder in listing.folders] == [("a", 1), ("b", 2)]
    assert (listing.images, listing.images_capped, listing.complete) == (8, False, True)
    assert [path.name for path in listing.sample] == [f"{number}.JPG" for number in range(6)]
    assert listing.parent is None  # the top: a click on "up" must not leave the roots


def test_a_listing_below_the_top_has_a_parent(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert list_folder(tmp_path / "a", (tmp_path,)).parent == tmp_path.resolve()


def test_links_that_lead_outside_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "in" / "real").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "to-real").symlink_to(tmp_path / "in" / "real")
    (tmp_path / "in" / "to-out").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in" / "loop")
    listing = list_folder(tmp_path / "in", (tmp_path / "in",))
    assert [folder.name for folder in listing.folders] == ["real", "to-real"]


def test_a_huge_folder_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roots, "COUNT_CAP", 50)
    monkeypatch.setattr(roots, "CHILD_CAP", 10)
    touch(*(tmp_path / "many" / f"{number}.png" for number in range(80)))

    inside = list_folder(tmp_path / "many", (tmp_path,))
    above = list_folder(tmp_path, (tmp_path,))

    assert (inside.images, inside.images_capped, inside.complete) == (50, True, False)
    assert [folder.images for folder in above.folders] == [10]


def test_more_folders_than_the_limit(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number:02d}").mkdir()
    listing = list_folder(tmp_path, (tmp_path,), limit=5)
    assert [folder.name for folder in listing.folders] == ["00", "01", "02", "03", "04"]
    assert not listing.complete


def test_what_lies_deeper_is_counted(tmp_path: Path) -> None:
    """Two folders without an image of their own, seven below them that have some."""
    for part, classes in (("photo", 4), ("cartoon", 3)):
        for number in range(classes):
            touch(*(tmp_path / part / str(number) / f"{one}.png" for one in range(5)))
    (tmp_path / "photo" / "0" / "back").symlink_to(tmp_path)  # round in a circle: not followed

    listing = list_folder(tmp_path, (tmp_path,))

    assert [(one.name, one.images, one.folders) for one in listing.folders] == [
        ("cartoon", 15, 3),
        ("photo", 20, 4),
    ]
    assert listing.complete and all(one.first and one.first.exists() for one in listing.folders)


def test_the_count_below_looks_at_so_many_entries_and_says_that_there_may_be_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roots, "ENTRY_CAP", 12)
    for part in "abc":
        touch(*(tmp_path / part / "deep" / f"{one}.png" for one in range(9)))

    listing = list_folder(tmp_path, (tmp_path,))

    assert [one.images for one in listing.folders] == [9, 1, None]
    assert [one.capped for one in listing.folders] == [False, True, False]
    assert not listing.complete


def test_a_subfolder_without_permission_has_no_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "open" / "1.png", tmp_path / "shut" / "1.png")
    scandir = os.scandir

    def refuse(path: str | Path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_folder(tmp_path, (tmp_path,))
    assert {folder.name: folder.images for folder in listing.folders} == {"open": 1, "shut": None}
