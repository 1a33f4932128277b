"""The images beside the map: the selected ones, or all that it shows."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath

import numpy as np
import streamlit as st

from core.contracts.words import Tier
from pages.parts.map.choices import class_column
from pages.parts.shared import detail, gallery
from pages.parts.shared.plots import TIERS
from pages.parts.shared.read import Scene

STEP = 36  # images shown at first
EVERY = "All datasets"
BY_SCORE, BY_NAME = "Most absent first", "By name"


def gallery_of(scene: Scene, rows: np.ndarray) -> None:
    """Show the images of these ``rows``, of one dataset if asked, in the order that is chosen."""
    points, score = scene.points, scene.on_points.score
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        counts = np.bincount(points.group[rows], minlength=len(points.groups))
        there = [label for label, count in zip(points.groups, counts, strict=True) if count]
        side = st.selectbox("Show", (EVERY, *there), key="map_side", label_visibility="collapsed")
        order = st.selectbox(
            "Order",
            (BY_SCORE, BY_NAME),
            key="map_order",
            label_visibility="collapsed",
        )
    if side in points.groups:
        rows = rows[points.group[rows] == points.groups.index(side)]
    if order == BY_SCORE:
        rows = rows[np.argsort(-np.nan_to_num(score[rows], nan=-np.inf), kind="stable")]
    opened = gallery.grow(
        scene.ws,
        rows,
        partial(_tile, scene),
        key=f"map_{scene.comparison.id}",
        step=STEP,
    )
    if opened is not None:
        detail.show(scene, int(opened), rows.tolist())


def _tile(scene: Scene, row: int) -> gallery.Tile:
    points, covered = scene.points, scene.on_points
    label, colour = points.label(row), points.colours[points.label(row)]
    if points.real[row]:
        tier = covered.tier[row] or Tier.CANNOT_TELL
        label, colour = f"real, {tier}", TIERS[Tier(tier)]
    column = class_column(points)
    notes = [(points[column][row] if column else None) or ""]
    if np.isfinite(covered.score[row]):
        notes.append(f"gap score {covered.score[row]:.2f}")
    return gallery.Tile(
        str(row),
        (gallery.Shown(points["content_id"][row], label, colour),),
        PurePosixPath(points["path"][row]).name,
        " · ".join(filter(None, notes)),
    )
