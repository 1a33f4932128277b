"""What a search finds, and the job that embeds what is searched by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from core.contracts.specs import parameter
from core.contracts.words import View


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


@dataclass(frozen=True)
class QuerySpec:
    """Embed what is searched by: ``phrase``, or, where that is null, the file ``inputs/image`` in
    these views, whose content is ``content_id``.
    """

    KIND: ClassVar[str] = "query"

    encoder: str = field()
    phrase: str | None = None
    content_id: str | None = None
    views: tuple[View, ...] = (View.PLAIN,)
    weights: str | None = parameter(None, "GAPSCOPE_WEIGHTS for this job.")
