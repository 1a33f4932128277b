"""A spectrum comparison: what it is told, and the two tables it leaves in its job folder."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

from core.contracts.derive import Double, Int, Json, Text, about
from core.contracts.specs import parameter
from core.contracts.words import Domain


@dataclass(frozen=True)
class SpectrumSide:
    """One dataset of a spectrum comparison; ``file``: the stem of its input table."""

    dataset_id: int
    version: str | None
    domain: Domain
    file: str
    name: str


@dataclass(frozen=True)
class SpectrumSpec:
    """Compare frequency spectra."""

    KIND: ClassVar[str] = "spectrum"

    datasets: tuple[SpectrumSide, ...] = field()
    sample: int = parameter(
        300, "Images of each dataset. More give narrower intervals and take longer.", low=2
    )
    seed: int = parameter(0, "The same seed draws the same images.")
    crop: int = parameter(256, "Pixels of the square crop; less where images are smaller.", low=16)


@dataclass(frozen=True)
class SpectrumBand:
    """``difference`` in dB of a band's level (``lowest`` to ``highest`` cycles per pixel),
    synthetic minus real, with its 95 % interval; ``baseline``: the same between halves of the real
    images.
    """

    name: str
    lowest: float
    highest: float
    difference: float
    low: float
    high: float
    baseline: float


@dataclass(frozen=True)
class SpectrumPeak:
    """A single frequency that stands out: ``across`` and ``down`` in cycles per pixel, without
    sign; ``excess`` in dB over its surroundings in the difference to the real images; ``sigma``:
    the same in robust standard deviations.
    """

    across: float
    down: float
    excess: float
    sigma: float

    @property
    def period(self) -> float:
        """Pixels from one repetition to the next."""
        return 1 / math.hypot(self.across, self.down)


@dataclass(frozen=True)
class SpectrumRow:
    """One dataset's spectrum beside the real images'; numbers are null for the real dataset."""

    TABLE: ClassVar[str] = "spectra"

    dataset_id: Int = about("The dataset.")
    version: Text | None = about("Its version; null: the real images.")
    domain: Domain = about("`real` or `synthetic`.")
    name: Text = about("What it is called on screen.")
    images: Int = about("Images measured.")
    skipped: Int = about("Images left out: too small, unreadable, or one colour only.")
    note: Text = about("The crop's size, and what was left out.")
    distance: Double | None = about("Root mean square difference of the mean profiles, dB.")
    low: Double | None = about("95 % interval, dB.")
    high: Double | None = about("The same.")
    baseline: Double | None = about("The same number for one real half against the other, dB.")
    baseline_low: Double | None = about("Its 95 % interval, dB.")
    baseline_high: Double | None = about("The same.")
    bands: Json | None = about("Differences of three bands.", item=SpectrumBand)
    peaks: Json | None = about("Single frequencies that stand out.", item=SpectrumPeak)
    findings: Json | None = about("What stands out, a list of sentences.")
    formats: Json = about("Images looked at by file format.")
    jpeg_quality: Double | None = about("Median quality of its JPEGs, 1 to 100; null without one.")
    width: Double | None = about("Median native width, pixels.")
    height: Double | None = about("Median native height, pixels.")
    caution: Text | None = about(
        "What of its files differs from the real ones and can alone make the findings; null: "
        "nothing."
    )


@dataclass(frozen=True)
class SpectrumCurveRow:
    """One ring of a dataset's radial profile."""

    TABLE: ClassVar[str] = "curves"

    dataset_id: Int = about("The dataset.")
    frequency: Double = about("Cycles per pixel, up to 0.5.")
    level: Double = about("Mean log power relative to the crop's total, dB.")
    low: Double = about("Below it lie 10 % of the images, dB.")
    high: Double = about("Above it lie 10 % of the images, dB.")
    mean_low: Double = about("95 % interval of the mean level, dB.")
    mean_high: Double = about("The same.")


SPECTRUM_ROWS: tuple[type, ...] = (SpectrumRow, SpectrumCurveRow)
"""The tables that a spectrum job leaves in its folder."""
