"""How well the list of absent images finds gaps whose answer is known.

    python benchmarks/injected_gaps.py --data DIR [--real NAME] [--synthetic NAME ...]
        [--seeds 3] [--encoder lite0] [--db FILE] [--all-looks]

DIR holds one folder for each look, each with one folder for each class (PACS: photo, art_painting,
cartoon; 7 classes). Classes are taken away from the synthetic side — each one, every pair, a random
half of each — and the comparison is made with default settings, without labels. Reported: AUROC of
the coverage score (images of the removed classes against all others), precision, recall and F1 of
the default list, and the share listed when nothing was removed and when one half of the real images
plays the synthetic side. Prints Markdown. ``--all-looks`` also lets the other looks play the real
side.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core import Workspace
from core.analysis.coverage.assess import assess
from core.analysis.vectors.alignment import Views
from core.contracts.compare_spec import CompareParameters
from core.settings import Settings

# Re-runs and the self-test say how sure the list is and do not change it; the self-test is run
# where its word is reported.
TESTED = CompareParameters(reruns=0)
UNTESTED = CompareParameters(reruns=0, injected=0)


def embed(
    data: Path, names: Sequence[str], encoder: str, database: Path
) -> dict[str, tuple[Views, np.ndarray]]:
    """Both views and the class (the path's first part) of every image of each look."""
    looks = {}
    settings = Settings(home=database.parent, roots=(data.resolve(), database.parent.resolve()))
    with Workspace(database, settings=settings) as workspace:
        for name in names:
            dataset = workspace.add_dataset(
                data / name, domain="synthetic", version=name, labels="{class}/*"
            )
            workspace.jobs.wait(workspace.datasets.submit_scan(dataset))
            workspace.embed([dataset], encoder)
            paths, plain = workspace.vectors(dataset, encoder, "plain")
            again, simplified = workspace.vectors(dataset, encoder, "simplified")
            assert paths == again
            looks[name] = Views(plain, simplified), np.array([path.split("/")[0] for path in paths])
    return looks


def case(
    real: Views,
    synthetic: Views,
    gap: np.ndarray,
    seed: int,
    parameters: CompareParameters = UNTESTED,
) -> dict[str, float]:
    """One comparison with default settings against the known answer ``gap`` (n,)."""
    judged = assess(real, [synthetic], seed=seed, parameters=parameters).versions[0]
    hits, listed = int((judged.absent & gap).sum()), int(judged.absent.sum())
    row = {"listed": float(judged.absent.mean())}
    if parameters.injected:
        row["absolute"] = float(judged.summary.judged)
    if gap.any() and not gap.all():
        row |= {
            "auroc": float(roc_auc_score(gap, judged.score)),
            "precision": hits / max(1, listed),
            "recall": hits / int(gap.sum()),
            "f1": 2 * hits / (listed + int(gap.sum())),
        }
    return row


def cases(
    real: tuple[Views, np.ndarray], synthetic: tuple[Views, np.ndarray], seed: int
) -> dict[str, list[dict[str, float]]]:
    """All cases of one real set against one synthetic set."""
    (views, classes), (rendered, drawn) = real, synthetic
    names = sorted(set(classes))
    draw = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, float]]] = {
        "nothing removed": [case(views, rendered, np.zeros(len(classes), bool), seed, TESTED)]
    }
    for kind, groups in {
        "one class removed": [(name,) for name in names],
        "two classes removed": list(itertools.combinations(names, 2)),
    }.items():
        rows[kind] = [
            case(
                views,
                rendered.take(np.flatnonzero(~np.isin(drawn, group))),
                np.isin(classes, group),
                seed,
                TESTED if len(group) == 1 else UNTESTED,
            )
            for group in groups
        ]
    rows["half of a class removed"] = []
    for name in names:
        members = np.flatnonzero(drawn == name)
        gone = draw.choice(members, len(members) // 2, replace=False)
        rows["half of a class removed"].append(
            case(
                views,
                rendered.take(np.setdiff1d(np.arange(len(drawn)), gone)),
                classes == name,
                seed,
            )
        )
    order = draw.permutation(len(classes))
    half, other = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    rows["real half against real half"] = [
        case(views.take(half), views.take(other), np.zeros(len(half), bool), seed)
    ]
    return rows


def main() -> None:
    """Embed, run all cases, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--real", default="photo")
    parser.add_argument("--synthetic", nargs="+", default=["art_painting", "cartoon"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--encoder", default="lite0")
    parser.add_argument("--db", type=Path, help="a workspace file to keep the vectors in")
    parser.add_argument(
        "--all-looks", action="store_true", help="also with each other look as the real side"
    )
    chosen = parser.parse_args()
    names = [chosen.real, *chosen.synthetic]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        looks = embed(
            chosen.data, names, chosen.encoder, chosen.db or Path(folder) / "injected.duckdb"
        )
    pairs = [(chosen.real, name) for name in chosen.synthetic]
    if chosen.all_looks:
        pairs += [pair for pair in itertools.permutations(names, 2) if pair not in pairs]
    print(
        "| real | synthetic | case | runs | AUROC | lowest | precision | recall | F1 | lowest "
        "| listed | sure list |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for real, synthetic in pairs:
        collected: dict[str, list[dict[str, float]]] = {}
        for seed in range(chosen.seeds):
            for kind, rows in cases(looks[real], looks[synthetic], seed).items():
                collected.setdefault(kind, []).extend(rows)
        for kind, rows in collected.items():

            def mean(name: str, rows: list[dict[str, float]] = rows) -> str:
                return f"{np.mean([row[name] for row in rows]):.3f}" if name in rows[0] else "–"

            def lowest(name: str, rows: list[dict[str, float]] = rows) -> str:
                return f"{min(row[name] for row in rows):.3f}" if name in rows[0] else "–"

            print(
                f"| {real} | {synthetic} | {kind} | {len(rows)} | {mean('auroc')} "
                f"| {lowest('auroc')} | {mean('precision')} | {mean('recall')} | {mean('f1')} "
                f"| {lowest('f1')} | {mean('listed')} | {mean('absolute')} |",
                flush=True,
            )
    print(
        f"\n{chosen.encoder}, {chosen.seeds} seeds, {time.monotonic() - started:.0f} s with "
        "embedding."
    )


if __name__ == "__main__":
    main()
