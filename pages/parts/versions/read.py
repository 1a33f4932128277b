"""A comparison's numbers over versions as the page needs them: typed, and kept where they cost."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import Workspace
from core.workspace import Comparison
from core.workspace.exports import ClusterHistory, Pair, TrendRow
from pages.parts.shared.read import Key, comparison_key


@dataclass(frozen=True)
class Unlike:
    """A comparison whose numbers cannot stand beside the chosen one's, and why."""

    name: str
    reasons: tuple[str, ...]


def pairs(ws: Workspace, comparison: Comparison) -> list[Pair]:
    """Every pair of versions that the comparison judged, neighbours first."""
    return _pairs(ws, comparison, comparison_key(ws, comparison))


def trend(ws: Workspace, comparison: Comparison) -> tuple[list[TrendRow], list[Unlike]]:
    """Of this comparison every number, of comparable ones those of versions that this one lacks, in
    the versions' order; and the comparisons that are left out.
    """
    pasts = ws.exports.history(comparison)
    ordered = sorted(pasts, key=lambda past: past.record.id != comparison.id)
    numbers = {
        past.record.id: ws.exports.trend_rows(ws.comparisons.get(past.record.id))
        for past in ordered
        if past.comparable
    }
    rows = list(ws.exports.comparable_trend(ordered, numbers))
    order = {dataset.id: place for place, dataset in enumerate(ws.datasets.list("synthetic"))}
    rows.sort(key=lambda row: order.get(row.version_id, len(order)))
    left = [Unlike(past.record.name, past.differs) for past in pasts if not past.comparable]
    return rows, left


def clusters(ws: Workspace, comparison: Comparison) -> list[ClusterHistory]:
    """How each cluster of real images fares in each version, the largest first."""
    return ws.exports.cluster_rows(comparison)


@st.cache_resource(show_spinner=False, max_entries=8)
def _pairs(_ws: Workspace, _comparison: Comparison, key: Key) -> list[Pair]:
    return _ws.exports.pairs(_comparison)
