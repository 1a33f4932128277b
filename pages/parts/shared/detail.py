"""One image, close: the picture itself, the synthetic images nearest to it, and its gap score in
every version.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import streamlit as st

from core.contracts.comparison import CoverageRow
from core.contracts.formatting import data_uri
from core.contracts.judgement_words import LABEL
from pages.parts.shared import gallery, marks
from pages.parts.shared.read import TYPED, Points, Scene
from pages.parts.shared.style import escape, html

PICTURE = "width:100%;max-height:30rem;object-fit:contain;object-position:left;border-radius:.4rem"
PAIRS = "display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem"


@st.dialog("Image", width="large")
def show(scene: Scene, row: int) -> None:
    """Show one of the comparison's images. ``row``: its row in the scene's points."""
    points, ws = scene.points, scene.ws
    path, content_id = str(points["path"][row]), str(points["content_id"][row])
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        picture = gallery.preview(ws, str(ws.path), content_id)
        if isinstance(picture, bytes):
            st.html(f"<img src='{data_uri(picture)}' alt='{html(path)}' style='{PICTURE}'>")
        else:
            st.info(escape(picture), icon=":material/hide_image:")
    with right:
        st.html(
            f"<div class='gs'><span class='gs-name'>{html(PurePosixPath(path).name)}</span><br>"
            f"<span class='gs-path'>{html(path)}</span></div>"
        )
        st.html(_known(points, row))
        if points.real[row]:
            _scores(scene, path)
            marks.image_choices(scene, path)
    if points.real[row]:
        covered = scene.coverage_row(path)
        if covered is not None:
            _nearest(scene, covered)


def show_real(scene: Scene, path: str | None) -> None:
    """Show a real image by its path; nothing for None and for one that the comparison lacks."""
    row = None if path is None else scene.row_of(path)
    if row is not None:
        show(scene, row)


def _known(points: Points, row: int) -> str:
    """What is known of the image, as lines of HTML."""
    label = points.label(row)
    lines = [("From", f"<span style='color:{points.colours[label]}'>●</span> {html(label)}")]
    for name, words in (
        ("class", "Class"),
        ("bias", "Bias attribute"),
        (TYPED, "Typed class"),
        ("zero_shot", "Looks like (CLIP)"),
        ("tag", "Looks like (ImageNet)"),
    ):
        value = points[name][row] if name in points.columns else None
        if value is not None:
            lines.append((words, html(value) + _confidence(points, name, row)))
    for name, words in (
        ("acluster", "Cluster, domain-aligned"),
        ("cluster", "Cluster, as it is"),
    ):
        cluster = points[name][row]
        lines.append((words, "none" if cluster < 0 else str(cluster)))
    looks = points["looks_real"][row]
    if looks == looks:
        lines.append(("Looks real", f"{looks * 100:.0f} %"))
    cells = "".join(
        f"<span class='gs-soft'>{html(name)}</span><span>{value}</span>" for name, value in lines
    )
    return f"<div class='gs' style='{PAIRS}'>{cells}</div>"


def _confidence(points: Points, name: str, row: int) -> str:
    sure = points.columns.get(f"{name}_confidence")
    return f" · {sure[row] * 100:.0f} %" if sure is not None and sure[row] == sure[row] else ""


def _scores(scene: Scene, path: str) -> None:
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


def _nearest(scene: Scene, covered: CoverageRow) -> None:
    st.markdown(
        f"**Nearest images in version {escape(scene.version.version)}** "
        f":gray[· the nearest at distance {covered.distance:.3f}]"
    )
    names = scene.paths_by_content()
    colour = scene.points.colours[scene.version.label]
    tiles = [
        gallery.Tile(
            content_id,
            (gallery.Shown(content_id, f"{place}", colour),),
            PurePosixPath(names.get(content_id, "")).name,
            names.get(content_id, ""),
        )
        for place, content_id in enumerate(covered.nearest_ids, start=1)
    ]
    gallery.show(scene.ws, tiles, key="detail_nearest")
