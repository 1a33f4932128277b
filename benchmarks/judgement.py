"""What is said of the ranking, on random draws with a known answer.

    python -m benchmarks.judgement --data DIR [DIR ...] [--draws 20] [--seed 0] [--db FILE] [--json
    FILE] [--real NAME] [--synthetic NAME] [--cases WORDS] [--reruns 4]

Each DIR holds one folder for each look and in it one for each class (PACS: photo, art_painting,
cartoon; the images of several DIRs are laid together). A draw takes a random number of images of
each class for the real side and for the version, even or uneven, and what its case removes from the
version. Reported for each pairing and case: in how many draws the version was judged, AUROC of the
gap score, F1 of the list of absent and thin images (mean, median, worst), the share listed though
covered, and of the groups of each tier how many were told rightly. A class that chance gave less
than 35 % of its share is neither covered nor removed: it counts for nothing. Prints Markdown.

Vectors come from the encoder once and are kept in the workspace ``--db``; a draw itself reads no
image.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from core import Workspace
from core.analysis.coverage.assess import assess
from core.analysis.vectors.alignment import Views
from core.analysis.vectors.sequences import frames
from core.contracts.compare_spec import CompareParameters
from core.contracts.words import Tier
from core.settings import Settings

SURE = 0.1  # q-value of groups whose share of right ones is counted by itself
LEAST, MOST = 20, 220  # images of a class
EVEN_SHARE = 0.4  # of the draws in which all classes have as many images
CLIP = 8  # near-identical frames that one image becomes
HARDLY = 0.35  # of a class's share: a class rendered less is thin, and right in any tier
FRAME_NOISE = 0.02  # of a vector's length, between frames of one clip


@dataclass(frozen=True)
class Look:
    """All images of one look: vectors by view, and the class of each, (n,)."""

    views: Views
    classes: np.ndarray


@dataclass(frozen=True)
class Draw:
    """One comparison with a known answer: ``gap`` (n,) bool, real images that are not covered, and
    ``hardly``, those that are rendered, but too seldom to be called covered.
    """

    real: Views
    version: Views
    gap: np.ndarray
    hardly: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """What the product says of a draw. ``tiers``: clusters by what they are (``gap`` or not) and
    what is said of them. ``None`` where a figure has no meaning: no gap, or nothing else.
    """

    images: int
    missing: int
    listed: int
    right: int
    auroc: float | None
    judged: bool
    tiers: dict[str, int]
    sure: int  # groups said absent with q ≤ 0.1 …
    sure_right: int  # … that are

    @property
    def f1(self) -> float | None:
        """Of the list (absent and thin images), against what is missing."""
        return 2 * self.right / (self.listed + self.missing) if self.missing else None


# --- the cases ------------------------------------------------------------------------------------

Case = Callable[[Look, Look, np.random.Generator], Draw]


def removed(count: int) -> Case:
    """``count`` classes are not rendered."""

    def draw(real: Look, version: Look, rng: np.random.Generator) -> Draw:
        names = np.unique(real.classes)
        gone = rng.choice(names, count, replace=False)
        return _draw(real, version, _sizes(names, rng), _sizes(names, rng), gone, rng)

    return draw


def strays(real: Look, version: Look, rng: np.random.Generator) -> Draw:
    """One class is not rendered but for 1 to 5 % of its images."""
    names = np.unique(real.classes)
    gone = rng.choice(names, 1)
    drawn = _draw(real, version, _sizes(names, rng), _sizes(names, rng), gone, rng)
    pool = np.flatnonzero(version.classes == gone[0])
    left = rng.choice(pool, max(1, round(rng.uniform(0.01, 0.05) * len(pool))), replace=False)
    return replace(drawn, version=_together(drawn.version, version.views.take(left)))


def lopsided(many: int, few: int, *, more_real: bool) -> Case:
    """About ``many`` images on one side and ``few`` on the other; one class is not rendered."""

    def draw(real: Look, version: Look, rng: np.random.Generator) -> Draw:
        names = np.unique(real.classes)
        large, small = (dict.fromkeys(names, size // len(names)) for size in (many, few))
        sizes = (large, small) if more_real else (small, large)
        return _draw(real, version, *sizes, rng.choice(names, 1), rng)

    return draw


def clips(real: Look, version: Look, rng: np.random.Generator) -> Draw:
    """One class is not rendered; each real image is a clip of nearly identical frames."""
    names = np.unique(real.classes)
    few = dict.fromkeys(names, 25)
    drawn = _draw(real, version, few, _sizes(names, rng), rng.choice(names, 1), rng)
    gap, hardly = np.repeat(drawn.gap, CLIP), np.repeat(drawn.hardly, CLIP)
    return replace(drawn, real=_frames(drawn.real, rng), gap=gap, hardly=hardly)


def one_class_only(real: Look, version: Look, rng: np.random.Generator) -> Draw:
    """Thirty images of one class are all that is rendered."""
    names = np.unique(real.classes)
    kept = rng.choice(names, 1)
    gone = np.setdiff1d(names, kept)
    return _draw(real, version, _sizes(names, rng), dict.fromkeys(names, 30), gone, rng)


def halves(real: Look, version: Look, rng: np.random.Generator) -> Draw:
    """One half of the real images against the other: nothing is missing."""
    names = np.unique(real.classes)
    rows = _rows(real, _sizes(names, rng), rng)
    order = rng.permutation(rows)
    half = len(order) // 2
    one, other = np.sort(order[:half]), np.sort(order[half:])
    hardly = _hardly(real.classes[one], real.classes[other])
    return Draw(real.views.take(one), real.views.take(other), np.zeros(len(one), bool), hardly)


CASES: dict[str, Case] = {
    "nothing removed": removed(0),
    "one class removed": removed(1),
    "two classes removed": removed(2),
    "three classes removed": removed(3),
    "one class, strays left": strays,
    "1,000 real, 150 rendered": lopsided(1000, 150, more_real=True),
    "150 real, 1,000 rendered": lopsided(1000, 150, more_real=False),
    "clips of frames": clips,
    "thirty images of one class": one_class_only,
    "real half against real half": halves,
}


# --- drawing --------------------------------------------------------------------------------------


def _sizes(names: np.ndarray, rng: np.random.Generator) -> dict[str, int]:
    """Images of each class: all as many, or each its own number (log-uniform)."""
    drawn = np.exp(rng.uniform(np.log(LEAST), np.log(MOST), len(names))).astype(int)
    if rng.random() < EVEN_SHARE:
        drawn[:] = drawn[0]
    return dict(zip(names.tolist(), drawn.tolist(), strict=True))


def _rows(look: Look, sizes: Mapping[str, int], rng: np.random.Generator) -> np.ndarray:
    rows = []
    for name, size in sizes.items():
        members = np.flatnonzero(look.classes == name)
        rows.append(rng.choice(members, min(size, len(members)), replace=False))
    return np.sort(np.concatenate(rows))


def _draw(
    real: Look,
    version: Look,
    real_sizes: Mapping[str, int],
    sizes: Mapping[str, int],
    gone: np.ndarray,
    rng: np.random.Generator,
) -> Draw:
    rows = _rows(real, real_sizes, rng)
    kept = {name: size for name, size in sizes.items() if name not in gone}
    columns = _rows(version, kept, rng)
    gap = np.isin(real.classes[rows], gone)
    hardly = _hardly(real.classes[rows], version.classes[columns]) & ~gap
    return Draw(real.views.take(rows), version.views.take(columns), gap, hardly)


def _hardly(real: np.ndarray, version: np.ndarray) -> np.ndarray:
    """Which real images (n,) are of a class that has less than 35 % of its share in the version."""
    names, of = np.unique(real, return_inverse=True)
    share = np.array([(version == name).mean() / (real == name).mean() for name in names])
    return np.asarray((share < HARDLY)[of])


def _frames(views: Views, rng: np.random.Generator) -> Views:
    def repeated(vectors: np.ndarray) -> np.ndarray:
        frames = np.repeat(vectors, CLIP, axis=0)
        length = np.linalg.norm(frames, axis=1, keepdims=True) / np.sqrt(frames.shape[1])
        return (frames + FRAME_NOISE * length * rng.normal(size=frames.shape)).astype(np.float32)

    simplified = None if views.simplified is None else repeated(views.simplified)
    return Views(repeated(views.plain), simplified)


def _together(one: Views, other: Views) -> Views:
    simplified = None
    if one.simplified is not None and other.simplified is not None:
        simplified = np.vstack([one.simplified, other.simplified])
    return Views(np.vstack([one.plain, other.plain]), simplified)


# --- asking the product, and telling --------------------------------------------------------------


def ask(draw: Draw, seed: int, parameters: CompareParameters) -> Outcome:
    """What the product says of a draw."""
    names = [str(number) for number in range(max(len(draw.real), len(draw.version)))]
    units = [frames(views.plain, names[: len(views)]) for views in (draw.real, draw.version)]
    judged = assess(draw.real, [draw.version], seed=seed, parameters=parameters, units=units)
    version, gap = judged.versions[0], draw.gap
    told: Counter[str] = Counter()
    sure = []
    for one in version.clusters:
        inside = judged.real_cluster == one.cluster
        if draw.hardly[inside].mean() >= 0.5:
            continue
        is_gap = bool(gap[inside].mean() >= 0.5)
        told[f"{'gap' if is_gap else 'covered'}: {one.tier}"] += 1
        if one.q is not None and one.q <= SURE:
            sure.append(is_gap)
    counted = ~draw.hardly
    on_list = np.isin(version.tier, (Tier.ABSENT, Tier.THIN)) & counted
    some = gap.any() and not gap[counted].all()
    return Outcome(
        images=int(counted.sum()),
        missing=int(gap.sum()),
        listed=int(on_list.sum()),
        right=int((on_list & gap).sum()),
        auroc=float(roc_auc_score(gap[counted], version.score[counted])) if some else None,
        judged=version.summary.judged,
        tiers=dict(told),
        sure=len(sure),
        sure_right=sum(sure),
    )


def line(pairing: tuple[str, str], case: str, outcomes: Sequence[Outcome]) -> str:
    """One row of the table."""
    aurocs = [one.auroc for one in outcomes if one.auroc is not None]
    scores = [one.f1 for one in outcomes if one.f1 is not None]
    spared = [(one.listed - one.right, one.images - one.missing) for one in outcomes]
    false = [wrong / kept for wrong, kept in spared if kept]
    told = sum((Counter(one.tiers) for one in outcomes), Counter())
    absent = told[f"gap: {Tier.ABSENT}"]
    said = absent + told[f"covered: {Tier.ABSENT}"]
    covered = told[f"covered: {Tier.COVERED}"]
    denied = covered + told[f"gap: {Tier.COVERED}"]
    unsure = sum(count for what, count in told.items() if what.endswith(Tier.CANNOT_TELL))
    thin = sum(count for what, count in told.items() if what.endswith(Tier.THIN))
    cells = (
        *pairing,
        case,
        f"{sum(one.judged for one in outcomes)} of {len(outcomes)}",
        f"{np.mean(aurocs):.3f}" if aurocs else "–",
        " / ".join(f"{f(scores):.2f}" for f in (np.mean, np.median, np.min)) if scores else "–",
        f"{np.mean(false):.3f} / {np.max(false):.2f}" if false else "–",
        f"{absent} of {said}",
        f"{covered} of {denied}",
        f"{thin}",
        f"{unsure} of {sum(told.values())}",
        f"{sum(one.sure_right for one in outcomes)} of {sum(one.sure for one in outcomes)}",
    )
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| real | version | case | judged | AUROC | F1 mean / median / worst "
    "| listed though covered, mean / worst | groups said absent that are "
    "| said covered that are | thin | cannot tell | absent with q ≤ 0.1 that are |\n"
    f"|{'---|' * 12}"
)


# --- images ---------------------------------------------------------------------------------------


def looks(data: Sequence[Path], encoder: str, database: Path) -> dict[str, Look]:
    """Every look's images under an encoder, embedded where they are not yet."""
    collected: dict[str, list[Look]] = {}
    settings = Settings(home=database.parent)
    with Workspace(database, settings=settings) as ws:
        for folder in (one for root in data for one in sorted(root.iterdir()) if one.is_dir()):
            name = f"{folder.parent.name}/{folder.name}"
            dataset = ws.add_dataset(folder, domain="synthetic", version=name)
            ws.scan(dataset)
            ws.embed([dataset], encoder)
            paths, plain = ws.vectors(dataset, encoder)
            _, simplified = ws.vectors(dataset, encoder, "simplified")
            classes = np.array([path.split("/")[0] for path in paths])
            collected.setdefault(folder.name, []).append(Look(Views(plain, simplified), classes))
    return {name: _laid_together(parts) for name, parts in collected.items()}


def _laid_together(parts: Sequence[Look]) -> Look:
    views = parts[0].views
    for part in parts[1:]:
        views = _together(views, part.views)
    return Look(views, np.concatenate([part.classes for part in parts]))


def pairings(
    names: Sequence[str], real: str | None, version: str | None
) -> Iterator[tuple[str, str]]:
    """Which look plays the real side against which."""
    for one, other in itertools.permutations(names, 2):
        if real in (None, one) and version in (None, other):
            yield one, other


def main() -> None:
    """Embed, draw, ask, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--encoder", default="lite0")
    parser.add_argument("--real")
    parser.add_argument("--synthetic")
    parser.add_argument("--cases", help="only cases whose name holds this")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--db", type=Path, help="a workspace file to keep the vectors in")
    parser.add_argument("--json", type=Path, help="every outcome")
    parser.add_argument("--reruns", type=int, default=CompareParameters().reruns)
    chosen = parser.parse_args()
    # injected gaps only say how good the judgement is, not what it is
    parameters = CompareParameters(reruns=chosen.reruns, injected=0)
    with tempfile.TemporaryDirectory() as scratch:
        every = looks(chosen.data, chosen.encoder, chosen.db or Path(scratch) / "vectors.duckdb")
    print(HEAD, flush=True)
    told = []
    for real, version in pairings(sorted(every), chosen.real, chosen.synthetic):
        for name, case in CASES.items():
            if chosen.cases and chosen.cases not in name:
                continue
            outcomes = []
            for number in range(chosen.draws):
                seed = chosen.seed + number
                rng = np.random.default_rng([seed, *map(ord, name)])
                drawn = case(every[real], every[version], rng)
                outcomes.append(ask(drawn, seed, parameters))
            print(line((real, version), name, outcomes), flush=True)
            told += [
                {"real": real, "version": version, "case": name, **asdict(one)} for one in outcomes
            ]
    if chosen.json:
        chosen.json.write_text(json.dumps(told, indent=1), "utf-8")


if __name__ == "__main__":
    main()
