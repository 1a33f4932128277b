"""What each cluster contributed to a metric's change between two versions, from the rows that
:mod:`core.analysis.changes.attribution` left in the metrics table. Arithmetic only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.contracts.comparison import MetricRow
from core.contracts.words import MetricScope


@dataclass(frozen=True)
class Contribution:
    """How much of a metric's ``change`` between two versions a ``cluster`` accounts for: ``change``
    minus ``without``.
    """

    cluster: int
    contribution: float
    without: float
    change: float

    @property
    def share(self) -> float | None:
        """Of the whole change; None where there is none."""
        return self.contribution / self.change if self.change else None


def from_rows(metrics: Iterable[MetricRow]) -> dict[int, dict[str, dict[int | None, float]]]:
    """Every metric without each cluster: by version id, metric and cluster (None: none left out).
    Other scopes are passed over.
    """
    values: dict[int, dict[str, dict[int | None, float]]] = {}
    for row in metrics:
        if row.scope == MetricScope.WITHOUT and row.value is not None:
            cluster = None if row.part is None else int(row.part)
            values.setdefault(row.version_id, {}).setdefault(row.name, {})[cluster] = row.value
    return values


def contributions(
    before: Mapping[int | None, float], after: Mapping[int | None, float]
) -> list[Contribution]:
    """What each cluster contributes to a metric's change from one version to another, the largest
    first.

    A positive contribution drives the number up. Clusters known in only one of the two are left
    out.
    """
    if None not in before or None not in after:
        return []
    change = after[None] - before[None]
    parts = [
        Contribution(
            cluster,
            change - (after[cluster] - before[cluster]),
            after[cluster] - before[cluster],
            change,
        )
        for cluster in before
        if cluster is not None and cluster in after
    ]
    return sorted(parts, key=lambda part: -abs(part.contribution))
