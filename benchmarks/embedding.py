"""How fast embedding is, against the network alone and against the loop one would write by hand.

    python benchmarks/embedding.py [--images FOLDER] [--count N] [--encoders ID ...] [--rounds N]
    [--device auto]

For each encoder, in turn in every round, so that a busy machine disturbs all alike:

- **ours**: the embed task, plain view, from files on disk to Parquet (stage "embed" of the job);
- **(a) bare**: the same network in the same precision and batch on tensors that are on the device
  already;
- **(b) loop**: a PyTorch DataLoader (batch 32, two workers, torchvision transforms) and the network
  in f32;
- **full**: the embed task with both views, thumbnails and attributes, as the application runs it.

Prints images per second (medians over rounds) and the ratios ours / (a) and ours / (b), taken
within each round. Without ``--images`` it draws photo-like JPEGs of 500 × 375 pixels. CLIP runs
with random weights, which cost the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.contracts.derive import from_columns
from core.contracts.work import SourceRow
from core.encoders import registry, runtime
from core.encoders.base import Encoder
from core.images.content import content_id
from core.jobs.embed import task as embed
from core.jobs.folder import JobFolder

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class Files(Dataset):
    """Image files through torchvision's usual transforms: what the loop of (b) reads."""

    def __init__(self, files: list[Path], encoder: Encoder) -> None:
        shape = encoder.transform
        self.files = files
        self.transform = transforms.Compose([
            transforms.Resize(shape.resize, transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(shape.size),
            transforms.ToTensor(),
            transforms.Normalize(shape.mean, shape.std),
        ])  # fmt: skip

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.files[index]) as image:
            return self.transform(image.convert("RGB"))


def draw_photos(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """JPEGs of 500 × 375 with the statistics of photographs: noise whose amplitude falls as 1 /
    frequency.
    """
    rng = np.random.default_rng(seed)
    fy, fx = np.meshgrid(np.fft.fftfreq(375), np.fft.rfftfreq(500), indexing="ij")
    falloff = 1 / np.maximum(np.hypot(fy, fx), 1 / 500)
    files = []
    for number in range(count):
        if (
            number < 64
        ):  # a drawing takes longer than decoding it many times; after 64 only the quality changes
            noise = rng.normal(size=(3, *falloff.shape)) + 1j * rng.normal(size=(3, *falloff.shape))
            planes = np.fft.irfft2(noise * falloff, s=(375, 500))
            planes = planes / planes.std() * 50 + 120
            drawn = Image.fromarray(planes.clip(0, 255).astype(np.uint8).transpose(1, 2, 0))
        files.append(folder / f"{number:05d}.jpg")
        drawn.save(files[-1], quality=80 + number % 15)
    return files


def ours(
    files: list[Path], encoder_id: str, device: str, folder: Path, *, full: bool, random: bool
) -> tuple[float, dict]:
    """Images per second of the embed task, and its encoder.json."""
    views = ["plain", "simplified"] if full else ["plain"]
    spec = {
        "kind": "embed",
        "encoder": encoder_id,
        "device": device,
        "views": views,
        "thumbnails": full,
        "random_weights": random,
    }
    job = JobFolder.create(folder, spec)
    columns = {
        "content_id": [content_id(file) for file in files],
        "file": [str(file) for file in files],
    }
    job.write_input_table("images.parquet", from_columns(SourceRow, columns))
    embed.run(job)
    reports = [
        json.loads(line) for line in (folder / "progress.jsonl").read_text("utf-8").splitlines()
    ]
    begun = next(report["time"] for report in reports if report["stage"] == "embed")
    ended = job.output(job.outputs("shard-*")[-1].name).stat().st_mtime
    return len(files) / (ended - begun), json.loads(job.output("encoder.json").read_text("utf-8"))


def bare(encoder: Encoder, count: int, batch: int) -> float:
    """Images per second of the network alone."""
    size = encoder.input_size
    pixels = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)
    ready = encoder.normalise(pixels.contiguous(memory_format=torch.channels_last))
    with torch.inference_mode():
        encoder.module(ready)
        return _rate(
            lambda: [encoder.module(ready) for _ in range(-(-count // batch))],
            -(-count // batch) * batch,
            encoder,
        )


def loop(files: list[Path], encoder: Encoder) -> float:
    """Images per second of the DataLoader loop, workers' start left out."""
    loader = DataLoader(
        Files(files, encoder), batch_size=32, num_workers=2, persistent_workers=True
    )
    with torch.inference_mode():

        def once() -> None:
            for images in loader:
                encoder.module(images.to(encoder.device)).float().cpu()

        next(iter(loader))
        return _rate(once, len(files), encoder)


def _rate(work: Callable[[], object], count: int, encoder: Encoder) -> float:
    wait = torch.cuda.synchronize if encoder.device.type == "cuda" else (lambda: None)
    wait()
    start = time.perf_counter()
    work()
    wait()
    return count / (time.perf_counter() - start)


def measure(
    encoder_id: str, files: list[Path], device: torch.device, rounds: int, folder: Path
) -> None:
    """Measure one encoder and print its lines."""
    random = not registry.info(registry.resolve(encoder_id)).ready
    plain = registry.load(encoder_id, random_weights=random)
    plain.module = plain.module.to(device)  # f32, the layout it came in: the loop knows no better
    plain.device = device
    tuned = registry.load(encoder_id, random_weights=random)
    ours(
        files[:64],
        encoder_id,
        str(device),
        folder / f"{encoder_id.replace('/', '-')}-warm",
        full=False,
        random=random,
    )
    results: dict[str, list[float]] = {"ours": [], "(a) bare": [], "(b) loop": [], "full": []}
    for number in range(rounds):
        stem = f"{encoder_id.replace('/', '-')}-{number}"
        rate, about = ours(files, encoder_id, str(device), folder / stem, full=False, random=random)
        results["ours"].append(rate)
        tuned.to(device, runtime.DTYPES[about["precision"]])
        results["(a) bare"].append(bare(tuned, len(files), about["batch"]))
        results["(b) loop"].append(loop(files, plain))
        results["full"].append(
            ours(files, encoder_id, str(device), folder / f"{stem}-full", full=True, random=random)[
                0
            ]
        )
    against = {
        name: statistics.median(o / r for o, r in zip(results["ours"], results[name], strict=True))
        for name in results
    }
    print(
        f"\n{encoder_id}{' (random weights)' if random else ''} on {about['device']}, "
        f"{about['precision']}, batch {about['batch']}"
    )
    print(f"  {about['why']}")
    for name, rates in results.items():
        print(f"  {name:9} {statistics.median(rates):9.1f} images/s")
    print(f"  ours / (a) {against['(a) bare']:.2f}  (to reach: 0.85)")
    print(f"  ours / (b) {against['(b) loop']:.2f}  (to reach: 1.50)", flush=True)


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, help="a folder of photographs (default: drawn ones)")
    parser.add_argument(
        "--count",
        type=int,
        default=0,
        help="images a measurement (default: 192 on a CPU, 4096 on a GPU)",
    )
    parser.add_argument("--encoders", nargs="+", default=["lite0", registry.DEFAULT_CLIP])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = runtime.choose_device(options.device)
    count = options.count or (192 if device.type == "cpu" else 4096)
    with tempfile.TemporaryDirectory() as folder:
        if options.images:
            found = sorted(
                file for file in options.images.rglob("*") if file.suffix.lower() in SUFFIXES
            )
            files = [found[number % len(found)] for number in range(count)]
        else:
            files = draw_photos(Path(folder), count)
        print(
            f"torch {torch.__version__}, {runtime.device_name(device)}, "
            f"{torch.get_num_threads()} threads, {count} images"
        )
        for encoder_id in options.encoders:
            measure(encoder_id, files, device, options.rounds, Path(folder))


if __name__ == "__main__":
    main()
