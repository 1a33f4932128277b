"""The two sides of a comparison as its task reads them: rows and vectors of each dataset."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from core.analysis.types import Ints
from core.analysis.vectors.alignment import Views
from core.analysis.vectors.sequences import frames
from core.analysis.vectors.tiles import of_tiles
from core.contracts.compare_spec import CompareSpec, SideSpec
from core.contracts.framings import SHOWN
from core.contracts.label_words import BIAS, CLASS
from core.errors import InputError
from core.jobs.folder import JobFolder

SMALLEST_REAL = 2


@dataclass(frozen=True)
class Side:
    """One dataset in a comparison: its rows (path, content_id, class, bias, labels, attributes) and
    vectors by view. ``tiles``: the plain vectors of each tile, one array (n, d) a place, where the
    framing has tiles.
    """

    dataset_id: int
    version: str | None
    rows: pa.Table
    views: Views
    tiles: tuple[np.ndarray, ...] = ()

    @cached_property
    def units(self) -> Ints:
        """The unit of near-identical images that each image belongs to, (n,)."""
        return frames(self.views.plain, self.paths)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.version or "the real images"

    @property
    def paths(self) -> list[str]:
        """Image paths in row order."""
        return self.texts("path")

    @property
    def contents(self) -> list[str]:
        """Content ids in row order."""
        return self.texts("content_id")

    @property
    def classes(self) -> list[str | None]:
        """The label's class of each image; None where unknown."""
        return self.texts("class")

    @property
    def biases(self) -> list[str | None]:
        """The label's bias of each image; None where unknown."""
        return self.texts("bias")

    @property
    def labels(self) -> dict[str, list[str | None]]:
        """Every label by column, ``class`` and ``bias`` first: that of each image, None where
        unknown.
        """
        others = [json.loads(text) if text else {} for text in self.texts("labels")]
        columns = dict.fromkeys(name for known in others for name in known)
        return {
            CLASS: self.classes,
            BIAS: self.biases,
            **{name: [known.get(name) for known in others] for name in columns},
        }

    def texts(self, column: str) -> list:
        """A column of words."""
        return self.rows.column(column).to_pylist()


@dataclass(frozen=True)
class Sides:
    """The real images and the versions in their order."""

    real: Side
    versions: tuple[Side, ...]

    @property
    def all(self) -> tuple[Side, ...]:
        """The real images first."""
        return (self.real, *self.versions)

    @property
    def starts(self) -> np.ndarray:
        """Where each side begins among all images, and where the last one ends."""
        return np.cumsum([0, *map(len, self.all)])

    def split(self, values: np.ndarray) -> list[np.ndarray]:
        """Values of all images (n, …), side by side."""
        return np.split(values, self.starts[1:-1])


def read_sides(job: JobFolder) -> Sides:
    """The sides that the job's inputs hold.

    Raises :class:`InputError` for too few images, identical images and vectors that are not
    numbers.
    """
    spec = job.read_spec(CompareSpec)
    sides = Sides(
        _read(job, spec, spec.real), tuple(_read(job, spec, version) for version in spec.versions)
    )
    _check(sides)
    return sides


def _read(job: JobFolder, spec: CompareSpec, entry: SideSpec) -> Side:
    def stored(*, simplified: bool) -> list[np.ndarray]:
        views = (view for view in spec.views if SHOWN[view].simplified == simplified)
        return [job.read_array(f"{entry.file}-{view}.npy") for view in views]

    plain, simplified = stored(simplified=False), stored(simplified=True)
    return Side(
        entry.dataset_id,
        entry.version,
        job.read_table(f"{entry.file}.parquet"),
        Views(of_tiles(plain), of_tiles(simplified) if simplified else None),
        tuple(plain) if len(plain) > 1 else (),
    )


def _check(sides: Sides) -> None:
    if len(sides.real) < SMALLEST_REAL:
        raise InputError(
            f"There is only {len(sides.real)} real image",
            "A comparison needs at least two real images.",
        )
    first = sides.real.views.plain[0]
    for side in sides.all:
        broken = int((~np.isfinite(side.views.plain).all(axis=1)).sum())
        if broken:
            raise InputError(
                f"{broken} vectors of {side.name} are not numbers (NaN or infinite)",
                "The encoder's weights file may be broken: replace it and embed the images again.",
            )
    if all((side.views.plain == first).all() for side in sides.all):
        raise InputError(
            "All images have the same vector",
            "Check that the folders do not hold one image many times.",
        )
