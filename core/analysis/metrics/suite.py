"""All metrics of a comparison: for each version, over all images and class by class, each beside
its real-vs-real baseline (:mod:`core.analysis.metrics.baselines`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from core.analysis.metrics import (
    balls,
    baselines,
    diversity,
    equal,
    frechet,
    kernel,
    manifold,
    twosample,
)
from core.analysis.metrics.measure import Metric, Sample, check_pair, one_thread
from core.analysis.types import Bools, OnProgress, unheard
from core.contracts.metric_words import METRICS
from core.contracts.words import MetricScope

K = 5  # the published default of the prdc package
SMALL = 1_000_000  # pairs of images from which more than one thread pays
CLASS_LIMIT = 40  # classes measured one by one, the largest first

Classes = Sequence[str | None]  # one label an image, None where unknown


@dataclass(frozen=True)
class ScopedMetric:
    """One number of one version (by its place): over all images, or over one class (``part``)."""

    version: int
    scope: MetricScope
    part: str | None
    metric: Metric


@dataclass(frozen=True)
class VersionLooks:
    """Which of a version's images look real. ``real`` (n,) and ``synthetic`` (m,): held-out
    probability of being real; None with too few images. ``near_copies`` bool (m,): which synthetic
    images all but repeat a real one; None with too few images.
    """

    real: np.ndarray | None = None
    synthetic: np.ndarray | None = None
    near_copies: Bools | None = None


@dataclass(frozen=True)
class Measured:
    """``metrics`` of all versions and scopes in order; ``looks``: by version."""

    metrics: tuple[ScopedMetric, ...]
    looks: tuple[VersionLooks, ...]


@dataclass(frozen=True)
class PairMeasured:
    """All metrics of two sets of vectors, in the order of :data:`METRICS`, and what they came from
    (None with too few images).
    """

    metrics: Mapping[str, Metric]
    judged: twosample.Judged | None
    members: manifold.Memberships | None

    @property
    def looks(self) -> VersionLooks:
        """The images behind the numbers."""
        return VersionLooks(
            self.judged.real if self.judged is not None else None,
            self.judged.synthetic if self.judged is not None else None,
            manifold.near_copies(self.members) if self.members is not None else None,
        )


def all_metrics(
    real: np.ndarray,
    versions: Sequence[np.ndarray],
    *,
    real_classes: Classes | None = None,
    classes: Sequence[Classes] | None = None,
    k: int = K,
    seed: int = 0,
    progress: OnProgress = unheard,
) -> Measured:
    """Measure every version (m, d) against the real images (n, d).

    ``real_classes`` and ``classes`` (one a version) add a scope for each class; one that is on one
    side only gets metrics without a value that say so. ``progress("metrics", done, total)`` counts
    scopes. Raises InputError for vectors that do not fit together.
    """
    for vectors in versions:
        check_pair(real, vectors)
    parts = [
        _parts(real_classes, classes[place] if classes is not None else None)
        for place in range(len(versions))
    ]
    needed = {
        _baseline_key(part, vectors)
        for found, vectors in zip(parts, versions, strict=True)
        for part in found
        if not part.why
    }
    total = sum(map(len, parts)) + len(needed)
    done = 0
    known: dict[BaselineKey, Mapping[str, Metric]] = {}
    metrics: list[ScopedMetric] = []
    looks = []
    for version, vectors in enumerate(versions):
        look = VersionLooks()
        for part in parts[version]:
            base: Mapping[str, Metric] = {}
            real_part, own = _take(real, part.real), _take(vectors, part.synthetic)
            if part.why:
                sample = Sample.of(real_part, own, seed)
                found = {name: sample.not_measured(name, part.why) for name in METRICS}
            else:
                key = _baseline_key(part, vectors)
                if key not in known:
                    known[key] = _baselines(real_part, len(own), k, seed)
                    done += 1
                    progress("metrics", done, total)
                base = known[key]
                with one_thread() if len(real_part) * len(own) < SMALL else nullcontext():
                    pair = measure_pair(real_part, own, k=k, seed=seed)
                found = dict(pair.metrics)
                look = pair.looks if part.name is None else look
            metrics += [
                ScopedMetric(
                    version, part.scope, part.name, baselines.beside(metric, base.get(name))
                )
                for name, metric in found.items()
            ]
            done += 1
            progress("metrics", done, total)
        looks.append(look)
    return Measured(tuple(metrics), tuple(looks))


def measure_pair(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    k: int = K,
    seed: int = 0,
    place: baselines.Place | None = None,
) -> PairMeasured:
    """All metrics of ``real`` (n, d) against ``synthetic`` (m, d) without baselines. ``place``:
    these are real images in a version's place, measured as that version is.
    """
    place = place or baselines.Place()
    enough = min(len(real), len(synthetic))
    judged = twosample.judge(real, synthetic, seed=seed) if enough >= twosample.LEAST else None
    members = manifold.memberships(real, synthetic, k=k) if enough > k else None
    spread = balls.ball_spread(real, synthetic, k=k, seed=seed) if members is not None else None
    found = {
        "frechet_distance": frechet.frechet_distance(real, synthetic, seed=seed),
        "frechet_infinity": frechet.frechet_infinity(real, synthetic, seed=seed, basis=place.basis),
        "kid": kernel.kid(real, synthetic, seed=seed),
        **kernel.gaussian_mmds(real, synthetic, seed=seed, sigma=place.sigma, sizes=place.sizes),
        **manifold.manifold_metrics(real, synthetic, k=k, seed=seed, found=members, spread=spread),
        **equal.equal_metrics(real, synthetic, k=k, seed=seed, found=members, spread=spread),
        "classifier_auc": twosample.classifier_auc(real, synthetic, seed=seed, judged=judged),
        **diversity.vendi(real, synthetic, seed=seed),
    }
    return PairMeasured({name: found[name] for name in METRICS}, judged, members)


def _baselines(real: np.ndarray, wanted: int, k: int, seed: int) -> Mapping[str, Metric]:
    """Every metric of as many real images as a version has (``wanted``) against the others."""
    parts = baselines.split(len(real), wanted, seed)
    sides = real[parts[0]], real[parts[1]]
    with one_thread() if len(sides[0]) * len(sides[1]) < SMALL else nullcontext():
        place = baselines.place_of(real, wanted, seed)
        found = measure_pair(*sides, k=k, seed=seed, place=place).metrics
        return baselines.corrected(found, real, parts, wanted, seed)


BaselineKey = tuple[str | None, int]  # the class, and as many images as the version has of it


def _baseline_key(part: _Part, vectors: np.ndarray) -> BaselineKey:
    return part.name, len(_take(vectors, part.synthetic))


@dataclass(frozen=True)
class _Part:
    """What to measure: a class's rows of each side (all where ``name`` is None), and ``why`` it
    cannot be measured.
    """

    name: str | None = None
    real: np.ndarray | None = None
    synthetic: np.ndarray | None = None
    why: str = ""

    @property
    def scope(self) -> MetricScope:
        return MetricScope.ALL if self.name is None else MetricScope.CLASS


def _parts(real_classes: Classes | None, classes: Classes | None) -> list[_Part]:
    """What to measure of one version: everything, then each class."""
    parts = [_Part()]
    if real_classes is None or classes is None:
        return parts
    counts_real, counts = (
        Counter(label for label in side if label) for side in (real_classes, classes)
    )
    if not counts_real or not counts:
        return parts
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
        rows = np.flatnonzero(labels_real == label), np.flatnonzero(labels == label)
        parts.append(_Part(label, *rows, why))
    return parts


def _take(vectors: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    return vectors if rows is None else vectors[rows]
