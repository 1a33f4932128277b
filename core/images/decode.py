"""From a file's bytes to an 8-bit RGB image, whatever the file: the one place where Gapscope opens
images.

What a camera, a renderer or an export script may write is turned into the picture a person would
see: EXIF rotation is applied, 16-bit and float greyscale is scaled, palettes are looked up,
transparency is laid on mid-grey, CMYK is converted. Colour profiles are not applied: encoders were
trained without them. Whatever cannot be shown raises :class:`UnreadableImage` with a reason in
plain words.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from core.errors import InputError

# Opened by content, not by suffix; nothing else, so that no odd decoder of Pillow (EPS calls a
# program) is reached. GIF is here because collected ".jpg" files are often GIFs. The JPEG plugin
# also opens MPO (further pictures behind the first, as phones write them).
FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        BmpImagePlugin.BmpImageFile,
        TiffImagePlugin.TiffImageFile,
        GifImagePlugin.GifImageFile,
    )
)

# What Pillow raises on broken files, beside its own errors (found by mutating files of every
# format).
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)

# Mid-grey is what encoders read as zero (their inputs are centred): neither a black nor a white
# surround, each of which would draw a silhouette that says more about the file format than about
# the object.
BACKGROUND = (128, 128, 128)

ORIENTATION_TAG = 0x0112  # EXIF 2.32, table 4
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # orientations that swap width and height

SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"GIF8": "GIF",
}

EMPTY = "The file is empty"
NOT_AN_IMAGE = "The file is not an image"
CUT_OFF = "The file is cut off: part of the image is missing"


class UnreadableImage(InputError):
    """An image file that cannot be shown; ``reason`` says why in plain words."""

    @property
    def reason(self) -> str:
        """Why, as one sentence without a full stop."""
        return self.what


class UnavailableImage(UnreadableImage):
    """An image file that could not be read now (missing, its disk away, not permitted, no memory
    for it), which says nothing about its content: it may be tried again.
    """


def decode(source: Path | str | bytes, *, shortest: int | None = None) -> Image.Image:
    """The image as 8-bit RGB, upright; of a file with several pages or frames, the first.

    ``shortest``: the shorter side that the caller needs, in pixels. Large JPEGs are then decoded at
    1/2, 1/4 or 1/8 of their size (a feature of the format), never below it. Raises
    :class:`UnreadableImage`, and its subclass :class:`UnavailableImage` where the content is not at
    fault.
    """
    with opened(source) as image:
        if shortest is not None and image.format in ("JPEG", "MPO"):
            image.draft(image.mode, (shortest, shortest))
        turn = TURNS.get(orientation(image))
        rgb = _to_rgb(image)
    return rgb.transpose(turn) if turn is not None else rgb


@contextmanager
def opened(source: Path | str | bytes) -> Iterator[Image.Image]:
    """Open an image file (header only); what breaks then or inside the block becomes
    :class:`UnreadableImage` or :class:`UnavailableImage`.
    """
    head, size = b"", 0
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
            head = file.read(16)
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            with Image.open(file, formats=FORMATS) as image:
                yield image
    except UnreadableImage:
        raise
    except BROKEN as error:
        kind = UnavailableImage if _of_the_machine(error) else UnreadableImage
        raise kind(reason(error, head, size)) from error


def orientation(image: Image.Image) -> int:
    """The EXIF orientation still to be applied, 1 to 8; 1 where there is none or the EXIF block is
    broken.
    """
    if image.format == "TIFF":
        return 1  # Pillow turns these itself, and gives their upright size at once
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except BROKEN:
        return 1  # a broken EXIF block is no reason to lose the picture
    return value if value in TURNS else 1


def reason(error: BaseException, head: bytes = b"", size: int = 0) -> str:
    """Why a file could not be read, in plain words. ``head``: its first 16 bytes; ``size``: of the
    file, in bytes.
    """
    if isinstance(error, OSError) and error.errno is not None:
        if isinstance(error, FileNotFoundError):
            return "The file is gone, or a link that leads nowhere"
        if isinstance(error, PermissionError):
            return "The file may not be read by this user"
        return f"The file cannot be read: {error.strerror}"
    if isinstance(error, MemoryError):
        return "The image needs more memory than there is"
    if not head:
        return EMPTY
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return f"The image is larger than the safety limit of {limit:,} pixels"
    if _promised(head) > size:
        return CUT_OFF
    if isinstance(error, UnidentifiedImageError):
        kind = next(
            (name for signature, name in SIGNATURES.items() if head.startswith(signature)), None
        )
        return (
            NOT_AN_IMAGE
            if kind is None
            else f"The file begins like a {kind} but its header is damaged"
        )
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return CUT_OFF
    return f"The image is damaged ({' '.join(str(error).split()) or type(error).__name__})"


def _of_the_machine(error: BaseException) -> bool:
    """Whether an error is the machine's or the disk's and not the content's. Decoders raise OSError
    too, but only the operating system gives it a number.
    """
    return isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno is not None
    )


def _promised(head: bytes) -> int:
    """Bytes that a file's own header says it has; 0 where the format does not say."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return int.from_bytes(head[4:8], "little") + 8
    return int.from_bytes(head[2:6], "little") if head[:2] == b"BM" else 0


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB. Loads the pixels."""
    image.load()
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_grey_to_bytes(np.asarray(image), image.format)).convert("RGB")
    if image.has_transparency_data:
        whole = image.convert("RGBA")
        under = Image.new("RGBA", whole.size, (*BACKGROUND, 255))
        return Image.alpha_composite(under, whole).convert("RGB")
    return image.convert("RGB")


def _grey_to_bytes(grey: np.ndarray, format_: str | None) -> np.ndarray:
    """Greyscale of more than 8 bits (h, w), any number type, to uint8.

    16-bit files and PNGs use their full range, black 0 to white 65535: two files of one set stay
    comparable. Files of 32-bit numbers do not say their range, so it is the smallest of 0..1
    (floats), 0..255 and 0..65535 that holds all values, else from the smallest to the largest
    value. Numbers that are not finite become black.
    """
    whole = grey.dtype.kind in "iu"
    values = np.nan_to_num(grey.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if grey.dtype.itemsize == 2 or format_ == "PNG":
        low, top = 0.0, 65535.0
    elif low < 0 or high > 65535:
        top = high if high > low else low + 1.0
    else:
        top = 1.0 if high <= 1 and not whole else 255.0 if high <= 255 else 65535.0
        low = 0.0
    return np.clip((values - low) * (255.0 / (top - low)) + 0.5, 0, 255).astype(np.uint8)
