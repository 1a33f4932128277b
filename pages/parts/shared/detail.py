"""One image, close: the picture itself, the synthetic images nearest to it, and its score in every
version.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import pyarrow.compute as pc
import streamlit as st

from core import Workspace
from core.workspace import Comparison
from pages.parts.shared import gallery, read
from pages.parts.shared.plots import ABSENT, REAL, group_colours
from pages.parts.shared.style import escape, html


@st.dialog("Image", width="large")
def show(ws: Workspace, found: Comparison, row: int, version_id: int) -> None:
    """Show one of the comparison's images. ``row``: its row in :func:`pages.parts.shared.read.points`."""
    points = read.points(ws, found)
    path, content_id = str(points["path"][row]), str(points["content_id"][row])
    label = points.groups[points.group[row]]
    colour = group_colours(points.groups)[label]
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        picture = gallery.preview(ws, str(ws.path), content_id)
        if isinstance(picture, bytes):
            st.html(
                f"<img src='{gallery.uri(picture)}' alt='{html(path)}' style='width:100%;max-height:30rem;object-fit:contain;object-position:left;border-radius:.4rem'>"
            )
        else:
            st.info(escape(picture), icon=":material/hide_image:")
    with right:
        st.html(
            f"<div class='gs'><span class='gs-name'>{html(PurePosixPath(path).name)}</span><br>"
            f"<span class='gs-path'>{html(path)}</span></div>"
        )
        st.html(_facts(points, row, label, colour))
        if points.real[row]:
            _scores(ws, found, path)
    if points.real[row]:
        _nearest(ws, found, path, version_id)


def row_of(
    ws: Workspace, found: Comparison, path: str, *, version_id: int | None = None
) -> int | None:
    """The row of a real image (or one of a version) by its path."""
    points = read.points(ws, found)
    wanted = found.record.real_id if version_id is None else version_id
    rows = ((points["path"] == path) & (points["dataset_id"] == wanted)).nonzero()[0]
    return int(rows[0]) if len(rows) else None


def _facts(points: read.Points, row: int, label: str, colour: str) -> str:
    """What is known of the image, as lines."""
    lines = [("From", f"<span style='color:{colour}'>●</span> {html(label)}")]
    for name, words in (
        ("class", "Class"),
        ("bias", "Bias attribute"),
        ("tag", "Looks like (ImageNet)"),
        ("zero_shot", "Looks like (CLIP)"),
    ):
        value = points.columns.get(name)
        if value is not None and value[row] is not None:
            sure = points.columns.get(f"{name}_confidence")
            behind = (
                f" · {sure[row] * 100:.0f} %" if sure is not None and sure[row] == sure[row] else ""
            )
            lines.append((words, html(value[row]) + behind))
    for name, words in (("acluster", "Cluster, look removed"), ("cluster", "Cluster, as it is")):
        cluster = points.columns.get(name)
        if cluster is not None:
            lines.append((words, "none" if cluster[row] < 0 else str(cluster[row])))
    looks = points.columns.get("looks_real")
    if looks is not None and looks[row] == looks[row]:
        lines.append(("Looks real", f"{looks[row] * 100:.0f} %"))
    cells = "".join(
        f"<span class='gs-soft'>{html(name)}</span><span>{value}</span>" for name, value in lines
    )
    return (
        "<div class='gs' style='display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem'>"
        + cells
        + "</div>"
    )


def _scores(ws: Workspace, found: Comparison, path: str) -> None:
    rows = []
    for dataset in found.versions:
        table = read.coverage(ws, found, dataset.id)
        for row in table.filter(pc.equal(table.column("path"), path)).to_pylist():
            rows.append(
                {
                    "Version": dataset.version,
                    "Score": row["score"],
                    "Rank": row["rank"],
                    "Absent": "yes" if row["absent"] else "no",
                }
            )
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            column_config={"Score": st.column_config.NumberColumn(format="%.2f")},
        )


def _nearest(ws: Workspace, found: Comparison, path: str, version_id: int) -> None:
    version = next((dataset for dataset in found.versions if dataset.id == version_id), None)
    table = read.coverage(ws, found, version_id)
    rows = table.filter(pc.equal(table.column("path"), path)).to_pylist()
    if version is None or not rows:
        return
    st.markdown(
        f"**Nearest images in version {escape(version.version)}** :gray[· the nearest at distance "
        f"{rows[0]['distance']:.3f}]"
        if rows[0]["distance"] is not None
        else f"**Nearest images in version {escape(version.version)}**"
    )
    names = read.paths_by_content(ws, found, version_id)
    colour = group_colours(read.points(ws, found).groups).get(version.label, ABSENT)
    tiles = [
        gallery.Tile(
            content_id,
            (gallery.Shown(content_id, f"{place}", colour or REAL),),
            PurePosixPath(names.get(content_id, "")).name,
            names.get(content_id, ""),
        )
        for place, content_id in enumerate(rows[0]["nearest_ids"] or [], start=1)
    ]
    gallery.show(ws, tiles, key="detail_nearest")
