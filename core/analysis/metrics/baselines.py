"""Real-vs-real baselines: every number for real images in the version's place.

As many real images as the version has, at most half of them, are put in its place and measured
against the other real images: what a perfect renderer would reach with so many images. A baseline
never stands for other numbers of images without saying so:

* FD∞, KID, MMD, classifier AUC and diversity do not depend on the number of images, only their
  intervals do; authenticity and near copies compare distances to the same real images.
* Precision, recall, density and coverage are at equal numbers on both sides, at which coverage and
  density of one source do not depend on it at all (each of the 2 n images is as likely the nearest)
  and the others hardly; where half of the real images are fewer than the version, the note says how
  many they were.
* CMMD's bias is known for any number of images: the baseline has that of the value.
* Fréchet distance has a bias that is not known: it has a baseline only where the version has at
  most a quarter as many images as there are real ones. The Vendi score of as many real images as
  the version has is there where there are as many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.analysis.metrics import diversity, kernel
from core.analysis.metrics.measure import Metric

FRECHET_SHARE = 4  # real images for each of the version's, for a baseline of Fréchet distance
EQUAL = ("precision", "recall", "density", "coverage")


@dataclass(frozen=True)
class Place:
    """What a version is measured with and its stand-in must be too: the bandwidth ``sigma`` of MMD,
    the images (n, d) whose directions are FD∞'s ``basis``, the ``sizes`` whose bias CMMD has.
    """

    sigma: float | None = None
    basis: np.ndarray | None = None
    sizes: tuple[int, int] | None = None


def place_of(real: np.ndarray, wanted: int, seed: int) -> Place:
    """What a version of ``wanted`` images is measured with against ``real`` (n, d)."""
    sizes = min(len(real), kernel.LIMIT), min(wanted, kernel.LIMIT)
    return Place(kernel.median_distance(real, seed=seed), real, sizes)


def split(n: int, wanted: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint random parts of ``range(n)``, each in order: the second has ``wanted`` rows, at
    most half, and stands for the version.
    """
    order = np.random.default_rng(seed).permutation(n)
    size = min(wanted, n // 2)
    return np.sort(order[: n - size]), np.sort(order[n - size :])


def corrected(
    found: Mapping[str, Metric],
    real: np.ndarray,
    parts: tuple[np.ndarray, np.ndarray],
    wanted: int,
    seed: int,
) -> dict[str, Metric]:
    """The baselines of a version of ``wanted`` images, from what was ``found`` between the two
    ``parts`` (rows of ``real`` (n, d), see :func:`split`).
    """
    n, stand_in = len(real), parts[1]
    baselines = dict(found)
    if wanted * FRECHET_SHARE > n:
        why = (
            f"No baseline: it needs {FRECHET_SHARE * wanted:,} real images, for the number depends "
            f"on how many there are. See FD∞."
        )
        baselines["frechet_distance"] = _none(found["frechet_distance"], why)
    if wanted > n:
        why = f"No baseline: it needs {wanted:,} real images, as many as the version has."
        baselines["vendi"] = _none(found["vendi"], why)
    elif wanted > len(stand_in):
        drawn = np.sort(np.random.default_rng(seed).permutation(n)[:wanted])
        baselines["vendi"] = diversity.vendi(real, real[drawn], seed=seed)["vendi"]
    if min(n, wanted) > len(stand_in):
        why = (
            f"The baseline is from {len(stand_in):,} images a side: there are too few real ones "
            f"for {min(n, wanted):,}."
        )
        for name in EQUAL:
            if found[name].value is not None:
                baselines[name] = replace(found[name], note=why)
    return baselines


def beside(metric: Metric, base: Metric | None) -> Metric:
    """The metric with its baseline beside it, and what is to be known of that in its note."""
    if metric.value is None or base is None:
        return metric
    said = "baseline" in base.note.lower()
    note = f"{metric.note} {base.note}".strip() if said else metric.note
    if base.value is None:
        why = (
            "" if said else f"No baseline: of {base.n_real:,} and {base.n_synthetic:,} real images."
        )
        return replace(metric, note=f"{note} {why}".strip())
    return replace(
        metric,
        baseline=base.value,
        baseline_low=base.low,
        baseline_high=base.high,
        note=note,
        parameters={**metric.parameters, "baseline images": [base.n_real, base.n_synthetic]},
    )


def _none(metric: Metric, why: str) -> Metric:
    return replace(metric, value=None, low=None, high=None, note=why)
