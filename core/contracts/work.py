"""The specs of the jobs that leave no result tables of their own, and what an embed job writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pyarrow as pa

from core.contracts.catalog import AttributesRow
from core.contracts.derive import Bytes, Text, about, schema
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
        20.0, "Work in one shard, in seconds: what a kill loses at most.", low=0.0
    )
    shard: int = parameter(
        0, "Images in one shard; 0: as many as shard_seconds of work, up to 2,048.", low=0
    )
    threads: int = parameter(0, "Decoding threads; 0: one for each core.", low=0)
    thumbnails: bool = parameter(True, "Whether to make thumbnails and attributes.")
    allow_download: bool = parameter(False, "Whether weights may be fetched from their hub.")
    weights: str | None = parameter(None, "GAPSCOPE_WEIGHTS for this job.")
    random_weights: bool = parameter(False, "An untrained network, for measuring speed.")


@dataclass(frozen=True)
class SourceRow:
    """A content to embed: a row of an embed job's `inputs/images.parquet`."""

    TABLE: ClassVar[str] = "sources"

    content_id: Text = about("The content, as the scan found it.")
    file: Text = about("Absolute path of one file that has it.")


@dataclass(frozen=True)
class EmbeddedRow(AttributesRow):
    """What an embed job says of a content: a row of its shards, which hold the vectors beside it.

    At most one of ``error`` and ``skipped`` is set, and then everything else but the id is null.
    The vectors, whose length is the encoder's, are further columns: :func:`embedded_schema`.
    """

    TABLE: ClassVar[str] = "embedded"

    thumbnail: Bytes | None = about("A WebP file.")
    error: Text | None = about("Why the content cannot be decoded, now or ever.")
    skipped: Text | None = about(
        "Why the file gave nothing this time: it changed since the scan, or could not be read."
    )


def embedded_schema(dim: int, views: Sequence[View] = (View.PLAIN, View.SIMPLIFIED)) -> pa.Schema:
    """The Arrow schema of an embed job's shards: :class:`EmbeddedRow`, then a vector of length
    ``dim`` (float32) for each of the job's views, null where there is none.
    """
    vector = pa.list_(pa.float32(), dim)
    return pa.schema([*schema(EmbeddedRow), *(pa.field(view.value, vector) for view in views)])


@dataclass(frozen=True)
class EncoderRun:
    """How an embed job ran its encoder: its `outputs/encoder.json`. A resumed job keeps to it."""

    id: str  # the encoder's
    dim: int  # length of a vector
    weights_hash: str  # SHA-256 of the weights file, "random" without one
    input_size: int  # pixels, width and height of what the network sees
    device: str  # in words
    precision: str  # f32, bf16 or f16
    why: str  # one sentence on the precision
    rates: dict[str, float]  # images per second by precision that was tried
    cosines: dict[str, float]  # lowest cosine to the f32 vectors by precision that was tried
    batch: int  # images at once
    threads: int  # of the processor
    software: dict[str, str]  # library → version


@dataclass(frozen=True)
class EmbedSummary:
    """An embed job in numbers: its `outputs/summary.json`."""

    embedded: int  # contents with vectors
    broken: int  # contents that cannot be decoded
    skipped: int  # files that changed since the scan or could not be read; to be tried again
    reasons: dict[str, int]  # why they were skipped, with how many each
