"""Search: the images most like one image of the workspace, an image from elsewhere or a phrase, and
those whose file name holds some letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from core.contracts.catalog import Dataset
from core.contracts.framings import views_of
from core.contracts.requests import QueryRequest
from core.contracts.search import FoundImage
from core.contracts.specs import from_json
from core.contracts.words import Framing, View
from core.encoders import registry
from core.errors import InputError
from core.files import write_bytes
from core.images.content import content_id as content_of
from core.jobs.query.prepare import image_aside
from core.store import dataset_table
from core.store import search as stored
from core.workspace.context import Context
from core.workspace.job_queue import Jobs

NAMES = 500  # images that a search by name gives at most


class Search:
    """Finding images in one workspace."""

    def __init__(self, context: Context, jobs: Jobs) -> None:
        self._context = context
        self._db = context.db
        self._jobs = jobs

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

    # --- by an image from elsewhere, by words -----------------------------------------------------

    def text_encoders(self) -> list[str]:
        """Encoders that know words, whose weights are on this machine, and under which images are
        embedded.
        """
        settings = self._context.settings
        return [
            one
            for one in self.encoders()
            if registry.knows_words(one) and registry.info(one, settings).ready
        ]

    def known(self, data: bytes) -> FoundImage | None:
        """The workspace's own image with these bytes, if there is one: it need not be embedded
        again.
        """
        return next(iter(self.files([content_of(data)])), None)

    def submit_image(self, data: bytes, encoder: str = "auto") -> str:
        """Start to embed an image file's bytes; the id of the job whose :meth:`answer` is asked
        for. Raises :class:`EncoderNotReady` where the encoder's weights are absent.
        """
        encoder = self._ready(encoder)
        content = content_of(data)
        self._context.check_writable()
        aside = image_aside(self._jobs.folder, content)
        aside.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(aside, data)
        request = QueryRequest(encoder, content_id=content, weights=self._context.weights)
        return self._jobs.submit(request, f"Embed an image to search by, with {encoder}")

    def submit_text(self, phrase: str, encoder: str = "auto") -> str:
        """Start to embed a phrase; the id of the job whose :meth:`answer` is asked for. Raises
        :class:`InputError` where no encoder that knows words is ready.
        """
        known = self.text_encoders()
        if encoder == "auto" and known:
            encoder = known[0]
        if encoder not in known:
            raise InputError(
                "Search by words needs a CLIP encoder under which these images are embedded",
                "Get the weights of one (Home page, encoders) and compare with it.",
            )
        request = QueryRequest(encoder, phrase=phrase.strip(), weights=self._context.weights)
        return self._jobs.submit(request, f"Embed a phrase to search by, with {encoder}")

    def answer(
        self, job_id: str, k: int = 10, *, datasets: Sequence[Dataset] | None = None
    ) -> list[FoundImage]:
        """The ``k`` images nearest to what a finished job embedded, nearest first."""
        request = from_json(QueryRequest, self._jobs.get(job_id).plan)
        outputs = self._jobs.path(job_id) / "outputs"
        query = {
            view: np.load(outputs / f"{view}.npy", allow_pickle=False) for view in request.views
        }
        found = stored.nearest(self._db, query, request.encoder, self._ids(datasets), k)
        return self.merged(found.values(), k)

    def by_image(
        self,
        file: str | Path,
        k: int = 10,
        *,
        datasets: Sequence[Dataset] | None = None,
        encoder: str = "auto",
    ) -> list[FoundImage]:
        """The ``k`` images most like an image file from anywhere; waits until it is embedded."""
        job_id = self.submit_image(Path(file).read_bytes(), encoder)
        self._jobs.wait(job_id)
        return self.answer(job_id, k, datasets=datasets)

    def by_text(
        self,
        phrase: str,
        k: int = 10,
        *,
        datasets: Sequence[Dataset] | None = None,
        encoder: str = "auto",
    ) -> list[FoundImage]:
        """The ``k`` images that a phrase describes best, by CLIP; waits until it is embedded."""
        job_id = self.submit_text(phrase, encoder)
        self._jobs.wait(job_id)
        return self.answer(job_id, k, datasets=datasets)

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

    def _ready(self, encoder: str) -> str:
        """The encoder to embed a query with. Raises :class:`EncoderNotReady`."""
        encoder = self._encoder(encoder, View.PLAIN)
        registry.require_ready(encoder, self._context.settings)
        return encoder

    def _encoder(self, encoder: str, view: View) -> str:
        if encoder != "auto":
            return registry.resolve(encoder, self._context.settings)
        there = stored.encoders_with(self._db, self._ids(None), view)
        if not there:
            raise InputError(
                "No image is embedded yet", "Compare two datasets: that embeds their images."
            )
        return there[0]
