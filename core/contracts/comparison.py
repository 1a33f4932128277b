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
from core.contracts.framings import framing_of
from core.contracts.words import (
    ClassSource,
    DecidedBy,
    Framing,
    GroupKind,
    MetricScope,
    RecordStatus,
    Space,
    State,
    Tier,
)

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
    unit: Int | None = about(
        "Sequence of near-identical images of this dataset that it belongs to; null where an "
        "earlier Gapscope made the comparison."
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
    tier: Tier = about("`absent`, `thin`, `covered` or `cannot tell`: that of its group.")
    absent: Flag = about("On the list.")
    single: Flag = about("Odd by itself: far from every synthetic image, in no group of its like.")
    outside: Flag = about("Outside every cluster of the joint map that holds synthetic images.")
    outside_aligned: Flag = about("The same on the domain-aligned map.")
    q: Double | None = about(
        "False-discovery rate of everything ranked at least this high, 0 to 1."
    )
    rank: Int = about("1 is the most absent.")
    cluster: Int = about("Cluster of real images it belongs to.")
    group_id: Text = about("The group that its tier is from.")


@dataclass(frozen=True)
class LabelledCoverageRow(CoverageRow):
    """The same beside the labels of the real image: what lists for other tools are made of."""

    class_: Text | None = about("Class Y, null where unknown.")
    bias: Text | None = about("Bias B, null where unknown.")


# What is said of a group is chosen on one half of its images and measured on the other
# (core.analysis.explain.held_out). There are no p-values: the group was made from the same images.
# What an earlier release stored has no interval of its lift.


@dataclass(frozen=True)
class TagEvidence:
    """An ImageNet class or family that a gap's images have more often than covered ones.

    ``count`` of ``size`` images of the half that measures; ``lift``: log odds ratio to the covered
    images, with its 95 % interval.
    """

    name: str
    share: float
    share_covered: float
    count: int
    size: int
    lift: float
    low: float | None = None
    high: float | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class EffectEvidence:
    """An attribute or concept in which a gap's images differ.

    ``d``: Cohen's d with its 95 % interval; ``delta``: Cliff's delta; ``n``, ``n_other``: images of
    the half that measures.
    """

    name: str
    d: float
    low: float
    high: float
    delta: float
    words: str
    n: int
    n_other: int


@dataclass(frozen=True)
class LabelEvidence:
    """A class or bias value over-represented in a gap.

    ``count`` of ``size`` and ``covered`` of ``size_covered`` are all images; ``lift``: log odds
    ratio on the half that measures, with its 95 % interval.
    """

    kind: str
    name: str
    count: int
    size: int
    covered: int
    size_covered: int
    lift: float
    low: float | None = None
    high: float | None = None

    @property
    def share(self) -> float:
        """Share of the gap's images."""
        return self.count / self.size


@dataclass(frozen=True)
class GroupRow:
    """What a version shows of a group of real images: a cluster, or all that share a label."""

    TABLE: ClassVar[str] = "groups"

    version_id: Int = about("Dataset id of the version.")
    group_id: Text = about("Its key: `cluster:3`, `class:horse`.")
    kind: GroupKind = about("`cluster` or `label`.")
    cluster: Int | None = about("Cluster of real images; null for a label.")
    column: Text | None = about("Column of the label; null for a cluster.")
    value: Text | None = about("The label; null for a cluster.")
    size: Int = about("Real images in it.")
    own: Int = about("Of them those whose tier is from it: a label that is a gap takes its images.")
    tier: Tier = about("`absent`, `thin`, `covered` or `cannot tell`.")
    decided_by: DecidedBy = about("`counts` of a label or `vectors`.")
    reason: Text = about("Why, in a sentence.")
    probability: Double | None = about("Calibrated probability that it is absent, 0 to 1.")
    q: Double | None = about("Expected share of false ones among groups said absent this surely.")
    absent: Int = about("Its own images on the list.")
    rendered: Double | None = about("Synthetic images of it: of that label, or most like it.")
    expected: Double | None = about("As many as would match its share of the real images.")
    low: Double | None = about("95 % interval of `rendered` (Wilson).")
    high: Double | None = about("The same.")
    score: Double | None = about("Gap score of the cluster.")
    stability: Double | None = about("Share of re-runs that say absent, 0 to 1.")
    name: Text | None = about("What its images have in common, for a heading.")
    explanation: Text | None = about("The same in a sentence or more.")
    tags: Json | None = about("ImageNet classes over-represented in it.", item=TagEvidence)
    attributes: Json | None = about("Attributes in which it differs.", item=EffectEvidence)
    concepts: Json | None = about("Concepts in which it differs (CLIP).", item=EffectEvidence)
    classes: Json | None = about("Labels over-represented in it.", item=LabelEvidence)


@dataclass(frozen=True)
class LabelCountRow:
    """Real against rendered images of one label, where both sides know it."""

    TABLE: ClassVar[str] = "label_counts"

    version_id: Int = about("Dataset id of the version.")
    column: Text = about("`class`, `bias` or any other column of the label table.")
    value: Text = about("The label.")
    real: Int = about("Real images of it.")
    rendered: Int = about("Synthetic images of it.")
    share_real: Double = about("Share of the labelled real images, 0 to 1.")
    share_rendered: Double = about("Share of the labelled synthetic images, 0 to 1.")
    expected: Double = about("Synthetic images that would match the real share.")
    low: Double = about("95 % interval of `share_rendered` (Wilson).")
    high: Double = about("The same.")
    tier: Tier = about("`absent`, `thin`, `covered` or `cannot tell`.")
    reason: Text = about("Why, in a sentence.")


@dataclass(frozen=True)
class LabelNoteRow:
    """What to know of a label's column: why it is not counted, or how many images lack it."""

    TABLE: ClassVar[str] = "label_notes"

    version_id: Int = about("Dataset id of the version.")
    column: Text = about("Column of the label table.")
    note: Text = about("The note, in a sentence.")


@dataclass(frozen=True)
class SurplusRow:
    """A synthetic image that no real image is near."""

    TABLE: ClassVar[str] = "surplus"

    version_id: Int = about("Dataset id of the version.")
    path: Text = about("The synthetic image.")
    content_id: Text = about("Its content.")
    score: Double = about("Surplus score: 0 as a typical synthetic image, 1 as far as a gap is.")
    distance: Double = about("Cosine distance to the nearest real image as it is, 0 to 2.")
    nearest_path: Text = about("That real image.")
    nearest_id: Text = about("Its content.")
    group: Int = about("The surplus group it belongs to.")
    rank: Int = about("1 is the farthest.")


@dataclass(frozen=True)
class SurplusGroupRow:
    """Synthetic images of one kind that no real image is near: renders that are wasted."""

    TABLE: ClassVar[str] = "surplus_groups"

    version_id: Int = about("Dataset id of the version.")
    group: Int = about("Its number, the largest first.")
    size: Int = about("Synthetic images in it.")
    share: Double = about("Share of the version, 0 to 1.")
    score: Double = about("Mean surplus score.")
    name: Text | None = about("What its images have in common, for a heading.")
    explanation: Text | None = about("The same in a sentence or more.")


@dataclass(frozen=True)
class ClusterRow:
    """How many images of a dataset a cluster holds."""

    TABLE: ClassVar[str] = "clusters"

    space: Space = about("`joint`, `aligned` or `real`.")
    cluster: Int = about("The cluster's number in that space.")
    version_id: Int | None = about("Dataset id of a version; null: the real images.")
    n: Int = about("Images of that dataset in it.")
    covered: Flag | None = about("Whether the version covers it; null where that is not judged.")
    surplus: Flag | None = about(
        "Joint spaces: whether practically no real image is in it; null where that is not judged."
    )


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
    low: Double | None = about("What 95 % of re-runs list at least.")
    high: Double | None = about("And at most.")
    baseline_rate: Double | None = about(
        "Real-vs-real baseline: share listed of one real half against the other."
    )
    thin: Int = about("Real images in thin groups.")
    cannot_tell: Int = about("Real images in groups of which it cannot be told.")
    singles: Int = about("Real images that are odd by themselves.")
    outside: Int = about("Real images outside every joint cluster with synthetic images.")
    outside_aligned: Int = about("The same on the domain-aligned map.")
    surplus: Int = about("Synthetic images that no real image is near.")
    view: Text = about("What was compared: `plain` vectors, or both views `joined`.")
    look: Double | None = about("Strength of the look: 0.6 none, 1.1 paintings, 1.3 cartoons.")
    nearness: Double | None = about("How near the look is, 0 far to 1 near.")
    injected: Int = about("Gaps injected in full to test the judgement.")
    recovered: Int = about("Of them found.")
    false_alarm_share: Double | None = about("Share of other images listed on the way, 0 to 1.")
    recall: Double | None = about("`recovered` / `injected`.")
    judged: Flag = about("Whether the version can be judged; false: only the ranking is given.")
    verdict: Text = about("What is said of the version, in one sentence.")
    obstacle: Text | None = about("Why it cannot be judged; null where it can.")


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
    """One gap injected into the user's own data, and what was said of it."""

    TABLE: ClassVar[str] = "selftest"

    version_id: Int = about("Dataset id of the version.")
    view: Text = about("What was compared.")
    strength: Double = about("Share of its kind that was hidden, 0 to 1.")
    injected_cluster: Int = about("Cluster of real images whose like was hidden.")
    seed: Int = about("Seed of the run.")
    size: Int = about("Real images in the cluster.")
    hidden: Int = about("Synthetic images hidden for it.")
    auroc: Double = about("How well its images rank above all others, 0 to 1.")
    tier: Tier = about("What was said of it then.")
    recovered: Flag = about("Whether that is absent or thin.")
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
    GroupRow,
    LabelCountRow,
    LabelNoteRow,
    SurplusRow,
    SurplusGroupRow,
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
    removed_at: Time | None = about("When the user removed it; null: it is there.")


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
    removed_at: datetime | None = None

    @property
    def seen_by(self) -> str:
        """The encoder, and the framing where it is not the usual one: `lite0, tiles 2x2`."""
        framing = framing_of(self.parameters)
        return self.encoder if framing == Framing.CENTRE else f"{self.encoder}, {framing}"
