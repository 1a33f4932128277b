"""How fast is the From-Fake-to-Real test? Generated data, random weights, one table row for each
way of training.

    python -m benchmarks.finetune_speed head
        the full study on 7,000 + 450 vectors of 1,280 numbers
    python -m benchmarks.finetune_speed stage [--images 2000]
        one trial of FFR under ERM, the trunk's pass included
    python -m benchmarks.finetune_speed all [--model resnet50]
        images a second of the trainer against a bare PyTorch loop

``all`` needs a GPU to mean anything; both loops get the same model, batches from the same memory
and the same precision, so the ratio is what the trainer costs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from core.contracts.derive import from_rows
from core.contracts.study_rows import StudyImageRow
from core.contracts.words import Domain
from core.encoders import runtime
from core.encoders.base import Encoder, Transform
from core.finetune import backbone, trainer
from core.finetune.objectives import ERM
from core.finetune.trainer import Examples, Schedule
from core.jobs.finetune import task as finetune
from core.jobs.folder import JobFolder


def main() -> None:
    """Run one of the three and print its row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("head", "stage", "all"))
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--model", default="resnet50", help="a timm model, for all")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument(
        "--steps", type=int, default=40, help="measured steps of each loop, for all"
    )
    chosen = parser.parse_args()
    if chosen.what == "head":
        head()
    elif chosen.what == "stage":
        stage(chosen.images)
    else:
        everything(chosen.model, chosen.batch, chosen.steps)
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1e9 if sys.platform == "darwin" else 1e6
    )
    print(f"peak memory {gigabytes:.1f} GB")


def head() -> None:
    """4 mixtures × 4 objectives × 3 seeds × 4 rates on vectors in which the bias is the easier
    reading.
    """
    rng = np.random.default_rng(0)
    rows = images(real=7000, synthetic=450)
    direction = rng.normal(size=(3, 1280)).astype(np.float32)
    signs = np.array(
        [
            [
                0.25 * (row.class_ == "b"),
                0.5 * (row.bias == "g"),
                0.7 * (row.domain == Domain.REAL),
            ]
            for row in rows
        ],
        dtype=np.float32,
    )
    vectors = signs @ direction + 4 * rng.normal(size=(len(rows), 1280)).astype(np.float32)
    with tempfile.TemporaryDirectory(prefix="gapscope-head-") as scratch:
        job = JobFolder.create(scratch, {"kind": "finetune", "feature_map": False})
        job.write_input_table("images.parquet", from_rows(StudyImageRow, rows))
        job.write_input_array("vectors.npy", vectors)
        wall, cpu = time.perf_counter(), time.process_time()
        finetune.run(job)
        print(
            f"| head | {len(job.outputs('trial-*.json'))} trials "
            f"| {time.perf_counter() - wall:.0f} s wall "
            f"| {time.process_time() - cpu:.0f} s of CPU |"
        )


def stage(n: int) -> None:
    """FFR under ERM, one seed, lite0's last stage, ``n`` images on disk in all (a fifth of them
    synthetic).
    """
    with tempfile.TemporaryDirectory(prefix="gapscope-stage-") as scratch:
        rows = images(
            real=round(n * 0.8), synthetic=n - round(n * 0.8), folder=Path(scratch, "images")
        )
        job = JobFolder.create(
            Path(scratch, "job"),
            {
                "kind": "finetune",
                "trainable": "stage",
                "mixtures": ["ffr"],
                "objectives": ["erm"],
                "seeds": [0],
                "feature_map": False,
            },
        )
        job.write_input_table("images.parquet", from_rows(StudyImageRow, rows))
        wall, cpu = time.perf_counter(), time.process_time()
        finetune.run(job)
        print(
            f"| stage | {len(rows)} images | {time.perf_counter() - wall:.0f} s wall "
            f"| {time.process_time() - cpu:.0f} s of CPU |"
        )


def everything(name: str, batch: int, steps: int) -> None:
    """Images a second: :func:`core.finetune.trainer.fit` against a plain loop over the same
    batches.
    """
    import timm

    device = runtime.choose_device("auto")
    network = timm.create_model(name, pretrained=False, num_classes=0)
    size = timm.data.resolve_data_config({}, model=network)["input_size"][1]
    convolutional = "vit" not in name
    dim = network.num_features
    encoder = Encoder(
        f"timm:{name}",
        network,
        dim,
        Transform(size, size, (0.5,) * 3, (0.5,) * 3),
        "random",
        convolutional=convolutional,
    ).to(device)
    n = batch * steps
    pixels = np.random.default_rng(0).integers(
        0, 256, (min(n, 4096), 3, size, size), dtype=np.uint8
    )
    order = np.arange(n) % len(pixels)
    y = order % 2
    some = Examples(order, y, y)
    none = Examples(
        order[:2], y[:2], y[:2]
    )  # two validation images: the plain loop validates nothing
    feed = backbone.ArrayFeed(pixels, encoder.normalise, ahead=device.type == "cuda")

    def make() -> backbone.WholeNetwork:
        return backbone.WholeNetwork(encoder.module, dim, 2, 0, device, convolutional)

    def ours(epochs: int) -> float:
        model = make()
        started = _now(device)
        trainer.fit(
            model,
            feed,
            some,
            none,
            ERM(y, 1, device),
            Schedule(rates=(1e-4,), epochs=epochs, patience=99, batch_size=batch),
        )
        return _now(device) - started

    def plain(epochs: int) -> float:
        made = make()
        body, layer = made.body.train(), made.head.train()
        optimizer = torch.optim.Adam(
            [*body.parameters(), *layer.parameters()], lr=1e-4, fused=device.type != "mps"
        )
        target = torch.from_numpy(y).to(device)
        started = _now(device)
        for _ in range(epochs):
            for step, inputs in enumerate(feed.batches(order, batch)):
                with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                    scores = layer(body(inputs))
                loss = functional.cross_entropy(
                    scores.float(), target[step * batch : step * batch + len(inputs)]
                )
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
        return _now(device) - started

    ours(1), plain(1)  # warm up: kernels are chosen, the allocator has its memory
    trainer_time, bare_time = min(ours(1) for _ in range(3)), min(plain(1) for _ in range(3))
    print(
        f"| all, {name}, {runtime.device_name(device)} | {n / trainer_time:,.0f} images/s "
        f"| bare loop {n / bare_time:,.0f} images/s | ratio {bare_time / trainer_time:.2f} |"
    )


def images(real: int, synthetic: int, folder: Path | None = None) -> list[StudyImageRow]:
    """Rows of ``images.parquet``: two classes, two bias values, 99 % biased real training images;
    files where asked.
    """
    rng = np.random.default_rng(1)
    rows: list[StudyImageRow] = []
    for domain, total in (("real", real), ("synthetic", synthetic)):
        for number in range(total):
            split = ("train", "train", "train", "valid", "test")[number % 5]
            y = (number // 5) % 2
            b = y if domain == "real" and split == "train" and number % 100 else (number // 10) % 2
            path = f"{domain}-{number:05d}.jpg"
            rows.append(
                StudyImageRow(
                    row=len(rows),
                    dataset_id=1 if domain == "real" else 2,
                    domain=Domain(domain),
                    version=None,
                    path=path,
                    file="" if folder is None else str(folder / path),
                    content_id=path,
                    class_="ab"[y],
                    bias="rg"[b],
                    split=split,
                )
            )
            if folder is not None:
                folder.mkdir(exist_ok=True)
                tint = np.array([[200, 60, 60], [60, 200, 60]])[b] * (
                    1 if domain == "real" else 0.8
                )
                Image.fromarray(
                    np.clip(rng.normal(tint, 40, (64, 64, 3)), 0, 255).astype(np.uint8)
                ).resize((256, 256)).save(folder / path, quality=85)
    return rows


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


if __name__ == "__main__":
    main()
