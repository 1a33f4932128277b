"""The sample project: files, labels, the known answer in them, and what a second call does."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import InputError, StorageFull
from core.jobs.sample.project import (
    FAVOURED,
    LABELS,
    VERSIONS,
    SampleProject,
    mode_of,
    write_sample,
)
from core.jobs.sample.weather import MODES

SMALL = 16


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleProject:
    return write_sample(tmp_path_factory.mktemp("sample"), images_per_mode=SMALL)


def images(folder: Path) -> list[str]:
    return sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix in (".jpg", ".png")
    )


def hashes(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


def groups(folder: Path) -> Counter[tuple[str, str]]:
    return Counter((path.split("/")[0], path.split("/")[1]) for path in images(folder))


def test_each_version_lacks_exactly_the_modes_that_the_sample_says(sample: SampleProject) -> None:
    real = Counter(mode_of(path) for path in images(sample.real))
    assert real == dict.fromkeys(MODES, SMALL)
    for version, folder in sample.versions.items():
        assert set(real) - {mode_of(path) for path in images(folder)} == set(
            sample.missing[version]
        )
    assert sample.missing == {"1.0": ("night", "snow"), "1.1": ("snow",)}


def test_the_new_version_holds_the_old_one_byte_for_byte_and_adds_only_night(
    sample: SampleProject,
) -> None:
    old, new = hashes(sample.versions["1.0"]), hashes(sample.versions["1.1"])
    assert old.items() <= new.items()
    assert {mode_of(path) for path in new.keys() - old.keys()} == {"night"}
    assert len(set(new.values())) == len(new)  # no two pictures alike


def test_real_classes_go_with_a_light_and_rendered_ones_do_not(sample: SampleProject) -> None:
    real = groups(sample.real)
    for kind, light in FAVOURED.items():
        other = "dim" if light == "bright" else "bright"
        assert real[kind, light] == 3 * real[kind, other] > 0
    assert len(set(groups(sample.versions["1.1"]).values())) == 1
    for light in ("bright", "dim"):
        counts = {
            kind: n for (kind, where), n in groups(sample.versions["1.0"]).items() if where == light
        }
        assert set(counts) == set(FAVOURED) and len(set(counts.values())) == 1


def test_the_pattern_reads_class_and_light_from_every_path(sample: SampleProject) -> None:
    labels = pytest.importorskip("core.images.labels")
    assert sample.labels == LABELS
    for folder in (sample.real, *sample.versions.values()):
        source = labels.parse_spec(sample.labels, folder)
        for path in images(folder):
            found = source.label(path)
            assert found.class_ in FAVOURED
            assert found.bias == MODES[mode_of(path)].light


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_pictures(
    sample: SampleProject, tmp_path: Path
) -> None:
    again = write_sample(tmp_path / "again", images_per_mode=SMALL)
    other = write_sample(tmp_path / "other", images_per_mode=SMALL, seed=1)
    assert hashes(again.real.parent) == hashes(sample.real.parent)
    first, second = hashes(sample.real), hashes(other.real)
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())


def test_real_pictures_are_noisy_and_rendered_ones_are_flat(sample: SampleProject) -> None:
    def grain(file: Path) -> float:
        grey = np.asarray(Image.open(file).convert("L"), dtype=float)
        return float(np.median(np.abs(np.diff(grey, axis=1))))

    assert all(Image.open(sample.real / path).size == (320, 240) for path in images(sample.real))
    assert np.mean([grain(sample.real / path) for path in images(sample.real)]) > 1
    assert max(grain(sample.versions["1.1"] / path) for path in images(sample.versions["1.1"])) < 1


def test_a_second_call_draws_nothing_and_an_interrupted_one_is_continued(tmp_path: Path) -> None:
    first = write_sample(tmp_path, images_per_mode=SMALL)
    files = {
        path: (tmp_path / path).stat().st_mtime_ns
        for path in hashes(tmp_path)
        if path.endswith(("jpg", "png"))
    }
    lost = first.real / images(first.real)[5]
    before = lost.read_bytes()
    lost.unlink()
    (lost.parent / f".{lost.name}.partial").write_bytes(before[:100])
    counts: list[tuple[int, int]] = []
    assert (
        write_sample(
            tmp_path, images_per_mode=SMALL, progress=lambda done, of: counts.append((done, of))
        )
        == first
    )
    assert lost.read_bytes() == before
    assert not list(tmp_path.rglob("*.partial"))
    assert counts[-1] == (len(files), len(files))
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)
    changed = [path for path, time in files.items() if (tmp_path / path).stat().st_mtime_ns != time]
    assert changed == [lost.relative_to(tmp_path).as_posix()]


def test_empty_folders_made_in_advance_are_welcome(tmp_path: Path) -> None:
    for part in ("real", *(f"renders/{version}" for version in VERSIONS)):
        (tmp_path / part).mkdir(parents=True)
    assert images(write_sample(tmp_path, images_per_mode=SMALL).real)


def test_the_readme_says_that_the_real_images_are_drawn_and_names_the_answer(
    sample: SampleProject,
) -> None:
    text = sample.readme.read_text()
    assert "NOT photographs" in text
    assert "closed: night. Still open: snow." in text
    assert f"renders/1.1/  {len(images(sample.versions['1.1']))} images" in text


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(InputError, match="is not empty"):
        write_sample(tmp_path, images_per_mode=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_sample_drawn_in_another_way_is_not_mixed_with_this_one(tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text('{"edition": 0}')
    with pytest.raises(InputError, match="drawn in another way"):
        write_sample(tmp_path, images_per_mode=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["sample.json"]


@pytest.mark.parametrize("count", [0, 8, 50])
def test_group_sizes_that_would_not_come_out_even_are_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(InputError, match="images per mode"):
        write_sample(tmp_path / "new", images_per_mode=count)
    assert not (tmp_path / "new").exists()


def test_a_file_in_the_way_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_sample(tmp_path / "file" / "sample", images_per_mode=SMALL)


def test_a_full_disk_is_said_and_keeps_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import core.jobs.sample.project as module

    write, budget = module._write, iter(range(9))

    def scarce(file: Path, data: bytes) -> None:
        if next(budget, None) is None:
            raise OSError(28, os.strerror(28))
        write(file, data)

    monkeypatch.setattr(module, "_write", scarce)
    with pytest.raises(StorageFull, match="disk is full"):
        write_sample(tmp_path, images_per_mode=SMALL)
    assert 0 < len(images(tmp_path)) <= 9
    monkeypatch.undo()
    assert len(images(write_sample(tmp_path, images_per_mode=SMALL).real)) == 6 * SMALL


def test_version_1_1_has_the_images_that_every_mixture_of_the_fine_tune_needs() -> None:
    import pyarrow as pa

    from core.contracts.study import StudySpec
    from core.finetune.plan import check
    from core.finetune.study_images import read_images
    from core.jobs.sample.project import IMAGES_PER_MODE, _plan

    rows = []
    for name in (file for picture in _plan(0, IMAGES_PER_MODE) for file in picture.files):
        folder, _, path = (
            name.partition("/") if name.startswith("real/") else name.partition("1.1/")
        )
        if path:
            kind, light, _ = path.split("/")
            domain = "real" if folder == "real" else "synthetic"
            row = {"row": len(rows), "domain": domain, "dataset_id": 1 + (domain != "real"),
                   "version": None, "path": path, "file": path, "content_id": name,
                   "class": kind, "bias": light, "split": None}  # fmt: skip
            rows.append(row)
    plan = check(read_images(pa.Table.from_pylist(rows)), StudySpec())
    assert not plan.problems
    assert plan.bias_ratio == pytest.approx(0.75, abs=0.01)
    assert {row.shortfall for row in plan.mixtures} == {0}
