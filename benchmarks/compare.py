"""How fast comparing is, against the plain way: ``umap.UMAP`` in 2-D, 3-D and 5-D, each fitted by itself, plus HDBSCAN.

    python benchmarks/compare.py [--count 10000] [--dims 512] [--ways ours plain assess] [--fits 2 3 5]

Vectors are drawn: 40 kinds on a 30-dimensional sheet in ``dims`` dimensions, half of them "real", half "synthetic". Each way
runs in a process of its own, after the same small warm-up (compilation), so that its peak memory is its own:

- **ours**: one neighbour graph, three layouts from it, HDBSCAN on the 5-D one;
- **plain**: three fits (``--fits`` limits which), HDBSCAN on the last; seeded, as ours is;
- **assess**: our coverage on the same vectors (half against half), for which the plain way has nothing.

Prints seconds, peak memory and ratios.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def draw(count: int, dims: int) -> np.ndarray:
    """Vectors float32 (count, dims) of 40 kinds."""
    rng = np.random.default_rng(0)
    sheet = rng.normal(size=(30, dims)).astype(np.float32)
    places = rng.normal(size=(40, 30)).astype(np.float32) * 2
    low = places[rng.integers(0, 40, count)] + rng.normal(size=(count, 30)).astype(np.float32)
    return low @ sheet + 0.3 * rng.normal(size=(count, dims)).astype(np.float32)


def ours(vectors: np.ndarray, fits: list[int]) -> None:
    from core.analysis import clustering, projection

    found = projection.project(vectors, fits, min_dist={2: 0.1, 3: 0.1, 5: 0.0}, processes=2)
    clustering.cluster(found.layouts[fits[-1]], min_cluster_size=15)


def plain(vectors: np.ndarray, fits: list[int]) -> None:
    import hdbscan
    import umap

    for dims in fits:
        coordinates = umap.UMAP(n_components=dims, metric="cosine", min_dist=0.0 if dims == 5 else 0.1, random_state=0).fit_transform(vectors)
    hdbscan.HDBSCAN(min_cluster_size=15).fit(coordinates)


def coverage(vectors: np.ndarray, _: list[int]) -> None:
    from core.analysis.assess import assess
    from core.analysis.coverage import Views

    half = len(vectors) // 2
    assess(Views(vectors[:half], vectors[:half]), [Views(vectors[half:], vectors[half:])])


WAYS = {"ours": ours, "plain": plain, "assess": coverage}


def child(way: str, count: int, dims: int, fits: list[int]) -> None:
    """Run one way and print its figures as JSON."""
    warnings.simplefilter("ignore")
    WAYS[way](draw(600, dims), fits)
    if way != "plain":  # the same for the index, which small sets do not use
        from core.analysis.neighbors import graph
        graph(draw(600, dims), 15, exact=False)
    vectors = draw(count, dims)
    started = time.monotonic()
    WAYS[way](vectors, fits)
    print(json.dumps({"seconds": time.monotonic() - started,
                      "peak": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                               + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 2**20}))


def main() -> None:
    """Run each way in its own process and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--dims", type=int, default=512)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--fits", nargs="+", type=int, default=[2, 3, 5])
    parser.add_argument("--child", choices=list(WAYS), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.count, chosen.dims, chosen.fits)
        return
    print(f"| {chosen.count:,} × {chosen.dims} | seconds | peak GB |\n|---|---|---|", flush=True)
    seconds = {}
    for way in chosen.ways:
        done = subprocess.run([sys.executable, __file__, "--child", way, "--count", str(chosen.count), "--dims", str(chosen.dims),
                               "--fits", *map(str, chosen.fits)], check=True, capture_output=True, text=True)
        figures = json.loads(done.stdout.splitlines()[-1])
        seconds[way] = figures["seconds"]
        print(f"| {way} | {figures['seconds']:.1f} | {figures['peak']:.2f} |", flush=True)
    if {"ours", "plain"} <= set(seconds):
        print(f"\nplain / ours: {seconds['plain'] / seconds['ours']:.1f}")


if __name__ == "__main__":
    main()
