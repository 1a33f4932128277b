"""The From-Fake-to-Real job: labelled images in, trials, summaries and a verdict out.

Inputs: ``images.parquet`` (:class:`core.contracts.study_rows.StudyImageRow`) and, for ``head``,
``vectors.npy`` (n, d) float32 in the same order. The spec is
:class:`core.contracts.study.StudySpec`.

Outputs: ``trial-<name>.json`` + ``trial-<name>.parquet`` for every finished trial (a second run
skips those), ``curves-<name>.jsonl`` (grows while a trial runs),
``checkpoints/<name>.safetensors``, the tables of ``STUDY_ROWS`` (embedding with ``feature_map``,
saliency with ``saliency``), and ``verdict.json``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from queue import Empty, Queue
from threading import Event, Lock
from typing import Any

from core.contracts.derive import from_rows
from core.contracts.study import Mixture, Objective, StudySpec, study_spec
from core.contracts.study_rows import (
    BiasRow,
    ConfusionRow,
    CurveRow,
    EmbeddingRow,
    GroupAccuracyRow,
    MixtureVerdict,
    PredictionRow,
    SaliencyRow,
    StudyVerdict,
    SummaryRow,
    TrialRow,
    UseRow,
    output_name,
)
from core.errors import InputError
from core.finetune import pictures, significance, trial
from core.finetune.checkpoints import FolderStore
from core.finetune.plan import TrialKey, check, trial_keys
from core.finetune.study_images import read_images
from core.finetune.trainer import Epoch
from core.finetune.trial import Setup, Tell, TrialResult
from core.jobs.finetune import rows
from core.jobs.finetune.setups import StudyInputs, load_encoder, make_setups, torch_threads
from core.jobs.folder import JobFolder


class OutOfTime(Exception):
    """The study's time budget is spent."""


class Stopped(Exception):
    """Another trial ended the study."""


def run(job: JobFolder) -> None:
    """Check, train every trial that is not finished, write the tables. Raises :class:`InputError`
    before training where the images or labels cannot serve.
    """
    study = read_inputs(job)
    job.report("check")
    study.plan.raise_for_errors()
    for problem in study.plan.problems:
        job.log(" ".join(part for part in (problem.what, problem.remedy) if part))
    keys = trial_keys(study.plan.labels, study.spec)
    _write(job, BiasRow, study.plan.bias)
    _write(job, UseRow, study.plan.uses)
    with torch_threads(study.spec):
        setups = make_setups(study)
        runner = _Runner(job, study.spec, keys)
        results = runner.train(setups)
    if not results:
        raise InputError(
            "No trial was finished within the time budget", "Give the study more time."
        )
    notes = []
    if runner.out_of_time.is_set():
        notes = [f"The time budget ended the study after {len(results)} of {len(keys)} trials."]
    _write_tables(study, results, notes)
    _write_pictures(study, setups[0], keys, results)


def read_inputs(job: JobFolder) -> StudyInputs:
    """The job's spec and images, and what is planned for them. Raises :class:`InputError`."""
    spec = study_spec(job.spec)
    images = read_images(job.read_table("images.parquet"))
    return StudyInputs(job, spec, images, check(images, spec))


class _Runner:
    """Trains trials, one at a time on each setup; its threads share the job, what is finished and
    when to stop.
    """

    def __init__(self, job: JobFolder, spec: StudySpec, keys: list[TrialKey]) -> None:
        self.job, self.keys, self.limit = job, keys, spec.budget_seconds
        self.started = time.monotonic()
        self.results: dict[str, TrialResult] = {}
        self.out_of_time, self.stop, self.lock = Event(), Event(), Lock()
        self.store = FolderStore(job.output("checkpoints"))

    def train(self, setups: list[Setup]) -> list[TrialResult]:
        """Train what is not finished; all finished trials in the order of their keys. The first
        error of any trial (a cancel, for example) stops the others at their next epoch.
        """
        waiting: Queue[TrialKey] = Queue()
        for key in self.keys:
            kept = rows.read_result(self.job.output(""), key)
            if kept is not None:
                self.results[key.name] = kept
            else:
                waiting.put(key)
        with ThreadPoolExecutor(len(setups), thread_name_prefix="trial") as pool:
            futures = [pool.submit(self._work, setup, waiting) for setup in setups]
        for future in futures:
            future.result()
        self.job.report("trial", len(self.results), len(self.keys))
        return [self.results[key.name] for key in self.keys if key.name in self.results]

    def _work(self, setup: Setup, waiting: Queue[TrialKey]) -> None:
        """Take trials from the queue until it is empty, time is up or something went wrong."""
        clean = False
        try:
            while not (self.stop.is_set() or self.out_of_time.is_set()):
                key = waiting.get_nowait()
                result = trial.run_trial(setup, key, self.store, self._teller(key))
                self._keep(result)
                self.results[key.name] = result
            clean = True
        except (Empty, Stopped):
            clean = True
        except OutOfTime:
            clean = True
            self.job.log(
                f"The time budget of {self.limit:g} s is spent: {key.name} and what follows is "
                "left out."
            )
        finally:
            if not clean:
                self.stop.set()

    def _teller(self, key: TrialKey) -> Tell:
        """What a trial calls after each epoch: appends to its live curves, reports, stops when it
        has to.
        """
        path = self.job.output(f"curves-{key.name}.jsonl")
        path.unlink(missing_ok=True)  # an unfinished earlier try

        def tell(stage: str, epochs: list[Epoch]) -> None:
            with path.open("a", encoding="utf-8") as file:
                for epoch in epochs:
                    values = asdict(epoch)
                    line = {"stage": stage, "epoch": values.pop("number"), **values}
                    file.write(json.dumps(line) + "\n")
            with self.lock:
                number = epochs[-1].number if epochs else 0
                note = f"{key.name}: {stage}, epoch {number}"
                self.job.report("trial", len(self.results), len(self.keys), note)
            if self.stop.is_set():
                raise Stopped
            if self.limit and time.monotonic() - self.started > self.limit:
                self.out_of_time.set()
                raise OutOfTime

        return tell

    def _keep(self, result: TrialResult) -> None:
        """Write a finished trial; its JSON comes last."""
        name = f"trial-{result.record.trial}"
        table = from_rows(PredictionRow, rows.prediction_rows(result))
        self.job.write_table(f"{name}.parquet", table)
        self.job.write_json(f"{name}.json", asdict(result.record))


def _write_tables(study: StudyInputs, results: list[TrialResult], notes: list[str]) -> None:
    """The collected tables and the verdict; ``notes`` are added to what it says."""
    job, labels, plan = study.job, study.plan.labels, study.plan
    done = [result for result in results if result.done]
    _write(job, TrialRow, [result.record for result in results])
    _write(job, GroupAccuracyRow, rows.group_rows(labels, done))
    _write(job, ConfusionRow, rows.confusion_rows(labels, done))
    _write(job, CurveRow, rows.curve_rows(job.outputs("curves-*.jsonl"), results))
    summary: list[SummaryRow] = []
    verdicts: list[MixtureVerdict] = []
    versions: tuple[int | None, ...] = labels.versions
    if set(study.spec.mixtures) <= {Mixture.NONE}:
        versions = (None,)
    for version_id in versions:
        for severity in study.spec.severities:
            compared = rows.compared(labels, done, version_id, severity)
            summary += significance.summarise(compared)
            verdicts += significance.verdicts(compared)
    _write(job, SummaryRow, summary)
    remarks = [problem.what for problem in plan.problems]
    remarks += [
        f"{result.record.trial}: every learning rate diverged."
        for result in results
        if not result.done
    ]
    remarks += notes
    if plan.excluded:
        remarks.append(
            "Left out of worst-group accuracy, since no real test image has them: "
            f"{', '.join(plan.excluded)}."
        )
    sentences = tuple(verdict.text for verdict in verdicts)
    job.write_json("verdict.json", asdict(StudyVerdict(tuple(verdicts), sentences, tuple(remarks))))


def _write_pictures(
    study: StudyInputs, setup: Setup, keys: list[TrialKey], results: list[TrialResult]
) -> None:
    """Feature maps and saliency maps of the first finished trial of each mixture and version."""
    done = {result.record.trial for result in results if result.done}
    shown: dict[tuple[str, int], TrialKey] = {}
    for key in keys:
        if key.name in done and key.objective != Objective.DFR:
            shown.setdefault((key.mixture, key.version), key)
    job, labels, chosen = study.job, study.plan.labels, list(shown.values())
    store = FolderStore(job.output("checkpoints"))
    if study.spec.feature_map:
        maps = pictures.feature_maps(setup, chosen, store, job.report)
        _write(job, EmbeddingRow, rows.embedding_rows(labels, study.images, maps))
    if study.spec.saliency:
        explained = pictures.saliency_maps(
            setup, chosen, store, study.images, load_encoder(study.spec), job.report
        )
        _write(job, SaliencyRow, rows.saliency_rows(labels, study.images, explained))


def _write(job: JobFolder, contract: type, written: Iterable[Any]) -> None:
    job.write_table(output_name(contract), from_rows(contract, written))
