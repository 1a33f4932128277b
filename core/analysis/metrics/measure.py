"""What a measured number carries, and where its interval comes from.

Every metric of Gapscope is a :class:`Metric`: the value never stands without the number of images,
the seed, the parameters and an interval. Where intervals come from:

* **crossed subsamples** (:mod:`core.analysis.metrics.balls`), for numbers from nearest neighbours.
* **variance of a squared distance** (:func:`distance_interval`), for KID, CMMD, MMD and Fréchet
  distance: its parts of first and second order, from the kernel matrices or from random halves and
  quarters.
* **resampling of images** for the classifier, widened by what training on other images changes,
  and for Vendi.

All are 95 % intervals of what the number would be on average over other images of the same kind and
*number*: bias that falls with the number of images is in the value, its interval and its baseline
alike. ``benchmarks/intervals.py`` shows how often they hold it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from core.errors import InputError

QUANTILES = (0.025, 0.975)  # of a 95 % interval
Z = 1.959964  # the normal quantile of the same
DRAWS = 1000  # bootstrap draws of a mean

Parameters = Mapping[str, float | list[int]]


@dataclass(frozen=True)
class Metric:
    """One measured number.

    ``value`` with its 95 % interval ``low`` to ``high``; None where it cannot be computed, and then
    ``note`` says why. ``baseline`` is the same number for real images in the version's place
    (:mod:`core.analysis.metrics.baselines`). ``parameters``: what else it depends on. Numbers are
    always finite.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n_real: int
    n_synthetic: int
    seed: int
    parameters: Parameters = field(default_factory=dict)
    baseline: float | None = None
    baseline_low: float | None = None
    baseline_high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Sample:
    """What a metric was measured on: so many images of each side, under this seed."""

    n_real: int
    n_synthetic: int
    seed: int

    @classmethod
    def of(cls, real: np.ndarray, synthetic: np.ndarray, seed: int) -> Sample:
        """The sample that two sets of vectors, (n, d) and (m, d), are."""
        return cls(len(real), len(synthetic), seed)

    def too_few(self, least: int) -> str:
        """The reason why a number that needs ``least`` images on each side is missing; empty where
        it is not.
        """
        if self.n_real >= least and self.n_synthetic >= least:
            return ""
        return (
            f"Needs at least {least} images on each side; there are {self.n_real} real and "
            f"{self.n_synthetic} synthetic."
        )

    def measured(
        self,
        name: str,
        value: float,
        interval: tuple[float, float],
        parameters: Parameters | None = None,
        note: str = "",
    ) -> Metric:
        """A :class:`Metric` of this sample; a value that is not finite becomes None with a note."""
        if not math.isfinite(value):
            why = note or "The vectors hold values that are not finite numbers."
            return self.not_measured(name, why, parameters)
        low, high = interval if np.isfinite(interval).all() else (None, None)
        sizes = (self.n_real, self.n_synthetic, self.seed)
        return Metric(name, float(value), low, high, *sizes, parameters or {}, note=note)

    def not_measured(self, name: str, why: str, parameters: Parameters | None = None) -> Metric:
        """A metric without a value, and the reason."""
        sizes = (self.n_real, self.n_synthetic, self.seed)
        return Metric(name, None, None, None, *sizes, parameters or {}, note=why)


def check_pair(real: np.ndarray, synthetic: np.ndarray) -> None:
    """Raise InputError unless they are (n, d) and (m, d) arrays of finite numbers, d the same."""
    for side, vectors in (("real", real), ("synthetic", synthetic)):
        if vectors.ndim != 2:
            raise InputError(
                f"The {side} vectors have the shape {vectors.shape}",
                "Give one row an image: (n, d).",
            )
    if real.shape[1] != synthetic.shape[1]:
        raise InputError(
            f"Real vectors have {real.shape[1]} dimensions, synthetic vectors {synthetic.shape[1]}",
            "Embed both with the same encoder.",
        )
    for side, vectors in (("real", real), ("synthetic", synthetic)):
        broken = sum(
            int((~np.isfinite(vectors[start : start + 8192]).all(axis=1)).sum())
            for start in range(0, len(vectors), 8192)
        )
        if broken:
            raise InputError(
                f"{broken} {side} vectors hold values that are not finite numbers",
                "Embed those images again.",
            )


def bootstrap_mean(values: np.ndarray, seed: int, draws: int = DRAWS) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean of ``values`` (n,).

    Equal values are drawn together by their counts, so that 100,000 memberships cost no more than
    their few distinct values. Above 4096 distinct values they are first put into 4096 narrow bins.
    Where a share is 0 or 1, drawing again shows no spread: then the exact one-sided bound stands in
    (none of n: up to 1 - 0.025^(1/n), Clopper and Pearson).
    """
    if values.dtype == bool and (values.all() or not values.any()):
        bound = 1 - QUANTILES[0] ** (1 / len(values))
        return (1 - bound, 1.0) if values.all() else (0.0, bound)
    distinct, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    if len(distinct) > 4096:
        edges = np.quantile(distinct, np.linspace(0, 1, 4097))
        which = np.clip(np.searchsorted(edges, distinct, side="right") - 1, 0, 4095)
        weight = np.bincount(which, counts, 4096)
        total = np.bincount(which, counts * distinct, 4096)
        distinct, counts = (
            (total / np.maximum(weight, 1))[weight > 0],
            weight[weight > 0].astype(np.int64),
        )
    n = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=draws)
    low, high = np.quantile(drawn @ distinct / n, QUANTILES)
    return float(low), float(high)


def distance_interval(value: float, first: float, second: float) -> tuple[float, float]:
    """95 % interval of a squared distance around an unbiased ``value``, whose variance has a part
    of ``first`` order (1 / n) and one of ``second`` (1 / n²).

    Two samples of one source have no first-order part: its deviation falls with the distance
    itself. Those distances are in the interval from which the value is at most 1.96 deviations
    away, with the variance that belongs to *them* (as in Wilson's interval of a share). So it
    reaches farther up than down.
    """
    first = max(first, 0.0)  # rounding
    scale = max(value, Z * math.sqrt(second), math.sqrt(first))
    steep = min(Z**2 * first / scale**2, 0.5) if first > 0 else 0.0
    around = math.sqrt(max(steep * value**2 + (1 - steep) * Z**2 * second, 0.0))
    return (value - around) / (1 - steep), (value + around) / (1 - steep)


def half_sample_interval(
    value: float, halves: np.ndarray, *, least: float = -math.inf
) -> tuple[float, float]:
    """The spread of ``halves`` (numbers computed on random halves) around ``value`` (spectrum).

    ``least`` is a bound the number cannot pass (0 for a distance).
    """
    spread = np.quantile(halves - np.mean(halves), QUANTILES)
    return max(float(value + spread[0]), least), float(value + spread[1])


def halves_of(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two random halves of ``range(n)``, each in order; the odd one is left out."""
    order = np.random.default_rng(seed).permutation(n)
    half = n // 2
    return np.sort(order[:half]), np.sort(order[half : 2 * half])


def one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra on one thread: for eigenvalues and factorisations.

    Their many short parallel steps wait for each other: on two cores that other programs also use,
    the eigenvalues of a 256 × 256 matrix took 60 times as long on two threads as on one. Large
    products gain from threads and stay outside.
    """
    return threadpool_limits(limits=1)
