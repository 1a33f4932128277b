"""The numbers on top of the Gaps page, and how far they can be relied on."""

from __future__ import annotations

import streamlit as st

from core.contracts.comparison import VersionRow
from core.contracts.formatting import in_sequences
from core.workspace import Comparison
from pages.parts.shared.style import escape, figure, figures, html, number, percent


def show(summary: VersionRow, real_images: int) -> None:
    """How much is absent, beside what a perfect renderer would score. Where only the ranking can be
    relied on, a mark says so and why.
    """
    if not summary.judged:
        st.warning(
            f"**For version {escape(summary.version)} only the ranking can be relied on.** "
            f"{escape(injected_sentence(summary))} Groups stand in the right order, the likeliest "
            "gap first; which of them are absent, and how many images that is, is not sure.",
            icon=":material/warning:",
        )
    figures(
        figure(
            f"of the real images absent from {summary.version}",
            percent(summary.absent_rate),
            between(summary),
            "gs-large gs-gap",
        ),
        figure(f"of {number(real_images)} real images", number(summary.absent), "", "gs-large"),
        figure(
            "real-vs-real baseline: one half of the real images against the other",
            percent(summary.baseline_rate),
        ),
    )
    if summary.judged:
        st.html(f"<div class='gs gs-soft'>{html(injected_sentence(summary))}</div>")


def sequences(comparison: Comparison) -> None:
    """Which datasets hold many near-identical frames, and how many sequences they are; nothing
    where there are none.
    """
    units = comparison.units()
    told = [
        f"{dataset.label}: {number(dataset.images)} images{words}"
        for dataset in (comparison.real, *comparison.versions)
        if (words := in_sequences(dataset.images, units.get(dataset.id)))
    ]
    if told:
        st.caption(f":material/burst_mode: {escape(' · '.join(told))}.")


def injected_sentence(summary: VersionRow) -> str:
    """What the self-test says of this list, or that there was none."""
    if not summary.injected:
        return (
            "No gaps could be injected into this data, so how much this list misses is not known."
        )
    return (
        f"Of {summary.injected} gaps injected into your data this list finds {summary.recovered}; "
        f"false alarms {percent(summary.false_alarm_share)}."
    )


def between(summary: VersionRow) -> str:
    """The interval of the absent share in words."""
    if summary.low is None or summary.high is None:
        return ""
    return f"95 %: {percent(summary.low)} to {percent(summary.high)}"
