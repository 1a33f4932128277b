"""Synthetic images made worse on purpose: pixelate, defocus, Gaussian noise, one after the other,
severity 0 to 5.

The three corruptions of the paper's Table 4, with the strengths of Hendrycks and Dietterich 2019
(arXiv 1903.12261, ImageNet-C) for images of 224 pixels: how far a smaller version is from the
original, the blur's radius in pixels, the noise's deviation. Written against Pillow and NumPy.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

PIXELATE = (1.0, 0.6, 0.5, 0.4, 0.3, 0.25)  # share of the side that is kept
DEFOCUS = (0.0, 3.0, 4.0, 6.0, 8.0, 10.0)  # radius of the disc at 224 pixels
NOISE = (0.0, 0.08, 0.12, 0.18, 0.26, 0.38)  # deviation, of a range of 1


def corrupt(image: Image.Image, severity: int, seed: int) -> Image.Image:
    """An RGB image after all three corruptions; severity 0 gives the image itself. ``seed`` decides
    the noise.

    The blur's radius scales with the image's shorter side, so that a thumbnail is not blurred to
    nothing.
    """
    if severity == 0:
        return image
    small = [max(1, round(side * PIXELATE[severity])) for side in image.size]
    coarse = image.resize((small[0], small[1]), Image.Resampling.BOX).resize(
        image.size, Image.Resampling.NEAREST
    )
    pixels = np.asarray(coarse, dtype=np.float32) / 255
    disc = _disc(DEFOCUS[severity] * min(image.size) / 224)
    pixels = np.stack(
        [ndimage.convolve(pixels[..., c], disc, mode="nearest") for c in range(3)], axis=-1
    )
    pixels += np.random.default_rng(seed).normal(0, NOISE[severity], pixels.shape)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))


def _disc(radius: float) -> np.ndarray:
    """A disc of ones, softened at the rim, that sums to 1."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return disc / disc.sum()
