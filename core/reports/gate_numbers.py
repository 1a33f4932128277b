"""The numbers that a gate judges and that JUnit XML tells, from what ``compare --json`` writes; and
the names by which rules know them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.contracts.change_words import LISTS, ChangeList
from core.contracts.metric_words import METRICS
from core.contracts.words import Tier

SHORT_NAMES = {"frechet_distance": "fd", "classifier_auc": "auc"}
LABEL_NUMBERS = ("real", "rendered", "expected")  # of a label: class["horse"].rendered
CHANGE_NAMES = tuple(map(str, LISTS))  # against the version before
JUDGED_NAMES = (
    "absent",
    "absent_rate",
    "absent_groups",
    "thin",
    "thin_groups",
    "singles",
    "open_gaps_that_matter",
)
"""Names that mean nothing of a version that cannot be judged, as the changes do."""

PLAIN_NAMES = (
    "images",
    "unreadable",
    "judged",
    "cannot_tell",
    "cannot_tell_groups",
    "surplus",
    "absent_by_cluster",
    "floor_rate",
)
_METRIC_NAMES = tuple(
    f"{name}{part}"
    for name in (*METRICS, *SHORT_NAMES.values())
    for part in ("", ".low", ".high", ".floor")
)
NAMES = (*PLAIN_NAMES, *JUDGED_NAMES, *CHANGE_NAMES, *_METRIC_NAMES)
"""Every name a rule may use, known before any work; labels' names stand beside them."""


@dataclass(frozen=True)
class MetricNumbers:
    """A metric with its 95 % interval and its real-vs-real baseline; None: not measured."""

    value: float | None
    low: float | None
    high: float | None
    baseline: float | None


@dataclass(frozen=True)
class LabelNumbers:
    """Images of one label; ``expected``: rendered ones that would match its real share."""

    real: int
    rendered: int
    expected: float


@dataclass(frozen=True)
class VersionNumbers:
    """One version. ``absent``, ``absent_by_cluster``, ``thin``, ``cannot_tell``, ``singles``: real
    images; ``surplus``: synthetic ones; ``groups``: how many are of each tier; ``judged`` False:
    it cannot be judged, ``obstacle`` says why; ``changes``: how many real images are on each list
    against the version before; None: not compared; ``labels``: by column and label.
    """

    name: str
    images: int
    unreadable: int
    absent: int
    absent_by_cluster: int
    absent_rate: float | None
    baseline_rate: float | None
    judged: bool
    obstacle: str | None
    thin: int
    cannot_tell: int
    singles: int
    surplus: int
    groups: Mapping[Tier, int]
    open_gaps_that_matter: int
    verdict: str
    metrics: Mapping[str, MetricNumbers]
    changes: Mapping[ChangeList, int] | None
    labels: Mapping[str, Mapping[str, LabelNumbers]]

    def named(self) -> dict[str, float | None]:
        """Its numbers by the names of rules, without those of labels; None: not measured."""
        named: dict[str, float | None] = {
            "images": self.images,
            "unreadable": self.unreadable,
            "judged": float(self.judged),
            "absent": self.absent,
            "absent_by_cluster": self.absent_by_cluster,
            "absent_rate": self.absent_rate,
            "absent_groups": self.groups[Tier.ABSENT],
            "thin": self.thin,
            "thin_groups": self.groups[Tier.THIN],
            "cannot_tell": self.cannot_tell,
            "cannot_tell_groups": self.groups[Tier.CANNOT_TELL],
            "open_gaps_that_matter": self.open_gaps_that_matter,
            "singles": self.singles,
            "surplus": self.surplus,
            "floor_rate": self.baseline_rate,
        }
        for metric, row in self.metrics.items():
            for name in (metric, *([SHORT_NAMES[metric]] if metric in SHORT_NAMES else [])):
                named[name] = row.value
                named[f"{name}.low"] = row.low
                named[f"{name}.high"] = row.high
                named[f"{name}.floor"] = row.baseline
        if self.changes is not None:
            named.update({str(name): count for name, count in self.changes.items()})
        return named


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
    groups = [group for group in version["groups"] if group["same_as"] is None]
    tiers = [group["tier"] for group in groups]
    gaps = tiers.count(Tier.ABSENT) + tiers.count(Tier.THIN)
    return VersionNumbers(
        name=name,
        images=version["images"],
        unreadable=version["unreadable"],
        absent=len(version["absent"]),
        absent_by_cluster=len(version["absent_by_cluster"]),
        absent_rate=version["absent_rate"],
        baseline_rate=version["floor_rate"],
        judged=version["judged"],
        obstacle=version["obstacle"],
        thin=version["thin"],
        cannot_tell=version["cannot_tell"],
        singles=version["singles"],
        surplus=len(version["surplus"]),
        groups={tier: tiers.count(tier) for tier in Tier},
        open_gaps_that_matter=version.get("marks", {}).get("open_gaps_that_matter", gaps),
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
        labels={
            column: {
                value: LabelNumbers(row["real"], row["rendered"], row["expected"])
                for value, row in values.items()
            }
            for column, values in version.get("counts", {}).items()
        },
    )
