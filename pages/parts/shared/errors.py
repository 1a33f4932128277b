"""Errors on screen: what is wrong and what to do, in a box, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import GapscopeError
from pages.parts.shared.style import escape


def sentence(what: str | None, remedy: str | None) -> str:
    """What is wrong in bold and what to do behind it, as safe Markdown."""
    wrong = escape(what or "Something went wrong")
    if wrong[-1] not in ".!?":
        wrong += "."
    return f"**{wrong}** {escape(remedy or '')}".strip()


def box(error: GapscopeError) -> None:
    """Show one error."""
    st.error(sentence(error.what, error.remedy), icon=":material/error:")


@contextmanager
def shown() -> Iterator[None]:
    """Run a block; where it raises a :class:`GapscopeError`, show that and go on behind it."""
    try:
        yield
    except GapscopeError as error:
        box(error)
