"""Search: the images most like one image, and those whose file name holds some letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.contracts.catalog import Dataset
from core.contracts.framings import views_of
from core.contracts.search import FoundImage
from core.contracts.words import Framing, View
from core.encoders import registry
from core.errors import InputError
from core.store import dataset_table
from core.store import search as stored
from core.workspace.context import Context

NAMES = 500  # images that a search by name gives at most


class Search:
    """Finding images in one workspace."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._db = context.db

    def image(self, dataset: Dataset, path: str) -> FoundImage:
        """A readable image of a dataset by its path. Raises :class:`InputError` where there is
        none.
        """
        found = next(
            (one for one in self.by_name(path, [dataset], limit=NAMES) if one.path == path), None
        )
        if found is None:
            raise InputError(
                f"{dataset.label} has no readable image {path!r}",
                "Paths are relative to the dataset's folder; scan it again if they are new.",
            )
        return found

    def files(self, content_ids: Iterable[str]) -> list[FoundImage]:
        """Every readable file with one of these contents."""
        return stored.by_contents(self._db, list(content_ids))

    def by_name(
        self, part: str, datasets: Sequence[Dataset] | None = None, limit: int = NAMES
    ) -> list[FoundImage]:
        """Readable images whose path holds ``part``, capitals aside; of these datasets, or all."""
        return stored.by_name(self._db, part.strip(), self._ids(datasets), limit)

    def encoders(
        self, datasets: Sequence[Dataset] | None = None, framing: Framing = Framing.CENTRE
    ) -> list[str]:
        """Encoders under which images of these datasets (or all) are embedded, most images
        first.
        """
        view = views_of(framing, simplified=False)[0]
        return stored.encoders_with(self._db, self._ids(datasets), view)

    def nearest(
        self,
        content_id: str,
        k: int = 10,
        *,
        datasets: Sequence[Dataset] | None = None,
        encoder: str = "auto",
        framing: Framing = Framing.CENTRE,
    ) -> dict[int, list[FoundImage]]:
        """The ``k`` images of each dataset (these, or all) that are most like one content, nearest
        first, by dataset id. Exact, in the stored vectors of ``encoder`` (``auto``: the one with
        the most images); the content itself is left out.

        Raises :class:`InputError` where the content has no vector under the encoder.
        """
        views = views_of(framing, simplified=False)
        encoder = self._encoder(encoder, views[0])
        query = stored.vectors_of(self._db, content_id, encoder, views)
        if len(query) < len(views):
            raise InputError(
                f"This image is not embedded under {encoder}",
                "Embed its dataset under that encoder, or choose another one.",
            )
        return stored.nearest(self._db, query, encoder, self._ids(datasets), k, without=content_id)

    def alike(
        self,
        content_id: str,
        k: int = 10,
        *,
        datasets: Sequence[Dataset] | None = None,
        encoder: str = "auto",
        framing: Framing = Framing.CENTRE,
    ) -> list[FoundImage]:
        """The ``k`` images of all these datasets together that are most like one content, nearest
        first. See :meth:`nearest`.
        """
        by_dataset = self.nearest(
            content_id, k, datasets=datasets, encoder=encoder, framing=framing
        )
        return self.merged(by_dataset.values(), k)

    @staticmethod
    def merged(lists: Iterable[Sequence[FoundImage]], k: int) -> list[FoundImage]:
        """The ``k`` nearest of several lists, nearest first, each content once."""
        every = sorted(
            (one for part in lists for one in part),
            key=lambda one: (one.distance if one.distance is not None else 0.0, one.path),
        )
        kept = {one.content_id: one for one in reversed(every)}  # of copies, the first
        return [one for one in every if kept[one.content_id] is one][:k]

    # --- inside -----------------------------------------------------------------------------------

    def _ids(self, datasets: Sequence[Dataset] | None) -> list[int]:
        chosen = dataset_table.datasets(self._db) if datasets is None else datasets
        return [dataset.id for dataset in chosen]

    def _encoder(self, encoder: str, view: View) -> str:
        if encoder != "auto":
            return registry.resolve(encoder, self._context.settings)
        there = stored.encoders_with(self._db, self._ids(None), view)
        if not there:
            raise InputError(
                "No image is embedded yet", "Compare two datasets: that embeds their images."
            )
        return there[0]
