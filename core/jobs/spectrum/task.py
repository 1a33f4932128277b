"""The spectrum task: a sample of images by seed → frequency spectra, their differences, and what
stands out in words.

spec: ``sample`` (images of each dataset), ``seed``, ``crop`` (pixels wanted; less where images are
smaller), ``datasets``: ``[{"dataset_id", "version", "domain", "file", "name"}]``, one of them real.
in: ``<file>.parquet`` with the column ``file``.

out:

====================  ========================================================================================================
spectra.parquet       dataset_id, version, domain, name, images, skipped, note, distance, low, high, floor,
floor_low, floor_high,
                      bands (JSON), peaks (JSON), findings (JSON: sentences); the numbers are null for the
                      real dataset
curves.parquet        dataset_id, frequency (cycles per pixel), level (dB), low, high: the middle and where 80
% of images lie;
                      mean_low, mean_high: 95 % interval of the mean level
mean-NN.npy           float32 (size, size): the dataset's mean 2-D spectrum in dB, frequency zero in the
middle difference-NN.npy     float32 (size, size): synthetic minus real, in dB
====================  ========================================================================================================

NN is the dataset's place in the spec. ``work-NN.npz`` keeps a finished dataset for a resumed job.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from core.analysis import spectrum
from core.analysis.spectrum import Spectrum
from core.errors import InputError
from core.files import storage_guard
from core.images.decode import UnreadableImage, decode, opened
from core.jobs.folder import JobFolder
from core.settings import settings

AHEAD = 16  # images in work at once for each thread


@dataclass
class _Sampled:
    """The files of one dataset's sample and the shorter side of each, in pixels (0: unreadable)."""

    files: list[str]
    sides: np.ndarray


def run(job: JobFolder) -> None:
    """Compare the spectra of the datasets in the spec. Raises InputError where a dataset has too
    few usable images.
    """
    spec = job.spec
    datasets: list[dict[str, Any]] = spec["datasets"]
    seed = int(spec.get("seed", 0))
    if not any(entry["domain"] == "real" for entry in datasets):
        raise InputError(
            "The spectrum comparison has no real dataset",
            "Choose one real dataset and at least one version.",
        )
    with ThreadPoolExecutor(settings().decode_threads) as pool:
        samples = [
            _sample(job, entry, int(spec.get("sample", 300)), seed, pool) for entry in datasets
        ]
        size = spectrum.crop_size(
            [sample.sides[sample.sides > 0] for sample in samples], int(spec.get("crop", 256))
        )
        if size < spectrum.LEAST_SIZE:
            raise InputError(
                f"The images are too small for a spectrum: crops of {size} pixels are all they allow",
                f"Use images of at least {spectrum.LEAST_SIZE} pixels.",
            )
        measured = [
            _measure(job, index, entry, sample, size, seed, pool)
            for index, (entry, sample) in enumerate(zip(datasets, samples, strict=True))
        ]
    _write(job, datasets, samples, measured, size, seed)


def _sample(
    job: JobFolder, entry: dict[str, Any], wanted: int, seed: int, pool: ThreadPoolExecutor
) -> _Sampled:
    """Draw the dataset's sample and look at each file's header."""
    files = job.read_table(f"{entry['file']}.parquet").column("file").to_pylist()
    if len(files) > wanted:
        chosen = np.sort(np.random.default_rng(seed).choice(len(files), wanted, replace=False))
        files = [files[index] for index in chosen]
    sides = np.zeros(len(files), np.int64)
    for index, side in enumerate(pool.map(_shorter_side, files)):
        sides[index] = side
        job.report(
            f"Looking at {entry['name'] if 'name' in entry else entry['file']}",
            index + 1,
            len(files),
        )
    return _Sampled(files, sides)


def _shorter_side(file: str) -> int:
    try:
        with opened(file) as image:
            return min(image.size)
    except UnreadableImage:
        return 0


def _measure(
    job: JobFolder,
    index: int,
    entry: dict[str, Any],
    sample: _Sampled,
    size: int,
    seed: int,
    pool: ThreadPoolExecutor,
) -> Spectrum:
    """The dataset's spectra, from the job folder where a run before this one finished them."""
    kept = job.output(f"work-{index:02d}.npz")
    if kept.exists():
        with np.load(kept, allow_pickle=False) as arrays:
            return Spectrum(size, arrays["profiles"], arrays["mean"])
    label = entry.get("name") or entry["file"]
    work = [
        (file, number)
        for number, (file, side) in enumerate(zip(sample.files, sample.sides, strict=True))
        if side >= size
    ]
    profiles: list[np.ndarray] = []
    total = np.zeros((size, size // 2 + 1))
    for done, logs in enumerate(_transformed(work, size, seed, pool), start=1):
        if logs is not None:
            profiles.append(spectrum.radial(logs))
            total += logs
        job.report(f"Spectra of {label}", done, len(work))
    if len(profiles) < spectrum.LEAST_IMAGES:
        raise InputError(
            f"{label} has {len(profiles)} images that a spectrum of {size} pixels can use, of {len(sample.files)} looked at",
            f"It needs at least {spectrum.LEAST_IMAGES} readable images that are not one colour.",
        )
    found = Spectrum(size, np.stack(profiles), (total / len(profiles)).astype(np.float32))
    part = kept.with_name(kept.name + ".part")
    with storage_guard(part), part.open("wb") as file:
        np.savez(file, profiles=found.profiles, mean=found.mean)
    part.replace(kept)
    return found


def _transformed(
    work: list[tuple[str, int]], size: int, seed: int, pool: ThreadPoolExecutor
) -> Iterator[np.ndarray | None]:
    """Log power of each file in order, decoded and transformed on the pool's threads, a few ahead."""

    def one(item: tuple[str, int]) -> np.ndarray | None:
        file, number = item
        try:
            image = np.asarray(decode(file))
        except UnreadableImage:
            return None
        crop = spectrum.crop_of(image, size, seed + number)
        return None if crop is None else spectrum.log_power(crop)

    ahead = AHEAD * settings().decode_threads
    remaining = iter(work)
    while batch := list(islice(remaining, ahead)):
        yield from pool.map(one, batch)


def _write(
    job: JobFolder,
    datasets: list[dict[str, Any]],
    samples: list[_Sampled],
    measured: list[Spectrum],
    size: int,
    seed: int,
) -> None:
    """Compare each version with the real dataset and write the outputs."""
    real_index = next(index for index, entry in enumerate(datasets) if entry["domain"] == "real")
    real = measured[real_index]
    rows, curves = [], []
    for index, (entry, sample, found) in enumerate(zip(datasets, samples, measured, strict=True)):
        job.write_array(f"mean-{index:02d}.npy", found.picture())
        curves.append(_curve(entry["dataset_id"], found))
        row: dict[str, Any] = {
            "dataset_id": entry["dataset_id"],
            "version": entry.get("version"),
            "domain": entry["domain"],
            "name": entry.get("name"),
            "images": len(found.profiles),
            "skipped": len(sample.files) - len(found.profiles),
            "note": _note(
                size, int(job.spec.get("crop", 256)), len(sample.files) - len(found.profiles)
            ),
            **dict.fromkeys(
                (
                    "distance",
                    "low",
                    "high",
                    "floor",
                    "floor_low",
                    "floor_high",
                    "bands",
                    "peaks",
                    "findings",
                )
            ),
        }
        if index != real_index:
            compared = asdict(spectrum.compare(real, found, seed=seed))
            row |= {
                key: json.dumps(value) if isinstance(value, list) else value
                for key, value in compared.items()
            }
            job.write_array(f"difference-{index:02d}.npy", found.picture() - real.picture())
        rows.append(row)
    job.write_table("curves.parquet", pa.concat_tables(curves))
    job.write_table("spectra.parquet", pa.Table.from_pylist(rows, schema=SPECTRA))


def _note(size: int, wanted: int, skipped: int) -> str:
    parts = [
        f"Crops of {size} pixels"
        + (f" instead of {wanted}: the images are not larger." if size < wanted else ".")
    ]
    if skipped:
        parts.append(
            f"{skipped} images left out: smaller than that, unreadable, or one colour only."
        )
    return " ".join(parts)


def _curve(dataset_id: int, found: Spectrum) -> pa.Table:
    """The dataset's radial profile: mean, its interval, and the band that 80 % of images lie in."""
    profiles = found.profiles.astype(np.float64)
    level = profiles.mean(axis=0)
    reach = 1.96 * profiles.std(axis=0, ddof=1) / np.sqrt(len(profiles))
    low, high = np.quantile(profiles, (0.1, 0.9), axis=0)
    return pa.table(
        {
            "dataset_id": pa.array([dataset_id] * len(level), pa.int64()),
            "frequency": found.frequency,
            "level": level,
            "low": low,
            "high": high,
            "mean_low": level - reach,
            "mean_high": level + reach,
        }
    )


SPECTRA = pa.schema(
    [
        ("dataset_id", pa.int64()),
        ("version", pa.string()),
        ("domain", pa.string()),
        ("name", pa.string()),
        ("images", pa.int64()),
        ("skipped", pa.int64()),
        ("note", pa.string()),
        *(
            (name, pa.float64())
            for name in ("distance", "low", "high", "floor", "floor_low", "floor_high")
        ),
        *((name, pa.string()) for name in ("bands", "peaks", "findings")),
    ]
)
