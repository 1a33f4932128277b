"""How often an ImageNet head gives an image the typed name it shows, and none where it shows none.

    python -m benchmarks.typed_classes --data DIR [--encoder lite0]

DIR holds a folder for each look and in it one for each class (PACS); the class folders' names are
the typed names. Reported for each look and least probability: the share of images of matched names
that get their own, by name, and the share of images of unmatched names that rightly get none.
Prints Markdown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from core.analysis.explain.imagenet_names import match_classes
from core.analysis.explain.typed_classes import NONE, by_head, likeliest
from core.analysis.explain.typed_names import parse_names
from core.encoders import registry
from core.encoders.lite import class_descriptions
from core.images.decode import decode

LEAST = (0.0, 0.03, 0.1, 0.2)
BATCH = 16


def main() -> None:
    """Embed, assign, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", default="lite0")
    asked = parser.parse_args()
    looks = sorted(one for one in asked.data.iterdir() if one.is_dir())
    names = parse_names(sorted({one.name for look in looks for one in look.iterdir()}))
    groups = match_classes(names, class_descriptions())
    encoder, head = registry.load(asked.encoder), registry.load_head(asked.encoder)
    if head is None:
        raise SystemExit(f"{asked.encoder} has no head.")
    own = [place for place, group in enumerate(groups) if group]
    titles = " | ".join(names[place].name for place in own)
    print(f"| look | least | {titles} | unmatched without a name |")
    print("|---" * (len(own) + 3) + "|")
    for look in looks:
        files = [(place, file) for place, name in enumerate(names)
                 for file in sorted((look / name.name).glob("*"))]  # fmt: skip
        shown = np.array([place for place, _ in files])
        parts = []
        for start in range(0, len(files), BATCH):
            pixels = [encoder.prepare(decode(file)) for _, file in files[start : start + BATCH]]
            parts.append(encoder.encode(torch.from_numpy(np.stack(pixels))).numpy())
        probability = by_head(np.vstack(parts), head.weight, head.bias, groups)
        for least in LEAST:
            given, _ = likeliest(probability, least)
            right = [f"{(given[shown == place] == place).mean():.2f}" for place in own]
            none = (given[~np.isin(shown, own)] == NONE).mean()
            print(f"| {look.name} | {least} | {' | '.join(right)} | {none:.2f} |")


if __name__ == "__main__":
    main()
