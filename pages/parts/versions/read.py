"""A comparison's numbers over versions as the page needs them: typed, and kept where they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import Workspace
from core.contracts.change_words import LISTS, ChangeList
from core.contracts.comparison import ChangeRow
from core.contracts.derive import read_rows
from core.contracts.words import Verdict
from core.workspace import Comparison
from pages.parts.shared.read import Key, comparison_key


@dataclass(frozen=True)
class VersionPair:
    """Two versions (by dataset id and label), the real images that changed between them by list,
    and the verdict in one word and one sentence.
    """

    from_id: int
    to_id: int
    before: str
    after: str
    lists: Mapping[ChangeList, Sequence[ChangeRow]]
    verdict: Verdict
    sentence: str

    @property
    def key(self) -> str:
        """What the pair is known by on the page."""
        return f"{self.from_id}-{self.to_id}"

    @property
    def counts(self) -> dict[ChangeList, int]:
        """How many images each list has."""
        return {name: len(rows) for name, rows in self.lists.items()}


@dataclass(frozen=True)
class TrendRow:
    """One number of one version. ``better``: ``lower``, ``higher``, a number it should be near, or
    empty; ``low`` and ``high``: 95 % interval; ``baseline``: the same number for real against real.
    """

    name: str
    label: str
    better: str
    meaning: str
    version_id: int
    version: str
    value: float | None
    low: float | None
    high: float | None
    baseline: float | None
    note: str | None


@dataclass(frozen=True)
class ClusterHistory:
    """How a cluster of real images fares, by version in order. ``absent``: share of its images on
    the list; ``score``: their mean gap score; ``n_synthetic``: images of the version.
    """

    cluster: int
    name: str
    size: int
    absent: tuple[float | None, ...]
    score: tuple[float | None, ...]
    n_synthetic: tuple[float | None, ...]


@dataclass(frozen=True)
class Unlike:
    """A comparison whose numbers cannot stand beside the chosen one's, and why."""

    name: str
    reasons: tuple[str, ...]


def pairs(ws: Workspace, comparison: Comparison) -> list[VersionPair]:
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
    names = TrendRow.__dataclass_fields__
    rows = [
        TrendRow(**{name: row[name] for name in names})
        for row in ws.exports.comparable_trend(ordered, numbers)
    ]
    order = {dataset.id: place for place, dataset in enumerate(ws.datasets.list("synthetic"))}
    rows.sort(key=lambda row: order.get(row.version_id, len(order)))
    left = [Unlike(past.record.name, past.differs) for past in pasts if not past.comparable]
    return rows, left


def clusters(ws: Workspace, comparison: Comparison) -> list[ClusterHistory]:
    """How each cluster of real images fares in each version, the largest first."""
    return [
        ClusterHistory(
            row["cluster"],
            row["name"],
            row["size"],
            tuple(row["absent"]),
            tuple(row["score"]),
            tuple(row["n_synthetic"]),
        )
        for row in ws.exports.cluster_rows(comparison)
    ]


@st.cache_resource(show_spinner=False, max_entries=8)
def _pairs(_ws: Workspace, _comparison: Comparison, key: Key) -> list[VersionPair]:
    return [
        VersionPair(
            pair.from_id,
            pair.to_id,
            pair.before,
            pair.after,
            {name: read_rows(ChangeRow, pair.lists[name]) for name in LISTS},
            Verdict(pair.verdict.word),
            pair.verdict.sentence,
        )
        for pair in _ws.exports.pairs(_comparison)
    ]
