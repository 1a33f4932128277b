"""How well changes between versions are told, on images whose answer is known: the table of
docs/versions.md.

    python benchmarks/versions.py PACS_FOLDER

The folder holds ``photo``, ``cartoon`` and ``art_painting``, each with one folder a class. Classes
are taken out of one version; the next has them. Everything is embedded once (into a workspace
beside, ``--db``), then judged in memory.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from core.analysis.changes.between import Change, coverage_change
from core.analysis.changes.net import net_change
from core.analysis.vectors.alignment import Views
from core.contracts.words import Verdict
from core.workspace import Workspace

SEEDS = 20


class Folder:
    """One folder's vectors, classes and names."""

    def __init__(self, ws: Workspace, path: Path, domain: str) -> None:
        dataset = ws.add_dataset(
            path, domain=domain, version=path.name if domain == "synthetic" else None
        )
        ws.scan(dataset)
        ws.embed([dataset], "lite0")
        self.names, plain = ws.vectors(dataset, "lite0")
        self.views = Views(plain, ws.vectors(dataset, "lite0", "simplified")[1])
        self.classes = np.array([name.split("/")[0] for name in self.names])
        self.contents = np.array([f"{path.name}/{name}" for name in self.names])

    def change(
        self, other: Folder, before: np.ndarray, after: np.ndarray, real: Folder, seed: int = 0
    ) -> Change:
        """From some of these images to some of another folder's, by their rows."""
        return coverage_change(
            real.views,
            self.views.take(before),
            other.views.take(after),
            self.contents[before],
            other.contents[after],
            seed=seed,
        )


def known(real: Folder, version: Folder, name: str) -> Iterator[tuple[str, np.ndarray, Change]]:
    """Comparisons whose answer is known: name, which real images should close (none: nothing
    changed), what was found.
    """
    everything = np.arange(len(version.names))
    nothing = np.zeros(len(real.names), bool)
    classes = sorted(set(real.classes))
    for size in (1, 2):
        for lost in combinations(classes, size):
            kept = everything[~np.isin(version.classes, lost)]
            truth = np.isin(real.classes, lost)
            yield (
                f"{name}: {size} class{'es' * (size > 1)} back",
                truth,
                version.change(version, kept, everything, real),
            )
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(everything)
        half = len(order) // 2
        yield (
            f"{name}: shuffled copy",
            nothing,
            version.change(version, everything, order, real, seed),
        )
        yield (
            f"{name}: random tenth added",
            nothing,
            version.change(version, order[: int(0.9 * len(order))], everything, real, seed),
        )
        yield (
            f"{name}: independent halves",
            nothing,
            version.change(version, order[:half], order[half:], real, seed),
        )


def main() -> None:
    """Print one line for each kind of comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--db", type=Path, default=Path("benchmark-versions.duckdb"))
    given = parser.parse_args()
    with Workspace(given.db) as ws:
        real, cartoon, art = (
            Folder(ws, given.folder / name, domain)
            for name, domain in (
                ("photo", "real"),
                ("cartoon", "synthetic"),
                ("art_painting", "synthetic"),
            )
        )
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for name, version in (("cartoon", cartoon), ("art_painting", art)):
        for kind, truth, change in known(real, version, name):
            closed, opened = change.closed, int(change.opened.sum())
            if truth.any():
                precision = (closed & truth).sum() / closed.sum() if closed.any() else np.nan
                found[kind].append(
                    (
                        roc_auc_score(truth, change.change),
                        (closed & truth).sum() / truth.sum(),
                        precision,
                        opened,
                    )
                )
            else:
                found[kind].append(
                    (
                        float(
                            net_change(int(closed.sum()), opened, len(truth)).word
                            != Verdict.UNCLEAR
                        ),
                    )
                )
    change = cartoon.change(art, np.arange(len(cartoon.names)), np.arange(len(art.names)), real)
    found["cartoon to art_painting, nothing missing"].append(
        (float(change.closed.any() or change.opened.any()),)
    )
    for kind, rows in found.items():
        values = np.array(rows)
        if values.shape[1] == 1:
            print(f"{kind:42} called a change {int(values.sum())} of {len(values)}")
        else:
            auroc, recall, precision, opened = np.nanmean(values, axis=0)
            print(
                f"{kind:42} AUROC {auroc:.3f}  recall {recall:.2f} "
                f"(median {np.median(values[:, 1]):.2f})  precision {precision:.2f}  "
                f"opened by mistake {opened:.1f}   ({len(values)})"
            )


if __name__ == "__main__":
    main()
