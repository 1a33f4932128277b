"""All metrics of a comparison: for each version, over all images and class by class, each beside
its floor.

The floor of a number is the same number for one random half of the real images against the other:
what it would be if the renderer were perfect and half as much data were at hand. Fréchet distance
and CMMD fall with the number of images, so their floors, from halves, lie a little too high: a
value below its floor is as good as the data can show.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.analysis.metrics import diversity, frechet, kernel, manifold, twosample
from core.analysis.metrics.measure import Metric, check_pair, halves_of, not_measured, one_thread
from core.contracts.metric_words import METRICS
from core.contracts.words import MetricScope

K = 5
SMALL = 1_000_000  # pairs of images from which more than one thread pays
CLASS_LIMIT = 40  # classes measured one by one, the largest first

Report = Callable[[str, int, int], object]  # stage, done, total: what JobFolder.report takes


@dataclass(frozen=True)
class Measured:
    """``rows``: one dict for each row of the metrics table; ``looks_real``: by version, the
    held-out probability of being real for each real image (n,) and each synthetic image (m,);
    ``near_copies``: by version, which synthetic images (m,) bool all but repeat a real one. A
    version with too few images is in neither.
    """

    rows: list[dict[str, Any]]
    looks_real: dict[Hashable, tuple[np.ndarray, np.ndarray]]
    near_copies: dict[Hashable, np.ndarray]


def all_metrics(
    real: np.ndarray,
    versions: Mapping[Hashable, np.ndarray],
    *,
    real_classes: Sequence[str | None] | None = None,
    classes: Mapping[Hashable, Sequence[str | None]] | None = None,
    k: int = K,
    seed: int = 0,
    progress: Report | None = None,
) -> Measured:
    """Measure every version (id → (m, d) vectors) against the real images (n, d).

    ``real_classes`` and ``classes`` (id → one label an image, None where unknown) add a scope
    ``class:NAME`` for each class; one that is on one side only gets rows without a value that say
    so. Rows have the columns of the metrics table in docs/architecture.md; ``parameters`` is JSON.
    Raises InputError for vectors that do not fit together.
    """
    for vectors in versions.values():
        check_pair(real, vectors)
    scopes = {version: _scopes(real_classes, (classes or {}).get(version)) for version in versions}
    measurable = {
        scope for found in scopes.values() for scope, (_, _, why) in found.items() if not why
    }
    count = _Steps(progress, sum(len(found) for found in scopes.values()) + len(measurable))
    floors: dict[str, dict[str, Metric]] = {}
    rows: list[dict[str, Any]] = []
    looks_real, copies = {}, {}
    for version, vectors in versions.items():
        for scope, (real_rows, synthetic_rows, why) in scopes[version].items():
            real_part, part = _take(real, real_rows), _take(vectors, synthetic_rows)
            if why:
                found = {
                    name: not_measured(name, len(real_part), len(part), seed, why)
                    for name in METRICS
                }
            else:
                if scope not in floors:
                    floors[scope] = _floors(real_part, k, seed)
                    count()
                with one_thread() if len(real_part) * len(part) < SMALL else nullcontext():
                    found, judged, members = measure_pair(real_part, part, k=k, seed=seed)
                if scope == "all" and judged is not None:
                    looks_real[version] = (judged.real, judged.synthetic)
                if scope == "all" and members is not None:
                    copies[version] = manifold.near_copies(members)
            floor = floors.get(scope, {})
            rows += [
                _row(version, scope, with_floor(metric, floor.get(name)))
                for name, metric in found.items()
            ]
            count()
    return Measured(rows, looks_real, copies)


def measure_pair(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    k: int = K,
    seed: int = 0,
    sigma: float | None = None,
) -> tuple[dict[str, Metric], twosample.Judged | None, manifold.Memberships | None]:
    """All metrics of ``real`` (n, d) against ``synthetic`` (m, d) without floors, in the order of
    :data:`METRICS`, and what they came from (None with too few images)."""
    enough = min(len(real), len(synthetic))
    judged = twosample.judge(real, synthetic, seed=seed) if enough >= twosample.LEAST else None
    members = manifold.memberships(real, synthetic, k=k) if enough > k else None
    found = {
        "frechet_distance": frechet.frechet_distance(real, synthetic, seed=seed),
        "kid": kernel.kid(real, synthetic, seed=seed),
        **kernel.gaussian_mmds(real, synthetic, seed=seed, sigma=sigma),
        **manifold.manifold_metrics(real, synthetic, k=k, seed=seed, found=members),
        "classifier_auc": twosample.classifier_auc(real, synthetic, seed=seed, judged=judged),
        **diversity.vendi(real, synthetic, seed=seed),
    }
    return {name: found[name] for name in METRICS}, judged, members


def with_floor(metric: Metric, floor: Metric | None) -> Metric:
    """The metric with its floor beside it; without one where the halves were too small."""
    if metric.value is None or floor is None or floor.value is None:
        return metric
    return replace(metric, floor=floor.value, floor_low=floor.low, floor_high=floor.high)


def _floors(real: np.ndarray, k: int, seed: int) -> dict[str, Metric]:
    """Every metric of one half of the real images against the other."""
    first, second = halves_of(len(real), seed)
    sigma = kernel.median_distance(
        real, seed=seed
    )  # the bandwidth that the values are measured with
    return measure_pair(real[first], real[second], k=k, seed=seed, sigma=sigma)[0]


Scope = tuple[
    np.ndarray | None, np.ndarray | None, str
]  # rows of each side (None: all), and why it cannot be measured


def _scopes(
    real_classes: Sequence[str | None] | None, classes: Sequence[str | None] | None
) -> dict[str, Scope]:
    """What to measure of one version: everything, then each class."""
    scopes: dict[str, Scope] = {"all": (None, None, "")}
    if real_classes is None or classes is None:
        return scopes
    counts_real, counts = (
        Counter(label for label in side if label) for side in (real_classes, classes)
    )
    if not counts_real or not counts:
        return scopes
    labels_real, labels = np.asarray(real_classes, object), np.asarray(classes, object)
    ordered = sorted(
        counts_real.keys() | counts.keys(),
        key=lambda label: (-counts_real[label], -counts[label], label),
    )
    shared = [label for label in ordered if counts_real[label] and counts[label]][:CLASS_LIMIT]
    for label in ordered:
        why = ""
        if not counts[label]:
            why = f"No synthetic image has the class {label}."
        elif not counts_real[label]:
            why = f"No real image has the class {label}."
        elif label not in shared:
            why = f"Only the {CLASS_LIMIT} largest classes are measured one by one."
        scopes[f"class:{label}"] = (
            np.flatnonzero(labels_real == label),
            np.flatnonzero(labels == label),
            why,
        )
    return scopes


def _take(vectors: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    return vectors if rows is None else vectors[rows]


def _row(version: Hashable, scope: str, metric: Metric) -> dict[str, Any]:
    return {
        "version_id": version,
        "scope": MetricScope.ALL if scope == "all" else MetricScope.CLASS,
        "part": None if scope == "all" else scope.removeprefix("class:"),
        "name": metric.name,
        "value": metric.value,
        "low": metric.low,
        "high": metric.high,
        "n_real": metric.n_real,
        "n_synthetic": metric.n_synthetic,
        "baseline": metric.floor,
        "baseline_low": metric.floor_low,
        "baseline_high": metric.floor_high,
        "seed": metric.seed,
        "parameters": json.dumps(metric.parameters),
        "note": metric.note,
    }


class _Steps:
    """Counts finished pieces of work and tells about them."""

    def __init__(self, progress: Report | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def __call__(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress("metrics", self.done, self.total)
