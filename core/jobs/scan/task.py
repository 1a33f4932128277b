"""The scan task: an image folder in, one row a file out.

spec: :class:`ScanSpec`. in: ``known.parquet`` (optional): the rows of the folder's last scan;
unchanged files are not read again. out: ``images-00000.parquet`` … (:class:`ImageRow`, in the order
of ``iter_images``) and, last, ``summary.json`` (:class:`ScanSummary`).

Run again after a kill, it takes the shards that are there as known files and writes all shards
anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.contracts.catalog import ImageRow
from core.contracts.derive import schema
from core.contracts.work import ScanSpec
from core.errors import InputError
from core.images import labels, roots, scan
from core.jobs.folder import JobFolder
from core.settings import settings

STAGE = "scan"
PATTERN = "images-*.parquet"
# files handed to a thread at once: one by one, the handing over costs as much as a small file
CHUNK = 64
SUMMARY_COLUMNS = [name for name in schema(ImageRow).names if name != "path"]


def run(job: JobFolder) -> None:
    """Scan the folder. Raises :class:`InputError` when it cannot be read or holds no image, or no
    label fits.
    """
    spec = job.read_spec(ScanSpec)
    folder = Path(spec.folder)
    job.report(STAGE)
    roots.check_folder(folder)
    source = labels.parse_spec(spec.labels, folder) if spec.labels else None
    _check_names(folder, source)
    known = _known(job)
    job.output("summary.json").unlink(missing_ok=True)
    written = _scan(job, folder, source, known, spec.shard_rows)
    for path in job.outputs(PATTERN):
        if path.name >= _shard_name(written):  # of an earlier, longer run
            path.unlink()
    left_out = source.left_out if source is not None else None
    summary = scan.summarise(read_rows(job, SUMMARY_COLUMNS), left_out)
    job.write_json("summary.json", summary.as_dict())
    job.log(f"{summary.files} files: {summary.images} images, {summary.unreadable} unreadable")
    job.report(STAGE, summary.files, summary.files)


def read_rows(job: JobFolder, columns: list[str] | None = None) -> pa.Table:
    """All finished shards of a scan as one table (``columns`` of them), empty before the first."""
    shards = job.outputs(PATTERN)
    if not shards:
        return schema(ImageRow).empty_table()
    return pa.concat_tables([pq.read_table(shard, columns=columns) for shard in shards])


def _scan(
    job: JobFolder,
    folder: Path,
    source: labels.LabelSource | None,
    known: scan.KnownFiles,
    shard_rows: int,
) -> int:
    """Write a row for every file, and for every subfolder that cannot be listed; how many shards
    they fill.
    """
    blocked: list[ImageRow] = []
    paths = scan.iter_images(
        folder, on_error=lambda path, error: blocked.append(scan.folder_row(folder, path, error))
    )
    pool = ThreadPoolExecutor(settings().decode_threads, thread_name_prefix="scan")
    done = shard = 0
    try:
        while batch := list(islice(paths, shard_rows)):
            rows: list[ImageRow] = []
            chunks = [batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK)]
            for part in pool.map(
                lambda chunk: [scan.scan_file(folder, path, known) for path in chunk], chunks
            ):
                rows += part
                job.report(STAGE, done + len(rows))
            done += len(rows)
            job.write_table(_shard_name(shard), scan.to_table(rows, source))
            shard += 1
    finally:
        pool.shutdown(cancel_futures=True)
    if blocked:
        job.write_table(_shard_name(shard), scan.to_table(blocked))
        shard += 1
    return shard


def _check_names(folder: Path, source: labels.LabelSource | None) -> None:
    """Before any file is read: is there an image at all, and does a label fit? Both end at the
    first that does.
    """

    blocked: list[str] = []

    def names() -> Iterator[str]:
        paths = scan.iter_images(folder, on_error=lambda path, error: blocked.append(str(path)))
        return (scan.relative_name(folder, path) for path in paths)

    if next(names(), None) is None:
        if blocked:
            raise InputError(
                f"The folder {folder} has no images that may be read: "
                f"{blocked[0]} cannot be opened",
                "Allow reading (chmod -R u+rX), or choose another folder.",
            )
        raise InputError(
            f"The folder {folder} has no images",
            f"Choose another: Gapscope reads {', '.join(roots.IMAGE_SUFFIXES)}.",
        )
    if source is not None and not labels.matches_any(source, names()):
        raise InputError(
            f"The labels fit none of the images in {folder}. {labels.explain(source, names())}",
            "Change the pattern or the table's paths: they count from that folder.",
        )


def _known(job: JobFolder) -> scan.KnownFiles:
    """Files of the last scan, and of this one's earlier run where it was stopped."""
    parts = [job.read_table("known.parquet")] if job.input("known.parquet").exists() else []
    return scan.KnownFiles(pa.concat_tables([*parts, read_rows(job)], promote_options="permissive"))


def _shard_name(number: int) -> str:
    return f"images-{number:05d}.parquet"
