"""A camera for the sample's real pictures: framing, blur, vignette, exposure, colour cast and
noise.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from core.jobs.sample.canvas import HEIGHT, WIDTH, Floats


def photograph(picture: Floats, rng: np.random.Generator, *, dim: bool) -> Image.Image:
    """What a hand-held camera makes of a picture of float32 (240, 320, 3).

    The frame is turned by up to 2.5 degrees and cropped; then come blur, light fall-off, exposure,
    a colour cast, and noise that grows where the light is ``dim`` (the camera raises its gain).
    """
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    angle, zoom = np.deg2rad(float(rng.uniform(-2.5, 2.5))), float(rng.uniform(0.84, 0.93))
    cosine, sine = float(np.cos(angle)) * zoom, float(np.sin(angle)) * zoom
    middle_x = WIDTH / 2 + float(rng.uniform(-6, 6))
    middle_y = HEIGHT / 2 + float(rng.uniform(-1, 6))
    image = image.transform(
        (WIDTH, HEIGHT),
        Image.Transform.AFFINE,
        (cosine, sine, middle_x - cosine * WIDTH / 2 - sine * HEIGHT / 2,
         -sine, cosine, middle_y + sine * WIDTH / 2 - cosine * HEIGHT / 2),
        Image.Resampling.BICUBIC,
    )  # fmt: skip
    image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.35, 0.95))))
    values = np.asarray(image, dtype=np.float32) / np.float32(255)
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    fall_off = 1 - float(rng.uniform(0.12, 0.3)) * (rows**2 + columns**2) / 2
    cast = 1 + rng.uniform(-0.05, 0.05, 3)
    exposure = float(np.exp(rng.uniform(-0.14, 0.08)))
    values = values * (fall_off[..., None] * cast * exposure).astype(np.float32)
    values = np.where(values > 0.85, 0.85 + 0.15 * np.tanh((values - 0.85) / 0.15), values)
    gain = float(rng.uniform(0.008, 0.018)) * (1.35 if dim else 1.0)
    grain = rng.standard_normal(values.shape, dtype=np.float32)
    values = values + grain * (gain * np.sqrt(np.clip(values, 0.06, 1))).astype(np.float32)
    return Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
