"""Lists for other tools: FiftyOne, COCO, and the folder of absent images."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from core.errors import InputError
from core.reports import absent_folder, coco, fiftyone
from core.workspace import Comparison, Workspace
from tests.pages import example_workspace


def imported_by_fiftyone(place: Path) -> list[tuple[Path, str, dict]]:
    """Read a folder as FiftyOne's guide describes: names from data.json, targets from labels.json
    by class number.
    """
    labels = json.loads((place / "labels.json").read_text("utf-8"))
    files = json.loads((place / "data.json").read_text("utf-8"))
    samples = []
    for name in sorted(labels["labels"]):
        target = labels["labels"][name]
        assert set(target) <= {"label", "confidence", "attributes"}
        samples.append((Path(files[name]), labels["classes"][target["label"]], target))
    return samples


def gap_name(comparison: Comparison, version: str, group_id: str) -> str | None:
    """What the group that an image is judged with is called."""
    return next(gap.name for gap in comparison.group_rows(version) if gap.group_id == group_id)


def test_fiftyone_finds_every_real_image_with_its_label(
    comparison: Comparison, tmp_path: Path
) -> None:
    zipfile.ZipFile(io.BytesIO(fiftyone.fiftyone_zip(comparison, "1.1"))).extractall(tmp_path)
    samples = imported_by_fiftyone(tmp_path)
    assert len(samples) == 120
    assert all(file.is_file() and file.is_absolute() for file, _, _ in samples)
    absent = {
        str(file.relative_to(comparison.real.folder))
        for file, label, _ in samples
        if label == "absent"
    }
    assert absent == set(comparison.absent("1.1").column("path").to_pylist())
    row = comparison.absent_rows("1.1")[0]
    photo = Path(comparison.real.folder) / row.path
    (one,) = [target for file, _, target in samples if file == photo]
    assert one["confidence"] == 1 - row.q
    assert one["attributes"]["gap"] == gap_name(comparison, "1.1", row.group_id)
    assert one["attributes"]["score"] == row.score and one["attributes"]["class"] == "cross"
    assert None not in one["attributes"].values()


def test_fiftyone_has_a_label_for_every_tier(comparison: Comparison) -> None:
    written = json.loads(fiftyone.fiftyone_files(comparison, "1.1")["labels.json"])
    assert written["classes"] == ["absent", "thin", "cannot tell", "covered"]
    rows = {row.path.removesuffix(".png"): row for row in comparison.coverage_rows("1.1")}
    for name, target in written["labels"].items():
        assert written["classes"][target["label"]] == rows[name].tier


def test_fiftyone_names_stay_apart_where_only_the_ending_differs() -> None:
    assert fiftyone._names(["a/1.jpg", "a/1.png", "b/2.jpg"]) == ["a/1.jpg", "a/1.png", "b/2"]


def test_the_coco_list_has_the_absent_images_with_their_sizes(comparison: Comparison) -> None:
    listed = json.loads(coco.coco_json(comparison, "1.0"))
    assert {"info", "images", "licenses", "categories"} <= set(listed)
    paths = comparison.absent("1.0").column("path").to_pylist()
    assert [image["file_name"] for image in listed["images"]] == paths
    assert [image["id"] for image in listed["images"]] == list(range(1, 41))
    for image in listed["images"]:
        assert image["gapscope"]["tier"] == "absent" and image["gapscope"]["gap"]
    row = comparison.version_row("1.0")
    assert row is not None and listed["info"]["said"] == row.verdict
    assert all((image["width"], image["height"]) == (200, 150) for image in listed["images"])


@pytest.mark.parametrize("copies", [False, True])
def test_the_folder_holds_the_absent_images_by_rank(
    comparison: Comparison, tmp_path: Path, copies: bool
) -> None:
    folder = tmp_path / "out"
    written = absent_folder.write_absent_folder(comparison, "1.1", folder, copies=copies)
    with (folder / "manifest.csv").open(encoding="utf-8") as manifest:
        rows = list(csv.DictReader(manifest))
    assert written.images == len(rows) == 20 and not written.missing
    for row in rows:
        file, photo = folder / row["file"], Path(comparison.real.folder) / row["path"]
        assert file.is_symlink() is not copies and file.read_bytes() == photo.read_bytes()
    assert [row["file"][:4] for row in rows] == [f"{rank:04d}" for rank in range(1, 21)]
    assert float(rows[0]["score"]) >= float(rows[-1]["score"])
    best = comparison.absent_rows("1.1")[0]
    assert {row["tier"] for row in rows} == {"absent"}
    assert rows[0]["gap"] == gap_name(comparison, "1.1", best.group_id)


def test_a_folder_with_something_in_it_is_left_alone(
    comparison: Comparison, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="not empty"):
        absent_folder.write_absent_folder(comparison, "1.1", tmp_path)
    with pytest.raises(InputError):
        absent_folder.write_absent_folder(comparison, "1.1", tmp_path / "mine.txt" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_photographs_that_are_gone_are_told(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        comparison = ws.comparisons.get(built.comparison_id)
        gone = comparison.absent("1.1").column("path")[3].as_py()
        (Path(comparison.real.folder) / gone).unlink()
        written = absent_folder.write_absent_folder(comparison, "1.1", tmp_path / "out")
    assert written.images == 19 and [path for path, _ in written.missing] == [gone]


@pytest.mark.parametrize("absolute", [False, True])
def test_a_crafted_workspace_copies_nothing_from_outside_the_dataset(
    tmp_path: Path, absolute: bool
) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", "utf-8")
    crafted = str(secret) if absolute else "../../secret.txt"
    with Workspace(built.path, progress=False) as ws:
        ws.db.execute("UPDATE coverage SET path = ? WHERE absent AND rank = 1", [crafted])
        comparison = ws.comparisons.get(built.comparison_id)
        assert (Path(comparison.real.folder) / crafted).is_file()
        written = absent_folder.write_absent_folder(
            comparison, "1.1", tmp_path / "out", copies=True
        )
    assert [path for path, _ in written.missing] == [crafted] and written.images == 19
    assert all(file.read_bytes() != b"secret" for file in (tmp_path / "out").iterdir())
