"""Enumerations: the values that code compares, each with the word that is stored and shown."""

from __future__ import annotations

from enum import StrEnum


class Domain(StrEnum):
    """Where an image comes from."""

    REAL = "real"
    SYNTHETIC = "synthetic"


class ImageStatus(StrEnum):
    """Whether a file's image can be used."""

    OK = "ok"
    UNREADABLE = "unreadable"


class Framing(StrEnum):
    """Which part of its images a comparison looks at."""

    CENTRE = "centre"
    WHOLE = "whole"
    TILES_2X2 = "tiles 2x2"
    TILES_3X2 = "tiles 3x2"


class View(StrEnum):
    """What of an image is shown to the encoder: one stored vector each.

    ``plain`` and ``simplified``: the central square; ``whole``: the whole frame; ``tile-…``: one
    tile of it, counted by rows from the upper left (columns x rows). What a framing is made of
    stands in :mod:`core.contracts.framings`.
    """

    PLAIN = "plain"
    SIMPLIFIED = "simplified"
    WHOLE = "whole"
    WHOLE_SIMPLIFIED = "whole-simplified"
    TILE_2X2_1 = "tile-2x2-1"
    TILE_2X2_2 = "tile-2x2-2"
    TILE_2X2_3 = "tile-2x2-3"
    TILE_2X2_4 = "tile-2x2-4"
    TILE_2X2_1_SIMPLIFIED = "tile-2x2-1-simplified"
    TILE_2X2_2_SIMPLIFIED = "tile-2x2-2-simplified"
    TILE_2X2_3_SIMPLIFIED = "tile-2x2-3-simplified"
    TILE_2X2_4_SIMPLIFIED = "tile-2x2-4-simplified"
    TILE_3X2_1 = "tile-3x2-1"
    TILE_3X2_2 = "tile-3x2-2"
    TILE_3X2_3 = "tile-3x2-3"
    TILE_3X2_4 = "tile-3x2-4"
    TILE_3X2_5 = "tile-3x2-5"
    TILE_3X2_6 = "tile-3x2-6"
    TILE_3X2_1_SIMPLIFIED = "tile-3x2-1-simplified"
    TILE_3X2_2_SIMPLIFIED = "tile-3x2-2-simplified"
    TILE_3X2_3_SIMPLIFIED = "tile-3x2-3-simplified"
    TILE_3X2_4_SIMPLIFIED = "tile-3x2-4-simplified"
    TILE_3X2_5_SIMPLIFIED = "tile-3x2-5-simplified"
    TILE_3X2_6_SIMPLIFIED = "tile-3x2-6-simplified"


class JobKind(StrEnum):
    """Long work outside the page."""

    SAMPLE = "sample"
    SCAN = "scan"
    EMBED = "embed"
    COMPARE = "compare"
    SPECTRUM = "spectrum"
    ENCODERS = "encoders"
    QUERY = "query"
    CLASSES = "classes"
    FINETUNE = "finetune"


class JobStatus(StrEnum):
    """How a job stands. ``interrupted``: its process went away."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Outcome(StrEnum):
    """How a task ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RecordStatus(StrEnum):
    """How a comparison or study stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class State(StrEnum):
    """How a real image's coverage changed from one version to another."""

    CLOSED = "closed"
    OPENED = "opened"
    OPEN = "open"
    COVERED = "covered"


class Verdict(StrEnum):
    """Whether a version is better than another. It cannot be told where one cannot be judged."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "no clear difference"
    CANNOT_TELL = "cannot tell"


class Tier(StrEnum):
    """What a version shows of a group of real images, or of one of them."""

    ABSENT = "absent"
    THIN = "thin"
    COVERED = "covered"
    CANNOT_TELL = "cannot tell"


class GroupKind(StrEnum):
    """What is judged as one: a cluster of real images, or those that share a label."""

    CLUSTER = "cluster"
    LABEL = "label"


class DecidedBy(StrEnum):
    """What a group's tier rests on: the counts of a label that both sides know, or the vectors."""

    COUNTS = "counts"
    VECTORS = "vectors"


class Mark(StrEnum):
    """The engineer's word on a real image or a group of them."""

    COVERED = "covered after all"
    IGNORED = "does not matter"
    MATTERS = "matters"


class Combination(StrEnum):
    """How two selections become one."""

    AND = "and"
    OR = "or"
    WITHOUT = "without"


class MetricScope(StrEnum):
    """Which images a metric was measured on: all, one class, or all without one cluster (what that
    cluster contributes). The row's ``part`` names the class or cluster.
    """

    ALL = "all"
    CLASS = "class"
    WITHOUT = "without"


class Space(StrEnum):
    """Where clusters were found: in all images as they are, domain-aligned, or in the real images
    alone.
    """

    JOINT = "joint"
    ALIGNED = "aligned"
    REAL = "real"


class ClassSource(StrEnum):
    """Where an image's class comes from: the user's label, CLIP's zero-shot class, the ImageNet
    head's tag.
    """

    LABEL = "label"
    ZERO_SHOT = "zero_shot"
    TAG = "tag"
