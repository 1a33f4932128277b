"""Datasets: image folders, their labels and files, scanning and embedding them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.contracts.catalog import Dataset, ImageRow
from core.contracts.listing import ImageOrder, ListedImage
from core.contracts.requests import BOTH_VIEWS, EmbedRequest, ScanRequest
from core.contracts.words import Domain, ImageStatus, View
from core.encoders import registry
from core.errors import InputError
from core.images import labels as label_sources
from core.images import roots, scan
from core.images.decode import UnreadableImage, decode
from core.images.full import FullImage as FullImage
from core.images.full import full_image
from core.images.roots import FolderListing as FolderListing
from core.images.thumbnails import SIZE, thumbnail
from core.store import comparison_table, dataset_table, embeddings, removal
from core.store.listing import listing
from core.store.removal import Thing
from core.workspace.context import Context
from core.workspace.dataset_summary import DatasetSummary, read_summary
from core.workspace.job_queue import Jobs

# inside the class, ``list`` is its method
Paths = list[str]
Listed = list[ListedImage]


class Datasets:
    """The datasets of one workspace."""

    def __init__(self, context: Context, jobs: Jobs) -> None:
        self._context = context
        self._db = context.db
        self._jobs = jobs

    # --- which there are --------------------------------------------------------------------------

    def list(self, domain: Domain | str | None = None) -> list[Dataset]:
        """All datasets (of one domain): the real ones, and the versions in their order."""
        return [one for one in dataset_table.datasets(self._db) if domain in (None, one.domain)]

    def get(self, dataset_id: int) -> Dataset:
        """One dataset by id."""
        dataset = dataset_table.dataset(self._db, dataset_id)
        if dataset is None:
            raise InputError(
                f"There is no dataset {dataset_id} in this workspace",
                "Add it on the Datasets page.",
            )
        return dataset

    def add(
        self,
        folder: str | Path,
        *,
        domain: str,
        version: str | None = None,
        name: str | None = None,
        labels: str | None = None,
    ) -> Dataset:
        """Add an image folder, or find it again if it is there already.

        ``domain`` is ``real`` or ``synthetic``; a synthetic dataset needs a ``version`` name of its
        own (default: the folder's name). ``labels``: a path pattern such as ``{class}/{bias}/*``,
        or a CSV / Parquet table. Raises :class:`InputError` for a folder that is missing,
        unreadable or outside the roots, and for a version name that another folder uses.
        """
        self._context.check_writable()
        if domain not in list(Domain):
            raise InputError(
                f"A domain is 'real' or 'synthetic', not {domain!r}", "Choose one of the two."
            )
        side = Domain(domain)
        resolved = roots.check_inside(folder, self._context.roots)
        title = name or resolved.name or str(resolved)
        version = (version or title).strip() if side == Domain.SYNTHETIC else None
        if version == "":
            raise InputError(
                "A synthetic dataset needs a version name",
                "Give the renderer release, such as 1.0.",
            )
        if labels:
            self._label_source(labels, resolved)  # a bad pattern is said now, not in a job
        known = self._known(resolved, side, version)
        if known is not None:
            if labels is not None and labels != known.labels:
                return self.set_labels(known, labels)
            return known
        gone = dataset_table.removed_dataset(self._db, resolved, side, version)
        if gone is not None:  # the same folder again: with its scan, its marks and its labels
            removal.put_back(self._db, Thing.DATASET, gone)
            return self.add(folder, domain=domain, version=version, name=name, labels=labels)
        dataset_id = dataset_table.add_dataset(
            self._db,
            name=title,
            domain=side,
            version=version,
            folder=resolved,
            labels=labels or None,
        )
        return self.get(dataset_id)

    def remove(self, dataset: Dataset) -> None:
        """Take a dataset out of the workspace; :class:`Removals` puts it back. The folder on disk
        is not touched. Raises :class:`InputError` where a comparison uses it.
        """
        self._context.check_writable()
        users = [
            record.name
            for record in comparison_table.comparisons(self._db)
            if dataset.id in (record.real_id, *record.version_ids)
        ]
        if users:
            raise InputError(
                f"{dataset.label} is used by the comparison {users[0]!r}",
                "Remove that comparison first.",
            )
        removal.mark(self._db, Thing.DATASET, dataset.id)

    def order(self, version_ids: Sequence[int]) -> None:
        """Put the versions into this order."""
        self._context.check_writable()
        for position, dataset_id in enumerate(version_ids, start=1):
            dataset_table.set_position(self._db, dataset_id, position)

    def browse(self, folder: str | Path | None = None) -> FolderListing:
        """What is in a folder on this machine, inside the roots."""
        return roots.list_folder(
            folder or self._context.settings.allowed_roots[0], self._context.roots
        )

    def file_thumbnail(self, file: Path, size: int) -> bytes | None:
        """A WebP of an image file inside the roots, its longest side at most ``size`` pixels; None
        where it cannot be read. Raises :class:`InputError` for a file outside the roots.
        """
        folder = roots.check_inside(file.parent, self._context.roots)
        try:
            return thumbnail(decode(folder / file.name, shortest=size), size)
        except UnreadableImage:
            return None

    # --- labels -----------------------------------------------------------------------------------

    def set_labels(self, dataset: Dataset, labels: str | None) -> Dataset:
        """Take all labels from a path pattern or table, without reading the images again."""
        self._context.check_writable()
        source = self._label_source(labels, dataset.folder) if labels else None
        table = scan.relabel(dataset_table.images(self._db, dataset.id), source)
        dataset_table.replace_labels(
            self._db, dataset.id, labels, table.select(["path", "class", "bias", "split", "labels"])
        )
        return self.get(dataset.id)

    def explain_labels(self, dataset: Dataset, labels: str) -> str:
        """What a label source gives for three example images, in words."""
        source = self._label_source(labels, dataset.folder)
        paths = dataset_table.images(self._db, dataset.id).column("path").to_pylist()
        return label_sources.explain(source, paths)

    def try_labels(self, folder: str | Path, labels: str, limit: int = 6) -> pa.Table:
        """What a label source gives for a few images of a folder, added or not: path, class, bias,
        split and any other column.
        """
        inside = roots.check_inside(folder, self._context.roots)
        source = label_sources.parse_spec(labels, inside, self._context.roots)
        images = islice(scan.iter_images(inside), 2000)
        names = [scan.relative_name(inside, path) for path in images]
        rows = [
            (name, source.label(name)) for name in names[:: max(1, len(names) // limit)][:limit]
        ]
        further = dict.fromkeys(name for _, label in rows for name, _ in label.others)
        return pa.table(
            {
                "path": [name for name, _ in rows],
                "class": [label.class_ for _, label in rows],
                "bias": [label.bias for _, label in rows],
                "split": [label.split for _, label in rows],
                **{name: [dict(label.others).get(name) for _, label in rows] for name in further},
            }
        )

    # --- images -----------------------------------------------------------------------------------

    def images(self, dataset: Dataset) -> pa.Table:
        """Every file of the last scan, readable or not, with its reason."""
        return dataset_table.images(self._db, dataset.id)

    def image(self, dataset_id: int, path: str) -> ImageRow | None:
        """One file of the last scan, or None."""
        return dataset_table.image(self._db, dataset_id, path)

    def summary(self, dataset: Dataset) -> DatasetSummary:
        """The last scan in numbers."""
        return read_summary(dataset)

    def unreadable(self, dataset: Dataset) -> pa.Table:
        """Files of the last scan that could not be read: path and reason."""
        images = self.images(dataset)
        broken = pc.not_equal(images.column("status"), ImageStatus.OK)
        return images.filter(broken).select(["path", "reason"])

    def listing(
        self,
        dataset: Dataset,
        order: ImageOrder | str = ImageOrder.PATH,
        *,
        descending: bool = False,
        copies_only: bool = False,
    ) -> Listed:
        """The readable images of a dataset in an order, those of unknown value last.
        ``copies_only``: only images whose bytes another of its files has too.
        """
        return listing(
            self._db,
            dataset.id,
            ImageOrder(order),
            descending=descending,
            copies_only=copies_only,
        )

    def small_pictures(self, content_ids: Sequence[str]) -> dict[str, bytes]:
        """WebP thumbnails by content id: the stored ones, else made now from the files, which is
        what a dataset that is not embedded yet needs; contents without a readable file are left
        out.
        """
        pictures = self.thumbnails(content_ids)
        for content_id in content_ids:
            file = None if content_id in pictures else self.image_file(content_id)
            if file is not None:
                try:
                    pictures[content_id] = thumbnail(decode(file, shortest=SIZE))
                except UnreadableImage:
                    continue
        return pictures

    def thumbnails(self, content_ids: Sequence[str]) -> dict[str, bytes]:
        """WebP thumbnails by content id; contents without one are left out."""
        return embeddings.thumbnails(self._db, list(content_ids))

    def image_file(self, content_id: str) -> Path | None:
        """Some file on disk with this content, or None."""
        return dataset_table.image_file(self._db, content_id)

    def preview(self, content_id: str, longest: int) -> bytes:
        """A WebP made from the image's file, at most ``longest`` pixels wide and high. Raises
        :class:`InputError` with the reason where no dataset has the image, or it cannot be read.
        """
        file = self.image_file(content_id)
        if file is None:
            raise InputError(
                "No dataset has this image any more", "Add the folder again, or compare again."
            )
        return thumbnail(decode(file, shortest=longest), longest)

    def full_image(self, content_id: str, longest: int) -> FullImage:
        """The image's own file where a browser can show it, else a WebP of at most ``longest``
        pixels made from it. Raises :class:`InputError` with the reason as :meth:`preview` does, and
        where the file has another content by now.
        """
        file = self.image_file(content_id)
        if file is None:
            raise InputError(
                "No dataset has this image any more", "Add the folder again, or compare again."
            )
        return full_image(file, content_id, longest)

    def vectors(
        self, dataset: Dataset, encoder: str = "auto", view: str = View.PLAIN
    ) -> tuple[Paths, np.ndarray]:
        """Paths and vectors, (n, d) float32, of a dataset's images that are embedded under this
        encoder.
        """
        encoder = registry.resolve(encoder, self._context.settings)
        table, array = embeddings.dataset_vectors(self._db, dataset.id, encoder, view)
        return table.column("path").to_pylist(), array

    # --- long work --------------------------------------------------------------------------------

    def submit_scan(self, dataset: Dataset, *, after: Sequence[str] = ()) -> str:
        """Start a scan; its job id."""
        return self._jobs.submit(ScanRequest(dataset.id), f"Scan {dataset.label}", after)

    def submit_embed(
        self,
        datasets: Sequence[Dataset],
        encoder: str = "auto",
        *,
        views: Sequence[View] = BOTH_VIEWS,
        allow_download: bool = False,
        sample: int | None = None,
        after: Sequence[str] = (),
    ) -> str:
        """Start embedding; its job id. ``sample``: only so many images of each dataset. Raises
        :class:`EncoderNotReady` at once if weights are absent.
        """
        settings = self._context.settings
        encoder = registry.resolve(encoder, settings)
        if not allow_download:
            registry.require_ready(encoder, settings)
        names = ", ".join(dataset.label for dataset in datasets)
        request = EmbedRequest(
            tuple(dataset.id for dataset in datasets),
            encoder,
            tuple(views),
            device=settings.device,
            allow_download=allow_download,
            threads=settings.workers,
            weights=self._context.weights,
            sample=sample,
        )
        part = "a sample of " if sample is not None else ""
        return self._jobs.submit(request, f"Embed {part}{names} with {encoder}", after)

    # --- inside -----------------------------------------------------------------------------------

    def _known(self, folder: Path, domain: Domain, version: str | None) -> Dataset | None:
        for known in dataset_table.datasets(self._db):
            same_folder = known.folder == str(folder) and known.domain == domain
            if same_folder and known.version == version:
                return known
            if domain == Domain.SYNTHETIC and known.version == version:
                raise InputError(
                    f"The version name {version!r} is used already, for {known.folder}",
                    "Choose another version name, or another workspace (--db).",
                )
        return None

    def _label_source(self, labels: str, folder: str | Path) -> label_sources.LabelSource:
        return label_sources.parse_spec(labels, Path(folder), self._context.roots)
