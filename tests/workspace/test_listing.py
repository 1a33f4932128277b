"""A dataset's images as a list: in any order, copies side by side, with pictures at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.contracts.catalog import Dataset
from core.contracts.listing import ImageOrder
from core.workspace import Workspace
from tests.conftest import draw_images


@pytest.fixture
def dataset(workspace: Workspace, tmp_path: Path) -> Dataset:
    """Four pictures, a copy of one of them, and a file that is no image."""
    folder = tmp_path / "photos"
    draw_images(folder / "cat", 2, hue=0)
    draw_images(folder / "dog", 2, hue=1, kind="bmp")
    shutil.copy(folder / "cat" / "0001.png", folder / "dog" / "again.png")
    (folder / "broken.png").write_bytes(b"not an image")
    found = workspace.add_dataset(folder, domain="real", labels="{class}/*")
    workspace.scan(found)
    return workspace.datasets.get(found.id)


def test_readable_images_come_in_any_order(workspace: Workspace, dataset: Dataset) -> None:
    names = [one.path for one in workspace.datasets.listing(dataset)]
    assert names == [
        "cat/0000.png",
        "cat/0001.png",
        "dog/0000.bmp",
        "dog/0001.bmp",
        "dog/again.png",
    ]
    backwards = workspace.datasets.listing(dataset, descending=True)
    assert [one.path for one in backwards] == names[::-1]
    largest = workspace.datasets.listing(dataset, ImageOrder.BYTES, descending=True)
    assert [one.path for one in largest[:2]] == ["dog/0000.bmp", "dog/0001.bmp"]
    sizes = [(Path(dataset.folder) / one.path).stat().st_size for one in largest]
    assert [int(one.text or 0) for one in largest] == sizes == sorted(sizes, reverse=True)
    assert [one.text for one in workspace.datasets.listing(dataset, "class")] == [
        *["cat"] * 2,
        *["dog"] * 3,
    ]


def test_copies_stand_side_by_side(workspace: Workspace, dataset: Dataset) -> None:
    copies = workspace.datasets.listing(dataset, copies_only=True)
    assert [(one.path, one.copies) for one in copies] == [
        ("cat/0001.png", 2),
        ("dog/again.png", 2),
    ]


@pytest.mark.parametrize("order", ImageOrder)
def test_every_order_works_before_anything_is_embedded(
    workspace: Workspace, dataset: Dataset, order: ImageOrder
) -> None:
    listed = workspace.datasets.listing(dataset, order)
    assert len(listed) == 5
    unknown = order.measured or order in (ImageOrder.PATH, ImageOrder.BIAS, ImageOrder.SPLIT)
    assert all((one.text is None) == unknown for one in listed)


def test_pictures_are_there_before_anything_is_embedded(
    workspace: Workspace, dataset: Dataset
) -> None:
    ids = [one.content_id for one in workspace.datasets.listing(dataset)]
    assert workspace.datasets.thumbnails(ids) == {}
    pictures = workspace.datasets.small_pictures([*ids, "0" * 32])
    assert set(pictures) == set(ids) and all(one[8:12] == b"WEBP" for one in pictures.values())
