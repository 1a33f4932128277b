"""Pictures of what a model learned: maps of its features, and saliency maps of single images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import Workspace
from core.contracts.study_rows import EmbeddingRow, SaliencyRow
from pages.parts.shared import gallery
from pages.parts.shared.style import escape
from pages.parts.studies import figures, words
from pages.parts.studies.study_view import StudyView
from pages.parts.studies.words import BARE

ACROSS = 3  # feature maps in a row, or four where that fills the rows better


def features(view: StudyView) -> None:
    """Learned features of real and synthetic test images, one map a mixture."""
    rows = words.of_version(view.rows(EmbeddingRow), view.version_id)
    mixtures = words.mixtures_of(rows)
    by_class = st.toggle("Colour by class", key="study_features_class")
    st.caption(
        "Real test images are dots, synthetic ones crosses. Mixing 1: a neighbour is as likely of "
        "the other domain as chance would have it; 0: real and synthetic images lie apart."
    )
    across = 4 if len(mixtures) in (4, 7, 8) else ACROSS
    places = [place for _ in range(-(-len(mixtures) // across)) for place in st.columns(across)]
    for mixture, place in zip(mixtures, places, strict=False):
        points = [row for row in rows if row.mixture == mixture]
        mixing = points[0].mixing
        with place:
            note = "" if mixing is None else f" :gray[· mixing {mixing:.2f}]"
            st.markdown(f"**{escape(words.mixture(mixture))}**{note}")
            st.plotly_chart(
                figures.features(points, by_class), key=f"study_features_{mixture}", config=BARE
            )


def saliency(view: StudyView) -> None:
    """RISE maps of the chosen images, side by side for the mixtures."""
    maps: dict[int, list[SaliencyRow]] = {}  # by image
    for row in words.of_version(view.rows(SaliencyRow), view.version_id):
        maps.setdefault(row.row, []).append(row)
    contents = _contents(view)
    one_scale = st.toggle(
        "One scale for all maps of an image",
        key="study_saliency_shared",
        help="On: how sure each model is can be compared, and a flat map stays flat. Off: each "
        "map shows its own structure.",
    )
    for of_image in maps.values():
        _image(view.ws, of_image, contents, one_scale=one_scale)
    st.caption(
        "Bright: on what the score of the image's own class rests (RISE); behind each mixture, "
        "the class it took the image for."
    )


def _image(
    ws: Workspace, maps: Sequence[SaliencyRow], contents: dict[str, str], *, one_scale: bool
) -> None:
    """One image beside its maps."""
    by_mixture = {row.mixture: row for row in maps}
    mixtures, image = words.mixtures_of(maps), maps[0]
    places = st.columns([1] * (len(mixtures) + 1))
    with places[0]:
        name = image.path.rsplit("/", 1)[-1]
        st.markdown(f"**{escape(image.class_)}** :gray[{escape(name)}]")
        _picture(ws, contents.get(image.path))
    together = [value for row in maps for value in row.map] if one_scale else []
    for mixture, place in zip(mixtures, places[1:], strict=True):
        row = by_mixture[mixture]
        scale = together or row.map
        right = "✓" if row.predicted == row.class_ else "✗"
        values = np.array(row.map).reshape(row.height, row.width)
        with place:
            st.markdown(
                f"**{escape(words.mixture(mixture))}** :gray[{right} {escape(row.predicted)}]"
            )
            st.plotly_chart(
                figures.saliency_map(values, min(scale), max(scale)),
                key=f"study_saliency_{row.row}_{mixture}",
                config=BARE,
            )


def _picture(ws: Workspace, content_id: str | None) -> None:
    picture: bytes | str = "This image is no longer in the workspace."
    if content_id:
        picture = gallery.preview(ws, str(ws.path), content_id)
    if isinstance(picture, bytes):
        st.image(picture, width="stretch")
    else:
        st.caption(escape(picture))


def _contents(view: StudyView) -> dict[str, str]:
    """Content ids of the real images by path."""
    real = next((one for one in view.ws.datasets.list() if one.id == view.record.real_id), None)
    if real is None:
        return {}
    return _content_ids(view.ws, (str(view.ws.path), real.id, str(real.scanned_at)))


@st.cache_resource(show_spinner=False, max_entries=8)
def _content_ids(_ws: Workspace, key: tuple[str, int, str]) -> dict[str, str]:
    images = _ws.datasets.images(_ws.datasets.get(key[1]))
    paths, ids = images.column("path").to_pylist(), images.column("content_id").to_pylist()
    return dict(zip(paths, ids, strict=True))
