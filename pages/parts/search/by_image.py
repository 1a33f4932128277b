"""Search by an image file from anywhere: embedded in a worker, compared with what is stored."""

from __future__ import annotations

import hashlib

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.search import FoundImage
from pages.parts.search import asked, results
from pages.parts.shared import errors
from pages.parts.shared.style import escape

TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif"]
MOST = 96  # images found


def show(ws: Workspace) -> None:
    """The upload, and the images most like it."""
    encoders = ws.search.encoders()
    if not encoders:
        st.info(
            "No image is embedded yet: likeness is measured in the vectors that a comparison "
            "makes. Compare two datasets first.",
            icon=":material/lightbulb:",
        )
        return
    left, right = st.columns([2, 1])
    file = left.file_uploader("An image", type=TYPES, key="search_upload")
    encoder = right.selectbox("Seen by", encoders, key="search_encoder", persist_state="session")
    datasets = results.datasets(ws)
    if file is None:
        return
    with errors.shown():
        images = found(ws, file.getvalue(), encoder, datasets)
        if images is not None:
            nothing = "No image of these datasets is embedded under this encoder."
            results.show(ws, images, nothing)


def found(
    ws: Workspace, data: bytes, encoder: str, datasets: list[Dataset] | None
) -> list[FoundImage] | None:
    """The images most like it; None while it is being embedded."""
    known = ws.search.known(data)
    if known is not None:
        st.caption(f"This very image is in the workspace: {escape(known.path)}")
        return ws.search.alike(known.content_id, MOST, datasets=datasets, encoder=encoder)
    question = f"{encoder} {hashlib.blake2b(data).hexdigest()}"
    job_id = asked.once(ws, question, lambda: ws.search.submit_image(data, encoder))
    return ws.search.answer(job_id, MOST, datasets=datasets) if asked.done(ws, job_id) else None
