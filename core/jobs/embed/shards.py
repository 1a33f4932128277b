"""Shards: the parts in which an embed job writes its rows, so that a stop loses only the last one.

A shard holds consecutive rows of the job's input and is named after the first. Shards end where
their time is up, so their lengths differ from run to run; but each begins and ends between two
batches, and batches are counted from row 0, so that every image meets the same others on the device
in every run and gets the same vector.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from core.analysis.explain.attributes import ATTRIBUTES
from core.contracts.derive import from_columns
from core.contracts.words import View
from core.contracts.work import EmbeddedRow, EmbedSummary, embedded_schema
from core.encoders import runtime
from core.jobs.embed.preparation import PreparedImage
from core.jobs.folder import JobFolder

PATTERN = "shard-*.parquet"


class Shard:
    """The rows of one shard while they come in. Vectors stay on the device until :meth:`table`
    fetches them all, so that the device never waits for the copy.
    """

    def __init__(self, first: int, views: Iterable[View], runner: runtime.Runner) -> None:
        self.first = first
        self.rows: list[PreparedImage] = []
        self._runner = runner
        self._vectors: dict[View, list[torch.Tensor]] = {view: [] for view in views}

    @property
    def stop(self) -> int:
        """The row after its last one."""
        return self.first + len(self.rows)

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"shard-{self.first:09d}.parquet"

    def add(self, rows: list[PreparedImage]) -> None:
        """Send the next batch to the device. Its pixels are let go."""
        usable = [row for row in rows if row.usable]
        for view, parts in self._vectors.items():
            if usable:
                batch = stack([row.pixels[view] for row in usable], self._runner.encoder.device)
                parts.append(self._runner.encode(batch))
        for row in rows:
            row.pixels = {}
        self.rows += rows

    def table(self, ids: pa.ChunkedArray) -> pa.Table:
        """Its rows as Arrow. ``ids``: the content ids of the job's whole input. Raises InputError
        where vectors are not finite.
        """
        attributes = {name: [row.attributes.get(name) for row in self.rows] for name in ATTRIBUTES}
        values = {
            "content_id": ids.slice(self.first, len(self.rows)),
            "thumbnail": [row.thumbnail for row in self.rows],
            "error": [row.error for row in self.rows],
            "skipped": [row.skipped for row in self.rows],
        }
        table = from_columns(EmbeddedRow, {**attributes, **values})
        wanted = embedded_schema(self._runner.encoder.dim, list(self._vectors))
        arrays = [*table.columns, *(self._column(view) for view in self._vectors)]
        return pa.Table.from_arrays(arrays, schema=wanted)

    def _column(self, view: View) -> pa.FixedSizeListArray:
        """The vectors of one view, null where an image has none."""
        encoder = self._runner.encoder
        parts = self._vectors[view]
        usable = np.array([row.usable for row in self.rows], bool)
        values = np.zeros((len(self.rows), encoder.dim), np.float32)
        if parts:
            values[usable] = torch.cat(parts).cpu().numpy()
            runtime.check_finite(encoder, values)
        return pa.FixedSizeListArray.from_arrays(
            pa.array(values.reshape(-1)), encoder.dim, mask=pa.array(~usable)
        )


def stack(pixels: list[np.ndarray], device: torch.device) -> torch.Tensor:
    """uint8 (3, s, s) arrays → one uint8 tensor (n, 3, s, s), channels last as they are;
    page-locked for a CUDA device.
    """
    batch = torch.from_numpy(np.stack([image.transpose(1, 2, 0) for image in pixels]))
    if device.type == "cuda":
        batch = batch.pin_memory()
    return batch.permute(0, 3, 1, 2)


def unfinished(job: JobFolder, ids: pa.ChunkedArray, columns: pa.Schema, batch: int) -> list[range]:
    """The rows that no finished shard of an interrupted run holds, as ranges in order.

    A file that does not fit its place (another list of contents, other ``columns``, rows that are
    no whole batches) is removed: its rows are made anew.
    """
    missing: list[range] = []
    reached = 0
    for path in job.outputs(PATTERN):
        first = int(path.stem.removeprefix("shard-"))
        contents = pq.read_table(path, columns=["content_id"]).column(0)
        stop = first + len(contents)
        fits = (
            first >= reached
            and first % batch == 0
            and (stop % batch == 0 or stop == len(ids))
            and contents.equals(ids.slice(first, len(contents)))
            and pq.read_schema(path).equals(columns)
        )
        if not fits:
            path.unlink()
            continue
        missing.append(range(reached, first))
        reached = stop
    missing.append(range(reached, len(ids)))
    return [rows for rows in missing if rows]


def summarise(job: JobFolder) -> EmbedSummary:
    """The numbers of all finished shards."""
    rows = broken = 0
    reasons: dict[str, int] = {}
    for path in job.outputs(PATTERN):
        table = pq.read_table(path, columns=["error", "skipped"])
        rows += table.num_rows
        broken += table.num_rows - table.column("error").null_count
        for counted in table.column("skipped").drop_null().value_counts().to_pylist():
            reasons[counted["values"]] = reasons.get(counted["values"], 0) + counted["counts"]
    skipped = sum(reasons.values())
    return EmbedSummary(rows - broken - skipped, broken, skipped, reasons)
