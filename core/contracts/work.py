"""The specs of the jobs that leave no result tables of their own, and what an embed job writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from core.contracts.specs import parameter
from core.contracts.words import View


@dataclass(frozen=True)
class SampleSpec:
    """Draw the sample project."""

    KIND: ClassVar[str] = "sample"

    folder: str = field()


@dataclass(frozen=True)
class ScanSpec:
    """Look into one folder. ``folder``: absolute; ``labels``: a label source, or null."""

    KIND: ClassVar[str] = "scan"

    folder: str = field()
    labels: str | None = None
    shard_rows: int = parameter(5_000, "Rows in one output file.", low=1)


@dataclass(frozen=True)
class EmbedSpec:
    """Embed the contents that ``inputs/images.parquet`` lists (content_id, file)."""

    KIND: ClassVar[str] = "embed"

    encoder: str = field()
    views: tuple[View, ...] = (View.PLAIN, View.SIMPLIFIED)
    device: str = parameter("auto", "Where the encoder runs: auto, cuda, cuda:N, mps or cpu.")
    precision: str = parameter(
        "auto",
        "Numbers the encoder computes in. auto measures and keeps the faster that agrees.",
        choices=("auto", "f32", "bf16", "f16"),
    )
    batch: int = parameter(0, "Images in one batch; 0: the device's usual.", low=0)
    shard_seconds: float = parameter(
        20.0, "Work in one shard, in seconds: what a kill or a cancel loses at most.", low=0.0
    )
    shard: int = parameter(
        0, "Images in one shard; 0: as many as shard_seconds of work, up to 2,048.", low=0
    )
    threads: int = parameter(0, "Decoding threads; 0: one for each core.", low=0)
    thumbnails: bool = parameter(True, "Whether to make thumbnails and attributes.")
    allow_download: bool = parameter(False, "Whether weights may be fetched from their hub.")
    weights: str | None = parameter(None, "GAPSCOPE_WEIGHTS for this job.")
    random_weights: bool = parameter(False, "An untrained network, for measuring speed.")
