"""The From-Fake-to-Real job: labelled images in, trials, summaries and a verdict out.

Inputs: ``images.parquet`` (row, dataset_id, domain, version, path, file, content_id, class, bias,
split) and, for ``head``, ``vectors.npy`` (n, d) float32 in the same order. ``spec`` holds the
fields of :class:`core.finetune.parameters.StudyParameters`.

Outputs: ``trial-<name>.json`` + ``trial-<name>.parquet`` for every finished trial (a second run
skips those), ``curves-<name>.jsonl`` (grows while a trial runs),
``checkpoints/<name>.safetensors``, and the tables trials, groups, curves, summary, bias, uses,
confusion, and ``verdict.json``; with ``feature_map`` embedding, with ``saliency`` saliency.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from queue import Empty, Queue
from threading import Event, Lock
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from core.encoders import runtime
from core.encoders.base import Encoder
from core.errors import InputError
from core.finetune import backbone, pictures, records, significance, study
from core.finetune.groups import TRAIN, Labels
from core.finetune.networks import HeadBank, VectorFeed
from core.finetune.parameters import StudyParameters, from_spec
from core.finetune.plan import Plan, TrialKey, check, trial_keys
from core.finetune.trainer import Epoch
from core.jobs.folder import JobFolder
from core.settings import settings

PASS = 64  # images in one forward pass without training
Finished = dict[str, tuple[dict[str, Any], np.ndarray, np.ndarray]]


class OutOfTime(Exception):
    """The study's time budget is spent."""


class Stopped(Exception):
    """Another trial ended the study."""


def run(job: JobFolder) -> None:
    """Check, train every trial that is not finished, write the tables. Raises :class:`InputError`
    before training where the images or labels cannot serve.
    """
    parameters = from_spec(job.spec)
    table = job.read_table("images.parquet")
    job.report("check")
    plan = check(table, parameters)
    plan.raise_for_errors()
    for problem in plan.problems:
        job.log(" ".join(part for part in (problem.what, problem.remedy) if part))
    keys = trial_keys(plan.labels, parameters)
    job.write_table("bias.parquet", _with_ids(plan.bias, table))
    job.write_table("uses.parquet", _with_ids(plan.uses, table))
    with torch_threads(parameters):
        setups = make_setups(job, table, plan, parameters)
        finished, spent = _train(job, setups, keys)
    if not finished:
        raise InputError(
            "No trial was finished within the time budget", "Give the study more time."
        )
    _write_tables(job, table, plan, parameters, finished, spent, len(keys))
    shown: dict[
        tuple[str, int], TrialKey
    ] = {}  # the first finished trial of each mixture and version
    for key in keys:
        if (
            key.name in finished
            and finished[key.name][0]["status"] == "done"
            and key.objective != "dfr"
        ):
            shown.setdefault((key.mixture, key.version), key)
    if parameters.feature_map:
        _write(
            job,
            table,
            "embedding",
            pictures.feature_maps(
                setups[0],
                list(shown.values()),
                records.FolderStore(job.output("checkpoints")),
                table,
                job.report,
            ),
        )
    if parameters.saliency:
        encoder = backbone.load_encoder(
            parameters.backbone,
            runtime.choose_device(parameters.device),
            parameters.resolution if parameters.trainable != "head" else 0,
        )
        _write(
            job,
            table,
            "saliency",
            pictures.saliency_maps(
                setups[0],
                list(shown.values()),
                records.FolderStore(job.output("checkpoints")),
                table,
                encoder,
                job.report,
            ),
        )


@contextmanager
def torch_threads(parameters: StudyParameters) -> Iterator[None]:
    """One torch thread while heads are trained: their steps are too small to share, so trials run
    side by side instead, and a result does not depend on how many cores there are.
    """
    before = torch.get_num_threads()
    if parameters.trainable == "head":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def make_setups(
    job: JobFolder, table: pa.Table, plan: Plan, parameters: StudyParameters
) -> list[study.Setup]:
    """The networks and feeds that suit ``parameters.trainable``, one for each trial that may run at
    a time.
    """
    device = runtime.choose_device(parameters.device)
    if parameters.trainable == "head":
        setup = _head_setup(job, table, plan, parameters, device)
        return [setup] * (settings().decode_threads if device.type == "cpu" else 1)
    devices = [device]
    if parameters.device == "auto" and device.type == "cuda":
        devices = [torch.device("cuda", number) for number in range(torch.cuda.device_count())]
    return [_pixel_setup(job, table, plan, parameters, where) for where in devices]


def _head_setup(
    job: JobFolder, table: pa.Table, plan: Plan, parameters: StudyParameters, device: torch.device
) -> study.Setup:
    labels = plan.labels
    vectors = job.read_array("vectors.npy")
    if len(vectors) != table.num_rows:
        raise InputError(
            f"vectors.npy has {len(vectors)} rows for {table.num_rows} images",
            "Embed the images again.",
        )
    reference = labels.rows(synthetic=False, split=TRAIN)
    feeds: dict[int, VectorFeed] = {}
    for severity in parameters.severities:
        here = vectors
        if severity:
            made = np.flatnonzero(labels.synthetic)
            here = np.array(vectors)
            here[made] = _corrupted_vectors(job, table, labels, parameters, severity, made, device)
        feeds[severity] = VectorFeed(here, reference, device)
    feeds.setdefault(
        0, feeds[parameters.severities[0]]
    )  # mixtures without synthetic images see real ones only
    make = partial(
        _head,
        inputs=vectors.shape[1],
        hidden=parameters.hidden,
        classes=len(labels.classes),
        device=device,
    )
    return study.Setup(labels, parameters, plan.budget, make, feeds.__getitem__, side_by_side=True)


def _corrupted_vectors(
    job: JobFolder,
    table: pa.Table,
    labels: Labels,
    parameters: StudyParameters,
    severity: int,
    rows: np.ndarray,
    device: torch.device,
) -> np.ndarray:
    """Vectors of the synthetic images at one severity, (m, d) float32; kept in the job's cache."""
    encoder = backbone.load_encoder(parameters.backbone, device)
    feed = _pixel_feed(encoder, table, labels, severity)
    parts = (
        encoder.encode(torch.from_numpy(batch)).cpu().numpy() for batch in feed.pixels(rows, PASS)
    )
    return backbone.keep(
        job.path / "cache" / f"vectors-c{severity}.npy",
        parts,
        len(rows),
        lambda done: job.report(f"corrupt {severity}", done, len(rows)),
    )


def _pixel_setup(
    job: JobFolder, table: pa.Table, plan: Plan, parameters: StudyParameters, device: torch.device
) -> study.Setup:
    """``stage``: activations of the trunk are cached; ``all``: prepared pixels are."""
    labels, cache = plan.labels, job.path / "cache"
    encoder = backbone.load_encoder(parameters.backbone, device, parameters.resolution)
    cuda = device.type == "cuda"
    if parameters.trainable == "stage":
        trunk, body = backbone.split_trunk(encoder.module)
        prepare = backbone.as_float(device)
    else:
        trunk, body, prepare = None, encoder.module, encoder.normalise

    def fill(severity: int) -> np.ndarray:
        feed = _pixel_feed(encoder, table, labels, severity)
        n = table.num_rows
        kind = "pixels" if trunk is None else "activations"
        parts = (
            feed.pixels(np.arange(n), PASS)
            if trunk is None
            else backbone.activations(trunk, feed, n, PASS)
        )
        return backbone.keep(
            cache / f"{kind}-c{severity}.npy", parts, n, lambda done: job.report(kind, done, n)
        )

    feeds = {
        severity: backbone.ArrayFeed(fill(severity), prepare, ahead=cuda)
        for severity in sorted({0, *parameters.severities})
    }

    def make(members: int, seed: int) -> backbone.WholeNetwork:
        return backbone.WholeNetwork(
            body, encoder.dim, len(labels.classes), seed, device, encoder.convolutional
        )

    return study.Setup(labels, parameters, plan.budget, make, feeds.__getitem__, side_by_side=False)


def _pixel_feed(
    encoder: Encoder, table: pa.Table, labels: Labels, severity: int
) -> backbone.PixelFeed:
    return backbone.PixelFeed(
        encoder, table["file"].to_pylist(), labels.synthetic, severity, settings().decode_threads
    )


def _head(members: int, seed: int, **shape: Any) -> HeadBank:
    return HeadBank(
        shape["inputs"], shape["hidden"], shape["classes"], members, seed, shape["device"]
    )


def _train(
    job: JobFolder, setups: list[study.Setup], keys: list[TrialKey]
) -> tuple[Finished, bool]:
    """Train what is not finished, one trial at a time on each setup; returns all finished trials
    and whether time ran out first. The first error of any trial (a cancel, for example) stops the
    others at their next epoch.
    """
    runner = _Runner(job, setups[0].parameters.budget_seconds, len(keys))
    waiting: Queue[TrialKey] = Queue()
    for key in keys:
        old = records.read_finished(job.output(""), key)
        if old is not None:
            runner.finished[key.name] = old
        else:
            waiting.put(key)
    with ThreadPoolExecutor(len(setups), thread_name_prefix="trial") as pool:
        futures = [pool.submit(runner.work, setup, waiting) for setup in setups]
    for future in futures:
        future.result()
    job.report("trial", len(runner.finished), len(keys))
    order = {key.name: runner.finished[key.name] for key in keys if key.name in runner.finished}
    return order, runner.out_of_time.is_set()


class _Runner:
    """What the threads of a study share: the job, what is finished, when to stop."""

    def __init__(self, job: JobFolder, limit: float, total: int) -> None:
        self.job, self.limit, self.total = job, limit, total
        self.started = time.monotonic()
        self.finished: Finished = {}
        self.out_of_time, self.stop, self.lock = Event(), Event(), Lock()
        self.store = records.FolderStore(job.output("checkpoints"))

    def work(self, setup: study.Setup, waiting: Queue[TrialKey]) -> None:
        """Take trials from the queue until it is empty, time is up or something went wrong."""
        clean = False
        try:
            while not (self.stop.is_set() or self.out_of_time.is_set()):
                key = waiting.get_nowait()
                result = study.run_trial(setup, key, self.store, self.teller(key))
                _keep(self.job, self.store, result)
                self.finished[key.name] = (result.record, result.rows, result.predicted)
            clean = True
        except (Empty, Stopped):
            clean = True
        except OutOfTime:
            clean = True
            self.job.log(
                f"The time budget of {self.limit:g} s is spent: {key.name} and what follows is left out."
            )
        finally:
            if not clean:
                self.stop.set()

    def teller(self, key: TrialKey) -> Callable[[str, list[Epoch]], None]:
        """What a trial calls after each epoch: appends to its live curves, reports, stops when it
        has to.
        """
        path = self.job.output(f"curves-{key.name}.jsonl")
        path.unlink(missing_ok=True)  # an unfinished earlier try
        job = self.job

        def tell(stage: str, epochs: list[Epoch]) -> None:
            with path.open("a", encoding="utf-8") as file:
                for epoch in epochs:
                    line = {"stage": stage, "epoch": epoch.number, **asdict(epoch)}
                    line.pop("number")
                    file.write(json.dumps(line) + "\n")
            with self.lock:
                number = epochs[-1].number if epochs else 0
                job.report(
                    "trial", len(self.finished), self.total, f"{key.name}: {stage}, epoch {number}"
                )
            if self.stop.is_set():
                raise Stopped
            if self.limit and time.monotonic() - self.started > self.limit:
                self.out_of_time.set()
                raise OutOfTime

        return tell


def _keep(job: JobFolder, store: records.FolderStore, result: study.TrialResult) -> None:
    if result.state is not None and result.key.objective != "dfr":
        store.put(
            result.key.name,
            result.state,
            {
                name: str(result.record[name])
                for name in (
                    "mixture",
                    "objective",
                    "seed",
                    "lr",
                    "epochs",
                    "valid_worst",
                    "valid_balanced",
                )
            },
        )
    job.write_table(f"trial-{result.key.name}.parquet", records.predictions(result))
    job.write_json(f"trial-{result.key.name}.json", result.record)


def _write_tables(
    job: JobFolder,
    table: pa.Table,
    plan: Plan,
    parameters: StudyParameters,
    finished: Finished,
    spent: bool,
    wanted: int,
) -> None:
    labels = plan.labels
    good = {name: value for name, value in finished.items() if value[0]["status"] == "done"}
    write = partial(_write, job, table)
    write("trials", records.trials_table([value[0] for value in finished.values()]))
    write("groups", records.groups_table(labels, good))
    write("confusion", records.confusion_table(labels, good))
    write(
        "curves",
        records.curves_table(job.outputs("curves-*.jsonl"), {n: v[0] for n, v in finished.items()}),
    )
    summary: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    owners: tuple[str | None, ...] = (
        labels.versions if set(parameters.mixtures) - {"none"} else (None,)
    )
    for version_id in owners:
        for severity in parameters.severities:
            found, groups = records.outcomes(labels, good, version_id, severity)
            summary += records.summary_rows(
                labels, significance.summarise(found, groups), version_id, severity
            )
            said += [
                {"version_id": version_id, "severity": severity, **row}
                for row in significance.verdicts(found, groups)
            ]
    write("summary", records.summary_table(summary))
    notes = [problem.what for problem in plan.problems]
    notes += [
        f"{value[0]['trial']}: every learning rate diverged."
        for value in finished.values()
        if value[0]["status"] == "diverged"
    ]
    if spent:
        notes.append(f"The time budget ended the study after {len(finished)} of {wanted} trials.")
    if plan.excluded:
        notes.append(
            f"Left out of worst accuracy, since no real test image has them: {', '.join(plan.excluded)}."
        )
    job.write_json(
        "verdict.json",
        {"verdicts": said, "sentences": [row["text"] for row in said], "notes": notes},
    )


def _write(job: JobFolder, images: pa.Table, name: str, table: pa.Table) -> None:
    job.write_table(f"{name}.parquet", _with_ids(table, images))


def _with_ids(table: pa.Table, images: pa.Table) -> pa.Table:
    """``version_id`` back in the type that ``dataset_id`` has in the images table."""
    place = table.schema.get_field_index("version_id")
    if place < 0:
        return table
    return table.set_column(
        place, "version_id", table["version_id"].cast(images.schema.field("dataset_id").type)
    )
