"""Search: images by name, by likeness to an image of yours, and by words."""

from __future__ import annotations

import streamlit as st

from pages.parts.search import by_image, by_name, by_words
from pages.parts.shared import style
from pages.parts.shared.session import workspace

WAYS = {"File name": by_name.show, "An image of yours": by_image.show, "Words": by_words.show}


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Search", "Find images in every dataset: by their file names, by an image, or by words."
    )
    if not any(dataset.images for dataset in ws.datasets.list()):
        st.info(
            "There are no images yet. Add a folder on the Datasets page.",
            icon=":material/lightbulb:",
        )
        return
    names = list(WAYS)
    way = st.segmented_control(
        "Search by", names, default=names[0], key="search_way", required=True
    )
    WAYS[way or names[0]](ws)


page()
