"""What a comparison is told: its parameters, its spec, and the revision of the analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from core.contracts.specs import parameter
from core.contracts.words import Framing, View

ANALYSIS = 2
"""Raised by one whenever the analysis gives other numbers for the same input: older comparisons are
then kept as they are and not taken for an answer to the same question."""

# --- what a comparison is told --------------------------------------------------------------------


@dataclass(frozen=True)
class CompareParameters:
    """How a comparison looks. The help texts are what pages and documentation show."""

    framing: Framing = parameter(
        Framing.CENTRE,
        "Which part of each image is looked at. centre: the central square, so a 16:9 frame loses "
        "44 %. whole: all of it, squashed to a square. tiles: all of it in four or six parts, so "
        "that smaller things count and a gap says where in the frame it lies; takes four or six "
        "times as long.",
        choices=tuple(Framing),
    )
    n_neighbors: int = parameter(
        15,
        "Images that each image is tied to on the map. Larger values show the large lines, smaller "
        "ones the detail. 15 is UMAP's own default.",
        low=2,
        high=200,
    )
    map_cluster_size: int = parameter(
        15,
        "Smallest group that counts as a cluster on the map. Larger values give fewer clusters. 15 "
        "keeps the sample project's eight kinds apart.",
        low=2,
    )
    neighborhood: int = parameter(
        10,
        "Real neighbours with which an image is taken together before it is compared. Larger "
        "values forgive odd images and overlook small gaps. 10 was best or close to it for "
        "paintings and cartoons against photographs.",
        low=1,
    )
    smoothing: int = parameter(
        20,
        "Real neighbours over which an image's score is averaged. Larger values make the ranking "
        "steadier and overlook small gaps. 20 is a third of the smallest class it was measured on.",
        low=1,
    )
    min_cluster_size: int = parameter(
        0,
        "Smallest group of real images that is judged by itself. Larger values give fewer, larger "
        "gaps. 0 chooses three quarters of the square root of the number of real images, at least "
        "10.",
        low=0,
    )
    injected: int = parameter(
        12,
        "Gaps injected into your own data to test the judgement, those of the largest clusters "
        "first. Larger values test it more closely and take longer. 12 tells a judgement that "
        "finds half from one that finds all.",
        low=0,
    )
    reruns: int = parameter(
        4,
        "Times everything is done again with another seed and four fifths of the images. Their "
        "mean counts as much as the whole. Larger values make the judgement steadier and take "
        "longer.",
        low=0,
    )
    k: int = parameter(
        5,
        "Neighbours that precision, recall, density and coverage look at. Larger values make them "
        "more forgiving. 5 is the published default of the prdc package.",
        low=1,
    )
    concepts: tuple[str, ...] = parameter(
        (),
        "Phrases that gaps are explained in, with a CLIP encoder. More phrases find more to say "
        "and need larger differences. Empty: a list that suits street scenes and objects.",
    )


@dataclass(frozen=True)
class SideSpec:
    """One dataset of a comparison. ``file``: the stem of its input files; ``content``: a hash of
    its readable images and labels.
    """

    dataset_id: int
    version: str | None
    file: str
    content: str


@dataclass(frozen=True)
class CompareSpec:
    """The compare job. Its fingerprint (with the weights' hash and the analysis revision) names the
    answer: an equal fingerprint is an equal result.
    """

    KIND: ClassVar[str] = "compare"

    encoder: str = field()
    seed: int = field()
    real: SideSpec = field()
    versions: tuple[SideSpec, ...] = field()
    views: tuple[View, ...] = (View.PLAIN, View.SIMPLIFIED)
    parameters: CompareParameters = CompareParameters()
    previous: int | None = parameter(None, "The comparison whose map this one continues.")
    weights: str | None = parameter(None, "GAPSCOPE_WEIGHTS for this job.", identity=False)
