"""Every table of a From-Fake-to-Real study: what the job reads, what it leaves, what is stored.

Accuracies and their intervals are shares, 0 to 1, on held-out test images. In published column
names ``worst`` is worst-group accuracy and ``balanced`` mean-group accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from core.contracts.derive import (
    Double,
    Int,
    Json,
    Singles,
    Text,
    Time,
    about,
    table_name,
)
from core.contracts.study import Mixture, Objective, Split, TrialStatus
from core.contracts.words import Domain, RecordStatus

# --- what the job reads ---------------------------------------------------------------------------


@dataclass(frozen=True)
class StudyImageRow:
    """One labelled image of a study, in `inputs/images.parquet`."""

    TABLE: ClassVar[str] = "study_images"

    row: Int = about("Its place, from 0; `vectors.npy` has the same order.")
    dataset_id: Int = about("The dataset it belongs to.")
    domain: Domain = about("`real` or `synthetic`.")
    version: Text | None = about("The label of a synthetic dataset.")
    path: Text = about("POSIX, relative to the dataset's folder.")
    file: Text = about("Absolute path.")
    content_id: Text = about("Its content.")
    class_: Text | None = about("Class Y, null where unknown.")
    bias: Text | None = about("Bias B, null where unknown.")
    split: Text | None = about("`train`, `valid` or `test`, null where unknown.")


# --- what it leaves -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PredictionRow:
    """A trial's answer for one test image, in `outputs/trial-<name>.parquet`; not stored."""

    TABLE: ClassVar[str] = "study_predictions"

    row: Int = about("Row of the images table.")
    predicted: Int = about("Code of the predicted class; −1 where the trial diverged.")


@dataclass(frozen=True)
class _OfTrial:
    """Which trial a row belongs to."""

    trial: Text = about("The trial's name.")
    mixture: Mixture = about("How synthetic images entered training.")
    objective: Objective = about("What training minimised.")
    seed: Int = about("Seed of draw, head and batches.")
    version_id: Int | None = about("Dataset id of the synthetic images; null without any.")
    severity: Int = about("Corruption of the synthetic images, 0 to 5.")


@dataclass(frozen=True)
class TrialRow(_OfTrial):
    """One training run with its test result."""

    TABLE: ClassVar[str] = "study_trials"

    status: TrialStatus = about("`done` or `diverged`.")
    lr: Double | None = about("Learning rate that validation chose in the last stage.")
    lr_stage1: Double | None = about("The same of the first of two stages; null for DFR.")
    worst_accuracy: Double | None = about("Worst-group accuracy on real images, 0 to 1.")
    worst_group: Text | None = about("The group that has it.")
    worst_n: Int | None = about("Its test images.")
    worst_low: Double | None = about("Its 95 % Wilson interval, 0 to 1.")
    worst_high: Double | None = about("The same.")
    balanced_accuracy: Double | None = about("Mean-group accuracy on real images, 0 to 1.")
    valid_worst: Double | None = about("Worst-group accuracy on validation, 0 to 1.")
    valid_balanced: Double | None = about("Mean-group accuracy on validation, 0 to 1.")
    synthetic_worst_accuracy: Double | None = about("Worst-group accuracy on synthetic images.")
    synthetic_worst_group: Text | None = about("The group that has it.")
    synthetic_balanced_accuracy: Double | None = about("Mean-group accuracy on synthetic images.")
    n_real: Int = about("Real training images, over all stages.")
    n_synthetic: Int = about("Synthetic training images.")
    wanted: Int = about("Synthetic images that the mixture wanted.")
    shortfall: Int = about("How many of them there were not.")
    epochs: Int | None = about("Epoch of the last stage that was kept, from 1.")
    epochs_stage1: Int | None = about("The same of the first of two stages; null for DFR.")
    dfr_strength: Double | None = about("The C that DFR chose.")
    seconds: Double = about("Wall time, seconds.")
    excluded: Json = about("Names of the groups without a real test image.")
    parameters: Json = about("The spec that the result depends on: see StudySpec.")
    software: Json = about("Versions of the libraries that the result depends on.")


@dataclass(frozen=True)
class GroupAccuracyRow(_OfTrial):
    """A trial's accuracy on one group."""

    TABLE: ClassVar[str] = "study_groups"

    domain: Domain = about("`real` or `synthetic`: whose test images.")
    split: Split = about("Always `test`.")
    class_: Text = about("Class Y.")
    bias: Text | None = about("Bias B; null where synthetic images have no bias labels.")
    group: Text = about("The group in words.")
    n: Int = about("Test images.")
    correct: Int = about("How many were right.")
    accuracy: Double = about("Their share, 0 to 1.")
    low: Double = about("Its 95 % Wilson interval, 0 to 1.")
    high: Double = about("The same.")


@dataclass(frozen=True)
class CurveRow(_OfTrial):
    """One epoch of one learning rate of a trial."""

    TABLE: ClassVar[str] = "study_curves"

    stage: Text = about("`synthetic`, `real` or `mixed`.")
    epoch: Int = about("From 1.")
    rate: Double = about("Learning rate.")
    loss: Double | None = about("Mean training loss; null where it was no finite number.")
    valid_worst: Double = about("Worst-group accuracy on validation, 0 to 1.")
    valid_balanced: Double = about("Mean-group accuracy on validation, 0 to 1.")


@dataclass(frozen=True)
class SummaryRow:
    """One mixture under one objective, over all seeds."""

    TABLE: ClassVar[str] = "study_summary"

    version_id: Int | None = about("Dataset id of the synthetic images; null without any.")
    severity: Int = about("Corruption of the synthetic images, 0 to 5.")
    mixture: Mixture = about("How synthetic images entered training.")
    objective: Objective = about("What training minimised.")
    seeds: Int = about("Trials.")
    worst_mean: Double = about("Worst-group accuracy, mean over seeds, 0 to 1.")
    worst_sd: Double | None = about("Its standard deviation over seeds; null with one seed.")
    balanced_mean: Double = about("Mean-group accuracy, mean over seeds, 0 to 1.")
    balanced_sd: Double | None = about("Its standard deviation over seeds; null with one seed.")
    pooled_worst: Double = about("Lowest group accuracy after averaging over seeds, 0 to 1.")
    pooled_worst_n: Int = about("Test images of that group, each counted once.")
    pooled_low: Double = about("Its 95 % Wilson interval, 0 to 1.")
    pooled_high: Double = about("The same.")
    pooled_worst_group: Text = about("That group in words.")


@dataclass(frozen=True)
class BiasRow:
    """What the bias tells about the class in one training stage."""

    TABLE: ClassVar[str] = "study_bias"

    mixture: Mixture = about("The mixture; `none` is the real set.")
    version_id: Int | None = about("Dataset id of the synthetic images; null without any.")
    stage: Text = about("`synthetic`, `real` or `mixed`.")
    images: Int = about("Training images.")
    entropy: Double | None = about("H(Y), bits; null where bias labels are missing.")
    by_bias: Double | None = about("I(Y; B), bits.")
    by_bias_domain: Double | None = about("I(Y; (B, G)), bits.")
    sentence: Text = about("The same in words.")


@dataclass(frozen=True)
class UseRow:
    """Synthetic images that a mixture draws from one group."""

    TABLE: ClassVar[str] = "study_uses"

    mixture: Mixture = about("The mixture.")
    version_id: Int | None = about("Dataset id of the synthetic images.")
    class_: Text = about("Class Y.")
    bias: Text | None = about("Bias B; null where synthetic images have no bias labels.")
    synthetic: Int = about("Images drawn.")


@dataclass(frozen=True)
class ConfusionRow(_OfTrial):
    """Real test images of one group that were taken for one class."""

    TABLE: ClassVar[str] = "study_confusion"

    class_: Text = about("Class Y.")
    bias: Text = about("Bias B.")
    predicted: Text = about("The class they were taken for.")
    n: Int = about("Images.")


@dataclass(frozen=True)
class EmbeddingRow:
    """One test image on the map of a trained network's features."""

    TABLE: ClassVar[str] = "study_embedding"

    trial: Text = about("The trial whose network it is.")
    mixture: Mixture = about("Its mixture.")
    version_id: Int | None = about("Dataset id of the synthetic images; null without any.")
    row: Int = about("Row of the images table.")
    path: Text = about("POSIX, relative to the dataset's folder.")
    content_id: Text = about("Its content.")
    domain: Domain = about("`real` or `synthetic`.")
    class_: Text = about("Class Y.")
    bias: Text | None = about("Bias B, null where unknown.")
    x: Double = about("t-SNE.")
    y: Double = about("The same.")
    mixing: Double | None = about("How the domains mix on this map: 0 apart, 1 as chance has it.")


@dataclass(frozen=True)
class SaliencyRow:
    """Which parts of one image the score of its own class rests on (RISE)."""

    TABLE: ClassVar[str] = "study_saliency"

    trial: Text = about("The trial whose network it is.")
    mixture: Mixture = about("Its mixture.")
    version_id: Int | None = about("Dataset id of the synthetic images; null without any.")
    row: Int = about("Row of the images table.")
    path: Text = about("POSIX, relative to the dataset's folder.")
    class_: Text = about("Class Y.")
    predicted: Text = about("The class that the network takes it for.")
    height: Int = about("Rows of the map.")
    width: Int = about("Columns of the map.")
    map: Singles = about("Mean score over the masks that show a place, row by row, 0 to 1.")


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
"""The tables that a finetune job writes; ``outputs/<name>.parquet`` without ``study_``."""


def output_name(row: type) -> str:
    """The Parquet file of a study's table in ``outputs/``: ``trials.parquet`` for TrialRow."""
    return table_name(row).removeprefix("study_") + ".parquet"


# --- the verdict, as JSON -------------------------------------------------------------------------


@dataclass(frozen=True)
class MixtureVerdict:
    """One mixture against another under one objective, in ``verdict.json``.

    ``difference`` of worst-group accuracies (shares of 1) ± ``deviation`` over ``seeds``; ``p`` of
    the paired t test over seeds (null where there is none); ``low``, ``high``: 95 % bootstrap
    interval over test images; ``p_images``: McNemar's exact test on the images of the baseline's
    worst group; ``text`` says it in words.
    """

    version_id: int | None
    severity: int
    mixture: Mixture
    baseline: Mixture
    objective: Objective
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
    """``verdict.json``: every comparison of two mixtures, their sentences, and what to know."""

    verdicts: tuple[MixtureVerdict, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]


# --- the study itself -----------------------------------------------------------------------------


@dataclass(frozen=True)
class StudyRow:
    """A study that was asked for."""

    TABLE: ClassVar[str] = "studies"

    id: Int = about("Its number.", sql="PRIMARY KEY DEFAULT nextval('study_ids')")
    name: Text = about("What it is called on screen.")
    real_id: Int = about("Dataset id of the real images.")
    version_ids: Json = about("Dataset ids of the versions, in order.")
    parameters: Json = about("The parameters that were asked for: see StudySpec.")
    status: RecordStatus = about("`waiting`, `done` or `failed`.")
    job_id: Text | None = about("The job that makes it.")
    created_at: Time = about("When it was asked for.")
    finished_at: Time | None = about("When it was done.")
    software: Json | None = about("Versions of what the numbers depend on.")
    verdict: Json | None = about("Its sentences and comparisons: see StudyVerdict.")
    removed_at: Time | None = about("When the user removed it; null: it is there.")


@dataclass(frozen=True)
class StudyRecord:
    """The columns of :class:`StudyRow`, JSON read."""

    id: int
    name: str
    real_id: int
    version_ids: list[int]
    parameters: Mapping[str, Any]
    status: RecordStatus
    job_id: str | None
    created_at: datetime
    finished_at: datetime | None
    software: Mapping[str, str]
    verdict: Mapping[str, Any]
    removed_at: datetime | None = None
