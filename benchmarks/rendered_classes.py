"""What the rendered classes say of groups under a far look, beside the judgement by distances.

    python -m benchmarks.rendered_classes --data DIR [DIR ...] --real NAME --synthetic NAME
    [--draws 5] [--seed 0] [--db FILE]

DIRs and draws are those of ``benchmarks.judgement``. For every draw the batch norms are
re-estimated for its real images and for its version, without what is removed, and the heads of the
version's classes are asked (:mod:`core.analysis.coverage.heads`). A group is said absent from a
probability of 0.75, covered to 0.15; without re-runs, for both judges. Prints
Markdown, and what the re-estimated vectors cost.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from benchmarks.judgement import CASES, Draw, Look, looks
from core.analysis.coverage.clusters import real_clusters
from core.analysis.coverage.heads import resemblance
from core.analysis.coverage.judge import judge
from core.analysis.coverage.space import neighbourhoods
from core.analysis.coverage.tiers import ABSENT_FROM, COVERED_TO
from core.analysis.vectors.alignment import Views
from core.contracts.compare_spec import CompareParameters
from core.encoders import registry
from core.encoders.adapted import adapted, random_batches
from core.encoders.base import Encoder

ASKED = ("nothing removed", "one class removed", "two classes removed", "three classes removed")
BATCH = 64
HEAD = (
    "| case | judge | AUROC | F1 | listed though covered, mean / worst "
    "| said absent that are | said covered that are | cannot tell |\n" + f"|{'---|' * 8}"
)


@dataclass
class Tally:
    """Groups told by one judge over the draws of a case; ``scores``: F1 of each draw's list."""

    absent: int = 0
    absent_right: int = 0
    covered: int = 0
    covered_right: int = 0
    groups: int = 0
    scores: list[float] = field(default_factory=list)
    aurocs: list[float] = field(default_factory=list)
    false: list[float] = field(default_factory=list)

    def add(self, probability: np.ndarray, labels: np.ndarray, drawn: Draw) -> None:
        """Count one draw: ``probability`` (C,) of each group ``labels`` (n,)."""
        counted = ~drawn.hardly
        said = probability >= ABSENT_FROM
        for group in range(len(probability)):
            inside = labels == group
            if drawn.hardly[inside].mean() >= 0.5:
                continue
            gap = drawn.gap[inside].mean() >= 0.5
            self.groups += 1
            self.absent += int(said[group])
            self.absent_right += int(said[group] and gap)
            self.covered += int(probability[group] <= COVERED_TO)
            self.covered_right += int(probability[group] <= COVERED_TO and not gap)
        gap, listed = drawn.gap[counted], said[labels][counted]
        self.false.append(float(listed[~gap].mean()))
        if gap.any():
            self.scores.append(2 * float((listed & gap).sum()) / float(listed.sum() + gap.sum()))
            self.aurocs.append(float(roc_auc_score(gap, probability[labels][counted])))

    def cells(self) -> tuple[str, ...]:
        """One row of the table."""
        return (
            f"{np.mean(self.aurocs):.3f}" if self.aurocs else "–",
            f"{np.mean(self.scores):.2f}" if self.scores else "–",
            f"{np.mean(self.false):.3f} / {np.max(self.false):.2f}",
            f"{self.absent_right} of {self.absent}",
            f"{self.covered_right} of {self.covered}",
            f"{self.groups - self.absent - self.covered} of {self.groups}",
        )


def pixels(encoder: Encoder, data: list[Path], look: str) -> torch.Tensor:
    """All images of a look as the encoder takes them, in the order of its vectors, uint8."""
    made = []
    for root in data:
        for file in sorted(one for one in (root / look).glob("*/*") if one.is_file()):
            with Image.open(file) as image:
                made.append(torch.from_numpy(encoder.prepare(image.convert("RGB")).copy()))
    return torch.stack(made)


def vectors(encoder: Encoder, images: torch.Tensor, seed: int) -> np.ndarray:
    """Vectors of a set with batch norms re-estimated for it, float32 (n, d)."""
    batches = (images[torch.from_numpy(rows)] for rows in random_batches(len(images), seed))
    fresh = adapted(encoder, batches)
    return np.vstack([fresh.encode(part).numpy() for part in images.split(BATCH)])


def _rows(look: Look) -> Look:
    """The look with its row numbers in place of vectors, so that a draw says what it drew."""
    return Look(Views(np.arange(len(look.views), dtype=np.float32)[:, None]), look.classes)


def main() -> None:
    """Draw, re-estimate, ask both judges, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--encoder", default="lite0")
    parser.add_argument("--real", required=True)
    parser.add_argument("--synthetic", required=True)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--db", type=Path, help="a workspace file to keep the plain vectors in")
    chosen = parser.parse_args()
    encoder, parameters = registry.load(chosen.encoder), CompareParameters()
    with tempfile.TemporaryDirectory() as scratch:
        every = looks(chosen.data, chosen.encoder, chosen.db or Path(scratch) / "vectors.duckdb")
    sides = [every[chosen.real], every[chosen.synthetic]]
    images = [pixels(encoder, chosen.data, name) for name in (chosen.real, chosen.synthetic)]
    if any(len(of) != len(side.views) for of, side in zip(images, sides, strict=True)):
        parser.error("Some images could not be embedded: take them away first.")
    print(HEAD, flush=True)
    seconds, embedded, unasked = 0.0, 0, 0
    for case in ASKED:
        by_distance, by_heads = Tally(), Tally()
        for seed in range(chosen.seed, chosen.seed + chosen.draws):
            rng = np.random.default_rng([seed, *map(ord, case)])
            drawn = CASES[case](_rows(sides[0]), _rows(sides[1]), rng)
            rows, columns = (side.plain[:, 0].astype(int) for side in (drawn.real, drawn.version))
            real, version = sides[0].views.take(rows), sides[1].views.take(columns)
            labels = real_clusters(real, parameters.min_cluster_size, seed)
            around = neighbourhoods(real, parameters, seed)
            judged = judge(real, version, labels, around, seed)
            began = time.perf_counter()
            one, other = (
                vectors(encoder, of[torch.from_numpy(taken)], seed)
                for of, taken in zip(images, (rows, columns), strict=True)
            )
            seconds, embedded = seconds + time.perf_counter() - began, embedded + len(one)
            embedded += len(other)
            classes = np.unique(sides[1].classes[columns], return_inverse=True)[1]
            asked = resemblance(real.plain, one, other, classes.astype(np.int64), labels)
            if judged.decision is None or asked is None:
                unasked += 1
                continue
            by_distance.add(judged.decision.probability, labels, drawn)
            by_heads.add(asked.probability, labels, drawn)
        for name, tally in (("distances", by_distance), ("rendered classes", by_heads)):
            if tally.groups:
                print(f"| {case} | {name} | {' | '.join(tally.cells())} |", flush=True)
    cost = 1000 * seconds / max(1, embedded)
    print(f"\n{unasked} draws were not judged by both. {cost:.0f} s for 1,000 vectors.")


if __name__ == "__main__":
    main()
