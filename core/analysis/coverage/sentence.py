"""What a list of absent images is worth on this data, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.analysis.coverage.evidence import Evidence
from core.analysis.coverage.judgement import InjectedGap
from core.analysis.types import Bools

ENOUGH = 3  # injected gaps below which the self-test says nothing
RECALL = 0.5  # share of them that a list must find to be more than a ranking
ALARMS = 0.05  # share of other images that it may list on the way
# how far below the threshold covered clusters must stay for the list to be more than a ranking
ROOM = 0.1


def false_alarm_share(gaps: Sequence[InjectedGap]) -> float | None:
    """Mean share of other images listed on the way; None without a test."""
    return float(np.mean([gap.false_alarm_share for gap in gaps])) if gaps else None


def relied_on(
    evidence: Evidence,
    gaps: Sequence[InjectedGap],
    baseline_rate: float | None,
    threshold: float,
) -> bool:
    """Whether the list is more than a ranking on this data: enough gaps could be injected, half of
    them were found, next to nothing else was listed, and covered clusters stay clear of the
    threshold.
    """
    alarms = false_alarm_share(gaps)
    return (
        evidence.certain
        and alarms is not None
        and len(gaps) >= ENOUGH
        and sum(gap.recovered for gap in gaps) >= RECALL * len(gaps)
        and max(alarms, baseline_rate or 0.0) <= ALARMS
        and evidence.crowding <= threshold - ROOM
    )


def verdict_sentence(
    on_list: Bools, clusters: int, gaps: Sequence[InjectedGap], absolute: bool
) -> str:
    """One sentence: what is absent (``on_list`` (n,), in so many ``clusters``), and what the list
    is worth on this data.
    """
    count, alarms = int(on_list.sum()), false_alarm_share(gaps)
    listed = (
        f"{count:,} of {len(on_list):,} real images are absent, in {clusters} "
        f"group{'s' if clusters != 1 else ''}"
        if count
        else f"None of {len(on_list):,} real images is listed as absent"
    )
    if alarms is None:
        return (
            f"{listed}; no gap could be injected into your data to test the list: trust only the "
            "ranking."
        )
    recovered = sum(gap.recovered for gap in gaps)
    tested = (
        f"of {len(gaps)} gaps injected into your data this list finds {recovered}; false alarms "
        f"{alarms:.0%}"
    )
    if absolute:
        return f"{listed}; {tested}."
    if len(gaps) < ENOUGH:
        return f"{listed}; {tested}. That is too few to test the list: trust only the ranking."
    if alarms <= ALARMS and recovered < RECALL * len(gaps):
        return f"{listed}; {tested}. It may miss gaps: look at the ranking as well."
    return f"{listed}; {tested}. The list is not sure on this data: trust only the ranking."
