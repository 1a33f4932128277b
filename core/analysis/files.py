"""How the files of two sides differ: format, compression, native size.

Each of these alone changes the frequency spectrum of an image: JPEG removes fine detail and leaves
its grid of eight pixels, and a crop of so many pixels shows another part of the scene where images
are larger. Such a difference says how files were written, not how a renderer draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# From which a difference is told: total variation of the formats, difference of the median JPEG
# quality, ratio of the median sizes. On 600 photographs, half against half: enlarging by 5 % takes
# 2.1 dB of the finest detail, a finding; JPEG quality 90 against 80 stays within the real-vs-real
# baseline (0.16 dB), against 75 it does not (0.27), PNG against JPEG 90 hardly (0.17). Renders are
# smoother than photographs, so the limits are lower than that.
FORMAT_SHARE = 0.1
QUALITY = 5.0
SIZE_RATIO = 1.02
SAID = 0.02  # share of a side's images below which a format is not worth a word


@dataclass(frozen=True)
class Files:
    """The files of one side. ``formats``: images by format; ``width``, ``height``: medians in
    pixels; ``quality``: median of its JPEGs, 1 to 100, None without one.
    """

    formats: Mapping[str, int]
    width: float
    height: float
    quality: float | None


def files_differ(real: Files, other: Files, name: str) -> str | None:
    """What differs between the real files and those of ``name``, in a sentence with counts; None
    where nothing does that could make a finding.
    """
    formats = _formats_differ(real, other)
    qualities = _qualities_differ(real, other)
    sizes = _sizes_differ(real, other)
    if not (formats or qualities or sizes):
        return None
    sides = []
    for who, side in (("real", real), (name, other)):
        parts = [_formats(side)] if formats or qualities else []
        if sizes:
            parts.append(f"median {side.width:.0f} × {side.height:.0f} pixels")
        sides.append(f"{who}: {', '.join(parts)}")
    what = _listed(
        [
            words
            for words, differs in (
                ("file format", formats),
                ("JPEG quality", qualities),
                ("native size", sizes),
            )
            if differs
        ]
    )
    several = formats + qualities + sizes > 1
    verdict = "These differences" if several else "This difference"
    beginning = f"The files differ in {what}: {'; '.join(sides)}."
    return f"{beginning} {verdict} alone can make the findings."


def _formats_differ(real: Files, other: Files) -> bool:
    """By total variation between the two sides' shares."""
    totals = [sum(side.formats.values()) for side in (real, other)]
    if not all(totals):
        return False
    names = {*real.formats, *other.formats}
    apart = sum(
        abs(real.formats.get(name, 0) / totals[0] - other.formats.get(name, 0) / totals[1])
        for name in names
    )
    return apart / 2 > FORMAT_SHARE


def _qualities_differ(real: Files, other: Files) -> bool:
    if real.quality is None or other.quality is None:
        return False
    return abs(real.quality - other.quality) >= QUALITY


def _sizes_differ(real: Files, other: Files) -> bool:
    """In width or height, which a crop or a change of shape alters one without the other."""
    pairs = (real.width, other.width), (real.height, other.height)
    return any(max(pair) > SIZE_RATIO * min(pair) for pair in pairs)


def _formats(side: Files) -> str:
    """``98 % JPEG of quality about 90, 2 % PNG``."""
    total = sum(side.formats.values())
    ordered = sorted(side.formats.items(), key=lambda item: (-item[1], item[0]))
    parts = []
    for name, count in ordered:
        if count >= SAID * total:
            quality = ""
            if name == "JPEG" and side.quality is not None:
                quality = f" of quality about {side.quality:.0f}"
            parts.append(f"{100 * count / total:.0f} % {name}{quality} ({count:,} of {total:,})")
    return _listed(parts)


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
