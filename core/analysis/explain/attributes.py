"""Photometric attributes of an image, and how far two sets of images differ in them.

:func:`photometric` turns pixels into nine numbers that a person can check by looking: how bright,
how sharp, how noisy. :func:`effect_size` says how far one set of images differs from another in one
of them ("clearly darker, d = -0.9 ± 0.3"), which is how a gap gets its reason.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy import fft, stats

from core.contracts.comparison import EffectEvidence

# pixels; larger images are reduced first, so that numbers compare between image sizes
LONGEST_SIDE = 256
EDGE = 0.06  # brightness change per pixel (0..1) from which a pixel counts as an edge
HIGH_FREQUENCY = 0.25  # cycles per pixel: half of what the pixel grid can hold

ATTRIBUTES: tuple[str, ...] = (
    "brightness",
    "contrast",
    "saturation",
    "colour_temperature",
    "sharpness",
    "noise",
    "edge_density",
    "high_frequency_power",
    "colourfulness",
)

# What is said of images that have less, and more, of an attribute.
WORDS: dict[str, tuple[str, str]] = {
    "brightness": ("darker", "brighter"),
    "contrast": ("lower in contrast", "higher in contrast"),
    "saturation": ("paler in colour", "more saturated"),
    "colour_temperature": ("cooler in colour", "warmer in colour"),
    "sharpness": ("less sharp", "sharper"),
    "noise": ("less noisy", "noisier"),
    "edge_density": ("plainer (fewer edges)", "busier (more edges)"),
    "high_frequency_power": ("poorer in fine detail", "richer in fine detail"),
    "colourfulness": ("less colourful", "more colourful"),
}

MEANING: dict[str, str] = {
    "brightness": "Mean luma, 0 (black) to 1 (white).",
    "contrast": "Standard deviation of luma.",
    "saturation": (
        "Spread between the strongest and weakest colour channel, relative to the strongest; "
        "0 is grey."
    ),
    "colour_temperature": "(red - blue) / (red + blue): above 0 is warm, below 0 is cool.",
    "sharpness": "Strength of the Laplacian relative to contrast; 1 is white noise, 0 is flat.",
    "noise": (
        "Standard deviation of the grain, estimated where the image is smooth (Immerkær 1996, by "
        "the median)."
    ),
    "edge_density": f"Share of pixels whose brightness changes by more than {EDGE} per pixel.",
    "high_frequency_power": f"Share of spectral energy above {HIGH_FREQUENCY} cycles per pixel.",
    "colourfulness": "Hasler and Süsstrunk's colourfulness (2003), on a scale of 0 to about 1.",
}


def photometric(image: np.ndarray) -> dict[str, float]:
    """The attributes of one image.

    ``image``: uint8 (h, w, 3), sRGB. Reduced to 256 pixels on its longest side if larger. Always
    finite: a constant image has zero contrast, sharpness, noise, edges and fine detail.
    :data:`MEANING` says what each number is. Raises ValueError for anything but a non-empty uint8
    (h, w, 3) array.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(
            f"photometric needs a uint8 (h, w, 3) array, not {image.dtype} {image.shape}"
        )
    longest = max(image.shape[:2])
    if longest > LONGEST_SIDE:
        scale = LONGEST_SIDE / longest
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(
            Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
        )
    planes = np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32)
    planes *= 1 / 255
    red, green, blue = planes
    luma = 0.299 * red + 0.587 * green + 0.114 * blue  # Rec. 601
    strongest = np.maximum(np.maximum(red, green), blue)
    weakest = np.minimum(np.minimum(red, green), blue)
    red_mean, blue_mean = float(red.mean()), float(blue.mean())
    contrast = float(luma.std())
    if contrast < 1e-6:  # float32 rounding of a constant image
        contrast = 0.0
    values = {
        "brightness": float(luma.mean()),
        "contrast": contrast,
        "saturation": _ratio(float((strongest - weakest).sum()), float(strongest.sum())),
        "colour_temperature": _ratio(red_mean - blue_mean, red_mean + blue_mean),
        "sharpness": _sharpness(luma, contrast),
        "noise": _noise(luma) if contrast else 0.0,
        "edge_density": _edge_density(luma),
        "high_frequency_power": _high_frequency_power(luma) if contrast else 0.0,
        "colourfulness": _colourfulness(red, green, blue),
    }
    return {name: values[name] for name in ATTRIBUTES}


def effect_size(name: str, values: np.ndarray, others: np.ndarray) -> EffectEvidence | None:
    """The difference of ``values`` (n,) from ``others`` (m,) in the attribute ``name``.

    ``d``: Cohen's d (difference of means over the pooled standard deviation) with its 95 % interval
    ``low`` to ``high``; ``delta``: Cliff's delta, the chance that an image of the first set has
    more, minus the chance that it has less; ``words``: "darker".

    Values that are not finite are left out. None where fewer than two values are left on a side.
    Interval: as Bonett (2008) without equal variances, for the pooled deviation, by Student's t
    with Welch's degrees of freedom: a small group of its own spread is not read as the others'.
    Where all values of both sides are one constant d is 0; where each side is its own constant d is
    ±10, the bound every d is clipped to, because it has no finite value.
    """
    values = values[np.isfinite(values)].astype(np.float64)
    others = others[np.isfinite(others)].astype(np.float64)
    n, m = len(values), len(others)
    if n < 2 or m < 2:
        return None
    difference = float(values.mean() - others.mean())
    spread, spread_other = float(values.var(ddof=1)), float(others.var(ddof=1))
    pooled = ((n - 1) * spread + (m - 1) * spread_other) / (n + m - 2)
    scale = max(abs(float(values.mean())), abs(float(others.mean())), 1e-12)
    if math.sqrt(pooled) < 1e-9 * scale:
        d = 0.0 if abs(difference) < 1e-9 * scale else math.copysign(10.0, difference)
        delta = math.copysign(1.0, d) if d else 0.0
        reach = 1.96 * math.sqrt((n + m) / (n * m) + d * d / (2 * (n + m)))
    else:
        d = float(np.clip(difference / math.sqrt(pooled), -10.0, 10.0))
        ordered = np.sort(others)
        below, most = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
        delta = float((below.sum() + most.sum()) / (n * m) - 1)
        reach = _reach(d, (n, m), (spread / pooled, spread_other / pooled))
    return EffectEvidence(name, d, d - reach, d + reach, delta, direction(name, d), n, m)


def direction(name: str, d: float) -> str:
    """Plain words for a difference: ``direction("brightness", -0.8)`` is "darker"."""
    lower, higher = WORDS.get(name, (f"lower in {name}", f"higher in {name}"))
    return lower if d < 0 else higher


def _reach(d: float, sizes: tuple[int, int], variances: tuple[float, float]) -> float:
    """Half the width of the 95 % interval of Cohen's ``d``. ``variances``: of both sides, in units
    of the pooled one.
    """
    (n, m), (first, second) = sizes, variances
    parts = first / n, second / m
    of_mean = sum(parts)
    freedom = of_mean**2 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (m - 1))
    of_spread = ((n - 1) * first**2 + (m - 1) * second**2) / (2 * (n + m - 2) ** 2)
    return float(stats.t.ppf(0.975, freedom)) * math.sqrt(of_mean + d * d * of_spread)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 1e-9 else 0.0


def _sharpness(luma: np.ndarray, contrast: float) -> float:
    """Standard deviation of the 4-neighbour Laplacian over that of white noise with the image's own
    contrast."""
    if min(luma.shape) < 3 or contrast == 0.0:
        return 0.0
    centre = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1]
    laplacian += luma[1:-1, :-2]
    laplacian += luma[1:-1, 2:]
    laplacian -= 4 * centre
    return float(laplacian.std()) / (math.sqrt(20) * contrast)  # the kernel's squares add up to 20


def _noise(luma: np.ndarray) -> float:
    """Immerkær's Laplacian difference (1996), with the median in place of the mean so that edges
    count little.
    """
    if min(luma.shape) < 3:
        return 0.0
    rows = luma[:-2] - 2 * luma[1:-1] + luma[2:]
    response = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]).ravel()
    middle = response.size // 2
    return float(np.partition(response, middle)[middle]) / (
        0.67449 * 6
    )  # the kernel's squares add up to 36


def _edge_density(luma: np.ndarray) -> float:
    if min(luma.shape) < 3:
        return 0.0
    across = (luma[1:-1, 2:] - luma[1:-1, :-2]) * 0.5
    down = (luma[2:, 1:-1] - luma[:-2, 1:-1]) * 0.5
    across *= across
    down *= down
    across += down
    return float(np.count_nonzero(across > EDGE * EDGE)) / across.size


def _high_frequency_power(luma: np.ndarray) -> float:
    height, width = (fft.prev_fast_len(side, real=True) for side in luma.shape)
    if min(height, width) < 8:
        return 0.0
    window, weight, weight_high = _spectrum_weights(height, width)
    patch = luma[:height, :width]
    spectrum = fft.rfft2((patch - patch.mean()) * window)
    power = spectrum.real**2
    power += spectrum.imag**2
    return _ratio(float(np.vdot(power, weight_high)), float(np.vdot(power, weight)))


@lru_cache(maxsize=64)
def _spectrum_weights(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hann window, and how often each bin of a half spectrum counts: in all, and above the high
    frequency.
    """
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    weight = np.full((height, across.size), 2.0, np.float32)
    weight[:, 0] = 1.0
    if width % 2 == 0:
        weight[:, -1] = 1.0
    return window, weight, weight * (np.hypot(down, across) > HIGH_FREQUENCY).astype(np.float32)


def _colourfulness(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> float:
    red_green = red - green
    yellow_blue = 0.5 * (red + green) - blue
    spread = math.hypot(float(red_green.std()), float(yellow_blue.std()))
    return spread + 0.3 * math.hypot(float(red_green.mean()), float(yellow_blue.mean()))
