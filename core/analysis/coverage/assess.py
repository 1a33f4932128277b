"""The assessment of a comparison: what each version shows of every real image and group.

Real images are clustered by themselves, the domain shift plays no part in that. Each version is
judged on its own (:mod:`core.analysis.coverage.judge`): the distance of each cluster, what a gap is
like in this data, the probability that the cluster is absent, and a tier with its reason. Beside it
stand what is said of gaps injected on purpose, what is listed where nothing can be missing (one
half of the real images against the other), and re-runs with other seeds and other images, whose
mean probability counts as much as the whole's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.analysis.coverage import selftest
from core.analysis.coverage.clusters import real_clusters
from core.analysis.coverage.confidence import wilson
from core.analysis.coverage.decision import q_values
from core.analysis.coverage.evidence import Neighborhoods
from core.analysis.coverage.judge import Judged, judge
from core.analysis.coverage.judgement import (
    Assessment,
    ClusterJudgement,
    InjectedGap,
    VersionAssessment,
    VersionSummary,
)
from core.analysis.coverage.selftest import Reruns
from core.analysis.coverage.space import neighbourhoods, view_name
from core.analysis.coverage.tiers import Told
from core.analysis.coverage.verdict import verdict_sentence
from core.analysis.types import Bools, Floats, Ints, OnProgress, unheard
from core.analysis.vectors.alignment import Views
from core.analysis.vectors.neighbors import check_vectors, nearest
from core.contracts.compare_spec import CompareParameters
from core.contracts.words import Tier

NEAREST = 5  # synthetic images that are shown beside a real one
OFTEN = (2.5, 97.5)  # percentiles of the re-runs' absent share that make its interval


@dataclass(frozen=True)
class _Findings:
    """All that a version is judged by: ``size`` (C,) of the clusters of the real images."""

    judged: Judged
    told: Sequence[Told]
    again: Reruns | None
    injected: tuple[InjectedGap, ...]
    baseline: float | None
    size: Ints
    images: int


def assess(
    real: Views,
    versions: Sequence[Views],
    *,
    seed: int = 0,
    parameters: CompareParameters | None = None,
    units: Sequence[Ints] | None = None,
    progress: OnProgress = unheard,
) -> Assessment:
    """Judge every real image against every version, each version by itself.

    ``units``: of the real images and of each version, the unit of near-identical images that each
    belongs to (:mod:`core.analysis.vectors.sequences`); one image of each is judged, the others get
    what it gets, and every share, interval and test counts it once.

    Raises :class:`~core.errors.InputError` when a side is empty or holds vectors that are not
    numbers. A version that cannot be judged (too few images, one group) gets the ranking alone, and
    its summary the reason.
    """
    parameters = parameters or CompareParameters()
    real = _checked(real, "real images")
    versions = [_checked(version, "synthetic images") for version in versions]
    if units is not None and any(len(np.unique(one)) < len(one) for one in units):
        return _once(real, versions, units, seed, parameters, progress)
    steps = 2 * len(versions) + 1
    progress("coverage", 0, steps)
    labels = real_clusters(real, parameters.min_cluster_size, seed)
    around = neighbourhoods(real, parameters, seed)
    baseline = selftest.baseline(real, labels, parameters, seed)
    progress("coverage", 1, steps)
    assessed = []
    for place, version in enumerate(versions):
        findings = _findings(real, version, labels, around, parameters, seed, baseline)
        progress("coverage", 2 + 2 * place, steps)
        assessed.append(_assessed(real, version, labels, findings, seed))
        progress("coverage", 3 + 2 * place, steps)
    return Assessment(labels, tuple(assessed))


def _once(
    real: Views,
    versions: Sequence[Views],
    units: Sequence[Ints],
    seed: int,
    parameters: CompareParameters,
    progress: OnProgress,
) -> Assessment:
    """The assessment of one image of each unit, given to all of its images."""
    (rows, unit_of), *others = (
        np.unique(one, return_index=True, return_inverse=True)[1:] for one in units
    )
    shown = [version.take(first) for version, (first, _) in zip(versions, others, strict=True)]
    found = assess(real.take(rows), shown, seed=seed, parameters=parameters, progress=progress)
    cluster = found.real_cluster[unit_of]
    size = np.bincount(cluster, minlength=int(found.real_cluster.max()) + 1)
    spread = []
    for version, one in zip(versions, found.versions, strict=True):
        indices, distances = _nearest(real, version, seed)
        absent = one.absent[unit_of]
        clusters = tuple(
            replace(
                each,
                size=int(size[each.cluster]),
                absent=int(absent[cluster == each.cluster].sum()),
            )
            for each in one.clusters
        )
        tier = one.tier[unit_of]
        summary = replace(
            one.summary,
            absent=int(absent.sum()),
            thin=int((tier == Tier.THIN).sum()),
            cannot_tell=int((tier == Tier.CANNOT_TELL).sum()),
        )
        spread.append(
            replace(
                one,
                score=one.score[unit_of],
                distance=distances[:, 0],
                nearest=indices,
                tier=tier,
                absent=absent,
                single=one.single[unit_of],
                q=one.q[unit_of],
                rank=_in_order(one.rank[unit_of]),
                clusters=clusters,
                summary=summary,
            )
        )
    return Assessment(cluster, tuple(spread))


def _in_order(rank: Ints) -> Ints:
    """Ranks 1 … n in the order of ``rank`` (n,), in which some are equal."""
    ranks = np.empty(len(rank), np.int64)
    ranks[np.argsort(rank, kind="stable")] = np.arange(1, len(rank) + 1)
    return ranks


def _nearest(real: Views, version: Views, seed: int) -> tuple[Ints, Floats]:
    """The five nearest synthetic images of each real one as they are, and their distances."""
    indices, distances = nearest(real.plain, version.plain, NEAREST, seed=seed)
    if indices.shape[1] < NEAREST:  # fewer synthetic images than asked for: the last one again
        indices = np.pad(indices, ((0, 0), (0, NEAREST - indices.shape[1])), mode="edge")
    return indices, distances


def _checked(views: Views, name: str) -> Views:
    return Views(
        check_vectors(views.plain, name),
        None if views.simplified is None else check_vectors(views.simplified, name),
    )


def _findings(
    real: Views,
    version: Views,
    labels: Ints,
    around: Neighborhoods,
    parameters: CompareParameters,
    seed: int,
    baseline: float | None,
) -> _Findings:
    judged = judge(real, version, labels, around, seed)
    again: Reruns | None = None
    injected: tuple[InjectedGap, ...] = ()
    if judged.decision is not None:
        again = selftest.reruns(real, version, labels, parameters, seed)
        injected = selftest.injected_gaps(real, version, labels, parameters, seed)
    size = np.bincount(labels)
    told = judged.told(size, len(version), None if again is None else again.probability)
    return _Findings(judged, told, again, injected, baseline, size, len(version))


def _assessed(
    real: Views, version: Views, labels: Ints, findings: _Findings, seed: int
) -> VersionAssessment:
    indices, distances = _nearest(real, version, seed)
    judged = findings.judged
    of_cluster = judged.gap_score(judged.evidence.distance)
    score = ((judged.gap_score(judged.evidence.ratio) + of_cluster[labels]) / 2).astype(np.float32)
    tier = np.array([one.tier for one in findings.told])[labels]
    on_list = tier == Tier.ABSENT
    q = _q_values(findings)
    clusters = _clusters(findings, of_cluster, q)
    return VersionAssessment(
        score=score,
        distance=distances[:, 0],
        nearest=indices,
        tier=tier,
        absent=on_list,
        single=np.zeros(len(score), bool),
        q=q[labels],
        rank=_rank(score, on_list, of_cluster[labels]),
        clusters=clusters,
        summary=_summary(findings, tier, view_name(real, version)),
        selftest=findings.injected,
    )


def _q_values(findings: _Findings) -> Floats:
    """The false-discovery rate of each cluster among those told absent at least as surely, (C,);
    NaN where it is not told absent.
    """
    q = np.full(len(findings.told), np.nan, np.float32)
    said = [place for place, one in enumerate(findings.told) if one.tier == Tier.ABSENT]
    if said:
        q[said] = q_values(np.array([findings.told[place].probability for place in said], float))
    return q


def _rank(score: Floats, on_list: Bools, of_cluster: Floats) -> Ints:
    """The list first, its clusters with the highest gap score on top; then everything else by its
    own score.
    """
    of_list = np.where(on_list, of_cluster, -np.inf)
    rank = np.empty(len(score), np.int64)
    rank[np.lexsort((-score, -of_list))] = np.arange(1, len(score) + 1)
    return rank


def _clusters(findings: _Findings, of_cluster: Floats, q: Floats) -> tuple[ClusterJudgement, ...]:
    alike, images = findings.judged.evidence.alike, findings.images
    judged = []
    for cluster, told in enumerate(findings.told):
        size = int(findings.size[cluster])
        low, high = wilson(int(alike[cluster]), images)
        judged.append(
            ClusterJudgement(
                cluster=cluster,
                size=size,
                tier=told.tier,
                reason=told.reason,
                probability=told.probability,
                q=None if np.isnan(q[cluster]) else float(q[cluster]),
                absent=size if told.tier == Tier.ABSENT else 0,
                rendered=float(alike[cluster]),
                expected=float(images * size / findings.size.sum()),
                low=low * images,
                high=high * images,
                score=float(of_cluster[cluster]),
                stability=None
                if findings.again is None
                else float(findings.again.stability[cluster]),
            )
        )
    return tuple(judged)


def _summary(findings: _Findings, tier: np.ndarray, view: str) -> VersionSummary:
    share = float((tier == Tier.ABSENT).mean())
    low, high = None, None
    if findings.again is not None and len(findings.again.rates) > 1:
        around = np.percentile(findings.again.rates, OFTEN)
        low, high = float(min(around[0], share)), float(max(around[1], share))
    whole = [gap for gap in findings.injected if gap.strength == selftest.WHOLE]
    recovered = sum(gap.recovered for gap in whole)
    alarms = [gap.false_alarm_share for gap in whole]
    judged = findings.judged.decision is not None
    return VersionSummary(
        absent=int((tier == Tier.ABSENT).sum()),
        absent_rate=share,
        low=low,
        high=high,
        baseline_rate=findings.baseline,
        thin=int((tier == Tier.THIN).sum()),
        cannot_tell=int((tier == Tier.CANNOT_TELL).sum()),
        singles=0,
        view=view,
        look=findings.judged.look,
        nearness=None if findings.judged.decision is None else findings.judged.decision.nearness,
        injected=len(whole),
        recovered=recovered,
        false_alarm_share=float(np.mean(alarms)) if alarms else None,
        recall=recovered / len(whole) if whole else None,
        judged=judged,
        verdict=verdict_sentence(findings.told, findings.size, findings.judged.obstacle),
        obstacle=findings.judged.obstacle,
    )
