"""What is known of one image, beside its picture: where it is from, its labels, what networks say
it looks like, and its gap score in every version.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.judgement_words import LABEL
from core.contracts.search import FoundImage
from core.contracts.words import Space
from pages.parts.shared.plots import FAINT
from pages.parts.shared.read import TYPED, Points, Scene
from pages.parts.shared.style import html

PAIRS = "display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem"
Lines = list[tuple[str, str]]  # a name, and its value as HTML


def known(
    ws: Workspace, image: FoundImage, dataset: Dataset | None, scene: Scene | None, row: int | None
) -> None:
    """Where the image is from and what is known of it. ``row``: in the scene's points, None where
    the comparison does not hold it.
    """
    label = dataset.label if dataset else "a dataset that was removed"
    colour = scene.points.colours.get(label, FAINT) if scene else FAINT
    lines = [("From", f"<span style='color:{colour}'>●</span> {html(label)}")]
    lines += [(name.capitalize(), html(value)) for name, value in _labels(ws, image)]
    if scene is not None and row is not None:
        lines += _seen(scene, row)
    elif scene is not None:
        lines.append(("Comparison", "not in this one"))
    cells = "".join(
        f"<span class='gs-soft'>{html(name)}</span><span>{value}</span>" for name, value in lines
    )
    st.html(f"<div class='gs' style='{PAIRS}'>{cells}</div>")


def scores(scene: Scene, path: str) -> None:
    """The gap score of a real image in every version."""
    rows = []
    for dataset in scene.comparison.versions:
        covered = scene.of(dataset.id).coverage_row(path)
        if covered is not None:
            rows.append(
                {
                    "Version": dataset.version,
                    "Gap score": covered.score,
                    "Rank": covered.rank,
                    "Judgement": LABEL[covered.tier],
                }
            )
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            column_config={"Gap score": st.column_config.NumberColumn(format="%.2f")},
        )


def _labels(ws: Workspace, image: FoundImage) -> list[tuple[str, str]]:
    """The user's own labels, by column."""
    file = ws.datasets.image(image.dataset_id, image.path)
    if file is None:
        return []
    named = [("class", file.class_), ("bias attribute", file.bias), ("split", file.split)]
    return [(name, str(value)) for name, value in (*named, *(file.labels or {}).items()) if value]


def _seen(scene: Scene, row: int) -> Lines:
    """What the comparison says of it."""
    points, lines = scene.points, []
    for name, words in (
        (TYPED, "Typed class"),
        ("zero_shot", "Looks like (CLIP)"),
        ("tag", "Looks like (ImageNet)"),
    ):
        value = points[name][row] if name in points.columns else None
        if value is not None:
            lines.append((words, html(value) + _confidence(points, name, row)))
    for name, space, words in (
        ("acluster", Space.ALIGNED, "Cluster, domain-aligned"),
        ("cluster", Space.JOINT, "Cluster, as it is"),
    ):
        named = scene.cluster_names(space).get(int(points[name][row]), "none")
        lines.append((words, html(named)))
    looks = points["looks_real"][row]
    if looks == looks:
        lines.append(("Looks real", f"{looks * 100:.0f} %"))
    return lines


def _confidence(points: Points, name: str, row: int) -> str:
    sure = points.columns.get(f"{name}_confidence")
    return f" · {sure[row] * 100:.0f} %" if sure is not None and sure[row] == sure[row] else ""
