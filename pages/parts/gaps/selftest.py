"""The self-test: which gaps were injected into the user's own data, and which the list finds."""

from __future__ import annotations

import streamlit as st

from core.contracts.cluster_words import MIXED
from core.contracts.comparison import VersionRow
from core.contracts.words import Space
from pages.parts.gaps.headline import injected_sentence
from pages.parts.shared import marks
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape, percent


def show(scene: Scene, summary: VersionRow) -> None:
    """One line for each injected gap."""
    st.caption(
        "An injected gap: the synthetic images that look most like one group of your real images "
        "are hidden (all of them, 95 % and 80 %) and everything is judged again, so that the right "
        "answer is known. Found: the group is then said to be absent or thin. AUROC: how well its "
        "images rank above all others then. "
        "False alarms: the share of other images that are newly listed. The test tries groups that "
        "the version does show; how well a gap that is really there is found, it can only suggest."
    )
    rows = scene.selftest
    if not rows:
        st.info("No gaps could be injected here: there are too few images or groups.")
        return
    st.markdown(f"{escape(injected_sentence(summary))}")
    names = scene.cluster_names(Space.REAL)
    marked = marks.by_cluster(scene)
    st.dataframe(
        [
            {
                "Injected gap": names.get(row.injected_cluster, MIXED),
                **({"Mark": marked.get(row.injected_cluster, "")} if marked else {}),
                "Real images": row.size,
                "Hidden synthetic images": row.hidden,
                "Share hidden": percent(row.strength),
                "Said then": row.tier,
                "Found": "yes" if row.recovered else "no",
                "AUROC": round(row.auroc, 3),
                "False alarms": percent(row.false_alarm_share),
            }
            for row in rows
        ],
        hide_index=True,
        height="content",
    )
