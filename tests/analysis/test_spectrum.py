"""Spectra: injected grids and blur are found and named, and two halves of one set show nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scipy import ndimage

from core.analysis import spectrum
from core.analysis.spectrum import (
    Spectrum,
    compare,
    crop_of,
    crop_size,
    find_peaks,
    log_power,
    radial,
)
from core.contracts.derive import read_rows
from core.contracts.spectrum_rows import SpectrumRow, SpectrumSide, SpectrumSpec
from core.contracts.words import Domain
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.jobs.spectrum import task

SIZE = 96


def natural(rng: np.random.Generator, size: int = SIZE) -> np.ndarray:
    """An image with the 1/f amplitude of photographs, 0..1."""
    noise = np.fft.rfft2(rng.normal(size=(size, size)))
    radius = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    radius[0, 0] = 1
    image = np.fft.irfft2(noise / radius, s=(size, size))
    return 0.5 + 0.15 * image / image.std()


def measured(images: list[np.ndarray]) -> Spectrum:
    logs = [log_power(image.astype(np.float32)) for image in images]
    return Spectrum(SIZE, np.stack([radial(log) for log in logs]), np.mean(logs, axis=0))


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [natural(rng) for _ in range(80)]


def test_two_halves_of_one_set_show_nothing(photos):
    found = compare(measured(photos[:40]), measured(photos[40:]))
    assert found.findings == () and found.peaks == ()
    assert found.distance < 0.5
    assert found.low <= found.distance <= found.high


@pytest.mark.parametrize(
    ("across", "down"), [(1 / 8, 0), (0, 1 / 4), (1 / 2, 0), (12 / 96, 18 / 96)]
)
def test_a_grid_gives_a_peak_at_its_frequency(photos, across, down):
    y, x = np.mgrid[:SIZE, :SIZE]
    grid = 0.02 * np.cos(2 * np.pi * (across * x + down * y))
    found = compare(measured(photos[:40]), measured([photo + grid for photo in photos[40:]]))
    assert len(found.peaks) == 1
    peak = found.peaks[0]
    assert (peak.across, peak.down) == pytest.approx((across, down), abs=1 / SIZE)
    assert peak.excess > 6
    assert f"every {peak.period:.1f} pixels" in found.findings[0]


def test_peaks_of_one_direction_make_one_sentence(photos):
    x = np.mgrid[:SIZE, :SIZE][1]
    grids = 0.02 * np.cos(2 * np.pi * x / 8) + 0.02 * np.cos(2 * np.pi * x / 4)
    found = compare(measured(photos[:40]), measured([photo + grids for photo in photos[40:]]))
    (words,) = [words for words in found.findings if "repeats" in words]
    assert (
        words.startswith("Peaks at")
        and "8.0" in words
        and "4.0" in words
        and "from left to right" in words
    )


def test_blur_is_missing_high_frequencies(photos):
    found = compare(
        measured(photos[:40]),
        measured([ndimage.gaussian_filter(photo, 1.2) for photo in photos[40:]]),
    )
    high = {band.name: band for band in found.bands}["high"]
    assert high.difference < -10 and high.high < -1
    assert abs(high.baseline) < 1
    assert any("missing high frequencies" in words for words in found.findings)
    assert found.low > found.baseline_high


def test_noise_is_too_much_fine_detail(photos):
    rng = np.random.default_rng(1)
    found = compare(
        measured(photos[:40]),
        measured([photo + rng.normal(0, 0.15, photo.shape) for photo in photos[40:]]),
    )
    assert any("stronger" in words and "finest detail" in words for words in found.findings)


def test_log_power_is_the_power_spectrum():
    crop = natural(np.random.default_rng(2)).astype(np.float32)
    window = np.outer(*[np.hanning(SIZE + 1)[:-1]] * 2)
    power = np.abs(np.fft.fft2((crop.astype(float) - crop.mean()) * window)) ** 2
    reference = 10 * np.log10(power / power.sum())
    whole = spectrum.whole_plane(log_power(crop), SIZE)
    assert np.abs(whole - np.fft.fftshift(reference)).max() < 0.05

    rings = np.rint(np.hypot(*np.meshgrid(np.fft.fftfreq(SIZE), np.fft.fftfreq(SIZE))) * SIZE)
    profile = [reference[rings == ring].mean() for ring in range(1, SIZE // 2 + 1)]
    assert np.abs(radial(log_power(crop)) - profile).max() < 0.05
    assert spectrum.ring_frequency(SIZE)[-1] == 0.5


def test_contrast_and_brightness_do_not_matter(photos):
    base = measured(photos[:20])
    changed = measured([0.3 * photo + 0.4 for photo in photos[:20]])
    assert np.abs(base.profiles - changed.profiles).max() < 0.1


def test_constant_and_small_images_give_none():
    assert log_power(np.full((64, 64), 0.3, np.float32)) is None
    assert crop_of(np.zeros((50, 200, 3), np.uint8), 64, 0) is None
    assert crop_of(np.full((64, 80, 3), 255, np.uint8), 64, 0) == pytest.approx(1.0)


def test_crop_size_follows_the_smaller_dataset():
    assert crop_size([np.full(10, 512), np.full(10, 1080)], 256) == 256
    assert crop_size([np.full(10, 512), np.full(10, 227)], 256) == 224
    assert (
        crop_size([np.array([20] + [300] * 99), np.full(10, 1080)], 256) == 256
    )  # one small image is left out


def test_flat_difference_has_no_peaks():
    assert find_peaks(np.zeros((SIZE, SIZE // 2 + 1))) == []


def test_what_does_not_compare_is_refused(photos):
    with pytest.raises(ValueError, match="do not compare"):
        compare(measured(photos[:5]), Spectrum(64, np.zeros((5, 32)), np.zeros((64, 33))))
    with pytest.raises(ValueError, match="4 images"):
        compare(measured(photos[:5]), measured(photos[:2]))


def save(images: list[np.ndarray], folder: Path) -> list[str]:
    folder.mkdir()
    files = []
    for index, image in enumerate(images):
        file = folder / f"{index:03d}.png"
        Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8)).save(file)
        files.append(str(file))
    return files


@pytest.fixture
def job(tmp_path, photos) -> JobFolder:
    grid = 0.05 * np.cos(2 * np.pi * np.arange(SIZE) / 8)
    real = save(photos[:30], tmp_path / "real")
    render = save([photo + grid for photo in photos[30:60]], tmp_path / "render")
    (tmp_path / "render" / "broken.png").write_bytes(b"not an image")
    Image.new("RGB", (SIZE, SIZE), "red").save(tmp_path / "render" / "flat.png")
    Image.new("RGB", (20, 20), "red").save(tmp_path / "render" / "small.png")
    render += [str(tmp_path / "render" / name) for name in ("broken.png", "flat.png", "small.png")]
    sides = (
        SpectrumSide(1, None, Domain.REAL, "d00", "photos"),
        SpectrumSide(2, "1.0", Domain.SYNTHETIC, "d01", "1.0"),
    )
    made = JobFolder.create(tmp_path / "job", SpectrumSpec(sides, sample=100, seed=0, crop=96))
    made.write_input_table("d00.parquet", pa.table({"file": real}))
    made.write_input_table("d01.parquet", pa.table({"file": render}))
    return made


def test_the_task_finds_the_grid_and_counts_what_it_left_out(job):
    task.run(job)
    real, version = read_rows(SpectrumRow, pq.read_table(job.output("spectra.parquet")))
    assert real.distance is None and real.images == 30
    assert version.images == 30 and version.skipped == 3
    assert version.baseline_low <= version.baseline <= version.baseline_high
    assert version.low <= version.distance <= version.high
    assert version.peaks[0].across == pytest.approx(1 / 8)
    assert "every 8.0 pixels" in version.findings[0]
    assert (
        np.load(job.output("mean-00.npy")).shape
        == np.load(job.output("difference-01.npy")).shape
        == (96, 96)
    )
    curves = pq.read_table(job.output("curves.parquet"))
    assert curves.num_rows == 2 * 48
    assert all(
        np.isfinite(curves.column(name).to_numpy()).all()
        for name in ("level", "low", "high", "mean_low")
    )


def test_the_task_says_how_the_files_differ(job, photos, tmp_path):
    task.run(job)
    real, version = read_rows(SpectrumRow, pq.read_table(job.output("spectra.parquet")))
    assert real.caution is None and version.caution is None
    assert (real.formats, real.jpeg_quality, real.width) == ({"PNG": 30}, None, SIZE)
    assert version.formats == {"PNG": 32}  # of those that can be read
    compressed = tmp_path / "compressed"
    compressed.mkdir()
    for number, photo in enumerate(photos[30:60]):
        picture = Image.fromarray((np.clip(photo, 0, 1) * 255).astype(np.uint8))
        picture.resize((128, 112)).save(compressed / f"{number}.jpg", quality=80)
    files = sorted(map(str, compressed.iterdir()))
    job.output("work-01.npz").unlink()
    job.write_input_table("d01.parquet", pa.table({"file": files}))
    task.run(job)
    _, version = read_rows(SpectrumRow, pq.read_table(job.output("spectra.parquet")))
    assert (version.width, version.height, version.jpeg_quality) == (128, 112, 80)
    assert version.caution == (
        "The files differ in file format and native size: real: 100 % PNG (30 of 30), median 96 × "
        "96 pixels; version 1.0: 100 % JPEG of quality about 80 (30 of 30), median 128 × 112 "
        "pixels. These differences alone can make the findings."
    )


def test_a_resumed_task_takes_up_what_is_there(job, monkeypatch):
    task.run(job)
    first = pq.read_table(job.output("spectra.parquet"))
    monkeypatch.setattr(task, "decode", lambda file: pytest.fail("decoded again"))
    task.run(job)
    assert pq.read_table(job.output("spectra.parquet")).equals(first)


def test_a_dataset_without_usable_images_is_named(job):
    job.write_input_table("d01.parquet", pa.table({"file": [str(job.path / "nowhere.png")] * 3}))
    with pytest.raises(InputError, match=r"1\.0 has 0 images"):
        task.run(job)
