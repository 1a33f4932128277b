"""Looking through one dataset before any comparison: its images in any order, copies side by side,
and what could not be read with the reason (in the dataset's card). A click opens the detail view.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.listing import ImageOrder, ListedImage
from pages.parts.shared import detail, gallery, selections
from pages.parts.shared.plots import FAINT
from pages.parts.shared.style import digits, megabytes

STEP = 36


def show(ws: Workspace, dataset: Dataset) -> None:
    """The images of a dataset, with their order and filter."""
    key = f"browse_{dataset.id}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Order by",
            list(ImageOrder),
            format_func=lambda one: str(one).capitalize(),
            key=f"{key}_order",
            width=220,
        )
        order = chosen or ImageOrder.PATH
        down = st.toggle("Largest first", key=f"{key}_down")
        copies = st.toggle(
            "Copies only",
            key=f"{key}_copies",
            help="Files with the same bytes as another one of this folder, side by side.",
        )
        images = ws.datasets.listing(dataset, order, descending=down, copies_only=copies)
        selections.save_contents(ws, (one.content_id for one in images), key)
    if not images:
        st.info("No two files have the same bytes." if copies else "There is no readable image.")
        return
    known = sum(one.text is not None for one in images)
    if order.measured and known < len(images):
        st.caption(
            f"{str(order).capitalize()} is measured when images are embedded: known of {known:,} "
            f"of {len(images):,}, the others come last."
        )

    def tile(place: int) -> gallery.Tile:
        return _tile(images[place], order, str(place))

    opened = gallery.grow(ws, range(len(images)), tile, key=f"{key}_grid", step=STEP)
    if opened is not None:
        detail.show_found(ws, images[int(opened)].image, [one.image for one in images])


def _tile(one: ListedImage, order: ImageOrder, key: str) -> gallery.Tile:
    label = f"{one.copies} copies" if one.copies > 1 else ""
    return gallery.Tile(
        key,
        (gallery.Shown(one.content_id, label, FAINT),),
        PurePosixPath(one.path).name,
        _value(one, order) or str(PurePosixPath(one.path).parent),
    )


def _value(one: ListedImage, order: ImageOrder) -> str:
    """The image's value of the order, as people write it."""
    if one.text is None or order == ImageOrder.CHANGED:
        return ""
    if order == ImageOrder.BYTES:
        return megabytes(float(one.text))
    if order.measured:
        return f"{order} {digits(float(one.text))}"
    return f"{one.text} px" if order in (ImageOrder.WIDTH, ImageOrder.HEIGHT) else one.text
