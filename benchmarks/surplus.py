"""How well surplus, single images and the plain reading of the map find what is known.

    python -m benchmarks.surplus --data DIR [DIR ...] [--draws 12] [--seed 0] [--db FILE]
        [--real NAME] [--synthetic NAME]

DIR as for ``benchmarks.judgement``. **Surplus**: of the real side none, one or two classes are left
out; precision and recall of the surplus list against the synthetic images of those classes, and the
share called surplus though its class is there. **Single**: of one class the real side keeps three
images, the version none; how many of the three are listed, and what share of all images. **Real
halves**: one half of the real images plays the version, as it is or without a class on the other
side. Prints Markdown.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.judgement import Look, _rows, _sizes, looks, pairings
from core.analysis.coverage.singles import single_images
from core.analysis.coverage.surplus import find_surplus
from core.analysis.vectors.alignment import Views

KEPT = 3  # real images of the class that is a matter of single images
HEAD = (
    "| real | version | left out of the real side | draws | precision | recall | called surplus "
    "though its class is there, mean / worst | draws with a wrong group |\n"
    "|---|---|---|---|---|---|---|---|"
)


def sides(
    real: Look, version: Look, rng: np.random.Generator, gone: np.ndarray, *, halves: bool
) -> tuple[Views, Views, np.ndarray, np.ndarray]:
    """Both sides of one draw with the classes of each: the real one without ``gone``."""
    names = np.unique(real.classes)
    if halves:
        order = rng.permutation(len(real.classes))
        own, other = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    else:
        own, other = _rows(real, _sizes(names, rng), rng), _rows(version, _sizes(names, rng), rng)
    own = own[~np.isin(real.classes[own], gone)]
    return (
        real.views.take(own),
        version.views.take(other),
        real.classes[own],
        version.classes[other],
    )


def surplus_line(name: tuple[str, str], pair: tuple[Look, Look], count: int, draws: range) -> str:
    """A row of the table: ``count`` classes left out of the real side."""
    hits = listed = missing = wrong_draws = 0
    wrong = []
    for draw in draws:
        rng = np.random.default_rng([draw, count, 1])
        gone = rng.choice(np.unique(pair[0].classes), count, replace=False)
        real, version, _, classes = sides(*pair, rng, gone, halves=name[0] == name[1])
        found = find_surplus(real, version, seed=draw)
        truth = np.isin(classes, gone)
        hits += int(truth[found.listed].sum())
        listed, missing = listed + len(found.listed), missing + int(truth.sum())
        wrong.append(float((~truth)[found.listed].sum() / max(1, (~truth).sum())))
        wrong_draws += any(truth[group.rows].mean() < 0.5 for group in found.groups)
    cells = (
        *name,
        ("nothing", "one class", "two classes")[count],
        str(len(draws)),
        f"{hits / listed:.2f}" if count and listed else "–",
        f"{hits / missing:.2f}" if count else "–",
        f"{np.mean(wrong):.3f} / {np.max(wrong):.2f}",
        f"{wrong_draws} of {len(draws)}",
    )
    return f"| {' | '.join(cells)} |"


def single_line(name: tuple[str, str], pair: tuple[Look, Look], draws: range) -> str:
    """What the list of single images holds where nothing is odd on purpose, and where three are."""
    shares, kept_found = [], []
    for draw in draws:
        for odd in (False, True):
            rng = np.random.default_rng([draw, odd, 2])
            gone = rng.choice(np.unique(pair[0].classes), int(odd), replace=False)
            real, version, own, classes = sides(
                *pair, rng, np.array([], str), halves=name[0] == name[1]
            )
            rest = np.flatnonzero(~np.isin(own, gone))
            few = rng.permutation(np.flatnonzero(np.isin(own, gone)))[:KEPT]
            there = real.take(np.r_[rest, few])
            rendered = version.take(np.flatnonzero(~np.isin(classes, gone)))
            found = single_images(there, rendered, np.ones(len(there), bool), seed=draw)
            if odd:
                kept_found.append(float(found[len(rest) :].mean()))
            else:
                shares.append(float(found.mean()))
    cells = (
        *name,
        str(len(draws)),
        f"{np.mean(shares):.3f} / {np.max(shares):.3f}",
        f"{np.mean(kept_found):.2f}",
    )
    return f"| {' | '.join(cells)} |"


def told(every: dict[str, Look], pairs: Sequence[tuple[str, str]], draws: range) -> None:
    """Print both tables."""
    print(HEAD, flush=True)
    for name in pairs:
        for count in range(3):
            line = surplus_line(name, (every[name[0]], every[name[1]]), count, draws)
            print(line, flush=True)
    print(
        "\n| real | version | draws | single where nothing is odd on purpose, mean / worst "
        "| of three planted images listed |\n|---|---|---|---|---|"
    )
    for name in pairs:
        print(single_line(name, (every[name[0]], every[name[1]]), draws), flush=True)


def main() -> None:
    """Embed, draw, ask, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--encoder", default="lite0")
    parser.add_argument("--real")
    parser.add_argument("--synthetic")
    parser.add_argument("--draws", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--db", type=Path, help="a workspace file to keep the vectors in")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        every = looks(chosen.data, chosen.encoder, chosen.db or Path(scratch) / "vectors.duckdb")
    pairs = list(pairings(sorted(every), chosen.real, chosen.synthetic))
    pairs += [(name, name) for name in sorted(every) if chosen.real in (None, name)]
    told(every, pairs, range(chosen.seed, chosen.seed + chosen.draws))


if __name__ == "__main__":
    main()
