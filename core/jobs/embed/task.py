"""The embed task: image files → vectors, thumbnails and photometric attributes, in shards.

spec: :class:`EmbedSpec`. in: ``images.parquet`` (:class:`SourceRow`). out: ``shard-….parquet``
(:class:`EmbeddedRow` and vectors), ``encoder.json`` (:class:`EncoderRun`) and, last,
``summary.json`` (:class:`EmbedSummary`).

Threads decode, simplify and measure ahead of the device, no further than two batches. Precision,
batch and threads are written down before the first shard, so that a job that was stopped and run
again skips what is there and ends with the same vectors.
"""

from __future__ import annotations

import importlib.metadata
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from PIL import Image

from core.contracts.derive import validate
from core.contracts.specs import from_json, to_json
from core.contracts.words import View
from core.contracts.work import EmbedSpec, EncoderRun, SourceRow, embedded_schema
from core.encoders import registry, runtime
from core.encoders.base import Encoder
from core.errors import InputError, JobCancelled
from core.images.views import SIDE
from core.jobs.embed import shards
from core.jobs.embed.preparation import Preparation, PreparedImage, in_order
from core.jobs.folder import JobFolder
from core.settings import Settings, settings

STAGE = "embed"
LONGEST_SHARD = 2048  # images: a shard's thumbnails and vectors are held in memory until it is full
LISTED = 10  # skipped files of a shard that the log names
THREADS = torch.get_num_threads()  # as torch chose them, before any other library had a say
SOFTWARE = ("torch", "torchvision", "timm", "open_clip_torch", "pillow", "numpy")

# What was measured in this process, by encoder, weights and device: a warm worker does not measure
# again.
_measured: dict[tuple[str, str, str], runtime.Precision] = {}


@dataclass(frozen=True)
class Sources:
    """What is to be embedded: content ids, and a file of each."""

    ids: pa.ChunkedArray
    files: list[Path]

    def __len__(self) -> int:
        return len(self.files)

    def prepared(self, row: int, preparation: Preparation) -> PreparedImage:
        """One row on its way to the device."""
        return preparation.prepare(self.files[row], self.ids[row].as_py())


def run(job: JobFolder) -> None:
    """Embed what ``inputs/images.parquet`` lists.

    Raises EncoderNotReady, before any work, where weights are absent; InputError for a bad spec or
    weights that give NaN; JobCancelled.
    """
    spec = job.read_spec(EmbedSpec)
    here = Settings(weights=Path(spec.weights)) if spec.weights else settings()
    job.report("load the encoder")
    encoder = registry.load(
        spec.encoder,
        allow_download=spec.allow_download,
        settings=here,
        random_weights=spec.random_weights,
    )
    sources = _sources(job)
    pool = ThreadPoolExecutor(spec.threads or here.decode_threads, thread_name_prefix="decode")
    try:
        runner, note = _settle(job, encoder, spec, sources)
        _embed(job, runner, spec, sources, pool, note)
    finally:
        pool.shutdown(cancel_futures=True)
    summary = shards.summarise(job)
    job.write_json("summary.json", to_json(summary))
    job.log(
        f"{summary.embedded} embedded, {summary.broken} unreadable, {summary.skipped} skipped"
        + "".join(f"; {count} × {why}" for why, count in summary.reasons.items())
    )


def _sources(job: JobFolder) -> Sources:
    table = job.read_table("images.parquet")
    validate(SourceRow, table, "inputs/images.parquet")
    return Sources(
        table.column("content_id"), [Path(file) for file in table.column("file").to_pylist()]
    )


def _embed(
    job: JobFolder,
    runner: runtime.Runner,
    spec: EmbedSpec,
    sources: Sources,
    pool: ThreadPoolExecutor,
    note: str,
) -> None:
    """Make the rows that are not there yet. A cancel keeps every batch that is finished."""
    # The runner may shrink its own batch where memory is short; rows keep coming in this many.
    batch = min(runner.batch, spec.shard) if spec.shard else runner.batch
    longest = (spec.shard or LONGEST_SHARD) // batch * batch
    columns = embedded_schema(runner.encoder.dim, spec.views)
    missing = shards.unfinished(job, sources.ids, columns, batch)
    done = len(sources) - sum(len(rows) for rows in missing)
    job.report(STAGE, done, len(sources), note)
    preparation = Preparation(runner.encoder, spec.views, spec.thumbnails)
    wanted = (row for rows in missing for row in rows)
    stream = in_order(pool, lambda row: sources.prepared(row, preparation), wanted, 2 * batch)
    for rows in missing:
        shard, began = shards.Shard(rows.start, spec.views, runner), time.monotonic()
        for first in range(rows.start, rows.stop, batch):
            shard.add(list(islice(stream, min(batch, rows.stop - first))))
            done += shard.stop - first
            try:
                job.report(STAGE, done, len(sources), note)
            except JobCancelled:
                _write(job, shard, sources)
                raise
            full = len(shard.rows) >= longest or time.monotonic() - began >= spec.shard_seconds
            if full or shard.stop == rows.stop:
                _write(job, shard, sources)
                shard, began = shards.Shard(shard.stop, spec.views, runner), time.monotonic()


def _write(job: JobFolder, shard: shards.Shard, sources: Sources) -> None:
    """Write a shard, and into the log what it lacks."""
    job.write_table(shard.name, shard.table(sources.ids))
    broken = sum(row.error is not None for row in shard.rows)
    skipped = [
        (row.skipped, file)
        for row, file in zip(shard.rows, sources.files[shard.first : shard.stop], strict=True)
        if row.skipped
    ]
    job.log(f"{shard.name}: {len(shard.rows)} rows, {broken} unreadable, {len(skipped)} skipped")
    for why, file in skipped[:LISTED]:
        job.log(f"skipped {file}: {why}")


def _settle(
    job: JobFolder, encoder: Encoder, spec: EmbedSpec, sources: Sources
) -> tuple[runtime.Runner, str]:
    """Put the encoder on its device in its precision, and write both down; a resumed job keeps what
    it began with. Also gives the note for progress reports.
    """
    earlier = _earlier(job, encoder)
    # Other libraries change torch's threads behind its back (numba's first parallel loop does), and
    # another number of threads adds up in another order: a resumed job would end with other last
    # digits.
    torch.set_num_threads(earlier.threads if earlier else THREADS)
    device = runtime.choose_device(spec.device)
    wanted = earlier.precision if earlier else spec.precision
    key = (encoder.id, encoder.weights_hash, str(device))
    known = _measured.get(key) if wanted == "auto" else None
    timed = wanted == "auto" and known is None
    sample = _sample(encoder, sources, runtime.SAMPLE[device.type] if timed else 1)
    runtime.fold_batch_norm(encoder, sample[:8])
    job.report("choose the precision")
    chosen = runtime.choose_precision(
        encoder, sample, device, wanted=known.name if known else wanted
    )
    if timed:
        _measured[key] = chosen
    precision = known or chosen
    runner = runtime.Runner(encoder, earlier.batch if earlier else spec.batch)
    name = runtime.device_name(device)
    if earlier is None:
        job.log(f"{encoder.id} on {name}: {precision.why}")
        job.write_json("encoder.json", to_json(_record(runner, precision, name)))
    return runner, f"{name} · {precision.name}"


def _record(runner: runtime.Runner, precision: runtime.Precision, device: str) -> EncoderRun:
    encoder = runner.encoder
    return EncoderRun(
        id=encoder.id,
        dim=encoder.dim,
        weights_hash=encoder.weights_hash,
        input_size=encoder.input_size,
        device=device,
        precision=precision.name,
        why=precision.why,
        rates=precision.rates,
        cosines=precision.cosines,
        batch=runner.batch,
        threads=torch.get_num_threads(),
        software={library: importlib.metadata.version(library) for library in SOFTWARE},
    )


def _earlier(job: JobFolder, encoder: Encoder) -> EncoderRun | None:
    """What an interrupted run of this job wrote down. Raises InputError where the weights changed
    in between.
    """
    if not job.output("encoder.json").exists():
        return None
    earlier = from_json(EncoderRun, json.loads(job.output("encoder.json").read_text("utf-8")))
    if earlier.weights_hash != encoder.weights_hash:
        raise InputError(
            f"The weights of {encoder.id} changed since this job began",
            "Start a new job: vectors of two weights cannot be compared.",
        )
    return earlier


def _sample(encoder: Encoder, sources: Sources, size: int) -> torch.Tensor:
    """A batch of ``size`` prepared images for timing, uint8 (size, 3, s, s): the first usable ones,
    repeated as needed.
    """
    preparation = Preparation(encoder, (View.PLAIN,), thumbnails=False)
    tried = (sources.prepared(row, preparation) for row in range(min(len(sources), 4 * size)))
    usable = (image.pixels[View.PLAIN] for image in tried if image.usable)
    pixels = list(islice(usable, min(size, 16)))
    if not pixels:
        pixels = [encoder.prepare(Image.effect_noise((SIDE, SIDE), 64).convert("RGB"))]
    batch = np.stack([pixels[index % len(pixels)].transpose(1, 2, 0) for index in range(size)])
    return torch.from_numpy(batch).permute(0, 3, 1, 2)
