"""The real images that look rendered, and the images of a version that look real."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath

import numpy as np
import streamlit as st

from pages.parts.shared import detail, gallery
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape

STEP = 24


def show(scene: Scene) -> None:
    """Both lists, those that fool the classifier most first."""
    points = scene.points
    if not points.known("looks_real"):
        st.info("This comparison has no two-sample classifier: too few images on one side.")
        return
    st.caption(
        "A classifier learns to tell real from synthetic images and judges images it was not "
        "trained on. The share is how sure it is that an image is real."
    )
    looks_real = points["looks_real"]
    synthetic = np.flatnonzero((points["dataset_id"] == scene.version_id) & np.isfinite(looks_real))
    real = np.flatnonzero(points.real & np.isfinite(looks_real))
    synthetic = synthetic[np.argsort(-looks_real[synthetic], kind="stable")]
    real = real[np.argsort(looks_real[real], kind="stable")]
    _title(f"Images of {escape(scene.version.label)} that look real", looks_real[synthetic] > 0.5)
    first = _list(scene, synthetic, "real")
    _title("Real images that look rendered", looks_real[real] < 0.5)
    second = _list(scene, real, "rendered")
    opened = second or first
    if opened is not None:
        detail.show(scene, int(opened), (real if second else synthetic).tolist())


def image_tile(scene: Scene, row: int, note: str) -> gallery.Tile:
    """A card of one image of the comparison, with where it is from in its corner."""
    points = scene.points
    label = points.label(row)
    shown = gallery.Shown(
        points["content_id"][row], "real" if points.real[row] else label, points.colours[label]
    )
    return gallery.Tile(str(row), (shown,), PurePosixPath(points["path"][row]).name, note)


def _title(words: str, fooled: np.ndarray) -> None:
    count = f"{int(fooled.sum()):,} of {len(fooled):,}"
    st.markdown(f"#### {words} :gray[· {count} fool the classifier]")


def _list(scene: Scene, rows: np.ndarray, key: str) -> str | None:
    key = f"looks_{key}_{scene.comparison.id}_{scene.version_id}"
    return gallery.grow(scene.ws, rows.tolist(), partial(_tile, scene), key=key, step=STEP)


def _tile(scene: Scene, row: int) -> gallery.Tile:
    return image_tile(scene, row, f"looks real: {scene.points['looks_real'][row] * 100:.0f} %")
