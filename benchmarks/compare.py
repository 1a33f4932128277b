"""One neighbour graph for three layouts against three separate UMAP fits: time and peak memory, as
a ratio in one run.

    python -m benchmarks.compare --images 10000
    python -m benchmarks.compare --images 100000 --plain-dims 2

``plain``: ``umap.UMAP`` in 2-D, 3-D and 5-D, each fitted by itself with the same seed, and HDBSCAN
on the 5-D one. ``ours``: the map of a comparison (one graph, the same three layouts from principal
components, HDBSCAN). Each side runs in a process of its own that has compiled everything on 2,000
images before the clock starts. ``--plain-dims 2`` fits the plain way in 2-D alone, for sizes where
all three take too long; the ratio is then a lower bound and the row says so. Vectors are Gaussian
clusters.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np


def vectors(count: int, dim: int = 512, clusters: int = 60) -> np.ndarray:
    """Gaussian clusters of unequal size, float32 (count, dim)."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(clusters, dim)).astype(np.float32)
    sizes = rng.dirichlet(np.ones(clusters))
    basis = rng.normal(size=(24, dim)).astype(
        np.float32
    )  # images vary along few directions, as real features do
    which = rng.choice(clusters, count, p=sizes)
    return centres[which] + 0.6 * rng.normal(size=(count, 24)).astype(np.float32) @ basis


def ours(data: np.ndarray) -> None:
    """The map of a comparison."""
    from core.analysis.vectors.maps import MapParameters, draw_map

    draw_map(data, MapParameters())


def plain(data: np.ndarray, dims: tuple[int, ...]) -> None:
    """Each layout fitted by itself, then HDBSCAN on the last."""
    import hdbscan
    import umap

    layout = None
    for count in dims:
        layout = umap.UMAP(n_components=count, metric="cosine", random_state=0).fit_transform(data)
    hdbscan.HDBSCAN(min_cluster_size=15).fit(layout)


def child(side: str, images: int, dims: tuple[int, ...]) -> None:
    """Run one side in this process and print its seconds and peak memory as JSON."""

    def run(data: np.ndarray) -> None:
        if side == "ours":
            ours(data)
        else:
            plain(data, dims)

    run(vectors(2000))
    data = vectors(images)
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    run(data)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        json.dumps(
            {"wall": time.perf_counter() - started, "cpu": cpu, "peak": after.ru_maxrss / 2**20}
        )
    )


def main() -> None:
    """Run both sides, one after the other, and print one Markdown row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--plain-dims", default="2,3,5")
    parser.add_argument("--side", choices=("ours", "plain"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    dims = tuple(int(part) for part in options.plain_dims.split(","))
    if options.side:
        child(options.side, options.images, dims)
        return
    measured = {}
    for side in ("ours", "plain"):
        answer = subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.compare",
                "--images",
                str(options.images),
                "--plain-dims",
                options.plain_dims,
                "--side",
                side,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        measured[side] = json.loads(answer.stdout.splitlines()[-1])
        print(side, measured[side], file=sys.stderr)
    one, other = measured["ours"], measured["plain"]
    fits = (
        "2-D, 3-D, 5-D"
        if dims == (2, 3, 5)
        else f"{', '.join(f'{d}-D' for d in dims)} only: a lower bound"
    )
    print(
        "| images | ours, s | plain, s | ratio, wall | ratio, CPU | ours, GiB | plain, GiB "
        "| plain fits |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {options.images:,} | {one['wall']:.1f} | {other['wall']:.1f} "
        f"| {other['wall'] / one['wall']:.2f} | {other['cpu'] / one['cpu']:.2f} "
        f"| {one['peak']:.2f} | {other['peak']:.2f} | {fits} |"
    )


if __name__ == "__main__":
    main()
