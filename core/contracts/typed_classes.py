"""Zero-shot classes among names that the user typed: what the job is told, what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.contracts.derive import Double, Int, Single, Text, Texts, about
from core.contracts.words import View


@dataclass(frozen=True)
class ClassesSpec:
    """Give each image the likeliest of the typed names.

    ``names``: a line each, as typed. ``datasets``: by id, the real one first; the files of dataset
    i are ``dII.parquet`` (content_id) and ``dII-<view>.npy``, a row a content; ``points.parquet``
    (dataset_id, content_id, class, cluster) has every image of the comparison.
    """

    KIND: ClassVar[str] = "classes"

    encoder: str
    names: tuple[str, ...]
    datasets: tuple[int, ...]
    views: tuple[View, ...] = (View.PLAIN,)
    weights: str | None = None


@dataclass(frozen=True)
class TypedNameRow:
    """A class name that the user typed for a comparison, in the order typed."""

    TABLE: ClassVar[str] = "typed_names"

    position: Int = about("Its place in the list, from 0.")
    name: Text = about("The name.")
    words: Texts = about("What it was sought by: the name, or what stood behind its `=`.")
    matched: Texts | None = about("ImageNet classes that belong to it; null where CLIP read words.")
    encoder: Text = about("Whose vectors the classes were made from.")

    @property
    def unmatched(self) -> bool:
        """Whether no image can get this name, because no ImageNet class belongs to it."""
        return self.matched is not None and not self.matched


@dataclass(frozen=True)
class TypedClassRow:
    """The likeliest of the typed names for a content."""

    TABLE: ClassVar[str] = "typed_classes"

    content_id: Text = about("The content.")
    class_: Text | None = about("The name; null where the image shows none of them.")
    confidence: Single | None = about(
        "Its probability, 0 to 1: by CLIP among the typed names, by an ImageNet head among all of "
        "its classes."
    )


@dataclass(frozen=True)
class TypedAccuracyRow:
    """One typed name in one version: how many images have it, how often it is the label, and how
    far apart its real and synthetic images live on the map.
    """

    TABLE: ClassVar[str] = "typed_accuracy"

    version_id: Int = about("Dataset id of the version.")
    name: Text = about("The name.")
    n_real: Int = about("Real images with this zero-shot class.")
    n_synthetic: Int = about("Synthetic images with this zero-shot class.")
    labelled_real: Int = about("Real images with this label.")
    correct_real: Int = about("Those of them whose zero-shot class is the label.")
    labelled_synthetic: Int = about("Synthetic images with this label.")
    correct_synthetic: Int = about("Those of them whose zero-shot class is the label.")
    separation: Double | None = about(
        "0: its real and synthetic images share the map's clusters as random labels would; 1: they "
        "share none; null where a side has fewer than five in clusters. By label where both sides "
        "have it, else by zero-shot class."
    )


TYPED_ROWS: tuple[type, ...] = (TypedNameRow, TypedClassRow, TypedAccuracyRow)
