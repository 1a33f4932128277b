"""Numbers over versions and over comparisons: what may stand in one trend, and what may not, with
the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from core.contracts.compare_spec import CompareParameters
from core.contracts.comparison import ComparisonRecord, MetricRow, VersionRow
from core.contracts.framings import framing_of
from core.contracts.judgement_words import version_sentence
from core.contracts.metric_words import METRICS
from core.contracts.specs import to_json
from core.contracts.words import MetricScope, RecordStatus, Space, Tier
from core.store.results import Comparison

Value = TypeVar("Value")

ABSENT_RATE = "absent_rate"
ANALYSIS = "analysis"  # its place in a record's software


@dataclass(frozen=True)
class Past:
    """One comparison of the workspace beside another: ``differs`` says why its numbers cannot be
    compared; empty: they can.
    """

    record: ComparisonRecord
    differs: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether its numbers may stand in one trend with the other's."""
        return not self.differs


@dataclass(frozen=True)
class TrendRow:
    """One number of one version. ``better``: ``lower``, ``higher``, a number it should be near, or
    empty; ``position``: the version's place in its comparison; ``low`` and ``high``: 95 % interval;
    ``baseline``: the same number for real against real, with its interval.
    """

    name: str
    label: str
    better: str
    meaning: str
    version_id: int
    version: str
    position: int
    value: float | None
    low: float | None
    high: float | None
    baseline: float | None
    baseline_low: float | None
    baseline_high: float | None
    note: str | None


@dataclass(frozen=True)
class ClusterHistory:
    """How a cluster of real images fares, by version in order. ``tier``: what is judged of it;
    ``absent``: share of its images on the list; ``score``: their mean gap score; ``n_synthetic``
    and ``expected``: images of the version, None where the cluster was never a gap.
    """

    cluster: int
    name: str
    size: int
    tier: tuple[Tier | None, ...]
    absent: tuple[float | None, ...]
    score: tuple[float | None, ...]
    n_synthetic: tuple[float | None, ...]
    expected: tuple[float | None, ...]


# --- over the versions of one comparison ----------------------------------------------------------


def trend_rows(comparison: Comparison) -> list[TrendRow]:
    """Absent share and every metric of all images, by version in order."""
    place = {dataset.id: index for index, dataset in enumerate(comparison.versions)}
    labels = {dataset.id: str(dataset.version) for dataset in comparison.versions}
    known = {name: index for index, name in enumerate(METRICS)}
    metrics = [row for row in comparison.metric_rows() if row.scope == MetricScope.ALL]
    metrics.sort(
        key=lambda row: (
            known.get(row.name, len(known)),
            row.name,
            place.get(row.version_id, 0),
        )
    )
    return [
        *(_rate(position, row) for position, row in enumerate(comparison.version_rows())),
        *(
            _metric(place.get(row.version_id, 0), labels.get(row.version_id, ""), row)
            for row in metrics
        ),
    ]


def cluster_history(comparison: Comparison) -> list[ClusterHistory]:
    """How each cluster of real images fares in each version, the largest first; the images of no
    cluster last.
    """
    versions = comparison.versions
    blank: tuple[float | None, ...] = (None,) * len(versions)
    no_tier: tuple[Tier | None, ...] = (None,) * len(versions)
    clusters: dict[int, ClusterHistory] = {}
    names = comparison.cluster_names(Space.REAL)
    for place, dataset in enumerate(versions):
        gaps = {row.cluster: row for row in comparison.group_rows(dataset.id)}
        for row in comparison.cluster_coverage(dataset.id):
            gap = gaps.get(row.cluster)
            before = clusters.get(row.cluster) or ClusterHistory(
                row.cluster, names[row.cluster], row.size, no_tier, blank, blank, blank, blank
            )
            clusters[row.cluster] = replace(
                before,
                tier=_put(before.tier, place, gap.tier if gap else None),
                absent=_put(before.absent, place, row.absent_share),
                score=_put(before.score, place, row.mean_score),
                n_synthetic=_put(before.n_synthetic, place, gap.rendered if gap else None),
                expected=_put(before.expected, place, gap.expected if gap else None),
            )
    return sorted(clusters.values(), key=lambda row: (row.cluster < 0, -row.size, row.cluster))


# --- over comparisons -----------------------------------------------------------------------------


def history(records: Iterable[ComparisonRecord], chosen: ComparisonRecord) -> list[Past]:
    """Every finished comparison of the same real dataset beside ``chosen``, the newest first, and
    what keeps it from being compared.

    Numbers are comparable under the same encoder, parameters and seed, the same real images (their
    fingerprint) and the same revision of the analysis.
    """
    return [
        Past(record, tuple(_differences(record, chosen)))
        for record in records
        if record.status == RecordStatus.DONE and record.real_id == chosen.real_id
    ]


def comparable_trend(
    pasts: Iterable[Past], numbers: Mapping[int, Sequence[TrendRow]]
) -> list[TrendRow]:
    """Rows of :func:`trend_rows` by comparison id, joined over comparable comparisons: of each
    version the numbers of the first comparison that has them.
    """
    seen: set[tuple[str, int]] = set()
    joined = []
    for past in pasts:
        for row in numbers.get(past.record.id, ()) if past.comparable else ():
            key = (row.name, row.version_id)
            if key not in seen:
                seen.add(key)
                joined.append(row)
    return joined


# --- inside ---------------------------------------------------------------------------------------


def _rate(position: int, row: VersionRow) -> TrendRow:
    return TrendRow(
        name=ABSENT_RATE,
        label="Absent share",
        better="lower",
        meaning="Share of the real images that are absent from the version.",
        version_id=row.version_id,
        version=str(row.version),
        position=position,
        value=row.absent_rate if row.judged else None,
        low=row.low if row.judged else None,
        high=row.high if row.judged else None,
        baseline=row.baseline_rate,
        baseline_low=None,
        baseline_high=None,
        note=None if row.judged else version_sentence(row),
    )


def _metric(position: int, version: str, row: MetricRow) -> TrendRow:
    about = METRICS.get(row.name)
    return TrendRow(
        name=row.name,
        label=about.label if about else row.name.replace("_", " ").capitalize(),
        better=about.better if about else "",
        meaning=about.meaning if about else "",
        version_id=row.version_id,
        version=version,
        position=position,
        value=row.value,
        low=row.low,
        high=row.high,
        baseline=row.baseline,
        baseline_low=row.baseline_low,
        baseline_high=row.baseline_high,
        note=row.note,
    )


def _put(
    values: tuple[Value | None, ...], place: int, value: Value | None
) -> tuple[Value | None, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _differences(record: ComparisonRecord, chosen: ComparisonRecord) -> list[str]:
    reasons = []
    if record.encoder != chosen.encoder:
        reasons.append(f"another encoder ({record.encoder})")
    framing = framing_of(record.parameters)
    if framing != framing_of(chosen.parameters):
        reasons.append(f"another framing ({framing})")
    if record.seed != chosen.seed:
        reasons.append(f"another seed ({record.seed})")
    if _all_parameters(record) != _all_parameters(chosen):
        reasons.append("other parameters")
    if record.real_fingerprint != chosen.real_fingerprint:
        reasons.append("other real images")
    revision = record.software.get(ANALYSIS)
    if revision != chosen.software.get(ANALYSIS):
        reasons.append(f"another revision of the analysis ({revision or 'not recorded'})")
    return reasons


def _all_parameters(record: ComparisonRecord) -> str:
    """The parameters of a comparison but for its framing, those at their default included: they
    were not always recorded.
    """
    parameters = {**to_json(CompareParameters()), **record.parameters, "framing": None}
    return json.dumps(parameters, sort_keys=True, default=str)
