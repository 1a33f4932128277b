"""Gaps: the real images that a version does not cover, in groups, with what is nearest to each, and
how sure that is.
"""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from pages.parts.gaps import (
    check,
    counts,
    gap_list,
    headline,
    looks,
    marks,
    metrics,
    readings,
    selftest,
    splits,
)
from pages.parts.shared import address, choose, style
from pages.parts.shared.session import workspace


class Section(StrEnum):
    """What the page shows below the numbers on top."""

    GAPS = "Gaps"
    CHECK = "Check ten groups"
    LOOKS = "Looks rendered, looks real"
    SPLITS = "Split classes"
    METRICS = "Metrics"
    SELFTEST = "Self-test"


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Gaps",
        "What a version shows of the real images, group by group: absent, thin, covered, or it "
        "cannot be told; with the reason and with what is nearest today.",
    )
    scene = choose.scene(ws)
    if scene is None:
        return
    summary = scene.summary
    if summary is None:
        st.info(
            "This comparison has no result for this version. Compare again on the Datasets page."
        )
        return
    headline.show(summary, scene.comparison.real.images, scene.gaps)
    headline.sequences(scene.comparison)
    section = address.section(Section, "gaps_section")
    match section:
        case Section.CHECK:
            check.show(scene)
        case Section.LOOKS:
            looks.show(scene)
        case Section.SPLITS:
            splits.show(scene)
        case Section.METRICS:
            metrics.show(scene)
        case Section.SELFTEST:
            selftest.show(scene, summary)
        case _:
            counts.show(scene)
            marks.controls(scene)
            readings.show(scene, gap_list.controls(scene))


page()
