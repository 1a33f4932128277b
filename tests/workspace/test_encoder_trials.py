"""Which encoder sees gaps best: a trial end to end, and what ``auto`` makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from core.contracts.catalog import Dataset
from core.contracts.encoder_trial import EncoderTrialRow
from core.errors import EncoderNotReady, InputError, JobFailed
from core.settings import Settings
from core.store import encoder_trials
from core.workspace import Workspace
from tests.conftest import draw_images

SMALL = "timm:mobilenetv3_small_050.lamb_in1k"
BEST = EncoderTrialRow(
    "pyramid:4", 400, 400, 0, True, 8, 8, 7, 0.98, 0.95, 1.0, None, None, None, True,
    real_id=1, version_id=2, seconds=3.0, tried_at=datetime(2030, 1, 1),
)  # fmt: skip
LITE = replace(
    BEST, encoder="lite0", auroc=0.9, behind=0.08, behind_low=0.02, behind_high=0.14, clear=False
)


@pytest.fixture
def untrained(tmp_path: Path) -> Path:
    """A weights folder with a network that was never trained."""
    torch.manual_seed(0)
    folder = tmp_path / "weights"
    folder.mkdir()
    network = timm.create_model("mobilenetv3_small_050", pretrained=False)
    save_file(network.state_dict(), folder / "timm-mobilenetv3_small_050.lamb_in1k.safetensors")
    return folder


def draw_patterns(folder: Path, count: int, *, seed: int) -> None:
    """Pictures of four kinds that any network tells apart, even an untrained one: a folder each."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:64, :64]
    kinds = {
        "across": across % 16 < 8,
        "down": down % 16 < 8,
        "dark": np.zeros((64, 64), bool),
        "fine": (across + down) % 4 < 2,
    }
    for name, mask in kinds.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            grey = 40 + 150 * mask[..., None] + rng.normal(0, 12, (64, 64, 3))
            picture = np.clip(grey, 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(folder / name / f"{number:03d}.png")


@pytest.fixture
def sides(workspace: Workspace, tmp_path: Path) -> tuple[Dataset, Dataset]:
    for name in ("real", "renders"):
        draw_images(tmp_path / name, 3, hue=0)
    return (
        workspace.add_dataset(tmp_path / "real", domain="real"),
        workspace.add_dataset(tmp_path / "renders", domain="synthetic", version="1.0"),
    )


def test_a_trial_says_which_encoder_sees_gaps_and_embeds_nothing_twice(
    tmp_path: Path, home: Settings, untrained: Path
) -> None:
    draw_patterns(tmp_path / "real", 28, seed=0)
    draw_patterns(tmp_path / "renders", 25, seed=1)
    with Workspace(
        tmp_path / "trial.duckdb",
        settings=home.model_copy(update={"weights": untrained}),
        progress=False,
    ) as ws:
        real = ws.add_dataset(tmp_path / "real", domain="real", labels="{class}/*")
        version = ws.add_dataset(tmp_path / "renders", domain="synthetic", version="1.1")
        rows = ws.compare_encoders(real, version, ["lite0", SMALL], sample=200)
        assert {row.encoder for row in rows} == {"lite0", SMALL}
        assert rows[0].auroc >= rows[1].auroc and rows[0].auroc > 0.8
        assert (rows[0].real_images, rows[0].synthetic_images) == (100, 100)
        assert rows[0].by_class and 4 >= rows[0].groups >= rows[0].gaps >= 3
        assert all(row.seconds is None or row.seconds > 0 for row in rows)
        assert rows == ws.encoder_trials.read(real, version)

        embedded = {job.id: job.result["embedded"] for job in ws.jobs.list() if job.kind == "embed"}
        assert all(count <= 200 for count in embedded.values())
        rest = ws.embed([real, version], "lite0").embedded
        every = {*ws.datasets.images(real).column("content_id").to_pylist()}
        every |= {*ws.datasets.images(version).column("content_id").to_pylist()}
        assert rest == len(every) - max(embedded.values()) == 12

        again = ws.compare_encoders(real, version, ["lite0", SMALL], sample=200)
        found = [replace(row, tried_at=rows[0].tried_at) for row in again]
        assert found == rows  # and one trial is kept, not two


def test_auto_follows_a_trial_that_is_clear(
    workspace: Workspace, sides: tuple[Dataset, Dataset]
) -> None:
    real, version = sides
    rows = [replace(row, real_id=real.id, version_id=version.id) for row in (BEST, LITE)]

    def auto(*stored: EncoderTrialRow) -> str:
        encoder_trials.replace(workspace.db, stored)
        return workspace.resolve_encoder("auto", real, [version])

    assert workspace.resolve_encoder("auto", real, [version]) == "lite0"  # no trial
    assert auto(*rows) == "pyramid:4"
    workspace.comparisons.submit(real, [version])
    assert workspace.comparisons.list()[0].encoder == "pyramid:4"
    # an encoder that was named is not replaced, nor is auto of other data
    assert workspace.resolve_encoder("pyramid:2", real, [version]) == "pyramid:2"
    assert workspace.resolve_encoder("auto") == "lite0"

    assert auto(rows[0], replace(rows[1], behind_low=-0.01)) == "lite0"  # chance gives as much
    assert auto(replace(rows[0], encoder=SMALL), rows[1]) == "lite0"  # its weights are away
    other = replace(rows[1], encoder="pyramid:1")
    assert auto(rows[0], other) == "pyramid:4"  # what auto is otherwise was not tried
    assert auto(replace(rows[0], clear=False), other) == "lite0"


def test_a_trial_goes_with_its_datasets(
    workspace: Workspace, sides: tuple[Dataset, Dataset]
) -> None:
    real, version = sides
    encoder_trials.replace(workspace.db, [replace(BEST, real_id=real.id, version_id=version.id)])
    workspace.datasets.remove(version)
    workspace.removals.purge()
    assert workspace.encoder_trials.read(real, version) == []


@pytest.mark.parametrize(
    ("encoders", "sample", "error", "said"),
    [
        (["lite0"], 1000, InputError, "needs two encoders or more, not 1"),
        (["lite0", "lite0"], 1000, InputError, "needs two encoders or more, not 1"),
        (["lite0", "lite9"], 1000, InputError, "There is no encoder 'lite9'"),
        (["lite0", SMALL], 1000, EncoderNotReady, "not on this machine"),
        (["lite0", "pyramid:3"], 50, InputError, "sample of 50 images is too small"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_starts(
    workspace: Workspace,
    sides: tuple[Dataset, Dataset],
    encoders: list[str],
    sample: int,
    error: type[Exception],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        workspace.compare_encoders(*sides, encoders, sample)
    with pytest.raises(InputError, match="no real dataset against a version"):
        workspace.compare_encoders(sides[1], sides[0])
    assert workspace.jobs.list() == []


def test_too_few_images_are_said(workspace: Workspace, sides: tuple[Dataset, Dataset]) -> None:
    with pytest.raises(JobFailed, match=r"Only 3 images of real could be embedded"):
        workspace.compare_encoders(*sides, ["lite0", "pyramid:5"])
