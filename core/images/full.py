"""An image as a browser shows it at full size: its own file where that can be, else a WebP."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.images.content import content_id
from core.images.decode import SIDEWAYS, decode, opened, orientation, reason

SHOWN = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
MOST_BYTES = 16 * 2**20  # of a file that is sent as it is
QUALITY = 90


@dataclass(frozen=True)
class FullImage:
    """Bytes of an image file with its media type, and its own size in pixels, upright."""

    data: bytes
    mime: str
    width: int
    height: int


def full_image(file: Path, expected: str, longest: int) -> FullImage:
    """The file's own bytes where a browser can show them, else a WebP of at most ``longest``
    pixels on its longer side.

    ``expected``: the content that the file should have. Raises :class:`InputError` where it has
    another one, is away, or cannot be decoded.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(reason(error), "Put the file back, or scan the dataset again.") from error
    if content_id(data) != expected:
        raise InputError("The file changed since the scan", "Scan the dataset again.")
    with opened(data) as image:
        form, turned = image.format or "", orientation(image) in SIDEWAYS
        width, height = image.size[::-1] if turned else image.size
        deep = image.mode.startswith(("I", "F"))
    if form in SHOWN and len(data) <= MOST_BYTES and not deep:
        return FullImage(data, SHOWN[form], width, height)
    rgb = decode(data, shortest=longest)
    rgb.thumbnail((longest, longest))
    buffer = io.BytesIO()
    rgb.save(buffer, "WEBP", quality=QUALITY, method=2)
    return FullImage(buffer.getvalue(), "image/webp", width, height)
