"""A comparison: every table it leaves; what it is told is in ``compare_spec``.

One real dataset against one or more versions, under one encoder and one set of parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from core.contracts.derive import (
    Double,
    Flag,
    Int,
    Json,
    Single,
    Text,
    Texts,
    Time,
    about,
)
from core.contracts.words import ClassSource, MetricScope, RecordStatus, Space, State

# --- what it leaves -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PointRow:
    """Where an image lies on each map: one row an image, the real ones first."""

    TABLE: ClassVar[str] = "points"

    dataset_id: Int = about("The dataset it belongs to.")
    path: Text = about("POSIX, relative to the dataset's folder.")
    content_id: Text = about("Its content.")
    x: Single = about("Map of all images as they are.")
    y: Single = about("The same.")
    x3: Single | None = about("The same in three dimensions.")
    y3: Single | None = about("The same.")
    z3: Single | None = about("The same.")
    cluster: Int = about("HDBSCAN cluster there, −1 for none.")
    ax: Single = about("Map of all images, domain-aligned.")
    ay: Single = about("The same.")
    ax3: Single | None = about("The same in three dimensions.")
    ay3: Single | None = about("The same.")
    az3: Single | None = about("The same.")
    acluster: Int = about("HDBSCAN cluster there, −1 for none.")
    sx: Single | None = about("Map of this dataset alone; null above 30,000 images.")
    sy: Single | None = about("The same.")
    scluster: Int = about("HDBSCAN cluster there, −1 for none.")
    real_cluster: Int = about("Cluster of the real images that is judged; −1 for synthetic images.")
    tag: Text | None = about("Likeliest ImageNet class; null without a head.")
    tag_confidence: Single | None = about("Its probability, 0 to 1.")
    zero_shot: Text | None = about("Likeliest class by CLIP; null without CLIP.")
    zero_shot_confidence: Single | None = about("Its probability, 0 to 1.")
    looks_real: Single | None = about(
        "Held-out probability of being real, by the two-sample classifier, 0 to 1."
    )


@dataclass(frozen=True)
class CoverageRow:
    """How a version covers a real image."""

    TABLE: ClassVar[str] = "coverage"

    version_id: Int = about("Dataset id of the version.")
    path: Text = about("The real image.")
    content_id: Text = about("Its content.")
    score: Double = about("Gap score: 0 as a typical covered group, 1 as a typical injected gap.")
    distance: Double = about("Cosine distance to the nearest synthetic image as it is, 0 to 2.")
    nearest_path: Text = about("That synthetic image.")
    nearest_id: Text = about("Its content.")
    nearest_ids: Texts = about("Contents of the five nearest synthetic images.")
    by_cluster: Flag = about("Its cluster is not covered.")
    by_score: Flag = about("Its own neighbourhood is not covered.")
    absent: Flag = about("On the list.")
    q: Double | None = about(
        "False-discovery rate of everything ranked at least this high, 0 to 1."
    )
    rank: Int = about("1 is the most absent.")
    cluster: Int = about("Cluster of real images it belongs to.")


@dataclass(frozen=True)
class LabelledCoverageRow(CoverageRow):
    """The same beside the labels of the real image: what lists for other tools are made of."""

    class_: Text | None = about("Class Y, null where unknown.")
    bias: Text | None = about("Bias B, null where unknown.")


@dataclass(frozen=True)
class TagEvidence:
    """An ImageNet class or family that a gap's images have more often than covered ones."""

    name: str
    share: float
    share_covered: float
    count: int
    size: int
    lift: float
    q: float
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class EffectEvidence:
    """An attribute or concept in which a gap's images differ. ``d``: Cohen's d with its
    interval.
    """

    name: str
    d: float
    low: float
    high: float
    delta: float
    p: float
    words: str
    n: int
    n_other: int


@dataclass(frozen=True)
class LabelEvidence:
    """A class or bias value over-represented in a gap."""

    kind: str
    name: str
    count: int
    size: int
    covered: int
    size_covered: int
    lift: float
    q: float

    @property
    def share(self) -> float:
        """Share of the gap's images."""
        return self.count / self.size


@dataclass(frozen=True)
class GapRow:
    """A cluster of real images as one version covers it."""

    TABLE: ClassVar[str] = "gaps"

    version_id: Int = about("Dataset id of the version.")
    cluster: Int = about("Cluster of real images.")
    size: Int = about("Real images in it.")
    absent: Int = about("Of them on the list.")
    n_synthetic: Double | None = about("Synthetic images that look most like it.")
    expected: Double | None = about("As many as would match its share of the real images.")
    low: Double | None = about("95 % interval of `n_synthetic` (Wilson).")
    high: Double | None = about("The same.")
    score: Double | None = about("Gap score of the cluster.")
    q: Double | None = about("Median q-value of its images.")
    stability: Double | None = about("Share of re-runs that list it, 0 to 1.")
    name: Text | None = about("What its images have in common, for a heading.")
    reason: Text | None = about("The same in a sentence or more.")
    tags: Json | None = about("ImageNet classes over-represented in it.", item=TagEvidence)
    attributes: Json | None = about("Attributes in which it differs.", item=EffectEvidence)
    concepts: Json | None = about("Concepts in which it differs (CLIP).", item=EffectEvidence)
    classes: Json | None = about("Labels over-represented in it.", item=LabelEvidence)


@dataclass(frozen=True)
class ClusterRow:
    """How many images of a dataset a cluster holds."""

    TABLE: ClassVar[str] = "clusters"

    space: Space = about("`joint`, `aligned` or `real`.")
    cluster: Int = about("The cluster's number in that space.")
    version_id: Int | None = about("Dataset id of a version; null: the real images.")
    n: Int = about("Images of that dataset in it.")
    covered: Flag | None = about("Whether the version covers it; null where that is not judged.")


@dataclass(frozen=True)
class VersionRow:
    """What is said of a version as a whole."""

    TABLE: ClassVar[str] = "versions"

    version_id: Int = about("Dataset id of the version.")
    version: Text = about("Its label.")
    position: Int = about("Its place in the comparison.")
    images: Int = about("Its embedded images.")
    absent: Int = about("Real images on the list.")
    absent_rate: Double = about("The same as a share, 0 to 1.")
    low: Double | None = about("95 % interval of the share.")
    high: Double | None = about("The same.")
    baseline_rate: Double | None = about(
        "Real-vs-real baseline: share listed of one real half against the other."
    )
    absent_by_cluster: Int = about("Real images in clusters that are not covered.")
    view: Text = about("Way of looking: `plain`, `joined`, `joined and simplified`.")
    threshold: Double = about("Gap score from which a cluster is absent.")
    injected: Int = about("Gaps injected to test the list.")
    recovered: Int = about("Of them found.")
    false_alarm_share: Double | None = about("Share of other images listed on the way, 0 to 1.")
    recall: Double | None = about("`recovered` / `injected`.")
    absolute: Flag = about("Whether the list can be relied on; false: only the ranking.")
    verdict: Text = about("The same in one sentence.")


@dataclass(frozen=True)
class MetricRow:
    """One measured number with its interval and its real-vs-real baseline."""

    TABLE: ClassVar[str] = "metrics"

    version_id: Int = about("Dataset id of the version.")
    scope: MetricScope = about("`all`, `class` or `without`.")
    part: Text | None = about("The class, or the cluster left out (null: none left out).")
    name: Text = about("Which metric.")
    value: Double | None = about("The number; null where it cannot be measured.")
    low: Double | None = about("95 % interval.")
    high: Double | None = about("The same.")
    n_real: Int = about("Real images it was measured on.")
    n_synthetic: Int = about("Synthetic images it was measured on.")
    baseline: Double | None = about(
        "The same number for real images in the version's place; null: see `note`."
    )
    baseline_low: Double | None = about("Its 95 % interval.")
    baseline_high: Double | None = about("The same.")
    seed: Int = about("Seed of samples and bootstraps.")
    parameters: Json | None = about("What else it depends on.")
    note: Text | None = about("Why there is no number, or what to know of it.")


@dataclass(frozen=True)
class ChangeRow:
    """How a real image's coverage changed from one version to another."""

    TABLE: ClassVar[str] = "changes"

    from_id: Int = about("Dataset id of the earlier version.")
    to_id: Int = about("Dataset id of the later version.")
    path: Text = about("The real image.")
    content_id: Text = about("Its content.")
    state: State = about("`closed`, `opened`, `open` or `covered`.")
    change: Double = about("Cosine distance by which the nearest synthetic image came nearer.")
    regressed: Flag = about("Opened here, and had closed between two versions before.")
    before_path: Text = about("Nearest synthetic image of the earlier version.")
    before_id: Text = about("Its content.")
    after_path: Text = about("Nearest synthetic image of the later version.")
    after_id: Text = about("Its content.")
    cluster: Int = about("Cluster of real images it belongs to.")


@dataclass(frozen=True)
class SelfTestRow:
    """One gap injected into the user's own data, and what the list made of it."""

    TABLE: ClassVar[str] = "selftest"

    version_id: Int = about("Dataset id of the version.")
    view: Text = about("Way of looking.")
    threshold: Double = about("Gap score from which a cluster is absent.")
    injected_cluster: Int = about("Cluster of real images whose like was hidden.")
    seed: Int = about("Seed of the run.")
    size: Int = about("Real images in the cluster.")
    hidden: Int = about("Synthetic images hidden for it.")
    auroc: Double = about("How well its images rank above all others, 0 to 1.")
    recovered: Flag = about("Whether the cluster was listed.")
    false_alarm_share: Double = about("Share of other images newly listed, 0 to 1.")


@dataclass(frozen=True)
class SplitRow:
    """A class whose real and synthetic images live in different clusters."""

    TABLE: ClassVar[str] = "splits"

    class_: Text = about("The class.")
    source: ClassSource = about("Where the class comes from: `label`, `zero_shot` or `tag`.")
    version_id: Int = about("Dataset id of the version.")
    n_real: Int = about("Real images of the class.")
    n_synthetic: Int = about("Synthetic images of the class.")
    separation: Double | None = about("0: as random labels would be spread; 1: no cluster shared.")
    real_cluster: Int | None = about("Where most of the real ones are.")
    synthetic_cluster: Int | None = about("Where most of the synthetic ones are.")
    note: Text | None = about("Why there is no number.")


RESULT_ROWS: tuple[type, ...] = (
    PointRow,
    CoverageRow,
    GapRow,
    ClusterRow,
    VersionRow,
    MetricRow,
    ChangeRow,
    SelfTestRow,
    SplitRow,
)
"""The tables that a compare job writes, in the order in which they are ingested."""


@dataclass(frozen=True)
class ComparisonRow:
    """A comparison that was asked for."""

    TABLE: ClassVar[str] = "comparisons"

    id: Int = about("Its number.", sql="PRIMARY KEY DEFAULT nextval('comparison_ids')")
    name: Text = about("What it is called on screen.")
    encoder: Text = about("The encoder's id.")
    seed: Int = about("Its seed.")
    real_id: Int = about("Dataset id of the real images.")
    version_ids: Json = about("Dataset ids of the versions, in order.")
    parameters: Json = about("The parameters that were asked for: see CompareParameters.")
    fingerprint: Text | None = about(
        "Of spec, contents, weights and analysis: equal, equal result."
    )
    real_fingerprint: Text | None = about("Of the real images alone.")
    status: RecordStatus = about("`waiting`, `done` or `failed`.")
    job_id: Text | None = about("The job that makes it.")
    created_at: Time = about("When it was asked for.")
    finished_at: Time | None = about("When it was done.")
    software: Json | None = about("Versions of what the numbers depend on, `analysis` among them.")
    seconds: Json | None = about("Seconds by stage.")


@dataclass(frozen=True)
class ComparisonRecord:
    """The columns of :class:`ComparisonRow`, JSON read."""

    id: int
    name: str
    encoder: str
    seed: int
    real_id: int
    version_ids: list[int]
    parameters: Mapping[str, Any]
    fingerprint: str | None
    real_fingerprint: str | None
    status: RecordStatus
    job_id: str | None
    created_at: datetime
    finished_at: datetime | None
    software: Mapping[str, str]
    seconds: Mapping[str, float]
