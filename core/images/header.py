"""What a file's header says without decoding it: format, size, how hard a JPEG was compressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from core.images.decode import SIDEWAYS, opened, orientation

# The sum of the 64 luminance steps of the example table of the JPEG standard (ITU-T T.81, K.1),
# which encoders scale by their quality setting.
STANDARD_STEPS = 3692
LUMINANCE = 0  # number of the luminance table


@dataclass(frozen=True)
class Header:
    """``format``: JPEG, PNG, …; upright ``width`` and ``height`` in pixels; ``quality``: 1 to 100
    as libjpeg counts, None for what is no JPEG.
    """

    format: str
    width: int
    height: int
    quality: float | None

    @property
    def shorter(self) -> int:
        """The shorter side in pixels."""
        return min(self.width, self.height)


def header(file: Path | str) -> Header:
    """Read a file's header. Raises :class:`~core.images.decode.UnreadableImage`."""
    with opened(file) as image:
        jpeg = image.format in ("JPEG", "MPO")
        width, height = image.size
        # only JPEGs: asked for EXIF, Pillow decodes a whole PNG
        if jpeg and orientation(image) in SIDEWAYS:
            width, height = height, width
        return Header(
            "JPEG" if jpeg else image.format or "?",
            width,
            height,
            _quality(image) if jpeg else None,
        )


def _quality(image: Image.Image) -> float | None:
    """libjpeg's quality setting whose table has as large steps as the image's own. Below about 25
    it reads higher, because steps end at 255.
    """
    tables: Mapping[int, Sequence[int]] = getattr(image, "quantization", {})
    if LUMINANCE not in tables:
        return None
    scale = 100 * sum(tables[LUMINANCE]) / STANDARD_STEPS
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return round(min(100.0, max(1.0, quality)), 1)
