"""How fast is a scan? Many small JPEGs through the scan job, against a plain loop over some of the
same files.

    python -m benchmarks.scan [--files 100000] [--side 32]

The plain loop hashes each file and opens and decodes it with Pillow, one after the other. Prints a
Markdown row.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from core.jobs.folder import JobFolder
from core.jobs.scan import task as scan


def main() -> None:
    """Make the files, time both ways, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--side", type=int, default=32, help="pixels")
    parser.add_argument("--plain", type=int, default=10_000, help="files for the plain loop")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gapscope-scan-") as scratch:
        folder = Path(scratch, "images")
        make_files(folder, chosen.files, chosen.side)
        files = sorted(folder.iterdir())[: chosen.plain]
        plain_loop(files[:500])  # imports and file cache
        plain = len(files) / seconds(lambda: plain_loop(files))
        spec = {"kind": "scan", "folder": str(folder), "labels": None, "shard_rows": 5_000}
        first = seconds(lambda: scan.run(JobFolder.create(Path(scratch, "first"), spec)))
        again = JobFolder.create(Path(scratch, "again"), spec)
        again.write_input_table("known.parquet", scan.read_rows(JobFolder(Path(scratch, "first"))))
        second = seconds(lambda: scan.run(again))
    rate = chosen.files / first
    print("| files | cores | scan, s | files/s | plain loop, files/s | ratio | unchanged, s |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {chosen.files:,} of {chosen.side} × {chosen.side} | {os.cpu_count()} | {first:.1f} "
        f"| {rate:,.0f} | {plain:,.0f} | {rate / plain:.2f} | {second:.1f} |"
    )


def make_files(folder: Path, count: int, side: int) -> None:
    """``count`` different JPEGs of ``side`` × ``side`` pixels."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 255, (8, 8, 3), dtype=np.uint8))
        coarse.resize((side, side)).save(folder / f"{number:07d}.jpg")


def plain_loop(files: list[Path]) -> None:
    """Hash, open and decode each file, one after the other."""
    for file in files:
        data = file.read_bytes()
        hashlib.blake2b(data, digest_size=16).hexdigest()
        with Image.open(io.BytesIO(data)) as image:
            image.load()


def seconds(work: Callable[[], object]) -> float:
    """Wall time of ``work()``."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
