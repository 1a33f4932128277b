"""Encoders in forms: their names, and what is needed where their weights are not here."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core import Workspace
from core.workspace.client import EncoderInfo
from pages.parts.shared import style

ANY = "Any `timm:` model can be typed."


def ready_first(infos: Mapping[str, EncoderInfo]) -> list[str]:
    """The ids of encoders, those whose weights are here first."""
    return sorted(infos, key=lambda one: not infos[one].ready)


def name(encoder_id: str, info: EncoderInfo | None) -> str:
    """An encoder in a list; ``info`` None: it is none of those that are known."""
    if info is None:
        return encoder_id
    return f"{encoder_id} · {info.title}{'' if info.ready else ' · not on this machine'}"


def info(ws: Workspace, encoder: str) -> EncoderInfo | None:
    """What is known of an encoder (``auto``: of the one it stands for), or None."""
    wanted = ws.resolve_encoder(encoder)
    return next((info for info in ws.encoders() if info.id == wanted), None)


def download(info: EncoderInfo, *, key: str) -> bool:
    """Whether the user allows a download; says what is needed where the weights are not here."""
    if info.ready:
        return False
    size = f"{info.size_mb:,.0f} MB" if info.size_mb else "size not known"
    with st.container(border=True):
        st.html(
            f"<div class='gs'><span class='gs-name'>The weights of {style.html(info.id)} are not "
            f"on this machine.</span><br><span class='gs-soft'>{style.html(size)} · licence "
            f"{style.html(info.licence)} · {style.html(info.where)}</span></div>"
        )
        if info.how:
            st.markdown(style.escape(info.how))
        return download_checkbox(key)


def download_checkbox(key: str) -> bool:
    """Whether the user allows a download of weights."""
    return st.checkbox(
        "Download the weights now",
        key=key,
        help="The only thing here that calls the network. Without it, put the file where it says "
        "above.",
    )
