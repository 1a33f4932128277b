"""An encoder trial: which encoder sees gaps best in one real dataset and one version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from core.contracts.derive import Double, Flag, Int, Text, Time, about
from core.contracts.specs import parameter
from core.contracts.words import View

SAMPLE = 1000  # images in all, of which each side gives half


@dataclass(frozen=True)
class EncoderTrialSpec:
    """Try encoders on the same sample. ``encoders``: by id; the files of encoder i are
    ``eII-real-<view>.npy`` and ``eII-synthetic-<view>.npy``; ``real.parquet`` has the classes.
    """

    KIND: ClassVar[str] = "encoders"

    encoders: tuple[str, ...] = field()
    views: tuple[View, ...] = (View.PLAIN, View.SIMPLIFIED)
    seed: int = parameter(0, "The same seed injects the same gaps.")


@dataclass(frozen=True)
class EncoderScoreRow:
    """How well one encoder sees gaps in a sample of the user's own data."""

    TABLE: ClassVar[str] = "encoder_scores"

    encoder: Text = about("Its id.")
    real_images: Int = about("Real images of the sample.")
    synthetic_images: Int = about("Synthetic images of the sample.")
    seed: Int = about("Its seed.")
    by_class: Flag = about(
        "Whether the gaps are classes; false: clusters of all encoders' vectors."
    )
    groups: Int = about("Gaps that any of the encoders could be tested on.")
    gaps: Int = about("Gaps that this one could be tested on.")
    recovered: Int = about("Of them found.")
    auroc: Double | None = about(
        "How well a gap's images rank above the others, mean over gaps, 0.5 by chance to 1."
    )
    low: Double | None = about("Its 95 % interval over gaps.")
    high: Double | None = about("The same.")
    behind: Double | None = about(
        "How much higher the best encoder's AUROC is on the same gaps; null for the best, or with "
        "fewer than four such gaps."
    )
    behind_low: Double | None = about("Its 95 % interval, for all encoders at once.")
    behind_high: Double | None = about("The same.")
    clear: Flag = about("Whether it is better than every other by more than chance gives.")

    @property
    def found_share(self) -> float | None:
        """Share of all gaps that it found; what it could not be tested on counts as missed."""
        return self.recovered / self.groups if self.groups else None


@dataclass(frozen=True)
class EncoderTrialRow(EncoderScoreRow):
    """What an encoder trial found of one encoder. The newest trial of two datasets is kept."""

    TABLE: ClassVar[str] = "encoder_trials"

    real_id: Int = about("Dataset id of the real images.")
    version_id: Int = about("Dataset id of the version.")
    seconds: Double | None = about(
        "Seconds in which the network takes 1,000 images in both views, as measured when this "
        "workspace first used it; null where it was not measured."
    )
    tried_at: Time = about("When it was tried.")
