"""Frequency spectra: what a renderer's images have too much or too little of, from coarse shapes to
single pixels.

A crop of each image, at its native resolution, is windowed (Hann) and Fourier transformed; its log
power relative to the crop's total, in dB, is averaged over rings (the radial profile) and over
images (the mean 2-D spectrum). Averaging logs keeps a few odd images from deciding. Three things
are compared: the profiles' distance, the level of three bands, and peaks at single frequencies,
which is how grids, tiles and upsampling layers show (Durall et al. 2020; Corvi et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft, ndimage

from core.analysis.metrics.measure import half_sample_interval, halves_of
from core.contracts.spectrum_rows import SpectrumBand, SpectrumPeak

LEAST_SIZE = 32  # pixels: a smaller crop has too few frequencies
LEAST_IMAGES = 4
LOWEST = 0.02  # cycles per pixel: below, the window and the subject decide
BANDS: tuple[tuple[str, float, float], ...] = (
    ("low", LOWEST, 0.1),
    ("middle", 0.1, 0.25),
    ("high", 0.25, 0.5),
)
BAND_LEAST = 1.0  # dB that a band must differ by, beyond its uncertainty, to be mentioned
PEAK_LEAST = 3.0  # dB above its surroundings from which a single frequency is mentioned
PEAK_SIGMA = 6.0  # and in robust standard deviations of all frequencies
PEAKS_MOST = 5
SILENCE = 1e-13  # power relative to the total that counts as none: -130 dB
HALVES = 200


@dataclass(frozen=True)
class Spectrum:
    """The spectra of n images of one dataset, from crops of ``size`` × ``size`` pixels.

    ``profiles`` (n, rings) float32: radial log power in dB relative to each crop's total; ``mean``
    (size, size // 2 + 1) float32: mean log power of each frequency, in the layout of ``rfft2``.
    """

    size: int
    profiles: np.ndarray
    mean: np.ndarray

    @property
    def frequency(self) -> np.ndarray:
        """Each ring's frequency (rings,) in cycles per pixel, up to 0.5."""
        return ring_frequency(self.size)

    def picture(self) -> np.ndarray:
        """The whole mean 2-D spectrum (size, size) in dB, frequency zero in the middle, for looking
        at.
        """
        return whole_plane(self.mean, self.size)


@dataclass(frozen=True)
class SpectrumDifference:
    """How one version's spectra differ from the real ones.

    ``distance``: root mean square difference of the mean profiles in dB, with a 95 % interval, and
    beside it the real-vs-real ``baseline`` of one real half against the other. ``findings``: what
    stands out, in words; empty where nothing does.
    """

    distance: float
    low: float
    high: float
    baseline: float
    baseline_low: float
    baseline_high: float
    bands: tuple[SpectrumBand, ...]
    peaks: tuple[SpectrumPeak, ...]
    findings: tuple[str, ...]


def crop_of(image: np.ndarray, size: int, seed: int) -> np.ndarray | None:
    """A random crop (size, size) of an image's luma, float32 0..1, or None if the image is smaller.

    ``image``: uint8 (h, w, 3). Nothing is resized: resampling would change what is measured.
    """
    height, width = image.shape[:2]
    if min(height, width) < size:
        return None
    rng = np.random.default_rng(seed)
    top, left = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
    part = image[top : top + size, left : left + size]
    return part @ np.array([0.299, 0.587, 0.114], np.float32) * np.float32(1 / 255)  # Rec. 601


def log_power(crop: np.ndarray) -> np.ndarray | None:
    """Log power (size, size // 2 + 1) of a crop (size, size) in dB relative to its total; None for
    a constant crop.
    """
    size = len(crop)
    mean = crop.mean()
    if float(np.abs(crop - mean).max()) < 1e-4:  # less than the smallest step of 8 bits
        return None
    transformed = fft.rfft2((crop - mean) * _window(size))
    power = transformed.real**2
    power += transformed.imag**2
    total = float(np.vdot(power, _weights(size)))
    power *= 1 / total
    np.maximum(power, SILENCE, out=power)
    return 10 * np.log10(power, out=power)


def radial(logs: np.ndarray) -> np.ndarray:
    """Radial profile (rings,): mean of log power (size, size // 2 + 1) over rings one frequency
    step wide.
    """
    size = len(logs)
    ring, count = _rings(size)
    sums = np.bincount(ring, weights=(logs * _weights(size)).ravel(), minlength=len(count))
    return (sums[1 : size // 2 + 1] / count[1 : size // 2 + 1]).astype(np.float32)


def ring_frequency(size: int) -> np.ndarray:
    """The rings' frequencies (size // 2,) in cycles per pixel."""
    return np.arange(1, size // 2 + 1) / size


def crop_size(sides: list[np.ndarray], wanted: int) -> int:
    """The crop that serves all datasets, in pixels: ``wanted``, or less so that nine in ten images
    of each are large enough.

    ``sides``: for each dataset the shorter side of its images, (n,) pixels. A size that transforms
    fast.
    """
    largest = min(
        [wanted, *(int(np.quantile(side, 0.1, method="lower")) for side in sides if len(side))]
    )
    return int(fft.prev_fast_len(largest, real=True)) // 2 * 2 if largest >= 2 else 0


def whole_plane(half: np.ndarray, size: int) -> np.ndarray:
    """A half plane (size, size // 2 + 1) as the whole (size, size), zero in the middle."""
    mirrored = half[(-np.arange(size)) % size][:, 1 : (size + 1) // 2][:, ::-1]
    return np.fft.fftshift(np.concatenate([half, mirrored], axis=1), axes=(0, 1))


def compare(real: Spectrum, synthetic: Spectrum, *, seed: int = 0) -> SpectrumDifference:
    """Compare a version's spectra with the real ones. Raises ValueError for other crop sizes or
    fewer than four images.

    Intervals: random halves (see :mod:`core.analysis.metrics.measure`) for distances, normal
    approximation for bands.
    """
    if real.size != synthetic.size:
        raise ValueError(
            f"spectra of crops of {real.size} and {synthetic.size} pixels do not compare"
        )
    if min(len(real.profiles), len(synthetic.profiles)) < LEAST_IMAGES:
        raise ValueError(f"a comparison needs {LEAST_IMAGES} images on each side")
    frequency = real.frequency
    above = frequency >= LOWEST
    first, second = halves_of(len(real.profiles), seed)
    distance = _distance(real.profiles[:, above], synthetic.profiles[:, above], seed)
    baseline = _distance(real.profiles[first][:, above], real.profiles[second][:, above], seed)
    bands = []
    for name, lowest, highest in BANDS:
        inside = (frequency >= lowest) & (frequency < highest + 1e-9)
        levels, others = (
            profiles[:, inside].mean(axis=1) for profiles in (real.profiles, synthetic.profiles)
        )
        between_halves = float(levels[first].mean() - levels[second].mean())
        bands.append(
            SpectrumBand(name, lowest, highest, *_difference(levels, others), between_halves)
        )
    peaks = tuple(find_peaks(synthetic.mean - real.mean))
    findings = (*_peak_words(peaks), *(words for band in bands if (words := _band_words(band))))
    return SpectrumDifference(*distance, *baseline, tuple(bands), peaks, findings)


def find_peaks(difference: np.ndarray) -> list[SpectrumPeak]:
    """Single frequencies that stand out of a difference of mean log power (size, size // 2 + 1),
    the highest first.

    A peak is a local maximum at least 3 dB and 6 robust standard deviations above the median of its
    surroundings (11 × 11 frequencies), so that broad changes and the cross of upright edges do not
    count.
    """
    size = len(difference)
    # The half plane's left and right edges continue in the other half: fold enough of it around.
    whole = whole_plane(difference, size)
    residual = whole - ndimage.median_filter(whole, size=11, mode="wrap")
    steps = np.fft.fftshift(np.fft.fftfreq(size))
    down, across = np.meshgrid(steps, steps, indexing="ij")
    outside = np.hypot(across, down) >= LOWEST * 2
    spread = 1.4826 * float(np.median(np.abs(residual[outside])))
    highest = residual == ndimage.maximum_filter(residual, size=5, mode="wrap")
    # One of each pair of mirrored frequencies; the grid's lowest frequency, -0.5, is its own
    # mirror.
    below = (down > 0) | (down == -0.5)
    half = (across > 0) | ((across == 0) & below) | ((across == -0.5) & (below | (down == 0)))
    rows, columns = np.nonzero(
        highest & outside & half & (residual >= max(PEAK_LEAST, PEAK_SIGMA * spread))
    )
    peaks = [
        SpectrumPeak(
            abs(float(across[row, column])),
            abs(float(down[row, column])),
            float(residual[row, column]),
            float(residual[row, column] / max(spread, 1e-6)),
        )
        for row, column in zip(rows, columns, strict=True)
    ]
    return sorted(peaks, key=lambda peak: -peak.excess)[:PEAKS_MOST]


def _distance(profiles: np.ndarray, others: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Root mean square difference in dB of two sets' mean profiles, with its interval from random
    halves.
    """

    def between(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.sqrt(np.mean((one.mean(axis=0) - other.mean(axis=0)) ** 2)))

    rng = np.random.default_rng(seed)
    value = between(profiles, others)
    halves = np.array(
        [
            between(
                *(
                    side[rng.permutation(len(side))[: max(1, len(side) // 2)]]
                    for side in (profiles, others)
                )
            )
            for _ in range(HALVES)
        ]
    )
    return value, *half_sample_interval(value, halves, least=0.0)


def _difference(levels: np.ndarray, others: np.ndarray) -> tuple[float, float, float]:
    """Difference of two sets' mean levels, ``others`` minus ``levels``, with its 95 % interval."""
    difference = float(others.mean() - levels.mean())
    variance = levels.var(ddof=1) / len(levels) + others.var(ddof=1) / len(others)
    error = 1.96 * float(np.sqrt(variance))
    return difference, difference - error, difference + error


def _band_words(band: SpectrumBand) -> str:
    weaker = band.difference < 0
    certain = -band.high if weaker else band.low
    if certain < max(BAND_LEAST, abs(band.baseline)):
        return ""
    if band.name == "high":
        cause = (
            "missing high frequencies, as after blur, denoising, upscaling or strong compression"
            if weaker
            else "too much of the finest detail, as of noise, aliasing or sharpening"
        )
        size = f"finer than {1 / band.lowest:.0f} pixels"
    else:
        cause = "missing" if weaker else "too strong"
        size = f"of {1 / band.highest:.0f} to {1 / band.lowest:.0f} pixels"
    return (
        f"Detail {size} is {abs(band.difference):.1f} dB {'weaker' if weaker else 'stronger'} than "
        f"in the real images ({band.low:+.1f} to {band.high:+.1f} dB; real halves "
        f"{band.baseline:+.1f} dB): {cause}."
    )


def _peak_words(peaks: Sequence[SpectrumPeak]) -> list[str]:
    """One sentence for all peaks of one direction, in the order of the peaks."""
    directions: dict[str, list[SpectrumPeak]] = {}
    for peak in peaks:
        directions.setdefault(_direction(peak), []).append(peak)
    sentences = []
    for direction, alike in directions.items():
        frequencies = _listed([f"{np.hypot(peak.across, peak.down):.3f}" for peak in alike])
        periods = _listed([f"{peak.period:.1f}" for peak in alike])
        excesses = _listed([f"{peak.excess:.0f}" for peak in alike])
        sentences.append(
            f"{'A peak' if len(alike) == 1 else 'Peaks'} at {frequencies} cycles per pixel: "
            f"something repeats every {periods} pixels {direction}, {excesses} dB above its "
            "surroundings when compared with the real images, as a grid, tiles, dithering, an "
            "upsampling layer or compression blocks do."
        )
    return sentences


def _direction(peak: SpectrumPeak) -> str:
    if peak.across == 0:
        return "from top to bottom"
    return "from left to right" if peak.down == 0 else "slantwise"


def _listed(parts: list[str]) -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


@lru_cache(maxsize=4)
def _window(size: int) -> np.ndarray:
    line = np.hanning(size + 1)[:-1]  # periodic: a whole number of waves falls into three bins
    return np.outer(line, line).astype(np.float32)


@lru_cache(maxsize=4)
def _weights(size: int) -> np.ndarray:
    """How often each frequency of the half plane occurs in the whole: twice, but for the first and
    last column.
    """
    weights = np.full((size, size // 2 + 1), 2, np.float32)
    weights[:, 0] = 1
    if size % 2 == 0:
        weights[:, -1] = 1
    return weights


@lru_cache(maxsize=4)
def _rings(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The ring of each frequency of the half plane, flattened, and how many frequencies each ring
    has.
    """
    down, across = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    ring = np.rint(np.hypot(down, across) * size).astype(np.int64).ravel()
    return ring, np.bincount(ring, weights=_weights(size).ravel())
