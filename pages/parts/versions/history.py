"""Every finished comparison of the same real images, and which may be compared."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core import Workspace
from core.workspace import Comparison


def show(ws: Workspace, comparison: Comparison) -> None:
    """One line for each comparison, with what it was made with."""
    st.caption(
        "Every finished comparison of these real images. Numbers may be set side by side where the "
        "encoder, the parameters, the seed and the real images are the same."
    )
    names = {dataset.id: dataset.label for dataset in ws.datasets.list()}
    st.dataframe(
        [
            {
                "Comparison": past.record.name,
                "Versions": ", ".join(
                    names.get(one, f"dataset {one} (removed)") for one in past.record.version_ids
                ),
                "Made": past.record.finished_at,
                "Comparable": _comparable(past.record.id == comparison.id, past.differs),
                "Encoder": past.record.seen_by,
                "Seed": past.record.seed,
                "Parameters": _words(past.record.parameters),
                "Software": _words(past.record.software),
            }
            for past in ws.exports.history(comparison)
        ],
        hide_index=True,
    )


def _comparable(same: bool, differs: tuple[str, ...]) -> str:
    if same:
        return "this one"
    return "no: " + ", ".join(differs) if differs else "yes"


def _words(values: Mapping[str, object]) -> str:
    """Parameters in one line."""
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "default"
