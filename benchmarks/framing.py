"""What each framing sees of a wide frame: composites with an object at a known place.

    python -m benchmarks.framing --data DIR [DIR ...] [--each 60] [--seed 0] [--encoder lite0]

Each DIR holds a folder for each look and in it one for each class (PACS). The real side is made of
photographs, the version of paintings: 16:9 frames whose background is a house, stretched, and on it
one object of another class, 45 % as high as the frame, at a random place. In turn
every class is not rendered. Reported for each framing: AUROC of those frames by the distance of a
neighbourhood (10 images) to its nearest rendered frames, domain-aligned; and for tiles how often
the tile that stands out is the one that shows the object. Another table is of whole photographs
cut to 16:9, for how a wide frame is best shown whole: squashed or padded. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from core.analysis.explain.place import outstanding_tiles
from core.analysis.vectors.alignment import domain_aligned
from core.analysis.vectors.neighbors import graph, nearest
from core.contracts.framings import SHOWN, Tile, views_of
from core.contracts.words import Framing
from core.encoders import registry
from core.encoders.base import Encoder
from core.images.framing import cropped

SIZE = (768, 432)  # of a frame
OBJECT = 0.45  # of the frame's height
BACKGROUND = "house"
NEIGHBORHOOD = 10
REAL, RENDERED = "photo", "art_painting"


@dataclass(frozen=True)
class Frames:
    """Frames of one side: the class of each object and its box in the frame (n, 4)."""

    images: list[Image.Image]
    classes: np.ndarray
    boxes: np.ndarray


def files(data: Sequence[Path], look: str) -> dict[str, list[Path]]:
    """All images of a look by class."""
    found: dict[str, list[Path]] = {}
    for root in data:
        for folder in sorted((root / look).iterdir()):
            found.setdefault(folder.name, []).extend(sorted(folder.iterdir()))
    return found


def composites(by_class: dict[str, list[Path]], each: int, rng: np.random.Generator) -> Frames:
    """``each`` frames of every class but the background's."""
    images, classes, boxes = [], [], []
    side = round(OBJECT * SIZE[1])
    for name in sorted(set(by_class) - {BACKGROUND}):
        chosen = rng.choice(len(by_class[name]), min(each, len(by_class[name])), replace=False)
        for index in chosen:
            behind = by_class[BACKGROUND][rng.integers(len(by_class[BACKGROUND]))]
            frame = Image.open(behind).convert("RGB").resize(SIZE)
            room = (SIZE[0] - side, SIZE[1] - side)
            left, top = (int(rng.integers(size + 1)) for size in room)
            frame.paste(
                Image.open(by_class[name][index]).convert("RGB").resize((side, side)), (left, top)
            )
            images.append(frame)
            classes.append(name)
            boxes.append((left, top, left + side, top + side))
    return Frames(images, np.array(classes), np.array(boxes))


def strips(by_class: dict[str, list[Path]], each: int, rng: np.random.Generator) -> Frames:
    """Pictures cut to 16:9, whatever they show."""
    images, classes = [], []
    for name, paths in sorted(by_class.items()):
        for index in rng.choice(len(paths), min(each, len(paths)), replace=False):
            image = Image.open(paths[index]).convert("RGB")
            height = round(image.width * SIZE[1] / SIZE[0])
            top = (image.height - height) // 2
            images.append(image.crop((0, top, image.width, top + height)))
            classes.append(name)
    return Frames(images, np.array(classes), np.zeros((len(images), 4)))


def padded(image: Image.Image) -> Image.Image:
    """The whole frame on a grey square."""
    longest = max(image.size)
    square = Image.new("RGB", (longest, longest), (128, 128, 128))
    square.paste(image, ((longest - image.width) // 2, (longest - image.height) // 2))
    return square


# --- vectors --------------------------------------------------------------------------------------

Show = Callable[[Encoder, Image.Image], np.ndarray]


def centre(encoder: Encoder, image: Image.Image) -> np.ndarray:
    """The central square."""
    return encoder.prepare(image)


def squash(encoder: Encoder, image: Image.Image) -> np.ndarray:
    """The whole frame, squashed."""
    return encoder.prepare(image, whole=True)


def pad(encoder: Encoder, image: Image.Image) -> np.ndarray:
    """The whole frame, padded."""
    return encoder.prepare(padded(image), whole=True)


def tile(place: Tile) -> Show:
    """One tile, squashed."""
    return lambda encoder, image: encoder.prepare(cropped(image, place), whole=True)


def embed(encoder: Encoder, images: Sequence[Image.Image], show: Show) -> np.ndarray:
    """Vectors (n, d) of images shown in one way."""
    parts = []
    for start in range(0, len(images), 32):
        batch = np.stack([show(encoder, image) for image in images[start : start + 32]])
        parts.append(encoder.encode(torch.from_numpy(batch)).numpy())
    return np.vstack(parts)


def ways(encoder: Encoder, frames: Frames, *, tiles: bool) -> dict[str, np.ndarray]:
    """The frames' vectors by how they are shown; those of tiles (n, tiles, d)."""
    shown = {
        name: embed(encoder, frames.images, show)
        for name, show in (("centre", centre), ("whole, squashed", squash), ("whole, padded", pad))
    }
    for framing in (Framing.TILES_2X2, Framing.TILES_3X2) if tiles else ():
        cells = [SHOWN[view].tile or Tile() for view in views_of(framing, simplified=False)]
        shown[framing] = np.stack(
            [embed(encoder, frames.images, tile(cell)) for cell in cells], axis=1
        )
    return shown


def combined(vectors: np.ndarray) -> dict[str, np.ndarray]:
    """Vectors of images from those of their tiles, (n, t, d) → (n, …), by how."""
    return {
        "mean": vectors.mean(axis=1),
        "maximum": vectors.max(axis=1),
        "side by side": vectors.reshape(len(vectors), -1),
    }


# --- what is found --------------------------------------------------------------------------------


def auroc(real: np.ndarray, version: np.ndarray, gone: np.ndarray) -> float:
    """How well the images ``gone`` (n,) bool rank above the others."""
    photos, rendered = domain_aligned([real, version])
    away = nearest(photos, rendered, 2)[1].mean(axis=1)
    around = graph(photos, NEIGHBORHOOD + 1).indices
    return float(roc_auc_score(gone, away[around].mean(axis=1)))


def row(name: str, real: np.ndarray, version: np.ndarray, sides: tuple[Frames, Frames]) -> str:
    """One line of a table: mean and lowest AUROC over the classes not rendered."""
    scores = [
        auroc(real, version[sides[1].classes != gone], sides[0].classes == gone)
        for gone in np.unique(sides[0].classes)
    ]
    return f"| {name} | {np.mean(scores):.3f} | {np.min(scores):.3f} |"


def place_row(
    name: str, real: np.ndarray, version: np.ndarray, sides: tuple[Frames, Frames]
) -> str:
    """How often the outstanding tile is the one that shows most of an object not rendered; of the
    objects that lie in one tile by 60 % or more.
    """
    columns, rows = real.shape[1] // 2, 2
    boxes, shown = sides[0].boxes, []
    for place in range(real.shape[1]):
        line, column = divmod(place, columns)
        spans = []
        for axis, cell, cells in ((0, column, columns), (1, line, rows)):
            low, high = (SIZE[axis] * end / cells for end in (cell, cell + 1))
            ends = np.minimum(boxes[:, axis + 2], high) - np.maximum(boxes[:, axis], low)
            spans.append(np.clip(ends, 0, None))
        shown.append(spans[0] * spans[1])
    share = np.stack(shown, axis=1) / np.sum(shown, axis=0)[:, None]
    right = []
    for gone in np.unique(sides[0].classes):
        kept = version[sides[1].classes != gone]
        found = outstanding_tiles(list(real.swapaxes(0, 1)), list(kept.swapaxes(0, 1)))
        asked = (sides[0].classes == gone) & (share.max(axis=1) >= 0.6)
        right.append((found[asked] == share.argmax(axis=1)[asked]).mean())
    return f"| {name}: the right tile named in {np.mean(right):.2f} | | |"


def table(title: str, encoder: Encoder, sides: tuple[Frames, Frames], *, tiles: bool) -> None:
    """Print one table."""
    print(f"\n**{title}**\n\n| framing | AUROC | lowest |\n|---|---|---|", flush=True)
    real, version = (ways(encoder, frames, tiles=tiles) for frames in sides)
    for name in real:
        if real[name].ndim == 3:
            print(place_row(name, real[name], version[name], sides), flush=True)
        if real[name].ndim == 2:
            print(row(name, real[name], version[name], sides), flush=True)
            continue
        of_version = combined(version[name])
        for how, vectors in combined(real[name]).items():
            print(row(f"{name}, {how}", vectors, of_version[how], sides), flush=True)


def main() -> None:
    """Make frames, embed, rank, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--encoder", default="lite0")
    parser.add_argument("--each", type=int, default=60, help="frames of a class")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    encoder = registry.load(chosen.encoder).to(torch.device("cpu"))
    photos, paintings = (files(chosen.data, look) for look in (REAL, RENDERED))
    rng = np.random.default_rng(chosen.seed)
    cut = [strips(by_class, chosen.each, rng) for by_class in (photos, paintings)]
    table("Whole pictures cut to 16:9", encoder, (cut[0], cut[1]), tiles=False)
    made = [composites(by_class, chosen.each, rng) for by_class in (photos, paintings)]
    table("One object anywhere in a 16:9 frame", encoder, (made[0], made[1]), tiles=True)


if __name__ == "__main__":
    main()
