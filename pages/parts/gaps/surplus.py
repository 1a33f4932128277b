"""Surplus renders on the Gaps page: a card for each group of synthetic images that no real image is
near, with pictures, and what the joint maps say of the same.
"""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath

import numpy as np
import streamlit as st

from core.contracts.comparison import SurplusGroupRow, SurplusRow
from core.contracts.words import Space
from pages.parts.shared import detail, gallery
from pages.parts.shared.plots import REAL
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape, figure, figures, number, percent

PAIRS = 8  # pictures of each group shown at first
SPACES = ((Space.ALIGNED, "domain-aligned"), (Space.JOINT, "as it is"))


def show(scene: Scene) -> None:
    """Every surplus group, the largest first, and the image that was clicked."""
    st.caption(
        "Synthetic images of one kind that no real image is near: far from every real image, and "
        "hardly ever the nearest synthetic image of a real one. They may be renders that are not "
        "needed, or real images that are not in your folder yet."
    )
    st.caption(map_sentence(scene))
    groups, rows = scene.surplus_groups, scene.surplus
    if not groups:
        st.info(
            f"No group of synthetic images of {escape(scene.version.version)} is said to be "
            "surplus. With few images on a side, or a look that is far, none can be.",
            icon=":material/info:",
        )
        return
    opened = None
    for group in groups:
        with st.container(border=True):
            _describe(group)
            members = {number: row for number, row in enumerate(rows) if row.group == group.group}
            key = f"surplus_{scene.comparison.id}_{scene.version_id}_{group.group}"
            tile = partial(_tile, scene, members)
            opened = gallery.grow(scene.ws, list(members), tile, key=key, step=PAIRS) or opened
    if opened is not None:
        _open(scene, opened, [row.path for row in rows])


def map_sentence(scene: Scene) -> str:
    """How many clusters of the joint maps hold the version's images and practically no real one."""
    parts = []
    for space, words in SPACES:
        found = [
            row
            for row in scene.clusters
            if row.space == space and row.version_id == scene.version_id and row.surplus
        ]
        images = sum(row.n for row in found)
        parts.append(f"{words} {number(len(found))} ({number(images)} images)")
    return f"Clusters of synthetic images only, on the map of both sides: {', '.join(parts)}."


def _describe(group: SurplusGroupRow) -> None:
    st.markdown(f"#### {escape(group.name or f'Surplus group {group.group}')}")
    if group.explanation:
        st.markdown(escape(group.explanation))
    figures(
        figure("surplus synthetic images", number(group.size), "", "gs-small gs-gap"),
        figure("of the version", percent(group.share), "", "gs-small"),
        figure("surplus score", f"{group.score:.2f}", "", "gs-small"),
    )


def _tile(scene: Scene, members: dict[int, SurplusRow], place: int) -> gallery.Tile:
    row, version = members[place], scene.version
    return gallery.Tile(
        row.path,
        (
            gallery.Shown(
                row.content_id, str(version.version), scene.points.colours[version.label]
            ),
            gallery.Shown(row.nearest_id, "nearest real", REAL),
        ),
        PurePosixPath(row.path).name,
        f"rank {row.rank:,} · surplus score {row.score:.2f} · distance {row.distance:.3f}",
    )


def _open(scene: Scene, path: str, paths: list[str]) -> None:
    points = scene.points
    mine = np.flatnonzero(points["dataset_id"] == scene.version_id)
    row_of = dict(zip(points["path"][mine].tolist(), mine.tolist(), strict=True))
    if path in row_of:
        detail.show(scene, row_of[path], [row_of[one] for one in paths if one in row_of])
