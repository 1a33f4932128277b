"""The simplified view: an image without texture and shading, its content left.

A renderer differs from a camera in texture, noise, fine shading and colour grading everywhere, and
that drowns what is *missing*. The simplified view keeps what both share: a few flat colours (a
palette of 12) without texture (a 5 × 5 median filter). Real and synthetic images are embedded in
both views; the self-test on the user's own data says which of the two to trust.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

COLOURS = 12
SIDE = 256  # shorter side, in pixels, at which an image is simplified
_PALETTE_SIDE = 96  # the palette is found on a small copy: a third of the time for the same colours
_WINDOW = 5


def simplified(image: Image.Image, side: int = SIDE) -> Image.Image:
    """An RGB image in few colours and without texture.

    The image is first reduced so that its shorter side has at most ``side`` pixels, so that the
    filter removes the same kind of detail from every image size. Then its colours become the
    nearest of 12 (median cut, Heckbert 1982), and each channel is median filtered in a window of 5
    × 5 pixels. Returns a new RGB image.
    """
    image = reduced(image, side)
    small = reduced(image, _PALETTE_SIDE, Image.Resampling.BOX)
    palette = small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    flat = image.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")
    return Image.fromarray(median_filter(np.asarray(flat)))


def reduced(
    image: Image.Image, shortest: int, resample: Image.Resampling = Image.Resampling.BICUBIC
) -> Image.Image:
    """The image with a shorter side of at most ``shortest`` pixels, shape kept; the image itself if
    it is small.
    """
    ratio = shortest / min(image.size)
    if ratio >= 1:
        return image
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    return image.resize(size, resample, reducing_gap=2.0)


def median_filter(pixels: np.ndarray) -> np.ndarray:
    """The median of the 5 × 5 window around each pixel, for each channel; edge pixels are repeated
    outwards.

    ``pixels``: uint8 (h, w, channels); so is the result. Equal to
    ``scipy.ndimage.median_filter(pixels, (5, 5, 1), mode="nearest")`` and several times as fast,
    and unlike it without the interpreter's lock. Forgetful selection: of more than half of the 25
    values neither the least nor the greatest can be the median, so both are dropped and the next
    value joins, until one is left. Each step is a minimum and a maximum over the whole image.
    """
    height, width = pixels.shape[:2]
    margin = _WINDOW // 2
    padded = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    values = [
        padded[row : row + height, column : column + width]
        for row in range(_WINDOW)
        for column in range(_WINDOW)
    ]
    candidates = len(values) // 2 + 2
    window = [value.copy() for value in values[:candidates]]
    waiting = values[candidates:]
    spare = np.empty_like(window[0])
    while len(window) > 1:
        spare = _extremes_to_the_ends(window, spare)
        del window[0], window[-1]
        if waiting:
            window.append(waiting.pop().copy())
    return window[0]


def _extremes_to_the_ends(planes: list[np.ndarray], spare: np.ndarray) -> np.ndarray:
    """Exchange values between planes, pixel by pixel, until the first has every least and the last
    every greatest.

    ``spare`` is an array of the same shape to work in; returns the one to work in next.
    """

    def order(first: int, second: int) -> None:
        nonlocal spare
        low = np.minimum(planes[first], planes[second], out=spare)
        np.maximum(planes[first], planes[second], out=planes[second])
        planes[first], spare = low, planes[first]

    last = len(planes) - 1
    for first in range(
        len(planes) // 2
    ):  # pairs first: the least is then in one half, the greatest in the other
        order(first, last - first)
    half = len(planes) // 2
    for other in range(1, len(planes) - half):
        order(0, other)
    for other in range(half, last):
        order(other, last)
    return spare
