"""Search by words, where a CLIP encoder is ready."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from pages.parts.search import asked, results
from pages.parts.shared import errors

MOST = 96  # images found
NOT_READY = (
    "Search by words needs a CLIP encoder whose weights are on this machine, and a comparison made "
    "with it. `python -m core encoders` says where the weights go."
)


def show(ws: Workspace) -> None:
    """The field and what it finds; one sentence where no encoder knows words."""
    encoders = ws.search.text_encoders()
    if not encoders:
        st.info(NOT_READY, icon=":material/info:")
        return
    left, right = st.columns([2, 1])
    phrase = left.text_input("Words", key="search_words", placeholder="a wet road at night").strip()
    encoder = right.selectbox("Seen by", encoders, key="search_clip", persist_state="session")
    datasets = results.datasets(ws)
    if not phrase:
        return
    with errors.shown():
        question = f"{encoder} {phrase}"
        job_id = asked.once(ws, question, lambda: ws.search.submit_text(phrase, encoder))
        if asked.done(ws, job_id):
            found = ws.search.answer(job_id, MOST, datasets=datasets)
            results.show(ws, found, "No image of these datasets is embedded under this encoder.")
