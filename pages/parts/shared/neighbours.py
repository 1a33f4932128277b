"""The images most like the one that is looked at: the nearest of the version and of the real
images, and more like it from any dataset. A click opens one in the same dialog.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.framings import framing_of
from core.contracts.search import FoundImage
from core.contracts.words import Domain, Framing
from core.errors import InputError
from pages.parts.shared import gallery
from pages.parts.shared.looking import Looking, file_name
from pages.parts.shared.plots import FAINT, group_colours
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape

FEW = 6  # neighbours of each side
MANY, MOST = 24, 240  # more like this: shown at first, and at most
KEPT = 300  # seconds that an answer is kept: embedding more images may change it

Found = dict[int, list[FoundImage]]
Open = Callable[[FoundImage], None]


def show(ws: Workspace, scene: Scene | None, now: Looking, open_image: Open) -> None:
    """The neighbours of what is shown; ``open_image`` takes the one that is clicked."""
    encoder = scene.comparison.record.encoder if scene else "auto"
    framing = framing_of(scene.comparison.record.parameters) if scene else Framing.CENTRE
    found = _nearest(ws, str(ws.path), now.shown.content_id, FEW, encoder, framing, None)
    if isinstance(found, str):
        st.caption(f"Neighbours: {escape(found)}")
        return
    datasets = ws.datasets.list()
    for title, side in _sides(datasets, scene):
        nearest = ws.search.merged([found.get(dataset.id, []) for dataset in side], FEW)
        if not nearest:
            continue
        far = nearest[0].distance
        st.markdown(
            f"**{escape(title)}** :gray[· the nearest at distance {far:.3f}]"
            if far is not None
            else f"**{escape(title)}**"
        )
        tiles(ws, nearest, datasets, f"detail_{side[0].domain}", open_image)
    more = st.expander("More like this", key="detail_more", on_change="rerun")
    if more.open:
        with more:
            _more(ws, now, datasets, (encoder, framing), open_image)


def tiles(
    ws: Workspace,
    images: Sequence[FoundImage],
    datasets: Sequence[Dataset],
    key: str,
    open_image: Open | None = None,
    *,
    step: int = MANY,
) -> FoundImage | None:
    """Images as cards, each with its dataset in the corner; the one that was just clicked, or
    None. ``open_image`` hears of it before anything is drawn again.
    """
    by_key = {f"{image.dataset_id}:{image.path}": image for image in images}
    names = {dataset.id: dataset for dataset in datasets}
    versions = [one.label for one in datasets if one.domain == Domain.SYNTHETIC]
    colours = group_colours(["", *versions])

    def tile(place: int) -> gallery.Tile:
        image = images[place]
        dataset = names.get(image.dataset_id)
        real = dataset is not None and dataset.domain == Domain.REAL
        label = dataset.label if dataset else ""
        return gallery.Tile(
            f"{image.dataset_id}:{image.path}",
            (
                gallery.Shown(
                    image.content_id,
                    "real" if real else label,
                    colours[""] if real else colours.get(label, FAINT),
                ),
            ),
            file_name(image),
            "" if image.distance is None else f"distance {image.distance:.3f}",
        )

    def heard(opened: str) -> None:
        if open_image is not None and opened in by_key:
            open_image(by_key[opened])

    opened = gallery.grow(ws, range(len(images)), tile, key=key, step=step, on_open=heard)
    return by_key.get(opened or "")


def _sides(datasets: list[Dataset], scene: Scene | None) -> list[tuple[str, list[Dataset]]]:
    """The two sides with their titles: a comparison's version and real images, else all there
    are.
    """
    if scene is not None:
        version = scene.version
        return [
            (f"Nearest images in version {version.version}", [version]),
            ("Nearest real images", [scene.comparison.real]),
        ]
    sides = [
        ("Nearest synthetic images", [one for one in datasets if one.domain == Domain.SYNTHETIC]),
        ("Nearest real images", [one for one in datasets if one.domain == Domain.REAL]),
    ]
    return [(title, side) for title, side in sides if side]


def _more(
    ws: Workspace,
    now: Looking,
    datasets: list[Dataset],
    seen_by: tuple[str, Framing],
    open_image: Open,
) -> None:
    """The nearest images of the datasets that are chosen."""
    names = {dataset.id: dataset.label for dataset in datasets}
    chosen = st.multiselect(
        "In",
        list(names),
        format_func=lambda one: names.get(one, ""),
        key="detail_more_in",
        placeholder="All datasets",
        persist_state="session",
    )
    found = _nearest(ws, str(ws.path), now.shown.content_id, MOST, *seen_by, tuple(chosen) or None)
    if isinstance(found, str):
        st.caption(escape(found))
        return
    images = ws.search.merged(found.values(), MOST)
    if not images:
        st.caption("No image of these datasets is embedded under this encoder.")
    tiles(ws, images, datasets, f"detail_more_{now.shown.content_id}", open_image)


@st.cache_data(show_spinner=False, max_entries=64, ttl=KEPT)
def _nearest(
    _ws: Workspace,
    path: str,
    content_id: str,
    k: int,
    encoder: str,
    framing: Framing,
    dataset_ids: tuple[int, ...] | None,
) -> Found | str:
    """The nearest of each dataset, or why there are none. ``path``: the workspace's, for the
    cache.
    """
    datasets = [one for one in _ws.datasets.list() if dataset_ids is None or one.id in dataset_ids]
    try:
        return _ws.search.nearest(
            content_id, k, datasets=datasets, encoder=encoder, framing=framing
        )
    except InputError as error:
        return f"{error.what}. {error.remedy}"
