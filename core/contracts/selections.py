"""What the user says of images, by content: tags, a note, and selections with a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from core.contracts.derive import Int, Text, Time, about
from core.contracts.words import Domain


@dataclass(frozen=True)
class TagRow:
    """A tag on an image: it is on every file with this content."""

    TABLE: ClassVar[str] = "image_tags"

    content_id: Text = about("The image's content.")
    tag: Text = about("The word.")
    created_at: Time = about("When it was set.")


@dataclass(frozen=True)
class NoteRow:
    """The note on an image: one for each content."""

    TABLE: ClassVar[str] = "image_notes"

    content_id: Text = about("The image's content.")
    note: Text = about("The text.")
    changed_at: Time = about("When it was last changed.")


@dataclass(frozen=True)
class SelectionRow:
    """A set of images that was given a name."""

    TABLE: ClassVar[str] = "selections"

    id: Int = about("Its number.", sql="PRIMARY KEY DEFAULT nextval('selection_ids')")
    name: Text = about("What the user calls it; no two share a name.")
    created_at: Time = about("When it was saved.")


@dataclass(frozen=True)
class SelectionImageRow:
    """An image of a selection."""

    TABLE: ClassVar[str] = "selection_images"

    selection_id: Int = about("The selection it belongs to.")
    content_id: Text = about("The image's content.")


@dataclass(frozen=True)
class SelectedRow:
    """One file of a selection, as it is handed out."""

    TABLE: ClassVar[str] = "selected"

    dataset: Text = about("Name of the dataset.")
    domain: Domain = about("`real` or `synthetic`.")
    version: Text | None = about("The renderer release of a synthetic image.")
    path: Text = about("POSIX, relative to the dataset's folder.")
    folder: Text = about("The dataset's folder.")
    content_id: Text = about("Its content.")
    class_: Text | None = about("Class Y, null where unknown.")
    bias: Text | None = about("Bias B, null where unknown.")
    tags: Text | None = about("Its tags, with a comma between.")
    note: Text | None = about("The note on it.")


# --- as Python sees them --------------------------------------------------------------------------


@dataclass(frozen=True)
class Selection:
    """A selection that was saved, and how many images (contents) it holds."""

    id: int
    name: str
    created_at: datetime
    images: int


@dataclass(frozen=True)
class SelectionInVersion:
    """A selection as one version of a comparison stands to it: its real images by what the
    judgement says of them, with their mean gap score (None without any), and its synthetic images
    that are this version's.
    """

    version_id: int
    version: str
    real: int
    absent: int
    thin: int
    covered: int
    cannot_tell: int
    score: float | None
    synthetic: int
