"""The embed task: image files → vectors, thumbnails and photometric attributes, in shards.

spec: ``encoder`` (id), ``views`` (``plain``, ``simplified``), ``device``, ``precision`` (``auto``,
``f32``, ``bf16``, ``f16``), ``batch`` (0: the device's usual), ``shard`` (images a shard),
``threads`` (0: one for each core), ``thumbnails``, ``allow_download``, ``weights``
(GAPSCOPE_WEIGHTS for this job), ``random_weights`` (for measuring speed).

in: ``images.parquet`` (content_id, file). out: ``shard-00000.parquet`` … and ``encoder.json``, see
docs/architecture.md.

Threads decode, simplify and measure ahead of the device, no further than two batches. A shard's
content depends on its position only, and the precision is written down before the first shard, so
that a job that was killed and run again skips what is there and ends with the same vectors.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from PIL import Image

from core.analysis.explain.attributes import ATTRIBUTES, photometric
from core.encoders import registry, runtime
from core.encoders.base import Encoder
from core.errors import InputError
from core.images.decode import UnreadableImage, decode
from core.images.thumbnails import thumbnail
from core.images.views import SIDE, simplified
from core.jobs.folder import JobFolder
from core.settings import Settings, settings

VIEWS = ("plain", "simplified")
SHARD = 2048  # images; a kill loses at most the shard that was being made
THREADS = torch.get_num_threads()  # as torch chose them, before any other library had a say

# What was measured in this process, by encoder, weights and device: a warm worker does not measure
# again.
_measured: dict[tuple[str, str, str], runtime.Precision] = {}


@dataclass
class Prepared:
    """One image on its way to the device: uint8 (3, s, s) by view, or the reason why there is
    nothing.
    """

    pixels: dict[str, np.ndarray] = field(default_factory=dict)
    thumbnail: bytes | None = None
    attributes: dict[str, float] = field(default_factory=dict)
    error: str | None = None


def run(job: JobFolder) -> None:
    """Embed what ``inputs/images.parquet`` lists.

    Raises EncoderNotReady, before any work, where weights are absent; InputError for a bad spec or
    weights that give NaN; JobCancelled.
    """
    spec = job.spec
    views = _views(spec)
    here = Settings(weights=Path(spec["weights"])) if spec.get("weights") else settings()
    job.report("load the encoder")
    encoder = registry.load(
        spec["encoder"],
        allow_download=bool(spec.get("allow_download")),
        settings=here,
        random_weights=bool(spec.get("random_weights")),
    )
    images = job.read_table("images.parquet")
    files = [Path(file) for file in images.column("file").to_pylist()]

    def prepared(file: Path) -> Prepared:
        return prepare(file, encoder, views, thumbnails=bool(spec.get("thumbnails", True)))

    pool = ThreadPoolExecutor(
        int(spec.get("threads") or 0) or here.decode_threads, thread_name_prefix="decode"
    )
    try:
        runner, note = _settle(job, encoder, spec, files)
        _embed(job, runner, images.column("content_id"), files, views, pool, prepared, note)
    finally:
        pool.shutdown(cancel_futures=True)


def prepare(
    file: Path, encoder: Encoder, views: Sequence[str], *, thumbnails: bool = True
) -> Prepared:
    """Everything that is made from one decoded image. A file that cannot be read gives ``error``
    and nothing else.
    """
    try:
        image = decode(file, shortest=max(encoder.transform.resize, SIDE))
    except UnreadableImage as error:
        return Prepared(error=error.reason)
    shown: dict[str, Callable[[], Image.Image]] = {
        "plain": lambda: image,
        "simplified": lambda: simplified(image),
    }
    return Prepared(
        pixels={view: encoder.prepare(shown[view]()) for view in views},
        thumbnail=thumbnail(image) if thumbnails else None,
        attributes=photometric(np.asarray(image)) if thumbnails else {},
    )


class Shard:
    """The rows of one shard while they come in. Vectors stay on the device until :meth:`table`
    fetches them all, so that the device never waits for the copy.
    """

    def __init__(self, views: Sequence[str], runner: runtime.Runner) -> None:
        self._runner = runner
        self._rows: list[Prepared] = []
        self._vectors: dict[str, list[torch.Tensor]] = {view: [] for view in views}

    def add(self, rows: list[Prepared]) -> None:
        """Send the next rows to the device. Their pixels are let go."""
        whole = [row for row in rows if row.error is None]
        for view, parts in self._vectors.items():
            if whole:
                parts.append(
                    self._runner.encode(stack([row.pixels[view] for row in whole], self._runner))
                )
        for row in rows:
            row.pixels = {}
        self._rows += rows

    def table(self, content_ids: pa.ChunkedArray) -> pa.Table:
        """The rows as Arrow, in the columns of docs/architecture.md. Raises InputError where
        vectors are not finite.
        """
        encoder = self._runner.encoder
        missing = np.array([row.error is not None for row in self._rows], bool)
        columns: dict[str, Any] = {
            "content_id": content_ids.cast(pa.string()),
            "error": pa.array([row.error for row in self._rows], pa.string()),
        }
        for view in VIEWS:
            values = np.zeros((len(self._rows), encoder.dim), np.float32)
            parts = self._vectors.get(view, [])
            if parts:
                values[~missing] = torch.cat(parts).cpu().numpy()
                runtime.check_finite(encoder, values)
            mask = missing if view in self._vectors else np.ones(len(self._rows), bool)
            columns[view] = pa.FixedSizeListArray.from_arrays(
                pa.array(values.reshape(-1)), encoder.dim, mask=pa.array(mask)
            )
        columns["thumbnail"] = pa.array([row.thumbnail for row in self._rows], pa.binary())
        for name in ATTRIBUTES:
            columns[name] = pa.array([row.attributes.get(name) for row in self._rows], pa.float64())
        return pa.table(columns)

    @property
    def broken(self) -> int:
        """Rows whose file could not be read."""
        return sum(row.error is not None for row in self._rows)


def stack(pixels: list[np.ndarray], runner: runtime.Runner) -> torch.Tensor:
    """uint8 (3, s, s) arrays → one uint8 tensor (n, 3, s, s), channels last as they are;
    page-locked for a CUDA device.
    """
    batch = torch.from_numpy(np.stack([image.transpose(1, 2, 0) for image in pixels]))
    if runner.encoder.device.type == "cuda":
        batch = batch.pin_memory()
    return batch.permute(0, 3, 1, 2)


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[Path], Prepared], files: Iterable[Path], ahead: int
) -> Iterator[Prepared]:
    """``work`` of each file, in order, on the pool's threads; never more than ``ahead`` results
    wait.
    """
    coming = iter(files)
    waiting: deque[Future[Prepared]] = deque(
        pool.submit(work, file) for file in islice(coming, ahead)
    )
    while waiting:
        result = waiting.popleft().result()
        waiting.extend(pool.submit(work, file) for file in islice(coming, 1))
        yield result


def _embed(
    job: JobFolder,
    runner: runtime.Runner,
    ids: pa.ChunkedArray,
    files: list[Path],
    views: Sequence[str],
    pool: ThreadPoolExecutor,
    prepared: Callable[[Path], Prepared],
    note: str,
) -> None:
    """Make the shards that are not there yet."""
    size = max(1, int(job.spec.get("shard") or SHARD))
    batch = runner.batch  # the runner may shrink its own; rows keep coming in this many
    shards = {
        number: range(start, min(start + size, len(files)))
        for number, start in enumerate(range(0, len(files), size))
    }
    todo = {
        number: rows for number, rows in shards.items() if not job.output(_name(number)).exists()
    }
    done = len(files) - sum(len(rows) for rows in todo.values())
    job.report("embed", done, len(files), note)
    wanted = (files[row] for rows in todo.values() for row in rows)
    stream = in_order(pool, prepared, wanted, 2 * batch)
    for number, rows in todo.items():
        shard = Shard(views, runner)
        for first in range(0, len(rows), batch):
            part = list(islice(stream, min(batch, len(rows) - first)))
            shard.add(part)
            done += len(part)
            job.report("embed", done, len(files), note)
        job.write_table(_name(number), shard.table(ids.slice(rows.start, len(rows))))
        job.log(f"{_name(number)}: {len(rows)} images, {shard.broken} unreadable")


def _settle(
    job: JobFolder, encoder: Encoder, spec: dict[str, Any], files: list[Path]
) -> tuple[runtime.Runner, str]:
    """Put the encoder on its device in its precision, and write both down; a resumed job keeps what
    it began with.
    """
    earlier = _earlier(job, encoder)
    # Other libraries change torch's threads behind its back (numba's first parallel loop does), and
    # another number of threads adds up in another order: a resumed job would end with other last
    # digits.
    torch.set_num_threads(int(earlier.get("threads") or THREADS))
    device = runtime.choose_device(spec.get("device") or "auto")
    wanted = earlier.get("precision") or spec.get("precision") or "auto"
    key = (encoder.id, encoder.weights_hash, str(device))
    known = _measured.get(key) if wanted == "auto" else None
    sample = _sample(
        encoder, files, runtime.SAMPLE[device.type] if wanted == "auto" and not known else 1
    )
    runtime.fold_batch_norm(encoder, sample[:8])
    job.report("choose the precision")
    chosen = runtime.choose_precision(
        encoder, sample, device, wanted=known.name if known else wanted
    )
    if wanted == "auto":
        _measured.setdefault(key, chosen)
    precision = known or chosen
    runner = runtime.Runner(encoder, int(earlier.get("batch") or spec.get("batch") or 0))
    name = runtime.device_name(device)
    if not earlier:
        job.log(f"{encoder.id} on {name}: {precision.why}")
        job.write_json("encoder.json", {
            "id": encoder.id, "dim": encoder.dim, "weights_hash": encoder.weights_hash,
            "input_size": encoder.input_size, "device": name, "precision": precision.name, "why": precision.why,
            "rates": precision.rates, "cosines": precision.cosines, "batch": runner.batch, "threads": torch.get_num_threads(),
            "software": {library: importlib.metadata.version(library)
                         for library in ("torch", "torchvision", "timm", "open_clip_torch", "pillow", "numpy")},
        })  # fmt: skip
    return runner, f"{name} · {precision.name}"


def _earlier(job: JobFolder, encoder: Encoder) -> dict[str, Any]:
    """What an interrupted run of this job wrote down. Raises InputError where the weights changed
    in between.
    """
    if not job.output("encoder.json").exists():
        return {}
    earlier = json.loads(job.output("encoder.json").read_text("utf-8"))
    if earlier["weights_hash"] != encoder.weights_hash:
        raise InputError(
            f"The weights of {encoder.id} changed since this job began",
            "Start a new job: vectors of two weights cannot be compared.",
        )
    return earlier


def _sample(encoder: Encoder, files: list[Path], size: int) -> torch.Tensor:
    """A batch of ``size`` prepared images for timing, uint8 (size, 3, s, s): the first readable
    ones, repeated as needed.
    """
    found: list[np.ndarray] = []
    for file in files[: 4 * size]:
        row = prepare(file, encoder, ("plain",), thumbnails=False)
        found += [row.pixels["plain"]] if row.error is None else []
        if len(found) == min(size, 16):
            break
    if not found:
        found = [encoder.prepare(Image.effect_noise((SIDE, SIDE), 64).convert("RGB"))]
    batch = np.stack([found[index % len(found)].transpose(1, 2, 0) for index in range(size)])
    return torch.from_numpy(batch).permute(0, 3, 1, 2)


def _views(spec: dict[str, Any]) -> tuple[str, ...]:
    asked = tuple(spec.get("views") or VIEWS)
    unknown = [view for view in asked if view not in VIEWS]
    if unknown:
        raise InputError(f"There is no view {unknown[0]!r}", f"Views are {' and '.join(VIEWS)}.")
    return asked


def _name(number: int) -> str:
    return f"shard-{number:05d}.parquet"
