"""How often the 95 % intervals of the metrics hold what they say.

    python -m benchmarks.intervals [--repeats 400] [--only kid]

A known source of real and one of synthetic vectors (unequal spread, heavy enough tails to skew the
numbers) are drawn from anew, each metric is measured, and it is counted how often its interval
holds the truth: the mean of all repeats (whose own error is a twentieth of a deviation), or 0
where that is known. Prints Markdown. ``tests/analysis/metrics/test_intervals.py`` runs a small
part.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.analysis.coverage.confidence import wilson
from core.analysis.metrics import diversity, equal, frechet, kernel, manifold, twosample
from core.analysis.metrics.measure import Metric

Measure = Callable[[np.ndarray, np.ndarray, int], Iterable[Metric]]
NO_TRUTH = {"frechet_infinity": 0.0, "kid": 0.0, "mmd": 0.0}  # of two samples of one source


@dataclass(frozen=True)
class Case:
    """``real`` and ``synthetic`` images of ``dimensions``, the synthetic source ``apart`` from the
    real one (0: one source).
    """

    real: int
    synthetic: int
    dimensions: int
    apart: float


@dataclass(frozen=True)
class Held:
    """In which share of the repeats an interval ``held`` the truth; ``width``: its mean width over
    that of the numbers' own spread.
    """

    name: str
    case: Case
    value: float
    held: float
    width: float


SIZES = (
    Case(60, 60, 16, 0.0),
    Case(60, 60, 16, 0.4),
    Case(300, 120, 16, 0.0),
    Case(300, 120, 16, 0.4),
    Case(300, 300, 48, 0.2),
)
KID_SUBSETS = (  # subsets of 100: as 1,001 to 2,000 images are to subsets of 1,000
    Case(105, 105, 16, 0.4),
    Case(150, 150, 16, 0.0),
    Case(150, 150, 16, 0.4),
    Case(195, 195, 16, 0.4),
    Case(400, 400, 16, 0.4),
)
FAMILIES: dict[str, tuple[Measure, tuple[Case, ...]]] = {
    "kid": (lambda x, y, seed: [kernel.kid(x, y, seed=seed)], SIZES),
    "kid of subsets": (
        lambda x, y, seed: [kernel.kid(x, y, seed=seed, subsets=100, size=100)],
        KID_SUBSETS,
    ),
    "cmmd, mmd": (lambda x, y, seed: kernel.gaussian_mmds(x, y, seed=seed).values(), SIZES),
    "equal": (lambda x, y, seed: equal.equal_metrics(x, y, seed=seed).values(), SIZES),
    "copies": (
        lambda x, y, seed: list(manifold.manifold_metrics(x, y, seed=seed).values())[4:],
        SIZES,
    ),
    "frechet": (
        lambda x, y, seed: [
            frechet.frechet_distance(x, y, seed=seed),
            frechet.frechet_infinity(x, y, seed=seed),
        ],
        (*SIZES, Case(100, 100, 160, 0.2)),
    ),
    "vendi": (lambda x, y, seed: diversity.vendi(x, y, seed=seed).values(), SIZES),
    "classifier": (lambda x, y, seed: [twosample.classifier_auc(x, y, seed=seed)], SIZES),
}


def draw(case: Case, repeat: int) -> tuple[np.ndarray, np.ndarray]:
    """Fresh real and synthetic vectors, float32: 4 strong directions among weak ones."""
    d = case.dimensions
    rng = np.random.default_rng(1000 + repeat)
    spread = 1 / np.sqrt(1 + np.arange(d))
    away = case.apart * spread * np.where(np.arange(d) % 2, 1, -1)
    real = 1 + spread * rng.normal(size=(case.real, d))
    synthetic = 1 + away + spread * (1 + case.apart / 4) * rng.normal(size=(case.synthetic, d))
    return real.astype(np.float32), synthetic.astype(np.float32)


def simulate(measure: Measure, case: Case, repeats: int) -> list[Held]:
    """One :class:`Held` for each metric with intervals."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for repeat in range(repeats):
        for metric in measure(*draw(case, repeat), repeat):
            if metric.value is not None and metric.low is not None and metric.high is not None:
                found.setdefault(metric.name, []).append((metric.value, metric.low, metric.high))
    held = []
    for name, numbers in found.items():
        value, low, high = np.array(numbers).T
        truth = value.mean() if case.apart else NO_TRUTH.get(name, value.mean())
        deviation = value.std()
        held.append(
            Held(
                name,
                case,
                float(value.mean()),
                float(((low <= truth) & (truth <= high)).mean()),
                float((high - low).mean() / (3.92 * deviation)) if deviation else float("nan"),
            )
        )
    return held


def wilson_held(share: float, total: int) -> float:
    """The exact probability that Wilson's interval of ``total`` things holds the true ``share``."""
    counts = np.arange(total + 1)
    chance = stats.binom.pmf(counts, total, share)
    inside = [low <= share <= high for low, high in (wilson(count, total) for count in counts)]
    return float(chance[np.array(inside)].sum())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--only", choices=(*FAMILIES, "wilson"))
    chosen = parser.parse_args()
    print("| metric | real | synthetic | dimensions | apart | mean | held | width |")
    print("|---|---|---|---|---|---|---|---|")
    for family, (measure, cases) in FAMILIES.items():
        for case in cases if chosen.only in (None, family) else ():
            for row in simulate(measure, case, chosen.repeats):
                label = f"{row.name} ({family})" if family == "kid of subsets" else row.name
                print(
                    f"| {label} | {case.real} | {case.synthetic} | {case.dimensions} "
                    f"| {case.apart:g} | {row.value:.4g} | {row.held:.3f} | {row.width:.2f} |",
                    flush=True,
                )
    if chosen.only in (None, "wilson"):
        print("\n| Wilson: things | true share | held (exact) |\n|---|---|---|")
        for total in (20, 100, 400):
            for share in (0.02, 0.1, 0.3, 0.5):
                print(f"| {total} | {share:g} | {wilson_held(share, total):.3f} |")


if __name__ == "__main__":
    main()
