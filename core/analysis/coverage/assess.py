"""The assessment of a comparison: for every real image and version, how well it is covered and
whether it is absent.

Real images are clustered by themselves, the domain shift plays no part in that. Each cluster is
then judged against each version by its *gap score* (:mod:`core.analysis.coverage.evidence`): 0 as a
typical cluster, 1 as a gap injected into the user's own data. The list holds the clusters nearer to
an injected gap than to a typical cluster. Beside it stand what the list finds of the injected gaps,
what it lists where nothing can be missing (one half of the real images against the other), and how
often a cluster is listed when everything is done again with other seeds and other images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.coverage import selftest
from core.analysis.coverage.clusters import real_clusters
from core.analysis.coverage.confidence import q_values, wilson
from core.analysis.coverage.evidence import Evidence
from core.analysis.coverage.judgement import (
    Assessment,
    ClusterJudgement,
    InjectedGap,
    VersionAssessment,
    VersionSummary,
)
from core.analysis.coverage.selftest import Baseline, Setting
from core.analysis.coverage.sentence import false_alarm_share, relied_on, verdict_sentence
from core.analysis.coverage.view import chosen_view, evidence_by_view
from core.analysis.types import Bools, Floats, Ints, OnProgress, unheard
from core.analysis.vectors.alignment import Views
from core.analysis.vectors.neighbors import check_vectors, nearest
from core.contracts.compare_spec import CompareParameters
from core.contracts.words import Tier

NEAREST = 5  # synthetic images that are shown beside a real one


def assess(
    real: Views,
    versions: Sequence[Views],
    *,
    seed: int = 0,
    parameters: CompareParameters | None = None,
    progress: OnProgress = unheard,
) -> Assessment:
    """Judge every real image against every version.

    Raises :class:`~core.errors.InputError` when a side is empty or holds vectors that are not
    numbers. With fewer than two clusters of real images there is nothing to compare a cluster with:
    then the ranking alone is given (``judged`` False in the summary).
    """
    parameters = parameters or CompareParameters()
    real = _checked(real, "real images")
    versions = [_checked(version, "synthetic images") for version in versions]
    steps = 3 * len(versions) + 1
    progress("coverage", 0, steps)
    labels = real_clusters(real, parameters.min_cluster_size, seed)
    evidence = evidence_by_view(real, versions, labels, parameters, seed)
    setting = Setting(chosen_view(evidence), parameters, seed)
    progress("coverage", 1, steps)
    base = selftest.baseline(real, labels, setting)
    judged = []
    for place, version in enumerate(versions):
        injected = selftest.injected_gaps(real, version, labels, setting)
        progress("coverage", 2 + 3 * place, steps)
        stability = selftest.stability(real, version, labels, setting)
        progress("coverage", 3 + 3 * place, steps)
        findings = _Findings(evidence[setting.view][place], base, injected, stability)
        judged.append(_judged(real, version, labels, findings, setting))
        progress("coverage", 4 + 3 * place, steps)
    return Assessment(labels, tuple(judged), setting.view)


@dataclass(frozen=True)
class _Findings:
    """All that a version is judged by."""

    evidence: Evidence
    baseline: Baseline | None
    injected: tuple[InjectedGap, ...]
    stability: Floats | None


def _checked(views: Views, name: str) -> Views:
    return Views(
        check_vectors(views.plain, name),
        None if views.simplified is None else check_vectors(views.simplified, name),
    )


def _judged(
    real: Views, version: Views, labels: Ints, findings: _Findings, setting: Setting
) -> VersionAssessment:
    evidence, threshold = findings.evidence, setting.parameters.threshold
    indices, distances = nearest(real.plain, version.plain, NEAREST, seed=setting.seed)
    if indices.shape[1] < NEAREST:  # fewer synthetic images than asked for: the last one again
        indices = np.pad(indices, ((0, 0), (0, NEAREST - indices.shape[1])), mode="edge")
    score, open_clusters = evidence.scores(labels), evidence.absent(threshold)
    on_list = open_clusters[labels]
    q = (
        q_values(score, findings.baseline.scores)
        if findings.baseline is not None
        else np.full(len(score), np.nan, np.float32)
    )
    return VersionAssessment(
        score=score,
        distance=distances[:, 0],
        nearest=indices,
        tier=np.where(on_list, Tier.ABSENT, Tier.COVERED),
        absent=on_list.copy(),
        single=np.zeros(len(score), bool),
        q=q,
        rank=_rank(score, on_list, evidence.cluster_gap_score[labels]),
        clusters=_clusters(len(version), labels, findings, open_clusters, q),
        summary=_summary(findings, on_list, int(open_clusters.sum()), setting),
        selftest=findings.injected,
    )


def _rank(score: Floats, on_list: Bools, cluster_gap_score: Floats) -> Ints:
    """The list first, its clusters with the highest gap score on top; then everything else by its
    own score.
    """
    of_list = np.where(on_list, cluster_gap_score, -np.inf)
    rank = np.empty(len(score), np.int64)
    rank[np.lexsort((-score, -of_list))] = np.arange(1, len(score) + 1)
    return rank


def _clusters(
    images: int, labels: Ints, findings: _Findings, open_clusters: Bools, q: Floats
) -> tuple[ClusterJudgement, ...]:
    """A judgement of each cluster by a version of so many ``images``."""
    evidence, stability, judged = findings.evidence, findings.stability, []
    for cluster in range(len(open_clusters)):
        inside = labels == cluster
        low, high = wilson(int(evidence.n_synthetic[cluster]), images)
        judged.append(
            ClusterJudgement(
                cluster=cluster,
                size=int(inside.sum()),
                tier=Tier.ABSENT if open_clusters[cluster] else Tier.COVERED,
                reason="",
                probability=None,
                absent=int(inside.sum()) if open_clusters[cluster] else 0,
                rendered=float(evidence.n_synthetic[cluster]),
                expected=float(images * inside.mean()),
                low=low * images,
                high=high * images,
                score=float(evidence.cluster_gap_score[cluster]),
                q=float(np.median(q[inside])),
                stability=None if stability is None else float(stability[cluster]),
            )
        )
    return tuple(judged)


def _summary(
    findings: _Findings, on_list: Bools, clusters: int, setting: Setting
) -> VersionSummary:
    gaps = findings.injected
    baseline_rate = findings.baseline.rate if findings.baseline is not None else None
    recovered = sum(gap.recovered for gap in gaps)
    threshold = setting.parameters.threshold
    judged = relied_on(findings.evidence, gaps, baseline_rate, threshold)
    low, high = wilson(int(on_list.sum()), len(on_list))
    return VersionSummary(
        absent=int(on_list.sum()),
        absent_rate=float(on_list.mean()),
        low=low,
        high=high,
        baseline_rate=baseline_rate,
        thin=0,
        cannot_tell=0,
        singles=0,
        view=setting.view,
        threshold=threshold,
        injected=len(gaps),
        recovered=recovered,
        false_alarm_share=false_alarm_share(gaps),
        recall=recovered / len(gaps) if gaps else None,
        judged=judged,
        obstacle=None if judged else "The list is not sure on this data.",
        verdict=verdict_sentence(on_list, clusters, gaps, judged),
    )
