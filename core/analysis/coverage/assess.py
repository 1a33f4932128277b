"""The assessment of a comparison: for every real image and version, how well it is covered and
whether it is absent.

Real images are clustered by themselves, the look plays no part in that. Each cluster is then judged
against each version by its *emptiness* (:mod:`core.analysis.coverage.evidence`): 0 as a typical cluster, 1
as a gap planted in the user's own data. The list holds the clusters nearer to a planted gap than to
a typical cluster. Beside it stand what the list finds of the planted gaps, what it lists where
nothing can be missing (one half of the real images against the other), and how often a cluster is
listed when everything is done again with other seeds and other images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score

from core.analysis.coverage import confidence
from core.analysis.coverage import evidence as selftest
from core.analysis.coverage import score as coverage
from core.analysis.coverage.evidence import Evidence
from core.analysis.coverage.score import Views
from core.analysis.vectors import clustering, projection
from core.analysis.vectors.neighbors import Floats, Ints, check_vectors, graph, nearest, unit

NEAREST = 5
COMPONENTS = 48
SMALLEST_HALVED = 40  # real images below which half of them say nothing
RERUN_SIZE = 1200  # images of each side that a re-run looks at
PREFERRED = "joined"
PREFERENCE = 0.1  # how much less crowded another way must be to be chosen instead
ENOUGH = 3  # planted gaps below which the self-test says nothing
POWER = 0.5  # share of them that a list must find to be more than a ranking
ALARMS = 0.05  # share of other images that it may list on the way
# how far below the threshold covered clusters must stay for the list to be more than a ranking
ROOM = 0.1

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Parameters:
    """What the assessment can be told. The help texts are what the pages show."""

    neighborhood: int = field(
        default=10,
        metadata={
            "help": (
                "Real neighbours with which an image is taken together before it is compared. Larger values forgive odd images "
                "and overlook small gaps. 10 was best or close to it for paintings and cartoons against photographs."
            )
        },
    )
    smoothing: int = field(
        default=20,
        metadata={
            "help": (
                "Real neighbours over which an image's score is averaged. Larger values make the ranking steadier and "
                "overlook small gaps. 20 is a third of the smallest class it was measured on."
            )
        },
    )
    min_cluster_size: int = field(
        default=0,
        metadata={
            "help": (
                "Smallest group of real images that is judged by itself. Larger values give fewer, larger gaps. 0 chooses "
                "three quarters of the square root of the number of real images, at least 10."
            )
        },
    )
    threshold: float = field(
        default=0.5,
        metadata={
            "help": (
                "Emptiness from which a cluster is absent: 0 is a typical cluster, 1 a gap planted in your own data. Larger values "
                "list less. 0.5 is nearer to a planted gap than to a typical cluster."
            )
        },
    )
    planted: int = field(
        default=12,
        metadata={
            "help": (
                "Gaps planted in your own data to test the list, those of the largest clusters first. Larger values test it "
                "more closely and take longer. 12 tells a list that finds half from one that finds all."
            )
        },
    )
    reruns: int = field(
        default=10,
        metadata={
            "help": (
                "Times everything is done again with another seed and half of the images, to see which gaps last. Larger values "
                "tell smaller differences apart and take longer."
            )
        },
    )


@dataclass(frozen=True)
class VersionAssessment:
    """One version's coverage of n real images.

    ``score`` (n,): the emptiness of its neighbourhood and of its cluster, larger = less covered,
    looked at in one way for all versions of a comparison; ``distance`` (n,) and ``nearest`` (n, 5):
    cosine distance to, and rows of, the nearest synthetic images as they are; ``by_cluster`` (its
    cluster is not covered), ``by_score`` (its own neighbourhood is not), ``absent`` (the list) bool
    (n,); ``level`` (n,): expected share of false alarms if the ranking were cut here; ``rank``
    (n,), 1 = most absent. ``gaps``: one dictionary a cluster; ``summary``: the columns of the
    versions table; ``selftest``: rows.
    """

    score: Floats
    distance: Floats
    nearest: Ints
    by_cluster: np.ndarray
    by_score: np.ndarray
    absent: np.ndarray
    level: Floats
    rank: Ints
    gaps: list[dict[str, Any]]
    summary: dict[str, Any]
    selftest: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Assessment:
    """All versions, the clusters of the real images (n,), and the view that was chosen."""

    real_cluster: Ints
    versions: list[VersionAssessment]
    view: str


def assess(
    real: Views,
    versions: Sequence[Views],
    *,
    seed: int = 0,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """Judge every real image against every version.

    Raises :class:`~core.errors.InputError` when a side is empty or holds vectors that are not
    numbers. With fewer than two clusters of real images there is nothing to compare a cluster with:
    then the ranking alone is given (``absolute`` False in the summary).
    """
    parameters = parameters or Parameters()
    real = _checked(real, "real images")
    versions = [_checked(version, "synthetic images") for version in versions]
    report = progress or (lambda stage, done, total: None)
    total = 3 * len(versions) + 1
    report("coverage", 0, total)
    labels = real_clusters(real, parameters, seed)
    found = _all_evidence([real, *versions], labels, parameters, seed)
    view = _choose(found)
    report("coverage", 1, total)
    floor = _floor(real, labels, view, parameters, seed)
    judged = []
    for index, version in enumerate(versions):
        planted = _plant(real, version, labels, view, parameters, seed)
        report("coverage", 2 + 3 * index, total)
        again = _stability(real, version, labels, view, parameters, seed)
        report("coverage", 3 + 3 * index, total)
        judged.append(
            _judge(
                real,
                version,
                labels,
                found[view][index],
                view,
                floor,
                planted,
                again,
                parameters,
                seed,
            )
        )
        report("coverage", 4 + 3 * index, total)
    return Assessment(labels, judged, view)


def real_clusters(real: Views, parameters: Parameters, seed: int) -> Ints:
    """Clusters int64 (n,) of the real images alone: UMAP in 5-D of their principal components,
    HDBSCAN, noise given to the cluster that its neighbours belong to.
    """
    if len(real) < projection.SMALLEST or not np.ptp(real.plain, axis=0).any():
        return np.zeros(len(real), np.int64)
    space = coverage.removed([real.plain], COMPONENTS, seed=seed)[0]
    layout = projection.project(space, (5,), min_dist=0.0, seed=seed).layouts[5]
    smallest = parameters.min_cluster_size or max(10, round(0.75 * np.sqrt(len(real))))
    labels = clustering.cluster(layout, min_cluster_size=smallest)
    return np.maximum(clustering.fill(layout, labels, seed=seed), 0)


def _checked(views: Views, name: str) -> Views:
    return Views(
        check_vectors(views.plain, name),
        None if views.simplified is None else check_vectors(views.simplified, name),
    )


def _all_evidence(
    sides: Sequence[Views], labels: Ints, parameters: Parameters, seed: int
) -> dict[str, list[Evidence]]:
    """The evidence about every version, by way of looking.

    ``joined``: both views of an image side by side, against its two nearest synthetic images.
    ``joined and simplified``: the mean of what is found in that space and in the simplified one,
    each against the nearest image: better where the look is far away. The real images' neighbours
    are those of the plain view throughout.
    """
    own = coverage.removed([sides[0].plain], COMPONENTS, seed=seed)[0]
    around = graph(own, max(parameters.neighborhood, parameters.smoothing) + 1, seed=seed).indices
    near, wide = around[:, : parameters.neighborhood + 1], around[:, : parameters.smoothing + 1]
    spaces = coverage.spaces(sides, COMPONENTS, seed=seed)

    def look(view: str, k: int) -> list[Evidence]:
        real, *versions = spaces[view]
        return [
            selftest.evidence(real, version, labels, near, wide, nearest_images=k, seed=seed)
            for version in versions
        ]

    if "plain" in spaces:
        return {"plain": look("plain", 2)}
    apart = [
        selftest.joined(parts, labels)
        for parts in zip(look("joined", 1), look("simplified", 1), strict=True)
    ]
    return {"joined": look("joined", 2), "joined and simplified": apart}


def _choose(found: dict[str, list[Evidence]]) -> str:
    """One way of looking for the whole comparison, so that scores can be compared: the one where
    planted gaps stand out most.
    """
    crowding = {
        view: float(np.mean([e.crowding for e in evidence]))
        - (PREFERENCE if view == PREFERRED else 0)
        for view, evidence in found.items()
    }
    return min(crowding, key=lambda view: (crowding[view], view))


def _floor(
    real: Views, labels: Ints, view: str, parameters: Parameters, seed: int
) -> tuple[Floats, float] | None:
    """Scores of one half of the real images against the other half, where nothing is missing, and
    the share listed.

    None where the halves are too small to say anything.
    """
    if len(real) < SMALLEST_HALVED:
        return None
    order = np.random.default_rng(seed).permutation(len(real))
    half, other = np.sort(order[: len(real) // 2]), np.sort(order[len(real) // 2 :])
    _, compact = np.unique(labels[half], return_inverse=True)
    evidence = _all_evidence(
        [real.take(half), real.take(other)], compact.astype(np.int64), parameters, seed
    )[view][0]
    return _scores(evidence, compact), float(evidence.listed(parameters.threshold)[compact].mean())


def _scores(evidence: Evidence, labels: np.ndarray) -> Floats:
    """The coverage score (n,): the mean of an image's own emptiness and its cluster's."""
    return ((evidence.emptiness + evidence.cluster_emptiness[labels]) / 2).astype(np.float32)


def _plant(
    real: Views, version: Views, labels: Ints, view: str, parameters: Parameters, seed: int
) -> list[dict[str, Any]]:
    """The self-test: hide what a renderer would have left out, and see whether the list finds it;
    the selftest rows.

    The version's images are grouped by themselves; a cluster of real images is given the groups
    that look most like it, and they are hidden together, whole, strays of other kinds staying
    behind as they would in a version that lacks them. Up to 1,200 images of each side are used.
    Clusters that are listed already, that nothing looks most like, or whose hiding would leave less
    than half of the version cannot be tested.
    """
    rows, columns = (
        _part(len(side), RERUN_SIZE, np.random.default_rng((seed, 77, i)))
        for i, side in enumerate((real, version))
    )
    real, version, labels = (
        real.take(rows),
        version.take(columns),
        np.unique(labels[rows], return_inverse=True)[1],
    )
    count = int(labels.max()) + 1
    if not parameters.planted or count < 2 or len(version) < 4 * selftest.LEFT:
        return []
    before = _all_evidence([real, version], labels, parameters, seed)[view][0].listed(
        parameters.threshold
    )
    # k-means, twice as fine as the real clusters: HDBSCAN may leave one cluster that holds most of
    # a version.
    own = coverage.removed([version.plain], COMPONENTS, seed=seed)[0]
    groups = KMeans(min(2 * count, len(version) // 2), n_init=3, random_state=seed).fit_predict(
        unit(own)
    )
    space = next(iter(coverage.spaces([real, version], COMPONENTS, seed=seed).values()))
    home = selftest.homes(space[0], space[1], labels, seed=seed)
    taken = np.array(
        [
            np.bincount(home[groups == group], minlength=count).argmax()
            for group in range(int(groups.max()) + 1)
        ]
    )
    found: list[dict[str, Any]] = []
    for cluster in range(count):
        hide = taken[groups] == cluster
        if (
            before[cluster]
            or not hide.any()
            or hide.mean() > 0.5
            or len(found) >= parameters.planted
        ):
            continue
        evidence = _all_evidence(
            [real, version.take(np.flatnonzero(~hide))], labels, parameters, seed
        )[view][0]
        listed, inside = evidence.listed(parameters.threshold), labels == cluster
        found.append(
            {
                "view": view,
                "threshold": parameters.threshold,
                "injected_cluster": cluster,
                "seed": seed,
                "size": int(inside.sum()),
                "hidden": int(hide.sum()),
                "auroc": float(roc_auc_score(inside, _scores(evidence, labels))),
                "recovered": bool(listed[cluster]),
                "false_alarm_share": float((listed & ~before)[labels[~inside]].mean()),
            }
        )
    return found


def _part(count: int, most: int, draw: np.random.Generator) -> Ints:
    """Rows of at most ``most`` of ``count`` images, in order."""
    return np.arange(count) if count <= most else np.sort(draw.choice(count, most, replace=False))


def _stability(
    real: Views, version: Views, labels: Ints, view: str, parameters: Parameters, seed: int
) -> Floats | None:
    """For each cluster, in what share of re-runs most of its images were listed again.

    A re-run takes a random half of each side (at most 1,200 images), another seed, and clusters of
    its own.
    """
    if not parameters.reruns or len(real) < SMALLEST_HALVED or len(version) < 2 * selftest.LEFT:
        return None
    count = int(labels.max()) + 1
    listed, judged = np.zeros(count), np.zeros(count)
    for run in range(1, parameters.reruns + 1):
        draw = np.random.default_rng((seed, run))
        rows = np.sort(draw.choice(len(real), min(RERUN_SIZE, len(real) // 2), replace=False))
        columns = np.sort(
            draw.choice(len(version), min(RERUN_SIZE, len(version) // 2), replace=False)
        )
        part = real.take(rows)
        own = real_clusters(
            part,
            replace(parameters, min_cluster_size=max(5, parameters.min_cluster_size // 2)),
            seed + run,
        )
        evidence = _all_evidence([part, version.take(columns)], own, parameters, seed + run)[view][
            0
        ]
        absent = evidence.listed(parameters.threshold)[own]
        for cluster in np.unique(labels[rows]):
            judged[cluster] += 1
            listed[cluster] += absent[labels[rows] == cluster].mean() >= 0.5
    return (listed / np.maximum(judged, 1)).astype(np.float32)


def _judge(
    real: Views,
    version: Views,
    labels: Ints,
    evidence: Evidence,
    view: str,
    floor: tuple[Floats, float] | None,
    planted: list[dict[str, Any]],
    stability: Floats | None,
    parameters: Parameters,
    seed: int,
) -> VersionAssessment:
    indices, distances = nearest(real.plain, version.plain, NEAREST, seed=seed)
    if indices.shape[1] < NEAREST:  # fewer synthetic images than asked for: the last one again
        indices = np.pad(indices, ((0, 0), (0, NEAREST - indices.shape[1])), mode="edge")
    score, threshold = _scores(evidence, labels), parameters.threshold
    open_cluster = evidence.listed(threshold)
    by_cluster = open_cluster[labels]
    by_score = evidence.certain & (evidence.emptiness >= threshold)
    floor_rate = floor[1] if floor is not None else None
    hits = sum(row["recovered"] for row in planted)
    power = hits / len(planted) if planted else None
    false_alarms = (
        float(np.mean([row["false_alarm_share"] for row in planted])) if planted else None
    )
    absolute = bool(
        evidence.certain
        and power is not None
        and false_alarms is not None
        and len(planted) >= ENOUGH
        and power >= POWER
        and max(false_alarms, floor_rate or 0.0) <= ALARMS
        and evidence.crowding <= threshold - ROOM
    )
    # The list first, its emptiest cluster on top; then everything else by its own score.
    standing = np.where(by_cluster, evidence.cluster_emptiness[labels], -np.inf)
    rank = np.empty(len(score), np.int64)
    rank[np.lexsort((-score, -standing))] = np.arange(1, len(score) + 1)
    level = (
        confidence.levels(score, floor[0])
        if floor is not None
        else np.full(len(score), np.nan, np.float32)
    )
    gaps = _gaps(version, labels, evidence, open_cluster, level, stability)
    rate = confidence.wilson(int(by_cluster.sum()), len(score))
    summary = {
        "absent": int(by_cluster.sum()),
        "absent_rate": float(by_cluster.mean()),
        "low": rate[0],
        "high": rate[1],
        "baseline_rate": floor_rate,
        "absent_by_cluster": int(by_cluster.sum()),
        "view": view,
        "threshold": threshold,
        "injected": len(planted),
        "recovered": hits,
        "false_alarm_share": false_alarms,
        "recall": power,
        "absolute": absolute,
        "verdict": _verdict(by_cluster, open_cluster, len(planted), hits, false_alarms, absolute),
    }
    return VersionAssessment(
        score,
        distances[:, 0],
        indices,
        by_cluster,
        by_score,
        by_cluster.copy(),
        level,
        rank,
        gaps,
        summary,
        planted,
    )


def _gaps(
    version: Views,
    labels: Ints,
    evidence: Evidence,
    open_cluster: np.ndarray,
    level: Floats,
    stability: Floats | None,
) -> list[dict[str, Any]]:
    gaps = []
    for cluster in range(len(open_cluster)):
        inside = labels == cluster
        low, high = confidence.wilson(int(evidence.home[cluster]), len(version))
        gaps.append(
            {
                "cluster": cluster,
                "size": int(inside.sum()),
                "absent": int(inside.sum()) if open_cluster[cluster] else 0,
                "n_synthetic": float(evidence.home[cluster]),
                "expected": float(len(version) * inside.mean()),
                "low": low * len(version),
                "high": high * len(version),
                "score": float(evidence.cluster_emptiness[cluster]),
                "q": float(np.median(level[inside])),
                "stability": None if stability is None else float(stability[cluster]),
            }
        )
    return gaps


def _verdict(
    absent: np.ndarray,
    open_cluster: np.ndarray,
    planted: int,
    hits: int,
    false_alarms: float | None,
    absolute: bool,
) -> str:
    """One sentence: what is absent, and what the list is worth on this data."""
    count, groups = int(absent.sum()), int(open_cluster.sum())
    listed = (
        f"{count:,} of {len(absent):,} real images are absent, in {groups} group{'s' if groups != 1 else ''}"
        if count
        else f"None of {len(absent):,} real images is listed as absent"
    )
    if false_alarms is None:
        return f"{listed}; no gap could be injected into your data to test the list: trust only the ranking."
    tested = f"of {planted} gaps injected into your data this list finds {hits}; false alarms {false_alarms:.0%}"
    if absolute:
        return f"{listed}; {tested}."
    if planted < ENOUGH:
        return f"{listed}; {tested}. That is too few to test the list: trust only the ranking."
    if false_alarms <= ALARMS and hits < POWER * planted:
        return f"{listed}; {tested}. It may miss gaps: look at the ranking as well."
    return f"{listed}; {tested}. The list is not sure on this data: trust only the ranking."
