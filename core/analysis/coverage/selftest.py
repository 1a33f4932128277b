"""Doing it again on purpose: gaps injected to test the list, re-runs to see which gaps last, and
one half of the real images against the other, where nothing is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score

from core.analysis.coverage.clusters import real_clusters
from core.analysis.coverage.evidence import LEFT, Evidence, resembled
from core.analysis.coverage.judgement import InjectedGap
from core.analysis.coverage.view import evidence_by_view
from core.analysis.types import Floats, Ints
from core.analysis.vectors.alignment import Views, aligned_views, domain_aligned
from core.analysis.vectors.neighbors import unit
from core.contracts.compare_spec import CompareParameters

SMALLEST_HALVED = 40  # real images below which half of them say nothing
RERUN_SIZE = 1200  # images of each side that a re-run looks at: seconds, at any size of the sets


@dataclass(frozen=True)
class Setting:
    """What all of it has in common: the way of looking, the parameters, the seed."""

    view: str
    parameters: CompareParameters
    seed: int

    def evidence(
        self, real: Views, synthetic: Views, labels: Ints, seed: int | None = None
    ) -> Evidence:
        """Evidence about one version in the chosen view."""
        seed = self.seed if seed is None else seed
        return evidence_by_view(real, [synthetic], labels, self.parameters, seed)[self.view][0]


@dataclass(frozen=True)
class Baseline:
    """One half of the real images against the other half: ``scores`` (n / 2,) and the share
    listed.
    """

    scores: Floats
    rate: float


def baseline(real: Views, labels: Ints, setting: Setting) -> Baseline | None:
    """What the list makes of real images where nothing is missing. None where the halves are too
    small to say anything.
    """
    if len(real) < SMALLEST_HALVED:
        return None
    order = np.random.default_rng(setting.seed).permutation(len(real))
    half, other = np.sort(order[: len(real) // 2]), np.sort(order[len(real) // 2 :])
    compact = _compact(labels[half])
    evidence = setting.evidence(real.take(half), real.take(other), compact)
    absent = evidence.absent(setting.parameters.threshold)
    return Baseline(evidence.scores(compact), float(absent[compact].mean()))


def injected_gaps(
    real: Views, version: Views, labels: Ints, setting: Setting
) -> tuple[InjectedGap, ...]:
    """The self-test: hide what a renderer would have left out, and see whether the list finds it.

    The version's images are grouped by themselves; a cluster of real images is given the groups
    that look most like it, and they are hidden together, whole, strays of other kinds staying
    behind as they would in a version that lacks them. Up to 1,200 images of each side are used.
    Clusters that are listed already, that nothing looks most like, or whose hiding would leave less
    than half of the version cannot be tested.
    """
    threshold, seed = setting.parameters.threshold, setting.seed
    rows, columns = (
        _part(len(side), np.random.default_rng((seed, 77, place)))
        for place, side in enumerate((real, version))
    )
    real, version, labels = real.take(rows), version.take(columns), _compact(labels[rows])
    count = int(labels.max()) + 1
    if not setting.parameters.injected or count < 2 or len(version) < 4 * LEFT:
        return ()
    before = setting.evidence(real, version, labels).absent(threshold)
    belongs = _belongs(real, version, labels, seed)
    found: list[InjectedGap] = []
    for cluster in range(count):
        hide = belongs == cluster
        if len(found) >= setting.parameters.injected:
            break
        if before[cluster] or not hide.any() or hide.mean() > 0.5:
            continue
        evidence = setting.evidence(real, version.take(np.flatnonzero(~hide)), labels)
        absent, inside = evidence.absent(threshold), labels == cluster
        found.append(
            InjectedGap(
                view=setting.view,
                threshold=threshold,
                injected_cluster=cluster,
                seed=seed,
                size=int(inside.sum()),
                hidden=int(hide.sum()),
                auroc=float(roc_auc_score(inside, evidence.scores(labels))),
                recovered=bool(absent[cluster]),
                false_alarm_share=float((absent & ~before)[labels[~inside]].mean()),
            )
        )
    return tuple(found)


def stability(real: Views, version: Views, labels: Ints, setting: Setting) -> Floats | None:
    """For each cluster, in what share of re-runs most of its images were listed again; None where
    there was no re-run.

    A re-run takes a random half of each side (at most 1,200 images), another seed, and clusters of
    its own.
    """
    parameters, seed = setting.parameters, setting.seed
    if not parameters.reruns or len(real) < SMALLEST_HALVED or len(version) < 2 * LEFT:
        return None
    count = int(labels.max()) + 1
    listed, judged = np.zeros(count), np.zeros(count)
    for run in range(1, parameters.reruns + 1):
        draw = np.random.default_rng((seed, run))
        rows, columns = _half(len(real), draw), _half(len(version), draw)
        part = real.take(rows)
        own = real_clusters(part, max(5, parameters.min_cluster_size // 2), seed + run)
        evidence = setting.evidence(part, version.take(columns), own, seed + run)
        absent = evidence.absent(parameters.threshold)[own]
        for cluster in np.unique(labels[rows]):
            judged[cluster] += 1
            listed[cluster] += absent[labels[rows] == cluster].mean() >= 0.5
    return (listed / np.maximum(judged, 1)).astype(np.float32)


def _belongs(real: Views, version: Views, labels: Ints, seed: int) -> Ints:
    """The cluster of real images that each synthetic image's group looks most like, int64 (m,).

    The groups are k-means', twice as fine as the real clusters: HDBSCAN may leave one cluster that
    holds most of a version.
    """
    count = int(labels.max()) + 1
    own = domain_aligned([version.plain], seed=seed)[0]
    wanted = min(2 * count, len(version) // 2)
    groups = KMeans(wanted, n_init=3, random_state=seed).fit_predict(unit(own))
    space = next(iter(aligned_views([real, version], seed=seed).values()))
    alike = resembled(space[0], space[1], labels, seed=seed)
    taken = np.array(
        [
            np.bincount(alike[groups == group], minlength=count).argmax()
            for group in range(int(groups.max()) + 1)
        ]
    )
    return taken[groups]


def _compact(labels: Ints) -> Ints:
    """The same clusters numbered without gaps."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _part(count: int, draw: np.random.Generator) -> Ints:
    """Rows of at most 1,200 of ``count`` images, in order."""
    if count <= RERUN_SIZE:
        return np.arange(count)
    return np.sort(draw.choice(count, RERUN_SIZE, replace=False))


def _half(count: int, draw: np.random.Generator) -> Ints:
    """Rows of a random half of ``count`` images, at most 1,200, in order."""
    return np.sort(draw.choice(count, min(RERUN_SIZE, count // 2), replace=False))
