"""The finetune job end to end on small data: tables, resume, cancel, time budget, the same result
from a record.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch import nn

from core.contracts.derive import read_rows, validate
from core.contracts.study import (
    MIXTURE_HELP,
    MIXTURES,
    StudySpec,
    from_record,
    listed,
    preset,
    study_spec,
)
from core.contracts.study_rows import STUDY_ROWS, SaliencyRow, TrialRow, output_name
from core.errors import InputError, JobCancelled
from core.finetune import backbone, plan, trainer, trial, version_table
from core.finetune.objectives import make_objective
from core.finetune.trainer import Schedule
from core.jobs.finetune import setups
from core.jobs.finetune import task as finetune
from core.jobs.folder import JobFolder

SPEC = {
    "kind": "finetune",
    "seeds": [0, 1],
    "epochs": 3,
    "learning_rates": [0.001, 0.01],
    "hidden": 16,
    "objectives": ["erm", "groupdro", "dfr"],
    "dfr_refits": 3,
    "dfr_strengths": [1.0, 0.1],
    "feature_map": False,
}


def study_job(folder: Path, spec: dict | None = None, images: Path | None = None) -> JobFolder:
    """A job on 2 × 2 groups: real ones 95 % biased, synthetic ones balanced and visibly apart."""
    rng = np.random.default_rng(0)
    rows, vectors = [], []
    sizes = {"train": (57, 3), "valid": (12, 12), "test": (25, 25)}
    for domain in ("real", "synthetic"):
        for y in (0, 1):
            for b in (0, 1):
                for split, (same, other) in sizes.items():
                    n = (
                        (same if y == b else other)
                        if domain == "real"
                        else {"train": 40, "valid": 0, "test": 10}[split]
                    )
                    for number in range(n):
                        path = f"{domain}-{y}{b}-{split}-{number:03d}.png"
                        rows.append(
                            {
                                "row": len(rows),
                                "dataset_id": 1 if domain == "real" else 2,
                                "domain": domain,
                                "version": None,
                                "path": path,
                                "file": str((images or folder) / path),
                                "content_id": path,
                                "class": "ab"[y],
                                "bias": "rg"[b],
                                "split": split,
                            }
                        )
                        vectors.append(
                            rng.normal(size=12)
                            + np.r_[2 * y - 1, 4 * b - 2, 3 * (domain == "real"), [0] * 9]
                        )
    job = JobFolder.create(folder, SPEC | (spec or {}))
    job.write_input_table("images.parquet", pa.Table.from_pylist(rows))
    job.write_input_array("vectors.npy", np.array(vectors, dtype=np.float32))
    return job


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> JobFolder:
    job = study_job(tmp_path_factory.mktemp("study"), {"feature_map": True})
    finetune.run(job)
    return job


def read(job: JobFolder, name: str) -> pa.Table:
    return pq.read_table(job.output(f"{name}.parquet"))


def test_a_study_leaves_every_table(done):
    trials = read(done, "trials")
    assert trials.num_rows == 4 * 3 * 2 and set(trials["status"].to_pylist()) == {"done"}
    assert trials.schema.field("version_id").type == pa.int32()
    ffr = next(row for row in trials.to_pylist() if row["trial"] == "v00-ffr-groupdro-1")
    assert (ffr["version_id"], ffr["n_synthetic"], ffr["wanted"], ffr["shortfall"]) == (
        2,
        108,
        108,
        0,
    )
    assert (
        ffr["lr_stage1"] in (0.001, 0.01)
        and ffr["excluded"] == "[]"
        and json.loads(ffr["software"])["torch"]
    )
    groups = read(done, "groups").to_pylist()
    mine = [
        row for row in groups if row["trial"] == "v00-ffr-groupdro-1" and row["domain"] == "real"
    ]
    assert len(mine) == 4 and {row["n"] for row in mine} == {25}
    assert min(row["accuracy"] for row in mine) == ffr["worst_accuracy"]
    assert all(row["low"] <= row["accuracy"] <= row["high"] for row in mine)
    summary = read(done, "summary").to_pylist()
    assert len(summary) == 12 and all(row["seeds"] == 2 for row in summary)
    assert {row["stage"] for row in read(done, "curves").to_pylist()} == {
        "real",
        "mixed",
        "synthetic",
    }
    confusion = [
        row for row in read(done, "confusion").to_pylist() if row["trial"] == "real-none-erm-0"
    ]
    assert sum(row["n"] for row in confusion) == 100
    said = json.loads(done.output("verdict.json").read_text())
    assert any(text.startswith("Under ERM, FFR") for text in said["sentences"])
    assert done.output("checkpoints/v00-ffr-erm-0.safetensors").exists()
    map_ = read(done, "embedding").to_pylist()
    assert {row["mixture"] for row in map_} == {"none", "usb", "asb", "ffr"} and {
        row["domain"] for row in map_
    } == {"real", "synthetic"}
    assert all(0 <= row["mixing"] < 2 and np.isfinite([row["x"], row["y"]]).all() for row in map_)


def test_every_table_is_of_its_contract(done):
    """Version ids among them are dataset ids: whole numbers, in the verdict too."""
    for row in STUDY_ROWS:
        if row is not SaliencyRow:  # nothing was asked to be explained here
            validate(row, pq.read_table(done.output(output_name(row))), output_name(row))
    trial = read_rows(TrialRow, read(done, "trials"))[0]
    assert trial.excluded == [] and study_spec(trial.parameters).seeds == (0, 1)
    verdicts = json.loads(done.output("verdict.json").read_text())["verdicts"]
    assert {verdict["version_id"] for verdict in verdicts} == {2}


def test_a_study_of_one_seed_keeps_the_columns_of_deviations(tmp_path):
    """All null, but typed: a database takes no column that has no type, and the page that reads it
    wants one.
    """
    job = study_job(tmp_path, {"seeds": [0], "mixtures": ["none", "ffr"], "objectives": ["erm"]})
    finetune.run(job)
    summary = read(job, "summary")
    assert (
        summary.num_rows == 2
        and summary["worst_sd"].null_count == summary["balanced_sd"].null_count == 2
    )
    assert not [field.name for field in summary.schema if pa.types.is_null(field.type)]


def test_a_trial_run_again_from_its_record_gives_the_same_result(done):
    study = finetune.read_inputs(done)
    for name in ("v00-ffr-groupdro-1", "v00-usb-dfr-0", "v00-ffr-dfr-0"):
        record = json.loads(done.output(f"trial-{name}.json").read_text())
        spec = from_record(record["parameters"])
        study = replace(study, spec=spec, plan=plan.check(study.images, spec))
        keys = plan.trial_keys(study.plan.labels, spec)
        key = next(key for key in keys if key.name == name)
        with setups.torch_threads(spec):
            setup = setups.make_setups(study)[0]
            again = trial.run_trial(setup, key, trial.MemoryStore())
        for field in (
            "lr",
            "lr_stage1",
            "epochs",
            "epochs_stage1",
            "worst_accuracy",
            "balanced_accuracy",
            "synthetic_worst_accuracy",
        ):
            assert getattr(again.record, field) == record[field], field
        stored = pq.read_table(done.output(f"trial-{name}.parquet"))
        assert again.predicted.tolist() == stored["predicted"].to_pylist()


def test_finished_trials_survive_a_cancel_and_are_not_trained_again(tmp_path, monkeypatch, done):
    job = study_job(tmp_path)
    trained = []
    real = trial.run_trial

    def counting(setup, key, store, tell):
        trained.append(key.name)
        if len(trained) == 6:
            job.cancel()
        return real(setup, key, store, tell)

    monkeypatch.setattr(trial, "run_trial", counting)
    with pytest.raises(JobCancelled):
        finetune.run(job)
    kept = {path.stem.removeprefix("trial-") for path in job.outputs("trial-*.json")}
    assert 3 <= len(kept) < 24
    job.clear_cancel()
    trained.clear()
    monkeypatch.setattr(trial, "run_trial", lambda *a: trained.append(a[1].name) or real(*a))
    finetune.run(job)
    assert not kept & set(trained) and len(kept) + len(trained) == 24
    fields = ["trial", "lr", "worst_accuracy", "balanced_accuracy"]
    assert read(job, "trials").select(fields).equals(read(done, "trials").select(fields))


def test_a_job_begun_by_an_earlier_version_goes_on(tmp_path, done):
    """Its trials name the version by text and hold JSON in text."""
    job = JobFolder(shutil.copytree(done.path, tmp_path / "job"))
    for path in job.outputs("trial-*.json"):
        record = json.loads(path.read_text())
        for name in ("excluded", "software"):
            record[name] = json.dumps(record[name])
        if record["version_id"] is not None:
            record["version_id"] = str(record["version_id"])
        path.write_text(json.dumps(record))
    finetune.run(job)
    for name in ("trials", "groups", "summary"):
        assert read(job, name).equals(read(done, name)), name


def test_a_spent_time_budget_reports_what_is_finished(tmp_path, monkeypatch):
    job = study_job(tmp_path, {"budget_seconds": 15.0, "objectives": ["erm"]})
    ticks = iter(
        range(10_000)
    )  # the clock moves on by a second whenever it is looked at: once an epoch
    monkeypatch.setattr(finetune, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    finetune.run(job)
    found = read(job, "trials").num_rows
    assert 0 < found < 8
    assert any(
        "time budget ended the study" in note
        for note in json.loads(job.output("verdict.json").read_text())["notes"]
    )


def test_bad_input_stops_the_job_before_training(tmp_path):
    job = study_job(tmp_path)
    table = job.read_table("images.parquet")
    keep = pa.array(
        [
            not (d == "synthetic" and y == "b")
            for d, y in zip(table["domain"].to_pylist(), table["class"].to_pylist(), strict=True)
        ]
    )
    job.write_input_table("images.parquet", table.filter(keep))
    with pytest.raises(InputError, match="no synthetic training image of b"):
        finetune.run(job)
    assert not job.outputs("trial-*")


def test_all_rates_diverging_is_a_result_and_not_a_crash(tmp_path):
    job = study_job(
        tmp_path,
        {
            "mixtures": ["none", "ffr"],
            "objectives": ["erm"],
            "seeds": [0],
            "learning_rates": [1e30],
        },
    )
    finetune.run(job)
    assert set(read(job, "trials")["status"].to_pylist()) == {"diverged"}
    assert any(
        "diverged" in note for note in json.loads(job.output("verdict.json").read_text())["notes"]
    )


def test_parameters_say_what_is_wrong():
    for spec in (
        {"mixtures": ["usb", "xyz"]},
        {"trainable": "half"},
        {"seeds": []},
        {"learning_rates": [-1]},
        {"split": [0.5, 0.1, 0.1]},
        {"severities": [9]},
    ):
        with pytest.raises(InputError):
            study_spec(spec)
    assert from_record(StudySpec(seeds=(4, 5)).as_json()) == StudySpec(seeds=(4, 5))
    assert preset("paper-resnet50").max_epochs == 20 and preset("paper-resnet50").trainable == "all"


@pytest.mark.parametrize(
    ("spec", "remedy"),
    [
        ({"learning_rate": [0.1]}, "Did you mean learning_rates?"),
        ({"mixtures": ["none", "biased-ffr"]}, "Did you mean ffr_biased?"),
        ({"objectives": ["group_dro"]}, "Did you mean groupdro?"),
        ({"trainable": "everything"}, "Choose from head, stage, all."),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(spec, remedy):
    with pytest.raises(InputError) as refused:
        study_spec(spec)
    assert refused.value.remedy == remedy


def test_the_help_names_every_mixture_as_it_is_written():
    assert [part.split(":")[0] for part in listed(MIXTURE_HELP).split("; ")] == list(MIXTURES)


class Tiny(nn.Module):
    """Built as timm builds a ResNet, so that it can be split."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1, self.act1 = nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU()
        self.layer1 = nn.Sequential(nn.Conv2d(4, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.ReLU())
        self.layer4 = nn.Sequential(nn.Conv2d(6, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x):
        return self.global_pool(self.layer4(self.layer1(self.act1(self.bn1(self.conv1(x))))))


@pytest.mark.parametrize(
    "name", ["tf_efficientnet_lite0", "resnet18", "convnext_atto", "vit_tiny_patch16_224"]
)
def test_a_backbone_split_in_two_is_the_backbone(name):
    import timm

    torch.manual_seed(0)
    network = timm.create_model(name, pretrained=False, num_classes=0).eval()
    trunk, tail = backbone.split_trunk(network)
    images = torch.randn(2, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(tail(trunk(images)), network(images), rtol=1e-4, atol=1e-5)
    with pytest.raises(InputError, match="cannot be split"):
        backbone.split_trunk(nn.Sequential(nn.Flatten()))


def test_frozen_batchnorm_keeps_its_statistics_while_weights_train():
    def trained(freeze: bool) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        network = backbone.WholeNetwork(Tiny(), 8, 2, seed=0, device=torch.device("cpu"))
        before = network.state(0)
        pixels = np.random.default_rng(0).normal(3, 2, (40, 3, 16, 16)).astype(np.float32)
        feed = backbone.ArrayFeed(pixels, backbone.as_float(network.device), ahead=False)
        y = np.arange(40) % 2
        some = trainer.Examples(np.arange(40), y, y)
        member = trainer.fit(
            network,
            feed,
            some,
            some,
            make_objective("erm", y, 1),
            Schedule((0.01,), epochs=1, patience=5, batch_size=8, freeze_batchnorm=freeze),
        )[0]
        return {name: (member.state[name] - before[name]).abs().max() for name in before}

    frozen, free = trained(True), trained(False)
    assert frozen["body.bn1.running_mean"] == 0 and frozen["body.conv1.weight"] > 0
    assert free["body.bn1.running_mean"] > 0


@pytest.mark.parametrize("trainable", ["stage", "all"])
def test_training_from_pixels(tmp_path, trainable, monkeypatch):
    """lite0 at 32 pixels, colours as classes' bias: the job runs through, caches once, and explains
    an image.
    """
    monkeypatch.setattr(backbone.registry, "load", lambda name, settings: _random_lite0())
    job = study_job(
        tmp_path,
        {
            "trainable": trainable,
            "backbone": "lite0",
            "resolution": 32,
            "epochs": 1,
            "seeds": [0],
            "objectives": ["erm"],
            "mixtures": ["none", "ffr"],
            "learning_rates": [0.001],
            "saliency": [0],
            "saliency_masks": 8,
        },
    )
    table = job.read_table("images.parquet")
    rng = np.random.default_rng(0)
    keep = np.array([int(path[-7:-4]) < 8 for path in table["path"].to_pylist()])
    table = table.filter(pa.array(keep))
    job.write_input_table("images.parquet", table)
    for row in table.to_pylist():
        tint = (200, 40, 40) if row["bias"] == "r" else (40, 200, 40)
        pixels = np.clip(rng.normal(tint, 30, (16, 16, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(row["file"])
    finetune.run(job)
    trials = read(job, "trials").to_pylist()
    assert [row["status"] for row in trials] == ["done", "done"]
    kept = list((job.path / "cache").iterdir())
    assert len(kept) == 1 and np.load(kept[0], mmap_mode="r").shape[0] == table.num_rows
    maps = read(job, "saliency").to_pylist()
    assert [row["mixture"] for row in maps] == ["none", "ffr"]
    assert (
        len(maps[0]["map"]) == maps[0]["height"] * maps[0]["width"]
        and np.isfinite(maps[0]["map"]).all()
    )


def test_a_corruption_sweep_embeds_the_synthetic_images_again(tmp_path, monkeypatch):
    """Severity 0 uses the given vectors; severity 3 those of the corrupted images; real images stay
    as they are.
    """
    monkeypatch.setattr(backbone.registry, "load", lambda name, settings: _random_lite0())
    job = study_job(
        tmp_path,
        {"severities": [0, 3], "objectives": ["erm"], "mixtures": ["none", "ffr"], "seeds": [0]},
    )
    table = job.read_table("images.parquet")
    job.write_input_array(
        "vectors.npy",
        np.random.default_rng(0).normal(size=(table.num_rows, 1280)).astype(np.float32),
    )
    for row in table.to_pylist():
        if row["domain"] == "synthetic":
            Image.new("RGB", (16, 16), (200, 40, 40) if row["bias"] == "r" else (40, 200, 40)).save(
                row["file"]
            )
    finetune.run(job)
    assert read(job, "trials")["trial"].to_pylist() == [
        "real-none-erm-0",
        "v00-ffr-erm-0",
        "v00-ffr-erm-0-c3",
    ]
    made = np.load(job.path / "cache" / "vectors-c3.npy")
    assert (
        made.shape == (table["domain"].to_pylist().count("synthetic"), 1280)
        and np.isfinite(made).all()
    )
    assert {row["severity"] for row in read(job, "summary").to_pylist()} == {0, 3}


def _random_lite0():
    from core.encoders import lite

    return lite.load(random_weights=True)


def test_rank_correlation_over_versions():
    worst = {"1": 0.2, "2": 0.4, "3": 0.6}
    assert (
        version_table.rank_correlation("Fréchet distance", {"1": 9, "2": 5, "3": 1}, worst).rho
        == -1
    )
    assert version_table.rank_correlation("coverage", {"1": 1, "2": 2}, worst).rho is None
    assert (
        "worst-group accuracy falls"
        in version_table.rank_correlation(
            "Fréchet distance", {"1": 9, "2": 5, "3": 1}, worst
        ).sentence
    )
