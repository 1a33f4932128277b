"""What the workspace asks of a job (kept in the jobs table as its plan), and what came of it.

A request names datasets by id; preparing turns it into a spec and input files. It holds everything:
a job can be prepared, and prepared again on resume, from its request alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from core.contracts.compare_spec import CompareParameters
from core.contracts.words import View

BOTH_VIEWS = (View.PLAIN, View.SIMPLIFIED)


@dataclass(frozen=True)
class SampleRequest:
    """Draw the sample project into ``folder`` (absolute)."""

    folder: str


@dataclass(frozen=True)
class ScanRequest:
    """Look into a dataset's folder."""

    dataset_id: int


@dataclass(frozen=True)
class EmbedRequest:
    """Embed what these datasets have and this encoder has no vectors of. ``sample``: of each
    dataset only so many contents, the first by content id (a random draw, the same each time).
    """

    dataset_ids: tuple[int, ...]
    encoder: str
    views: tuple[View, ...] = BOTH_VIEWS
    device: str = "auto"
    allow_download: bool = False
    threads: int = 0
    weights: str | None = None
    sample: int | None = None


@dataclass(frozen=True)
class CompareRequest:
    """Make the comparison ``comparison_id``. ``previous``: the comparison whose map it
    continues.
    """

    comparison_id: int
    real_id: int
    version_ids: tuple[int, ...]
    encoder: str
    seed: int = 0
    parameters: CompareParameters = CompareParameters()
    views: tuple[View, ...] = BOTH_VIEWS
    previous: int | None = None
    weights: str | None = None


@dataclass(frozen=True)
class SpectrumRequest:
    """Compare the spectra of these datasets, one of them real."""

    dataset_ids: tuple[int, ...]
    sample: int = 300
    seed: int = 0
    crop: int = 256


@dataclass(frozen=True)
class EncoderTrialRequest:
    """Try these encoders on a sample of ``sample`` images, half of each dataset."""

    real_id: int
    version_id: int
    encoders: tuple[str, ...]
    sample: int
    seed: int = 0
    views: tuple[View, ...] = BOTH_VIEWS


@dataclass(frozen=True)
class QueryRequest:
    """Embed a phrase, or the image that was put aside under its content id, to search by it."""

    encoder: str
    phrase: str | None = None
    content_id: str | None = None
    views: tuple[View, ...] = (View.PLAIN,)
    weights: str | None = None


@dataclass(frozen=True)
class ClassesRequest:
    """Give the images of a comparison the likeliest of these names, a line each as typed."""

    comparison_id: int
    names: tuple[str, ...]
    encoder: str
    views: tuple[View, ...] = (View.PLAIN,)
    weights: str | None = None


@dataclass(frozen=True)
class StudyRequest:
    """Make the study ``study_id``. ``encoder``: whose vectors it trains on (None: it reads
    pixels).
    """

    study_id: int
    encoder: str | None = None
    device: str = "auto"
    weights: str | None = None


# --- what came of it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class SampleResult:
    """Where the sample project was drawn."""

    folder: str


@dataclass(frozen=True)
class ScanResult:
    """Counts of a scan."""

    images: int
    unreadable: int
    duplicates: int


@dataclass(frozen=True)
class EmbedResult:
    """What was embedded. ``broken``: contents that cannot be decoded; ``skipped``: files that could
    not be read now, by reason.
    """

    embedded: int = 0
    broken: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    encoder: str | None = None
    device: str | None = None
    precision: str | None = None


@dataclass(frozen=True)
class CompareResult:
    """Which comparison is the answer. ``reused``: it had been made before."""

    comparison_id: int
    reused: bool = False


@dataclass(frozen=True)
class SpectrumResult:
    """Whose spectra lie in the job's folder."""

    folder: str
    dataset_ids: tuple[int, ...]


@dataclass(frozen=True)
class EncoderTrialResult:
    """Of which datasets the trial is."""

    real_id: int
    version_id: int


@dataclass(frozen=True)
class QueryResult:
    """Under which encoder the vectors in the job's folder are."""

    encoder: str


@dataclass(frozen=True)
class ClassesResult:
    """Of which comparison the images have typed classes."""

    comparison_id: int


@dataclass(frozen=True)
class StudyResult:
    """Which study was made."""

    study_id: int


Result = (
    SampleResult
    | ScanResult
    | EmbedResult
    | CompareResult
    | SpectrumResult
    | EncoderTrialResult
    | QueryResult
    | ClassesResult
    | StudyResult
)


# --- what a submit gives back ---------------------------------------------------------------------


@dataclass(frozen=True)
class SubmittedComparison:
    """A comparison that was asked for, and the job that makes it. If the same comparison was made
    before, the job's result names that one.
    """

    comparison_id: int
    job_id: str


@dataclass(frozen=True)
class SubmittedStudy:
    """A study that was asked for, and the job that makes it."""

    study_id: int
    job_id: str
