"""Which encoder sees gaps best: a trial end to end, and what ``auto`` makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from core.contracts.catalog import Dataset
from core.contracts.encoder_trial import EncoderTrialRow
from core.errors import EncoderNotReady, InputError, JobFailed
from core.jobs.sample.project import write_sample
from core.settings import Settings
from core.store import encoder_trials
from core.workspace import Workspace
from tests.conftest import draw_images

RESNET = "timm:resnet18.a1_in1k"
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
    network = timm.create_model("resnet18", pretrained=False)
    save_file(network.state_dict(), folder / "timm-resnet18.a1_in1k.safetensors")
    return folder


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
    drawn = write_sample(tmp_path / "sample", images_per_mode=32)
    with Workspace(
        tmp_path / "trial.duckdb",
        settings=home.model_copy(update={"weights": untrained}),
        progress=False,
    ) as ws:
        # without labels: the gaps are clusters, here kinds of weather and light
        real = ws.add_dataset(drawn.real, domain="real")
        version = ws.add_dataset(drawn.versions["1.1"], domain="synthetic", version="1.1")
        rows = ws.compare_encoders(real, version, ["lite0", RESNET], sample=300)
        assert {row.encoder for row in rows} == {"lite0", RESNET}
        assert rows[0].auroc >= rows[1].auroc
        assert next(row for row in rows if row.encoder == "lite0").auroc > 0.7
        assert rows[0].real_images <= 150 and rows[0].synthetic_images <= 150
        assert rows[0].groups >= max(row.gaps for row in rows) >= 1 and not rows[0].by_class
        assert all(row.seconds is None or row.seconds > 0 for row in rows)
        assert rows == ws.encoder_trials.read(real, version)

        embedded = {job.id: job.result["embedded"] for job in ws.jobs.list() if job.kind == "embed"}
        assert all(count <= 300 for count in embedded.values())
        rest = ws.embed([real, version], "lite0").embedded
        every = {*ws.datasets.images(real).column("content_id").to_pylist()}
        every |= {*ws.datasets.images(version).column("content_id").to_pylist()}
        assert rest == len(every) - max(embedded.values())

        again = ws.compare_encoders(real, version, ["lite0", RESNET], sample=300)
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
    assert auto(replace(rows[0], encoder=RESNET), rows[1]) == "lite0"  # its weights are away
    other = replace(rows[1], encoder="pyramid:1")
    assert auto(rows[0], other) == "pyramid:4"  # what auto is otherwise was not tried
    assert auto(replace(rows[0], clear=False), other) == "lite0"


def test_a_trial_goes_with_its_datasets(
    workspace: Workspace, sides: tuple[Dataset, Dataset]
) -> None:
    real, version = sides
    encoder_trials.replace(workspace.db, [replace(BEST, real_id=real.id, version_id=version.id)])
    workspace.datasets.remove(version)
    assert workspace.encoder_trials.read(real, version) == []


@pytest.mark.parametrize(
    ("encoders", "sample", "error", "said"),
    [
        (["lite0"], 1000, InputError, "needs two encoders or more, not 1"),
        (["lite0", "lite0"], 1000, InputError, "needs two encoders or more, not 1"),
        (["lite0", "lite9"], 1000, InputError, "There is no encoder 'lite9'"),
        (["lite0", RESNET], 1000, EncoderNotReady, "not on this machine"),
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
