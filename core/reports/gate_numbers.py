"""The numbers that a gate judges and that JUnit XML tells, from what ``compare --json`` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.contracts.change_words import LISTS, ChangeList


@dataclass(frozen=True)
class MetricNumbers:
    """A metric with its 95 % interval and its real-vs-real baseline; None: not measured."""

    value: float | None
    low: float | None
    high: float | None
    baseline: float | None


@dataclass(frozen=True)
class VersionNumbers:
    """One version. ``absent``, ``absent_by_cluster``: real images; ``changes``: how many real
    images are on each list against the version before; None: not compared.
    """

    name: str
    images: int
    unreadable: int
    absent: int
    absent_by_cluster: int
    absent_rate: float | None
    baseline_rate: float | None
    verdict: str
    metrics: Mapping[str, MetricNumbers]
    changes: Mapping[ChangeList, int] | None


@dataclass(frozen=True)
class GateNumbers:
    """A comparison in numbers: its real images, the seconds it took, its versions in order."""

    real_images: int
    seconds: float
    versions: Sequence[VersionNumbers]


def gate_numbers(result: Mapping[str, Any]) -> GateNumbers:
    """The numbers of a comparison from what ``compare --json`` writes."""
    names = list(result["versions"])
    return GateNumbers(
        real_images=result["real"]["images"],
        seconds=sum(result["seconds"].values()),
        versions=[
            _version(result, name, before)
            for before, name in zip([None, *names], names, strict=False)
        ],
    )


def _version(result: Mapping[str, Any], name: str, before: str | None) -> VersionNumbers:
    version = result["versions"][name]
    return VersionNumbers(
        name=name,
        images=version["images"],
        unreadable=version["unreadable"],
        absent=len(version["absent"]),
        absent_by_cluster=len(version["absent_by_cluster"]),
        absent_rate=version["absent_rate"],
        baseline_rate=version["floor_rate"],
        verdict=version["verdict"] or "",
        metrics={
            metric: MetricNumbers(row["value"], row["low"], row["high"], row["floor"])
            for metric, row in version["metrics"].items()
        },
        changes=next(
            (
                {one: len(change[one]) for one in LISTS}
                for change in result["changes"]
                if (change["from"], change["to"]) == (before, name)
            ),
            None,
        ),
    )
