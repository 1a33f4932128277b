"""How fast the metrics are, and how much memory they take.

    python benchmarks/metrics.py prdc [--images 10000] [--dimensions 512]
    python benchmarks/metrics.py all [--images 100000] [--dimensions 512]

``prdc``: against the prdc package, same values, one run. ``all``: every metric, by stage, with peak
memory.

Vectors are correlated Gaussians with the spread of network features, by seed. Times on a busy
machine vary: read ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.analysis.metrics import diversity, frechet, kernel, manifold, twosample


def vectors(images: int, dimensions: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Real and synthetic float32 (images, dimensions): 24 strong directions and some noise."""
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((24, dimensions), dtype=np.float32)

    def side(scale: float) -> np.ndarray:
        made = rng.standard_normal((images, 24), dtype=np.float32) * np.float32(scale) @ mixing
        for start in range(0, images, 8192):
            part = made[start : start + 8192]
            part += 0.3 * rng.standard_normal(part.shape, dtype=np.float32)
        return made

    return side(1.0), side(1.05)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` returns, and its seconds."""
    start = time.perf_counter()
    value = work()
    return value, time.perf_counter() - start


def peak_gib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def against_prdc(images: int, dimensions: int) -> dict[str, Any]:
    """Precision, recall, density and coverage here and in the prdc package."""
    from prdc import compute_prdc

    real, synthetic = vectors(images, dimensions)
    manifold.manifold_metrics(real[:500], synthetic[:500])  # warm threads
    ours, seconds = timed(lambda: manifold.manifold_metrics(real, synthetic, k=5))
    memory = peak_gib()
    with contextlib.redirect_stdout(io.StringIO()):
        theirs, their_seconds = timed(lambda: compute_prdc(real, synthetic, 5))
    return {
        "images": images,
        "dimensions": dimensions,
        "seconds": round(seconds, 2),
        "prdc_seconds": round(their_seconds, 2),
        "times_faster": round(their_seconds / seconds, 2),
        "peak_gib": round(memory, 2),
        "prdc_peak_gib": round(peak_gib(), 2),
        "values": {name: [ours[name].value, float(value)] for name, value in theirs.items()},
    }


def every_metric(images: int, dimensions: int) -> dict[str, Any]:
    """Each family of metrics once, without baselines: seconds, values, the memory peak after it."""
    real, synthetic = vectors(images, dimensions)
    stages: dict[str, Callable[[], Any]] = {
        "frechet": lambda: [frechet.frechet_distance(real, synthetic)],
        "kid": lambda: [kernel.kid(real, synthetic)],
        "cmmd, mmd": lambda: kernel.gaussian_mmds(real, synthetic).values(),
        "classifier": lambda: [twosample.classifier_auc(real, synthetic)],
        "vendi": lambda: diversity.vendi(real, synthetic).values(),
        "manifold": lambda: manifold.manifold_metrics(real, synthetic).values(),
    }
    result: dict[str, Any] = {
        "images": images,
        "dimensions": dimensions,
        "peak_gib_with_vectors": round(peak_gib(), 2),
    }
    for name, work in stages.items():
        measured, seconds = timed(work)
        result[name] = {
            "seconds": round(seconds, 1),
            "peak_gib": round(peak_gib(), 2),
            **{metric.name: [metric.value, metric.low, metric.high] for metric in measured},
        }
        print(name, json.dumps(result[name]), flush=True)
    return result


def main() -> None:
    """Run one benchmark and print JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("prdc", "all"))
    parser.add_argument("--images", type=int)
    parser.add_argument("--dimensions", type=int, default=512)
    chosen = parser.parse_args()
    if chosen.what == "prdc":
        result = against_prdc(chosen.images or 10_000, chosen.dimensions)
    else:
        result = every_metric(chosen.images or 100_000, chosen.dimensions)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
