"""How many images a second the spectrum task compares.

    python benchmarks/spectrum.py [--images 300] [--side 512]

Draws noisy JPEGs of that size into a temporary folder, runs the whole task on them (decode, crop,
transform, compare) and prints images per second over both datasets. Times on a busy machine vary.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.contracts.spectrum_rows import SpectrumSide, SpectrumSpec
from core.contracts.words import Domain
from core.jobs.folder import JobFolder
from core.jobs.spectrum import task as spectrum


def draw(folder: Path, images: int, side: int, seed: int) -> list[str]:
    """JPEG files with shapes and grain, quality 90."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    files = []
    for index in range(images):
        coarse = Image.fromarray(rng.integers(0, 255, (side // 16, side // 16, 3), dtype=np.uint8))
        image = np.asarray(
            coarse.resize((side, side), Image.Resampling.BICUBIC).filter(
                ImageFilter.GaussianBlur(1)
            ),
            np.float32,
        )
        grain = rng.normal(0, 4, image.shape)
        file = folder / f"{index:04d}.jpg"
        Image.fromarray(np.clip(image + grain, 0, 255).astype(np.uint8)).save(file, quality=90)
        files.append(str(file))
    return files


def main() -> None:
    """Run the task once and print JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--side", type=int, default=512)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = {"images": 2 * chosen.images, "side": chosen.side}
        files = [
            draw(Path(name) / part, chosen.images, chosen.side, seed)
            for seed, part in enumerate(("real", "render"))
        ]
        for crop in sorted({256, chosen.side}):
            sides = (
                SpectrumSide(1, None, Domain.REAL, "d00", "real"),
                SpectrumSide(2, "1.0", Domain.SYNTHETIC, "d01", "1.0"),
            )
            spec = SpectrumSpec(sides, sample=chosen.images, seed=0, crop=crop)
            job = JobFolder.create(Path(name) / f"job-{crop}", spec)
            for index, listed in enumerate(files):
                job.write_input_table(f"d{index:02d}.parquet", pa.table({"file": listed}))
            start = time.perf_counter()
            spectrum.run(job)
            result[f"images_per_second_crop_{crop}"] = round(
                2 * chosen.images / (time.perf_counter() - start), 1
            )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
