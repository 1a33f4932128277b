"""What a search finds, and the job that embeds what is searched by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FoundImage:
    """An image that a search found. ``dataset_id``, ``path``: one file that has the content;
    ``distance``: mean cosine distance to what was searched by, 0 to 2; None where nothing was
    measured.
    """

    dataset_id: int
    path: str
    content_id: str
    distance: float | None = None
