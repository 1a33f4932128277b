"""What the address bar carries: the workspace and, of each page, what is looked at. So a link, a
reload and Back show what was seen.

A page part calls :func:`keep` before it draws a widget: what the address says goes into the
widget's session state, and at the end of the run :func:`write` puts what is chosen then into the
address, in one message.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import TypeVar

import streamlit as st

from core.contracts.formatting import slug

_WRITTEN = "address_written"  # session state: page and parts of the address as this app left them
_ASKED = "address_asked"  # session state: what the address asks for in this run
_KEPT = "address_kept"  # session state: what write() shall put there

Section = TypeVar("Section", bound=StrEnum)


def read(page: str) -> None:
    """Begin a run: find out what the address asks for, which this app did not write there itself.

    A part that is gone on the same page (Back to before it was chosen) asks for its first value.
    """
    now = {name: str(value) for name, value in st.query_params.items()}
    before_page, before = st.session_state.get(_WRITTEN, (None, {}))
    asked = now
    if before_page == page:
        asked = {name: value for name, value in now.items() if before.get(name) != value}
        asked |= dict.fromkeys(set(before) - set(now), "")
    st.session_state[_ASKED] = asked
    st.session_state[_KEPT] = {}


def asked(name: str) -> str | None:
    """What the address asks for under a name, once; empty: the first value; None: nothing."""
    wanted: dict[str, str] = st.session_state.get(_ASKED, {})
    return wanted.pop(name, None)


def keep(
    name: str, key: str, options: Mapping[str, Hashable], *, default: Hashable | None = None
) -> bool:
    """Tie ``st.session_state[key]`` to a part of the address, before its widget is drawn.

    ``options``: values by their words in the address. ``default``: the value that is there at
    first, and that is not written (None: whoever calls chooses). False where the address asks for
    what is not among them: nothing is changed then.
    """
    wanted = asked(name)
    fits = not wanted or wanted in options
    if wanted and fits:
        st.session_state[key] = options[wanted]
    elif wanted == "" and default is not None:
        st.session_state[key] = default
    if default is not None:
        st.session_state.setdefault(key, default)
    words = {value: text for text, value in options.items() if value != default}
    _kept()[name] = (key, words)
    return fits


def tell(name: str, text: str | None) -> None:
    """Put a text into the address, whatever the session state says."""
    if text:
        _kept()[name] = (None, {None: text})


def section(options: type[Section], key: str, *, name: str = "tab") -> Section:
    """A row of buttons that chooses what a page shows, kept in the address; the first at first."""
    first = next(iter(options))
    if st.session_state.get(key) not in list(options):
        st.session_state[key] = first
    keep(name, key, by_slug(options), default=first)
    picked = st.segmented_control(
        "Section",
        tuple(options),
        required=True,
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
    return options(picked or first)


def by_slug(options: type[Section]) -> dict[str, Section]:
    """An enumeration by the words that the address has for its values."""
    return {slug(one.value).lower(): one for one in options}


def write(page: str) -> None:
    """End a run: the address says what is looked at."""
    parts = {}
    for name, (key, words) in _kept().items():
        value = st.session_state.get(key) if key is not None else None
        if value in words:
            parts[name] = words[value]
    if dict(st.query_params) != parts:
        st.query_params.from_dict(parts)
    st.session_state[_WRITTEN] = (page, parts)


def forget() -> None:
    """Another workspace is looked at from the next run on: nothing of this one's address holds."""
    st.query_params.clear()
    st.session_state.pop(_WRITTEN, None)


def _kept() -> dict[str, tuple[str | None, dict[Hashable, str]]]:
    kept: dict[str, tuple[str | None, dict[Hashable, str]]] = st.session_state.setdefault(_KEPT, {})
    return kept
