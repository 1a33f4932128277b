"""Coloured digits: does pretraining on synthetic digits help a classifier that would rather read
the colour?

    python -m benchmarks.finetune_digits --data FOLDER_WITH_THE_IDX_FILES
        [--digits 3,5,8] [--look plain|backdrop]

Real images are handwritten digits (MNIST's 10,000 test digits) painted so that class and colour
agree in 99 % of the training part and are balanced in the validation and test parts. Synthetic
images are digits drawn with the system's fonts, every class in every colour, on black (plain) or on
a grey backdrop (a renderer with a look of its own). The script builds both, embeds them, runs the
study as the page would, and prints the table of
``docs/research/finetune.md``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image, ImageDraw, ImageFont

from core.contracts.derive import from_rows
from core.contracts.study import MIXTURE_NAMES, OBJECTIVE_NAMES
from core.contracts.study_rows import StudyImageRow
from core.contracts.words import Domain
from core.finetune import backbone
from core.jobs.finetune import task as finetune
from core.jobs.folder import JobFolder

COLOURS = {
    "red": (230, 40, 40),
    "green": (40, 180, 60),
    "blue": (50, 80, 240),
    "yellow": (230, 210, 40),
    "magenta": (220, 50, 210),
    "cyan": (40, 210, 220),
    "orange": (240, 140, 30),
    "grey": (170, 170, 170),
    "brown": (140, 90, 50),
    "violet": (130, 60, 200),
}
NAMES = list(COLOURS)
SIDE, RESOLUTION = 32, 96
TRAIN = 500  # real training images of each class
VALID_CELL = 40  # validation images of each class and colour
SYNTHETIC_TEST = 30  # of each class and colour
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
FONT_NAMES = ("DejaVuSans", "DejaVuSerif", "Liberation", "Arial", "Verdana", "Georgia")

Labels = list[dict[str, str]]


def main() -> None:
    """Build, embed, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with t10k-images-idx3-ubyte.gz and its labels",
    )
    parser.add_argument("--digits", default="3,5,8", help="the classes")
    parser.add_argument(
        "--look", choices=("plain", "backdrop"), default="plain", help="of the synthetic images"
    )
    parser.add_argument(
        "--agreement",
        type=float,
        default=0.99,
        help="share of training images whose colour is the class's",
    )
    parser.add_argument("--objectives", default="erm,groupdro,resampling,dfr")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    digits = [int(digit) for digit in chosen.digits.split(",")]
    rng = np.random.default_rng(0)
    real, real_labels = build_real(chosen.data, digits, chosen.agreement, rng)
    fake, fake_labels = build_synthetic(digits, round(TRAIN * chosen.agreement), chosen.look, rng)
    started = time.perf_counter()
    vectors = embed(np.concatenate([real, fake]))
    embedded = time.perf_counter() - started
    with tempfile.TemporaryDirectory(prefix="gapscope-digits-") as scratch:
        job = JobFolder.create(
            scratch,
            {
                "kind": "finetune",
                "objectives": chosen.objectives.split(","),
                "seeds": list(range(chosen.seeds)),
                "mixtures": ["none", "usb", "asb", "ffr", "synthetic"],
                "feature_map": False,
            },
        )
        job.write_input_table("images.parquet", table(real_labels, fake_labels))
        job.write_input_array("vectors.npy", vectors)
        started = time.perf_counter()
        finetune.run(job)
        print_tables(
            job,
            f"{len(real):,} real and {len(fake):,} synthetic images; embedding {embedded:.0f} s, "
            f"study {time.perf_counter() - started:.0f} s",
        )


def read_mnist(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The 10,000 test digits: intensities uint8 (n, 32, 32), the digit padded with black, and
    classes (n,).
    """
    with gzip.open(folder / "t10k-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / "t10k-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)
    return np.pad(images, ((0, 0), (2, 2), (2, 2))), labels


def build_real(
    data: Path, digits: list[int], agreement: float, rng: np.random.Generator
) -> tuple[np.ndarray, Labels]:
    """Painted handwritten digits (n, 32, 32, 3) and their labels: TRAIN a class, VALID_CELL a cell,
    the rest test.
    """
    images, y = read_mnist(data)
    n_colours = len(digits)
    parts, colours, labels = [], [], []
    for place, digit in enumerate(digits):
        rows = rng.permutation(np.flatnonzero(y == digit))
        strange = round(TRAIN * (1 - agreement))
        others = [c for c in range(n_colours) if c != place]
        colour = np.arange(len(rows)) % n_colours  # balanced, but for the training part:
        colour[:TRAIN] = place
        colour[:strange] = np.resize(others, strange)
        split = np.repeat(
            ["train", "valid", "test"],
            [TRAIN, VALID_CELL * n_colours, len(rows) - TRAIN - VALID_CELL * n_colours],
        )
        parts.append(images[rows])
        colours.append(colour)
        labels += [
            {"class": str(digit), "bias": NAMES[c], "split": str(s)}
            for c, s in zip(colour, split, strict=True)
        ]
    return paint(np.concatenate(parts), np.concatenate(colours), rng), labels


def build_synthetic(
    digits: list[int], each: int, look: str, rng: np.random.Generator
) -> tuple[np.ndarray, Labels]:
    """Digits drawn with fonts (n, 32, 32, 3): ``each`` training images of every class in every
    colour, and test images.
    """
    faces = fonts()
    shapes, colours, labels = [], [], []
    for digit in digits:
        for colour in range(len(digits)):
            for number in range(each + SYNTHETIC_TEST):
                shapes.append(draw_digit(digit, faces[int(rng.integers(len(faces)))], rng))
                colours.append(colour)
                labels.append(
                    {
                        "class": str(digit),
                        "bias": NAMES[colour],
                        "split": "train" if number < each else "test",
                    }
                )
    images = paint(np.array(shapes), np.array(colours), rng)
    return (on_backdrop(images, rng) if look == "backdrop" else images), labels


def fonts() -> list[str]:
    """Font files on this machine that draw digits."""
    found = sorted(str(path) for root in FONT_FOLDERS for path in Path(root).rglob("*.ttf"))
    wanted = [path for path in found if any(name in path for name in FONT_NAMES)]
    if not wanted:
        raise SystemExit("No font was found: install the DejaVu or Liberation fonts.")
    return wanted


def draw_digit(digit: int, font: str, rng: np.random.Generator) -> np.ndarray:
    """One digit in one font, turned, sheared, moved, scaled: intensities uint8 (32, 32)."""
    canvas = Image.new("L", (96, 96))
    face = ImageFont.truetype(font, int(rng.integers(58, 84)))
    ImageDraw.Draw(canvas).text((48, 48), str(digit), fill=255, anchor="mm", font=face)
    shear = rng.uniform(-0.25, 0.25)
    canvas = canvas.transform(
        (96, 96),
        Image.Transform.AFFINE,
        (1, shear, -48 * shear, 0, 1, 0),
        Image.Resampling.BILINEAR,
    )
    move = (int(rng.integers(-8, 9)), int(rng.integers(-8, 9)))
    canvas = canvas.rotate(rng.uniform(-15, 15), Image.Resampling.BILINEAR, translate=move)
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def paint(shapes: np.ndarray, colours: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Intensities (n, s, s), each times its colour, slightly varied: uint8 (n, s, s, 3)."""
    palette = np.array(list(COLOURS.values()), dtype=np.float32)
    tint = np.clip(palette[colours] + rng.normal(0, 12, (len(colours), 3)), 0, 255) / 255
    return (shapes[..., None] * tint[:, None, None, :]).astype(np.uint8)


def on_backdrop(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same digits on a grey gradient with a little noise."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1) - 0.5
    slope = rng.uniform(-40, 40, (len(images), 2))
    grey = 60 + slope[:, :1, None] * x + slope[:, 1:, None] * y + rng.normal(0, 6, images.shape[:3])
    cover = np.minimum(1, images.max(axis=3) / 255 * 1.3)
    return np.clip(images + (np.clip(grey, 0, 255) * (1 - cover))[..., None], 0, 255).astype(
        np.uint8
    )


def embed(images: np.ndarray) -> np.ndarray:
    """lite0's pooled features of the images at 96 pixels, float32 (n, 1280)."""
    encoder = backbone.load_encoder("lite0", torch.device("cpu"), RESOLUTION)
    parts = []
    for start in range(0, len(images), 128):
        prepared = [
            encoder.prepare(Image.fromarray(image)) for image in images[start : start + 128]
        ]
        parts.append(encoder.encode(torch.from_numpy(np.stack(prepared))).numpy())
    return np.concatenate(parts)


def table(real: Labels, synthetic: Labels) -> pa.Table:
    """``images.parquet`` of the two sets."""
    rows: list[StudyImageRow] = []
    for domain, labels in ((Domain.REAL, real), (Domain.SYNTHETIC, synthetic)):
        for number, label in enumerate(labels):
            rows.append(
                StudyImageRow(
                    row=len(rows),
                    dataset_id=1 if domain == Domain.REAL else 2,
                    domain=domain,
                    version=None if domain == Domain.REAL else "fonts",
                    path=f"{number:06d}.png",
                    file="",
                    content_id=f"{domain}-{number}",
                    class_=label["class"],
                    bias=label["bias"],
                    split=label["split"],
                )
            )
    return from_rows(StudyImageRow, rows)


def print_tables(job: JobFolder, about: str) -> None:
    """Worst-group and mean-group accuracy by mixture and objective, the interval of the pooled
    worst group, the verdict.
    """
    summary = {
        (row["mixture"], row["objective"]): row
        for row in pq.read_table(job.output("summary.parquet")).to_pylist()
    }
    objectives = [name for name in OBJECTIVE_NAMES if any(key[1] == name for key in summary)]
    heads = ["worst-group / mean-group accuracy", *(OBJECTIVE_NAMES[name] for name in objectives)]
    print(f"{about}\n\n| {' | '.join(heads)} | ERM: pooled worst group, 95 % |")
    print("|---" * (len(objectives) + 2) + "|")
    for mixture in dict.fromkeys(key[0] for key in summary):
        cells = []
        for objective in objectives:
            row = summary.get((mixture, objective))
            cells.append(
                "–"
                if row is None
                else f"{100 * row['worst_mean']:.1f} ± {100 * (row['worst_sd'] or 0):.1f} / "
                f"{100 * row['balanced_mean']:.1f}"
            )
        erm = summary.get((mixture, "erm"))
        interval = (
            "–"
            if erm is None
            else f"{100 * erm['pooled_low']:.0f} to {100 * erm['pooled_high']:.0f}"
        )
        print(f"| {MIXTURE_NAMES[mixture]} | {' | '.join(cells)} | {interval} |")
    print()
    for sentence in json.loads(job.output("verdict.json").read_text("utf-8"))["sentences"]:
        print(f"- {sentence}")


if __name__ == "__main__":
    main()
