"""The self-test: which gaps were injected into the user's own data, and which the list finds."""

from __future__ import annotations

import streamlit as st

from core.contracts.comparison import VersionRow
from pages.parts.gaps.headline import injected_sentence
from pages.parts.shared import marks
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape, percent


def show(scene: Scene, summary: VersionRow) -> None:
    """One line for each injected gap."""
    st.caption(
        "An injected gap: a group of your real images whose nearest synthetic images are hidden, "
        "so that the right answer is known. AUROC: how well its images rank above all others. "
        "False alarms: other images newly listed."
    )
    rows = scene.selftest
    if not rows:
        st.info("No gaps could be injected here: there are too few images or groups.")
        return
    st.markdown(
        f"{escape(injected_sentence(summary))} View: {escape(summary.view)}. A group is listed "
        f"from a gap score of {summary.threshold:g}."
    )
    names = {gap.cluster: gap.name for gap in scene.gaps}
    marked = marks.by_cluster(scene)
    st.dataframe(
        [
            {
                "Injected gap": names.get(row.injected_cluster)
                or f"Cluster {row.injected_cluster}",
                **({"Mark": marked.get(row.injected_cluster, "")} if marked else {}),
                "Real images": row.size,
                "Hidden synthetic images": row.hidden,
                "Found": "yes" if row.recovered else "no",
                "AUROC": round(row.auroc, 3),
                "False alarms": percent(row.false_alarm_share),
            }
            for row in rows
        ],
        hide_index=True,
        height="content",
    )
