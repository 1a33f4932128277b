"""The numbers on top of the Gaps page: how much is absent, or that the version cannot be judged and
why.
"""

from __future__ import annotations

import streamlit as st

from core.contracts.comparison import GroupRow, VersionRow
from core.contracts.formatting import in_sequences
from core.contracts.judgement_words import (
    BY_LABELS,
    UNJUDGED,
    doubt_sentence,
    groups_sentence,
    unjudged_sentence,
)
from core.workspace import Comparison
from pages.parts.shared.style import escape, figure, figures, html, number, percent

UNJUDGED_HELP = (
    "The groups below stand in the order of their gap scores, the likeliest gap first, each with "
    "what is known of it."
)


def show(summary: VersionRow, real_images: int, groups: list[GroupRow]) -> None:
    """How much is absent, beside what a perfect renderer would score. Of a version that cannot be
    judged no share is shown.
    """
    if summary.judged:
        _judged(summary, real_images)
    else:
        why = escape(unjudged_sentence(summary.version, summary.obstacle))
        st.warning(f"**{why}** {UNJUDGED_HELP}", icon=":material/help:")
        counted = (
            [figure(f"real images {BY_LABELS}", number(summary.absent), "", "gs-large gs-gap")]
            if summary.absent
            else []
        )
        named = figure(f"version {summary.version}", UNJUDGED, "", "gs-large")
        figures(named, *counted, *_rest(summary))
    lines = [groups_sentence(groups)]
    if summary.judged:
        lines += [injected_sentence(summary), doubt_sentence(summary.cannot_tell, real_images)]
    words = "<br>".join(html(_sentence(line)) for line in lines if line)
    st.html(f"<div class='gs gs-soft'>{words}</div>")


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


def _judged(summary: VersionRow, real_images: int) -> None:
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
        *_rest(summary),
    )


def _rest(summary: VersionRow) -> list[str]:
    """Real images that are neither absent nor covered, where there are any."""
    return [
        figure(words, number(count))
        for words, count in (
            ("real images in thin groups", summary.thin),
            ("of which it cannot be told", summary.cannot_tell),
            ("odd by themselves", summary.singles),
        )
        if count
    ]


def _sentence(words: str) -> str:
    """Words with a capital and a full stop."""
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".") if words else ""
