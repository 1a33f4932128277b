"""A dataset's last scan in numbers, as a page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.contracts.catalog import Dataset


@dataclass(frozen=True)
class PixelRange:
    """Smallest, median and largest of one side, in pixels."""

    low: int
    median: int
    high: int


@dataclass(frozen=True)
class GroupCount:
    """Readable images of one class and bias value; None where an image has no such label."""

    class_: str | None
    bias: str | None
    images: int


@dataclass(frozen=True)
class DatasetSummary:
    """The last scan. Counts are of readable images; what was not counted is empty or None.

    ``duplicates``: images whose bytes already occurred in another file; ``bytes``: size on disk;
    ``formats``, ``classes``, ``splits``: images by name; ``labels``: the same for every other
    column that is a label; ``left_out``: columns that are none, and why.
    """

    duplicates: int | None
    bytes: int | None
    width: PixelRange | None
    height: PixelRange | None
    formats: Mapping[str, int]
    classes: Mapping[str, int]
    splits: Mapping[str, int]
    groups: tuple[GroupCount, ...]
    labels: Mapping[str, Mapping[str, int]]
    left_out: Mapping[str, str]


def read_summary(dataset: Dataset) -> DatasetSummary:
    """What a dataset's record keeps of its last scan."""
    kept = dataset.summary
    sizes = kept.get("sizes") or {}
    return DatasetSummary(
        duplicates=kept.get("duplicates"),
        bytes=kept.get("bytes"),
        width=_range(sizes.get("width")),
        height=_range(sizes.get("height")),
        formats=kept.get("formats") or {},
        classes=kept.get("classes") or {},
        splits=kept.get("splits") or {},
        groups=tuple(
            GroupCount(group["class"], group["bias"], group["images"])
            for group in kept.get("groups") or ()
        ),
        labels=kept.get("labels") or {},
        left_out=kept.get("left_out") or {},
    )


def _range(side: Mapping[str, Any] | None) -> PixelRange | None:
    return None if side is None else PixelRange(side["min"], side["median"], side["max"])
