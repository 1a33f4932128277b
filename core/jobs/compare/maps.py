"""The maps of a comparison: all images together as they are, with the look removed, and each
dataset alone.

Each map is one neighbour graph, laid out in 2-D and 3-D for the eye and in 5-D for HDBSCAN, which
finds clusters better where points are not squeezed onto a plane. Where an earlier comparison
covered some of the images, the map continues it: old points stay put and clusters keep their
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from core.analysis.coverage import score as coverage
from core.analysis.vectors import clustering, projection
from core.analysis.vectors.neighbors import graph

CLUSTER_DIMS = 5
MIN_DIST = {2: 0.1, 3: 0.1, CLUSTER_DIMS: 0.0}
# images of a dataset above which it gets no map of its own: minutes for a picture few look at
ALONE_UP_TO = 30_000

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Side:
    """One dataset in a comparison: its rows (path, content_id, class, bias, attributes) and vectors
    by view.
    """

    dataset_id: int
    version: str | None
    rows: pa.Table
    views: coverage.Views

    @property
    def paths(self) -> list[str]:
        """Image paths in row order."""
        return self.rows.column("path").to_pylist()


@dataclass(frozen=True)
class MapParameters:
    """How maps are drawn and clustered.

    ``n_neighbors``: images each image is tied to; larger values show the large lines, smaller ones
    the detail. ``min_cluster_size``: the smallest group that counts as a cluster; larger values
    give fewer clusters.
    """

    n_neighbors: int = 15
    min_cluster_size: int = 15
    seed: int = 0


@dataclass(frozen=True)
class Map:
    """One map: ``flat`` (n, 2), ``deep`` (n, 3) and cluster labels (n,)."""

    flat: np.ndarray
    deep: np.ndarray | None
    clusters: np.ndarray


def points_table(
    sides: Sequence[Side],
    parameters: MapParameters,
    previous: pa.Table | None,
    report: Report,
    components: int,
) -> pa.Table:
    """The points table: one row an image, the real images first, with the coordinates and clusters
    of every map.
    """
    before = _Before(previous)
    keys = [(side.dataset_id, path) for side in sides for path in side.paths]
    joint = draw_map(
        np.vstack([side.views.plain for side in sides]),
        parameters,
        report,
        "map as it is",
        before.find(keys, ("x", "y"), ("x3", "y3", "z3"), "cluster"),
    )
    removed = draw_map(
        np.vstack(
            coverage.removed([side.views.plain for side in sides], components, seed=parameters.seed)
        ),
        parameters,
        report,
        "map, look removed",
        before.find(keys, ("ax", "ay"), ("ax3", "ay3", "az3"), "acluster"),
    )
    alone = [_alone(side, parameters, report, before) for side in sides]
    columns: dict[str, Any] = {
        "dataset_id": np.repeat(
            [side.dataset_id for side in sides], [len(side.rows) for side in sides]
        ).astype(np.int32),
        "path": [path for _, path in keys],
        "content_id": pa.chunked_array(
            [chunk for side in sides for chunk in side.rows.column("content_id").chunks]
        ),
        **_columns(joint, ("x", "y", "x3", "y3", "z3", "cluster")),
        **_columns(removed, ("ax", "ay", "ax3", "ay3", "az3", "acluster")),
    }
    empty = [np.full(len(side.rows), np.nan, np.float32) for side in sides]
    for axis, name in enumerate(("sx", "sy")):
        columns[name] = _nullable(
            np.concatenate([m.flat[:, axis] if m else e for m, e in zip(alone, empty, strict=True)])
        )
    columns["scluster"] = np.concatenate(
        [
            m.clusters if m else np.full(len(e), clustering.NOISE)
            for m, e in zip(alone, empty, strict=True)
        ]
    ).astype(np.int32)
    return pa.table(columns)


def draw_map(
    vectors: np.ndarray,
    parameters: MapParameters,
    report: Report,
    stage: str,
    old: tuple[np.ndarray, dict[int, np.ndarray], np.ndarray] | None = None,
    *,
    deep: bool = True,
) -> Map:
    """Lay vectors (n, d) out and cluster them.

    ``old``: which rows were on an earlier map (bool (n,)), their coordinates by dimensions, and all
    rows' earlier clusters (−1 for new ones).
    """
    dims = (2, 3, CLUSTER_DIMS) if deep else (2, CLUSTER_DIMS)
    report(stage, 0, len(dims) + 1)
    neighbors = graph(vectors, parameters.n_neighbors, seed=parameters.seed)

    def laid_out(_: str, done: int, total: int) -> None:
        report(stage, done, len(dims) + 1)

    if old is None:
        layouts = projection.project(
            vectors,
            dims,
            neighbors=neighbors,
            min_dist=MIN_DIST,
            seed=parameters.seed,
            progress=laid_out,
        ).layouts
        labels = clustering.cluster(
            layouts[CLUSTER_DIMS], min_cluster_size=parameters.min_cluster_size
        )
    else:
        is_old, places, earlier = old
        fuzzy = projection.fuzzy_graph(neighbors)
        layouts = {
            d: projection.extend(
                fuzzy, places[d], is_old, min_dist=MIN_DIST[d], seed=parameters.seed
            )
            for d in dims[:-1]
        }
        space = projection.project(
            vectors,
            (CLUSTER_DIMS,),
            neighbors=neighbors,
            min_dist=MIN_DIST,
            seed=parameters.seed,
            progress=laid_out,
        ).layouts[CLUSTER_DIMS]
        labels = clustering.match(
            earlier, clustering.cluster(space, min_cluster_size=parameters.min_cluster_size)
        )
    report(stage, len(dims) + 1, len(dims) + 1)
    return Map(layouts[2], layouts.get(3), labels)


class _Before:
    """The points of an earlier comparison, found again by dataset and path."""

    def __init__(self, table: pa.Table | None) -> None:
        self._table = table
        self._rows: dict[tuple[int, str], int] = {}
        if table is not None:
            keys = zip(
                table.column("dataset_id").to_pylist(),
                table.column("path").to_pylist(),
                strict=True,
            )
            self._rows = {key: row for row, key in enumerate(keys)}

    def find(
        self,
        keys: list[tuple[int, str]],
        flat: tuple[str, ...],
        deep: tuple[str, ...],
        cluster: str,
    ) -> tuple[np.ndarray, dict[int, np.ndarray], np.ndarray] | None:
        """Which of the images were on that map, where, and in which cluster; None where hardly any
        was.
        """
        if self._table is None:
            return None
        found = np.array([self._rows.get(key, -1) for key in keys])
        is_old = found >= 0
        if is_old.mean() < 0.2:
            return None
        rows = found[is_old]
        places = {}
        for names in (flat, deep):
            place = (
                np.stack([self._table.column(name).to_numpy()[rows] for name in names], axis=1)
                if names
                else None
            )
            if place is not None:
                if not np.isfinite(place.astype(float)).all():
                    return None
                places[len(names)] = place.astype(np.float32)
        earlier = np.full(len(keys), clustering.NOISE, np.int64)
        earlier[is_old] = self._table.column(cluster).to_numpy()[rows]
        return is_old, places, earlier


def _alone(side: Side, parameters: MapParameters, report: Report, before: _Before) -> Map | None:
    if not projection.SMALLEST <= len(side.rows) <= ALONE_UP_TO:
        return None
    keys = [(side.dataset_id, path) for path in side.paths]
    return draw_map(
        side.views.plain,
        parameters,
        report,
        f"map of {side.version or 'the real images'} alone",
        before.find(keys, ("sx", "sy"), (), "scluster"),
        deep=False,
    )


def _columns(drawn: Map, names: tuple[str, ...]) -> dict[str, Any]:
    parts = [drawn.flat[:, 0], drawn.flat[:, 1]]
    assert drawn.deep is not None
    parts += [drawn.deep[:, axis] for axis in range(3)]
    return {**dict(zip(names[:5], parts, strict=True)), names[5]: drawn.clusters.astype(np.int32)}


def _nullable(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float32(), mask=~np.isfinite(values))
