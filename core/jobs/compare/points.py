"""The points table: where every image lies on every map, and what else is known of it.

There is a map of all images together as they are, one of them domain-aligned, and one of each
dataset alone. Where an earlier comparison held some of the images, each map continues it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.analysis.coverage.judgement import Assessment
from core.analysis.metrics.suite import Measured
from core.analysis.types import OnProgress
from core.analysis.vectors import projection
from core.analysis.vectors.alignment import domain_aligned
from core.analysis.vectors.clustering import NOISE
from core.analysis.vectors.maps import EarlierMap, Map, MapParameters, draw_map
from core.contracts.comparison import PointRow
from core.contracts.derive import from_columns
from core.jobs.compare.describe import Described
from core.jobs.compare.sides import Side, Sides

# images of a dataset above which it gets no map of its own: minutes for a picture few look at
ALONE_UP_TO = 30_000
# share of the images that an earlier map must hold for a new one to continue it
CONTINUED = 0.2


@dataclass(frozen=True)
class Columns:
    """The columns of :class:`PointRow` that hold one map: 2-D, 3-D, cluster."""

    flat: tuple[str, str]
    deep: tuple[str, str, str] | None
    cluster: str


JOINT = Columns(("x", "y"), ("x3", "y3", "z3"), "cluster")
ALIGNED = Columns(("ax", "ay"), ("ax3", "ay3", "az3"), "acluster")
ALONE = Columns(("sx", "sy"), None, "scluster")


@dataclass(frozen=True)
class Maps:
    """The maps of a comparison: of all images as they are, of all domain-aligned, and of each side
    alone (None where it is too small or too large).
    """

    joint: Map
    aligned: Map
    alone: tuple[Map | None, ...]


def draw_maps(
    sides: Sides, parameters: MapParameters, previous: pa.Table | None, progress: OnProgress
) -> Maps:
    """Draw every map. ``previous``: the points table of the comparison to continue."""
    before = _Previous(previous)
    plain = [side.views.plain for side in sides.all]
    joint = draw_map(
        np.vstack(plain),
        parameters,
        stage="map as it is",
        progress=progress,
        earlier=before.find(sides.all, JOINT),
    )
    aligned = draw_map(
        np.vstack(domain_aligned(plain, seed=parameters.seed)),
        parameters,
        stage="map, domain-aligned",
        progress=progress,
        earlier=before.find(sides.all, ALIGNED),
    )
    alone = tuple(_alone(side, parameters, before, progress) for side in sides.all)
    return Maps(joint, aligned, alone)


def points_table(
    sides: Sides, maps: Maps, judged: Assessment, measured: Measured, described: Described
) -> pa.Table:
    """The points table: one row an image, the real images first."""
    lengths = [len(side) for side in sides.all]
    total = sum(lengths)
    alone = [one or _nowhere(length) for one, length in zip(maps.alone, lengths, strict=True)]
    columns = {
        "dataset_id": np.repeat([side.dataset_id for side in sides.all], lengths),
        "path": [path for side in sides.all for path in side.paths],
        "content_id": [content for side in sides.all for content in side.contents],
        **_columns(maps.joint, JOINT),
        **_columns(maps.aligned, ALIGNED),
        **_columns(_stacked(alone), ALONE),
        "real_cluster": np.r_[judged.real_cluster, np.full(total - lengths[0], NOISE)],
        "tag": _or_none(described.tag, total),
        "tag_confidence": _or_unknown(described.tag_confidence, total),
        "zero_shot": _or_none(described.zero_shot, total),
        "zero_shot_confidence": _or_unknown(described.zero_shot_confidence, total),
        "looks_real": _looks_real(sides, measured),
        "unit": np.concatenate([side.units for side in sides.all]),
    }
    return from_columns(PointRow, columns)


def _alone(
    side: Side, parameters: MapParameters, before: _Previous, progress: OnProgress
) -> Map | None:
    if not projection.SMALLEST <= len(side) <= ALONE_UP_TO:
        return None
    return draw_map(
        side.views.plain,
        parameters,
        stage=f"map of {side.name} alone",
        progress=progress,
        earlier=before.find([side], ALONE),
        deep=False,
    )


class _Previous:
    """The points of an earlier comparison, found again by dataset and path."""

    def __init__(self, table: pa.Table | None) -> None:
        self._table = table
        self._rows: dict[tuple[int, str], int] = {}
        if table is not None:
            ids, paths = (table.column(name).to_pylist() for name in ("dataset_id", "path"))
            self._rows = {key: row for row, key in enumerate(zip(ids, paths, strict=True))}

    def find(self, sides: Sequence[Side], columns: Columns) -> EarlierMap | None:
        """What the earlier map says of these sides' images; None where it held hardly any of them,
        or was not drawn.
        """
        if self._table is None:
            return None
        keys = [(side.dataset_id, path) for side in sides for path in side.paths]
        found = np.array([self._rows.get(key, -1) for key in keys])
        known = found >= 0
        if known.mean() < CONTINUED:
            return None
        rows = found[known]
        places = {}
        for names in filter(None, (columns.flat, columns.deep)):
            place = np.stack([self._table.column(name).to_numpy()[rows] for name in names], axis=1)
            if not np.isfinite(place.astype(float)).all():
                return None
            places[len(names)] = place.astype(np.float32)
        clusters = np.full(len(keys), NOISE, np.int64)
        clusters[known] = self._table.column(columns.cluster).to_numpy()[rows]
        return EarlierMap(known, places, clusters)


def _columns(drawn: Map, columns: Columns) -> dict[str, np.ndarray]:
    parts = {name: drawn.flat[:, axis] for axis, name in enumerate(columns.flat)}
    if columns.deep is not None and drawn.deep is not None:
        parts |= {name: drawn.deep[:, axis] for axis, name in enumerate(columns.deep)}
    return {**parts, columns.cluster: drawn.clusters}


def _nowhere(images: int) -> Map:
    """The place of images that have no map."""
    return Map(np.full((images, 2), np.nan, np.float32), None, np.full(images, NOISE))


def _stacked(maps: Sequence[Map]) -> Map:
    flat, clusters = (
        np.concatenate([getattr(one, name) for one in maps]) for name in ("flat", "clusters")
    )
    return Map(flat, None, clusters)


def _or_none(values: Sequence[str] | None, total: int) -> Sequence[str | None]:
    return [None] * total if values is None else values


def _or_unknown(values: np.ndarray | None, total: int) -> np.ndarray:
    return np.full(total, np.nan) if values is None else np.asarray(values, float)


def _looks_real(sides: Sides, measured: Measured) -> np.ndarray:
    """Held-out probability of being real: of a real image the mean over versions, of a synthetic
    one its version's; NaN where it is not known.
    """
    of_real = [looks.real for looks in measured.looks if looks.real is not None]
    parts = [np.mean(of_real, axis=0) if of_real else np.full(len(sides.real), np.nan)]
    for side, looks in zip(sides.versions, measured.looks, strict=True):
        unknown = np.full(len(side), np.nan)
        parts.append(unknown if looks.synthetic is None else looks.synthetic)
    return np.concatenate(parts)
