"""What a workspace keeps of folders, images, encoders and jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from core.contracts.derive import (
    Bytes,
    Double,
    Flag,
    Int,
    Json,
    Long,
    Text,
    Time,
    about,
)
from core.contracts.words import Domain, ImageStatus, JobKind, JobStatus, Mark, Tier


@dataclass(frozen=True)
class DatasetRow:
    """One image folder."""

    TABLE: ClassVar[str] = "datasets"

    id: Int = about("Its number.", sql="PRIMARY KEY DEFAULT nextval('dataset_ids')")
    name: Text = about("What the user calls it.")
    domain: Domain = about("`real` or `synthetic`.")
    version: Text | None = about("The renderer release of a synthetic dataset.")
    folder: Text = about("Absolute path.")
    labels: Text | None = about("Where labels come from: a path pattern or a table's path.")
    position: Int = about("Place in the versions' order.")
    created_at: Time = about("When it was added.")
    scanned_at: Time | None = about("When its folder was last scanned.")
    summary: Json | None = about("The last scan in numbers.")
    removed_at: Time | None = about("When the user removed it; null: it is there.")


@dataclass(frozen=True)
class ImageRow:
    """One image file, readable or not."""

    TABLE: ClassVar[str] = "images"

    path: Text = about("POSIX, relative to the dataset's folder.")
    bytes: Long | None = about("Size of the file.")
    mtime_ns: Long | None = about("When the file was last changed, nanoseconds since the epoch.")
    content_id: Text | None = about(
        "BLAKE2b of the bytes, 128 bits as 32 hex digits; null where they could not be read."
    )
    format: Text | None = about("JPEG, PNG, WEBP, …")
    mode: Text | None = about("Pillow's colour mode.")
    width: Int | None = about("Pixels, after EXIF rotation.")
    height: Int | None = about("Pixels, after EXIF rotation.")
    status: ImageStatus = about("`ok` or `unreadable`.")
    reason: Text | None = about("Why it is unreadable.")
    class_: Text | None = about("Class Y, null where unknown.")
    bias: Text | None = about("Bias B, null where unknown.")
    split: Text | None = about("`train`, `valid` or `test`, null where unknown.")
    labels: Json | None = about('Other labels by column: `{"weather": "fog"}`.')


@dataclass(frozen=True)
class MarkRow:
    """The engineer's word on a real image, by content: versions and comparisons share it.

    One word for each image: the last one holds. Beside it stands one held-back answer for each
    version.
    """

    TABLE: ClassVar[str] = "marks"

    real_id: Int = about("Dataset id of the real images.")
    content_id: Text = about("The image's content.")
    mark: Mark = about("`covered after all`, `does not matter` or `matters`.")
    group_name: Text | None = about("The group that was marked; null: the image by itself.")
    version_id: Int | None = about("Dataset id of the version that was looked at.")
    tier: Tier | None = about("What the judgement said of it then.")
    checked: Flag = about("Whether it answers the check of borderline groups.")
    held_back: Flag = about("An answer that changes no list: it measures the list.")
    created_at: Time = about("When it was marked.")


@dataclass(frozen=True)
class EncoderRow:
    """An encoder that this workspace has vectors of (in the table `vectors_<number>`)."""

    TABLE: ClassVar[str] = "encoders"

    id: Text = about("As the user names it: `lite0`, `clip:…`.", sql="PRIMARY KEY")
    number: Int = about("Names its table of vectors.", sql="DEFAULT nextval('encoder_numbers')")
    dim: Int = about("Length of a vector.")
    weights_hash: Text | None = about("SHA-256 of the weights file.")
    detail: Json | None = about("Device, precision, rates, libraries of the first job.")


@dataclass(frozen=True)
class ThumbnailRow:
    """A small picture of a content."""

    TABLE: ClassVar[str] = "thumbnails"

    content_id: Text = about("The content.")
    webp: Bytes = about("A WebP file.")


@dataclass(frozen=True)
class BrokenRow:
    """A content that turned out to be undecodable while it was embedded."""

    TABLE: ClassVar[str] = "broken"

    content_id: Text = about("The content.")
    reason: Text = about("What the decoder said, in words.")


@dataclass(frozen=True)
class AttributesRow:
    """Photometric attributes of a content, measured at 256 pixels on the longest side."""

    TABLE: ClassVar[str] = "attributes"

    content_id: Text = about("The content.")
    brightness: Double | None = about("Mean luma, 0 (black) to 1 (white).")
    contrast: Double | None = about("Standard deviation of luma.")
    saturation: Double | None = about("Spread of the colour channels, 0 is grey.")
    colour_temperature: Double | None = about("(red − blue) / (red + blue): above 0 is warm.")
    sharpness: Double | None = about("Strength of the Laplacian relative to contrast.")
    noise: Double | None = about("Standard deviation of the grain where the image is smooth.")
    edge_density: Double | None = about("Share of pixels on an edge, 0 to 1.")
    high_frequency_power: Double | None = about("Share of spectral energy in fine detail, 0 to 1.")
    colourfulness: Double | None = about("Hasler and Süsstrunk 2003, 0 to about 1.")


@dataclass(frozen=True)
class JobRow:
    """Long work outside the page."""

    TABLE: ClassVar[str] = "jobs"

    id: Text = about("Begins with the time it was submitted.", sql="PRIMARY KEY")
    kind: JobKind = about(
        "`sample`, `scan`, `embed`, `compare`, `spectrum`, `encoders`, `query`, `classes` or "
        "`finetune`."
    )
    title: Text = about("What it does, for people.")
    status: JobStatus = about(
        "`waiting`, `running`, `done`, `failed`, `cancelled` or `interrupted`."
    )
    folder: Text = about("Name of its folder inside the workspace's jobs folder.")
    plan: Json = about("The request: what the workspace prepares its inputs from.")
    after: Json = about("Ids of the jobs that must be done before.")
    created_at: Time = about("When it was submitted.")
    started_at: Time | None = about("When it began.")
    finished_at: Time | None = about("When it ended.")
    what: Text | None = about("What went wrong.")
    remedy: Text | None = about("What to do about it.")
    result: Json | None = about("What came of it.")


# --- as Python sees them --------------------------------------------------------------------------


@dataclass(frozen=True)
class Dataset:
    """One image folder with the counts of its last scan (0 before it)."""

    id: int
    name: str
    domain: Domain
    version: str | None
    folder: str
    labels: str | None
    position: int
    created_at: datetime
    scanned_at: datetime | None
    summary: dict[str, Any]
    images: int = 0
    unreadable: int = 0
    removed_at: datetime | None = None

    @property
    def label(self) -> str:
        """What to call it on screen: a synthetic dataset's version, a real one's name."""
        return self.version if self.domain == Domain.SYNTHETIC and self.version else self.name


@dataclass(frozen=True)
class JobRecord:
    """One job as it stands: the columns of :class:`JobRow`, JSON read."""

    id: str
    kind: JobKind
    title: str
    status: JobStatus
    folder: str
    plan: dict[str, Any]
    after: list[str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    what: str | None
    remedy: str | None
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.status in (JobStatus.WAITING, JobStatus.RUNNING)

    @property
    def resumable(self) -> bool:
        """Whether it can be started again where it stopped."""
        return self.status in (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.INTERRUPTED)


@dataclass(frozen=True)
class Progress:
    """One report of a running job.

    ``done`` of ``total`` units in ``stage`` (``total`` 0: unknown); ``rate`` in units per second
    over the stage; ``left`` seconds to the end of the stage (None: unknown); ``time`` seconds since
    the epoch.
    """

    stage: str
    done: int
    total: int
    rate: float
    left: float | None
    note: str
    time: float
