"""Classes that hold together among real images while their synthetic images live elsewhere."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.contracts.cluster_words import MIXED
from core.contracts.comparison import SplitRow
from core.contracts.words import ClassSource, Space
from pages.parts.gaps.looks import image_tile
from pages.parts.shared import detail, gallery
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape

STEP = 24
SOURCES = {  # the user's labels come first
    ClassSource.LABEL: "labels",
    ClassSource.ZERO_SHOT: "CLIP",
    ClassSource.TAG: "ImageNet head",
}
COLUMNS = {  # the column of the points that holds the class
    ClassSource.LABEL: "class",
    ClassSource.TAG: "tag",
    ClassSource.ZERO_SHOT: "zero_shot",
}


def show(scene: Scene) -> None:
    """The classes, the most split first, and both sides of the one that is chosen."""
    order = list(SOURCES)
    splits = sorted(scene.splits, key=lambda split: order.index(ClassSource(split.source)))
    if not splits:
        st.info(
            "No classes are known here. Give the datasets labels on the Datasets page, or use a "
            "CLIP encoder."
        )
        return
    st.caption(
        "Separation 1: the real and the synthetic images of the class share no cluster of the "
        "map. 0: they mix fully."
    )
    _table(splits)
    chosen = st.selectbox(
        "Show both sides of",
        range(len(splits)),
        format_func=lambda one: _name(splits[one]) if one < len(splits) else "",
        key=f"split_class_{scene.comparison.id}_{scene.version_id}",
    )
    split = splits[chosen]
    st.caption(escape(split.note or ""))
    points = scene.points
    of_class = points[COLUMNS[ClassSource(split.source)]] == split.class_
    opened, within = None, np.empty(0, np.int64)
    for side, title, own in zip(
        st.columns(2, gap="medium"),
        ("Real", "Synthetic"),
        (points.real, points["dataset_id"] == scene.version_id),
        strict=True,
    ):
        with side:
            key = f"split_{title}_{split.source}_{split.class_}"
            rows = np.flatnonzero(of_class & own)
            clicked = _side(scene, rows, title, key)
            if clicked is not None:
                opened, within = clicked, rows
    if opened is not None:
        detail.show(scene, int(opened), within.tolist())


def _table(splits: list[SplitRow]) -> None:
    st.dataframe(
        [
            {
                "Class": split.class_,
                "Known from": SOURCES[ClassSource(split.source)],
                "Separation": split.separation,
                "Real": split.n_real,
                "Synthetic": split.n_synthetic,
            }
            for split in splits
        ],
        hide_index=True,
        column_config={
            "Separation": st.column_config.ProgressColumn(
                min_value=0.0, max_value=1.0, format="%.2f"
            ),
        },
    )


def _side(scene: Scene, rows: np.ndarray, title: str, key: str) -> str | None:
    """The images of one side, and the cluster that most of them are in."""
    st.markdown(f"#### {title} :gray[· {_where(scene, rows)}]")
    key = f"{key}_{scene.comparison.id}_{scene.version_id}"
    return gallery.grow(scene.ws, rows.tolist(), partial(_tile, scene), key=key, step=STEP)


def _where(scene: Scene, rows: np.ndarray) -> str:
    """How many images, and how many of them are in the cluster that holds most."""
    if not len(rows):
        return "none"
    clusters, counts = np.unique(scene.points["cluster"][rows], return_counts=True)
    main = _cluster(scene, int(clusters[np.argmax(counts)]))
    return f"{len(rows):,} images, {int(counts.max()):,} {escape(main)}"


def _cluster(scene: Scene, cluster: int) -> str:
    """``in no cluster``, or ``in the cluster circle (2)``."""
    name = scene.cluster_names(Space.JOINT).get(cluster, MIXED)
    return name if cluster < 0 else f"in the cluster {name}"


def _tile(scene: Scene, row: int) -> gallery.Tile:
    return image_tile(scene, row, _cluster(scene, int(scene.points["cluster"][row])))


def _name(split: SplitRow) -> str:
    return f"{split.class_} ({SOURCES[ClassSource(split.source)]})"
