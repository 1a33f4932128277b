"""The spectrum task: a sample of images by seed → frequency spectra, their differences, and what
stands out in words.

in: ``<file>.parquet`` with the column ``file`` for each dataset of the
:class:`~core.contracts.spectrum_rows.SpectrumSpec`, one of which is real.

out: ``spectra.parquet`` (:class:`~core.contracts.spectrum_rows.SpectrumRow`), ``curves.parquet``
(:class:`~core.contracts.spectrum_rows.SpectrumCurveRow`), ``mean-NN.npy``: float32 (size, size),
the dataset's mean 2-D spectrum in dB, frequency zero in the middle, and ``difference-NN.npy``: the
same, synthetic minus real. NN is the dataset's place in the spec. ``work-NN.npz`` keeps a finished
dataset for a resumed job.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pyarrow as pa

from core.analysis import spectrum
from core.analysis.files import Files, files_differ
from core.analysis.spectrum import Spectrum
from core.contracts.derive import from_columns, from_rows
from core.contracts.spectrum_rows import SpectrumCurveRow, SpectrumRow, SpectrumSide, SpectrumSpec
from core.contracts.words import Domain
from core.errors import InputError
from core.files import storage_guard
from core.images.decode import UnreadableImage, decode
from core.images.header import Header, header
from core.jobs.folder import JobFolder
from core.settings import settings

AHEAD = 16  # images in work at once for each thread


@dataclass(frozen=True)
class _Sampled:
    """The files of one dataset's sample and what each one's header says (None: unreadable)."""

    files: list[str]
    headers: list[Header | None]

    @property
    def sides(self) -> np.ndarray:
        """The shorter side of each, in pixels (0: unreadable)."""
        return np.array([one.shorter if one else 0 for one in self.headers], np.int64)

    @property
    def as_files(self) -> Files:
        """What its readable files are like. There is at least one."""
        read = [one for one in self.headers if one is not None]
        qualities = [one.quality for one in read if one.quality is not None]
        return Files(
            formats=dict(Counter(one.format for one in read).most_common()),
            width=float(np.median([one.width for one in read])),
            height=float(np.median([one.height for one in read])),
            quality=float(np.median(qualities)) if qualities else None,
        )


def run(job: JobFolder) -> None:
    """Compare the spectra of the datasets in the spec. Raises InputError where a dataset has too
    few usable images.
    """
    spec = job.read_spec(SpectrumSpec)
    if not any(side.domain == Domain.REAL for side in spec.datasets):
        raise InputError(
            "The spectrum comparison has no real dataset",
            "Choose one real dataset and at least one version.",
        )
    with ThreadPoolExecutor(settings().decode_threads) as pool:
        samples = [_sample(job, side, spec, pool) for side in spec.datasets]
        size = _crop(samples, spec.crop)
        measured = [
            _measured(_Measuring(job, side, index, size, spec.seed), sample, pool)
            for index, (side, sample) in enumerate(zip(spec.datasets, samples, strict=True))
        ]
    _write(job, spec, samples, measured)


def _sample(
    job: JobFolder, side: SpectrumSide, spec: SpectrumSpec, pool: ThreadPoolExecutor
) -> _Sampled:
    """Draw the dataset's sample and look at each file's header."""
    files = job.read_table(f"{side.file}.parquet").column("file").to_pylist()
    if len(files) > spec.sample:
        draw = np.random.default_rng(spec.seed).choice(len(files), spec.sample, replace=False)
        files = [files[index] for index in np.sort(draw)]
    headers = []
    for index, found in enumerate(pool.map(_header, files)):
        headers.append(found)
        job.report(f"Looking at {side.name}", index + 1, len(files))
    return _Sampled(files, headers)


def _header(file: str) -> Header | None:
    try:
        return header(file)
    except UnreadableImage:
        return None


def _crop(samples: list[_Sampled], wanted: int) -> int:
    """Pixels of the crop that serves all datasets."""
    size = spectrum.crop_size([sample.sides[sample.sides > 0] for sample in samples], wanted)
    if size < spectrum.LEAST_SIZE:
        raise InputError(
            f"The images are too small for a spectrum: crops of {size} pixels are all they allow",
            f"Use images of at least {spectrum.LEAST_SIZE} pixels.",
        )
    return size


@dataclass(frozen=True)
class _Measuring:
    """Which dataset is measured, at which place of the spec, on crops of ``size`` pixels."""

    job: JobFolder
    side: SpectrumSide
    place: int
    size: int
    seed: int


def _measured(task: _Measuring, sample: _Sampled, pool: ThreadPoolExecutor) -> Spectrum:
    """The dataset's spectra, from the job folder where a run before this one finished them."""
    job, size = task.job, task.size
    finished = job.output(f"work-{task.place:02d}.npz")
    if finished.exists():
        with np.load(finished, allow_pickle=False) as arrays:
            return Spectrum(size, arrays["profiles"], arrays["mean"])
    work = [
        (file, number)
        for number, (file, pixels) in enumerate(zip(sample.files, sample.sides, strict=True))
        if pixels >= size
    ]
    profiles: list[np.ndarray] = []
    total = np.zeros((size, size // 2 + 1))
    for done, logs in enumerate(_transformed(work, size, task.seed, pool), start=1):
        if logs is not None:
            profiles.append(spectrum.radial(logs))
            total += logs
        job.report(f"Spectra of {task.side.name}", done, len(work))
    if len(profiles) < spectrum.LEAST_IMAGES:
        raise InputError(
            f"{task.side.name} has {len(profiles)} images that a spectrum of {size} pixels can "
            f"use, of {len(sample.files)} looked at",
            f"It needs at least {spectrum.LEAST_IMAGES} readable images that are not one colour.",
        )
    found = Spectrum(size, np.stack(profiles), (total / len(profiles)).astype(np.float32))
    part = finished.with_name(finished.name + ".part")
    with storage_guard(part), part.open("wb") as file:
        np.savez(file, profiles=found.profiles, mean=found.mean)
    part.replace(finished)
    return found


def _transformed(
    work: list[tuple[str, int]], size: int, seed: int, pool: ThreadPoolExecutor
) -> Iterator[np.ndarray | None]:
    """Log power of each file in order; the pool's threads decode and transform a few ahead."""

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
    job: JobFolder, spec: SpectrumSpec, samples: list[_Sampled], measured: list[Spectrum]
) -> None:
    """Compare each version with the real dataset and write the outputs."""
    domains = [side.domain for side in spec.datasets]
    real_place = domains.index(Domain.REAL)
    real, real_files = measured[real_place], samples[real_place].as_files
    rows, curves = [], []
    for place, (side, sample, own) in enumerate(zip(spec.datasets, samples, measured, strict=True)):
        job.write_array(f"mean-{place:02d}.npy", own.picture())
        row = _row(side, own, sample, spec.crop)
        if place != real_place:
            found = spectrum.compare(real, own, seed=spec.seed)
            job.write_array(f"difference-{place:02d}.npy", own.picture() - real.picture())
            name = f"version {side.version}" if side.version else side.name
            caution = files_differ(real_files, sample.as_files, name)
            row = replace(row, **vars(found), caution=caution)
        rows.append(row)
        curves.append(_curve(side.dataset_id, own))
    job.write_rows(SpectrumCurveRow, pa.concat_tables(curves))
    job.write_rows(SpectrumRow, from_rows(SpectrumRow, rows))


def _row(side: SpectrumSide, own: Spectrum, sample: _Sampled, wanted: int) -> SpectrumRow:
    """The dataset by itself: nothing that compares it with the real one."""
    skipped, files = len(sample.files) - len(own.profiles), sample.as_files
    return SpectrumRow(
        dataset_id=side.dataset_id,
        version=side.version,
        domain=side.domain,
        name=side.name,
        images=len(own.profiles),
        skipped=skipped,
        note=_note(own.size, wanted, skipped),
        distance=None,
        low=None,
        high=None,
        baseline=None,
        baseline_low=None,
        baseline_high=None,
        bands=None,
        peaks=None,
        findings=None,
        formats=files.formats,
        jpeg_quality=files.quality,
        width=files.width,
        height=files.height,
        caution=None,
    )


def _note(size: int, wanted: int, skipped: int) -> str:
    instead = f" instead of {wanted}: the images are not larger" if size < wanted else ""
    parts = [f"Crops of {size} pixels{instead}."]
    if skipped:
        parts.append(
            f"{skipped} images left out: smaller than that, unreadable, or one colour only."
        )
    return " ".join(parts)


def _curve(dataset_id: int, own: Spectrum) -> pa.Table:
    """The dataset's radial profile: mean, its interval, and the band that 80 % of images lie in."""
    profiles = own.profiles.astype(np.float64)
    level = profiles.mean(axis=0)
    reach = 1.96 * profiles.std(axis=0, ddof=1) / np.sqrt(len(profiles))
    low, high = np.quantile(profiles, (0.1, 0.9), axis=0)
    columns = {
        "dataset_id": np.full(len(level), dataset_id),
        "frequency": own.frequency,
        "level": level,
        "low": low,
        "high": high,
        "mean_low": level - reach,
        "mean_high": level + reach,
    }
    return from_columns(SpectrumCurveRow, columns)
