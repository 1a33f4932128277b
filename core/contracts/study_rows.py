"""Stand-in until the fine-tune room's ``core/contracts/study_rows.py`` takes this place: the
columns that pages read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from core.contracts.derive import table_name
from core.store.study_table import StudyRecord as StudyRecord

Cell = Annotated[Any, "string"]
Json = Annotated[Any, "json"]


class _Row:
    def __post_init__(self) -> None:
        version_id = getattr(self, "version_id", None)
        object.__setattr__(self, "version_id", None if version_id is None else int(version_id))


@dataclass(frozen=True)
class TrialRow(_Row):
    """Rows of ``study_trials``."""

    TABLE: ClassVar[str] = "study_trials"

    trial: Cell
    mixture: Cell
    objective: Cell
    seed: Cell
    version_id: Cell
    severity: Cell
    status: Cell
    lr: Cell
    lr_stage1: Cell
    worst_accuracy: Cell
    worst_group: Cell
    balanced_accuracy: Cell
    synthetic_worst_accuracy: Cell
    synthetic_balanced_accuracy: Cell
    epochs: Cell
    parameters: Json


@dataclass(frozen=True)
class GroupAccuracyRow(_Row):
    """Rows of ``study_groups``."""

    TABLE: ClassVar[str] = "study_groups"

    trial: Cell
    mixture: Cell
    objective: Cell
    seed: Cell
    version_id: Cell
    severity: Cell
    domain: Cell
    class_: Cell
    bias: Cell
    group: Cell
    n: Cell
    accuracy: Cell
    low: Cell
    high: Cell


@dataclass(frozen=True)
class CurveRow(_Row):
    """Rows of ``study_curves``."""

    TABLE: ClassVar[str] = "study_curves"

    trial: Cell
    mixture: Cell
    objective: Cell
    seed: Cell
    version_id: Cell
    severity: Cell
    stage: Cell
    epoch: Cell
    rate: Cell
    loss: Cell
    valid_worst: Cell
    valid_balanced: Cell


@dataclass(frozen=True)
class SummaryRow(_Row):
    """Rows of ``study_summary``."""

    TABLE: ClassVar[str] = "study_summary"

    version_id: Cell
    severity: Cell
    mixture: Cell
    objective: Cell
    seeds: Cell
    worst_mean: Cell
    worst_sd: Cell
    balanced_mean: Cell
    balanced_sd: Cell
    pooled_worst: Cell
    pooled_worst_n: Cell
    pooled_low: Cell
    pooled_high: Cell
    pooled_worst_group: Cell


@dataclass(frozen=True)
class BiasRow(_Row):
    """Rows of ``study_bias``."""

    TABLE: ClassVar[str] = "study_bias"

    mixture: Cell
    version_id: Cell
    stage: Cell
    images: Cell
    entropy: Cell
    by_bias: Cell
    by_bias_domain: Cell
    sentence: Cell


@dataclass(frozen=True)
class UseRow(_Row):
    """Rows of ``study_uses``."""

    TABLE: ClassVar[str] = "study_uses"

    mixture: Cell
    version_id: Cell
    class_: Cell
    bias: Cell
    synthetic: Cell


@dataclass(frozen=True)
class ConfusionRow(_Row):
    """Rows of ``study_confusion``."""

    TABLE: ClassVar[str] = "study_confusion"

    trial: Cell
    mixture: Cell
    objective: Cell
    seed: Cell
    version_id: Cell
    severity: Cell
    class_: Cell
    bias: Cell
    predicted: Cell
    n: Cell


@dataclass(frozen=True)
class EmbeddingRow(_Row):
    """Rows of ``study_embedding``."""

    TABLE: ClassVar[str] = "study_embedding"

    trial: Cell
    mixture: Cell
    version_id: Cell
    row: Cell
    path: Cell
    content_id: Cell
    domain: Cell
    class_: Cell
    bias: Cell
    x: Cell
    y: Cell
    mixing: Cell


@dataclass(frozen=True)
class SaliencyRow(_Row):
    """Rows of ``study_saliency``."""

    TABLE: ClassVar[str] = "study_saliency"

    trial: Cell
    mixture: Cell
    version_id: Cell
    row: Cell
    path: Cell
    class_: Cell
    predicted: Cell
    height: Cell
    width: Cell
    map: Cell


STUDY_ROWS: tuple[type, ...] = (
    TrialRow,
    GroupAccuracyRow,
    CurveRow,
    SummaryRow,
    BiasRow,
    UseRow,
    ConfusionRow,
    EmbeddingRow,
    SaliencyRow,
)


def output_name(row: type) -> str:
    """The Parquet file of a study's table."""
    return table_name(row).removeprefix("study_") + ".parquet"


@dataclass(frozen=True)
class MixtureVerdict(_Row):
    """One mixture against another."""

    version_id: Any
    severity: int
    mixture: str
    baseline: str
    objective: str
    difference: float
    deviation: float
    seeds: int
    p: float | None
    low: float
    high: float
    p_images: float
    text: str


@dataclass(frozen=True)
class StudyVerdict:
    """What a study says."""

    verdicts: tuple[MixtureVerdict, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
