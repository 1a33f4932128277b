"""Datasets."""

from __future__ import annotations

from pages.parts import session, style


def page() -> None:
    """Draw the page."""
    session.workspace()
    style.heading("Datasets")


page()
