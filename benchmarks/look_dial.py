"""What is said of the sample project while its renderer's look is turned up.

    python -m benchmarks.look_dial [--seeds 3] [--encoder lite0] [--json FILE]

The sample project's version 1.0 lacks night and snow, its version 1.1 snow. Their images are
restyled with increasing strength (fewer tones, other colours, drawn edges, no fine detail) and
compared with the same real images, with default settings and no labels. For each strength and seed:
how far the look is, and of the real images of each kind how many are said absent. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from core import Workspace
from core.contracts.words import Tier
from core.jobs.sample.project import mode_of, write_sample
from core.settings import Settings
from core.store.results import Comparison

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)

HEAD = (
    "| strength | version | seed | look (near) | missing found | listed wrongly | not told | F1 |"
    f"\n|{'---|' * 8}"
)
Key = tuple[float, str, int]  # strength, version, seed


@dataclass(frozen=True)
class Told:
    """What was said of one version in one look, in real images."""

    strength: float
    version: str
    seed: int
    look: float | None
    nearness: float | None
    missing: int
    listed: int
    right: int
    cannot_tell: int

    @property
    def f1(self) -> float:
        """Of the list, against what is missing."""
        return 2 * self.right / (self.listed + self.missing)


def ask(comparison: Comparison, key: Key, name: str, missing: tuple[str, ...]) -> Told:
    """What a comparison says of the version ``name``, of which ``missing`` modes are not shown."""
    rows = comparison.coverage_rows(name)
    gone = [mode_of(row.path) in missing for row in rows]
    listed = [row.tier in (Tier.ABSENT, Tier.THIN) for row in rows]
    summary = comparison.version_row(name)
    assert summary is not None
    return Told(
        *key,
        look=summary.look,
        nearness=summary.nearness,
        missing=sum(gone),
        listed=sum(listed),
        right=sum(both for both in map(all, zip(gone, listed, strict=True))),
        cannot_tell=sum(row.tier == Tier.CANNOT_TELL for row in rows),
    )


def line(one: Told) -> str:
    """One row of the table."""
    look = "–" if one.look is None else f"{one.look:.2f}"
    near = "–" if one.nearness is None else f"{one.nearness:.2f}"
    cells = (
        f"{one.strength:g}",
        one.version,
        str(one.seed),
        f"{look} ({near})",
        f"{one.right} of {one.missing}",
        f"{one.listed - one.right}",
        f"{one.cannot_tell}",
        f"{one.f1:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def restyled(image: Image.Image, strength: float) -> Image.Image:
    """The image in another look; ``strength`` 0 leaves it, 1 is a flat, tinted drawing."""
    if not strength:
        return image
    flat = image.filter(ImageFilter.ModeFilter(1 + 2 * round(3 * strength)))
    flat = ImageOps.posterize(flat, 8 - round(5 * strength))
    flat = ImageEnhance.Color(flat).enhance(1 + strength)
    edges = ImageOps.invert(image.convert("L").filter(ImageFilter.FIND_EDGES))
    drawn = Image.composite(flat, Image.new("RGB", image.size, "black"), edges)
    tint = Image.new("RGB", image.size, (230, 200, 120))
    return Image.blend(image, Image.blend(drawn, tint, 0.25 * strength), min(1.0, 2 * strength))


def restyle(source: Path, target: Path, strength: float) -> None:
    """Every image of a folder, restyled, under the same names."""
    for path in sorted(one for one in source.rglob("*") if one.suffix in (".png", ".jpg")):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as image:
            restyled(image.convert("RGB"), strength).save(place)


def main() -> None:
    """Write, restyle, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--encoder", default="lite0")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    print(HEAD, flush=True)
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        sample = write_sample(home / "sample")
        with Workspace(home / "dial.duckdb", settings=Settings(home=home), progress=False) as ws:
            real = ws.add_dataset(sample.real, domain="real")
            for strength in STRENGTHS:
                names = {version: f"{version} at {strength:g}" for version in sample.versions}
                versions = []
                for version, source in sample.versions.items():
                    folder = home / "restyled" / f"{strength:g}" / version
                    restyle(source, folder, strength)
                    versions.append(
                        ws.add_dataset(folder, domain="synthetic", version=names[version])
                    )
                for seed in range(chosen.seeds):
                    comparison = ws.compare(real, versions, encoder=chosen.encoder, seed=seed)
                    for version, name in names.items():
                        key = (strength, version, seed)
                        found.append(ask(comparison, key, name, sample.missing[version]))
                        print(line(found[-1]), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(one) for one in found], indent=1), "utf-8")


if __name__ == "__main__":
    main()
