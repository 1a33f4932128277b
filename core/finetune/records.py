"""Results of trials as Arrow tables and files: what a study leaves behind, and how it is read back.

A finished trial is three files in ``outputs/``: ``trial-<name>.parquet`` (its predictions),
``curves-<name>.jsonl`` (written while it ran) and ``trial-<name>.json``, which comes last: where it
is, the trial is finished.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import safe_open
from safetensors.torch import save_file

from core.files import read_lines, storage_guard
from core.finetune import evaluation, significance, study
from core.finetune.groups import Labels
from core.finetune.networks import State
from core.finetune.plan import TrialKey
from core.finetune.study import TrialResult

_INTEGERS = (
    "seed",
    "severity",
    "worst_n",
    "n_real",
    "n_synthetic",
    "wanted",
    "shortfall",
    "epochs",
    "epochs_stage1",
)
_NUMBERS = (
    "lr",
    "lr_stage1",
    "worst_accuracy",
    "worst_low",
    "worst_high",
    "balanced_accuracy",
    "valid_worst",
    "valid_balanced",
    "synthetic_worst_accuracy",
    "synthetic_balanced_accuracy",
    "dfr_strength",
    "seconds",
)


class FolderStore:
    """A :class:`study.StateStore` on disk: one safetensors file a state, with its facts as
    metadata.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str) -> tuple[State, dict[str, str]] | None:
        """Weights and facts, or None where there is no such file."""
        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            return None
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118

    def put(self, name: str, state: State, facts: dict[str, str]) -> None:
        """Write the weights whole or not at all."""
        path = self.folder / f"{name}.safetensors"
        part = path.with_name(
            f"{path.name}.{get_ident()}.part"
        )  # two trials may make the same stage at once
        with storage_guard(self.folder):
            save_file(
                {key: value.cpu().contiguous() for key, value in state.items()},
                part,
                metadata=facts,
            )
            part.replace(path)


def predictions(result: TrialResult) -> pa.Table:
    """``row`` of the images table and ``predicted`` class code of every test image (-1: the trial
    diverged).
    """
    return pa.table(
        {
            "row": pa.array(result.rows, pa.int64()),
            "predicted": pa.array(result.predicted, pa.int64()),
        }
    )


def trials_table(records: list[dict[str, Any]]) -> pa.Table:
    """``trials.parquet``: one row a finished trial."""
    names = list(dict.fromkeys(name for record in records for name in record))
    schema = pa.schema(
        [
            (
                name,
                pa.int64()
                if name in _INTEGERS
                else pa.float64()
                if name in _NUMBERS
                else pa.string(),
            )
            for name in names
        ]
    )
    return pa.Table.from_pylist(records, schema=schema)


def groups_table(
    labels: Labels, finished: dict[str, tuple[dict[str, Any], np.ndarray, np.ndarray]]
) -> pa.Table:
    """``groups.parquet``: one row a (trial, domain, group). ``finished``: trial → (record, rows,
    predicted).
    """
    rows = []
    for name, (record, at, predicted) in finished.items():
        for domain, found in zip(
            ("real", "synthetic"), study.scores(labels, at, predicted), strict=True
        ):
            for group in found.groups:
                y, b = divmod(group.code, len(labels.biases))
                known = domain == "real" or labels.synthetic_has_bias
                rows.append(
                    {
                        **_identity(name, record),
                        "domain": domain,
                        "split": "test",
                        "class": labels.classes[y],
                        "bias": labels.biases[b] if known else None,
                        "group": labels.group_name(group.code) if known else labels.classes[y],
                        **{key: value for key, value in asdict(group).items() if key != "code"},
                    }
                )
    return _table(rows, GROUPS)


def confusion_table(
    labels: Labels, finished: dict[str, tuple[dict[str, Any], np.ndarray, np.ndarray]]
) -> pa.Table:
    """``confusion.parquet``: real test images of each group by the class they were taken for."""
    rows = []
    for name, (record, at, predicted) in finished.items():
        real = ~labels.synthetic[at]
        codes = labels.group()[at]
        for code, label, n in evaluation.confusion(
            labels.y[at][real], predicted[real], codes[real]
        ):
            y, b = divmod(code, len(labels.biases))
            rows.append(
                {
                    **_identity(name, record),
                    "class": labels.classes[y],
                    "bias": labels.biases[b],
                    "predicted": labels.classes[label],
                    "n": n,
                }
            )
    return _table(rows, CONFUSION)


def outcomes(
    labels: Labels,
    finished: dict[str, tuple[dict[str, Any], np.ndarray, np.ndarray]],
    version_id: str | None,
    severity: int,
) -> tuple[dict[tuple[str, str], list[significance.Outcome]], np.ndarray]:
    """(mixture, objective) → outcomes of one version at one severity, ``none`` included; and the
    groups of the real test images.
    """
    found: dict[tuple[str, str], list[significance.Outcome]] = defaultdict(list)
    groups = np.zeros(0, dtype=np.int64)
    for record, at, predicted in finished.values():
        if record["mixture"] != "none" and (
            record["version_id"] != version_id or record["severity"] != severity
        ):
            continue
        real = ~labels.synthetic[at]
        groups = labels.group()[at][real]
        found[record["mixture"], record["objective"]].append(
            significance.Outcome(
                record["seed"],
                record["worst_accuracy"],
                record["balanced_accuracy"],
                predicted[real] == labels.y[at][real],
            )
        )
    return dict(found), groups


def curves_table(files: list[Path], records: dict[str, dict[str, Any]]) -> pa.Table:
    """``curves.parquet`` from the live files of finished trials."""
    rows = []
    for path in files:
        name = path.stem.removeprefix("curves-")
        if name in records:
            rows += [{**_identity(name, records[name]), **line} for line in read_lines(path)]
    return _table(rows, CURVES)


def read_finished(
    outputs: Path, key: TrialKey
) -> tuple[dict[str, Any], np.ndarray, np.ndarray] | None:
    """A finished trial's (record, rows, predicted), or None."""
    path = outputs / f"trial-{key.name}.json"
    if not path.exists():
        return None
    table = pq.read_table(outputs / f"trial-{key.name}.parquet")
    return (
        json.loads(path.read_text("utf-8")),
        table["row"].to_numpy(),
        table["predicted"].to_numpy(),
    )


def summary_rows(
    labels: Labels, found: list[dict[str, Any]], version_id: str | None, severity: int
) -> list[dict[str, Any]]:
    """``summary.parquet`` rows: :func:`significance.summarise` with the pooled worst group by name."""
    return [
        {
            "version_id": version_id,
            "severity": severity,
            **{k: v for k, v in row.items() if k != "pooled_worst_code"},
            "pooled_worst_group": labels.group_name(row["pooled_worst_code"]),
        }
        for row in found
    ]


def summary_table(rows: list[dict[str, Any]]) -> pa.Table:
    """``summary.parquet`` from :func:`summary_rows`. With one seed there is no deviation: the
    column is there, and null.
    """
    return _table(rows, SUMMARY)


def _identity(name: str, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "trial": name,
        **{key: record[key] for key in ("mixture", "objective", "seed", "version_id", "severity")},
    }


_WHO = {
    "trial": pa.string(),
    "mixture": pa.string(),
    "objective": pa.string(),
    "seed": pa.int64(),
    "version_id": pa.string(),
    "severity": pa.int64(),
}
GROUPS = {
    **_WHO,
    "domain": pa.string(),
    "split": pa.string(),
    "class": pa.string(),
    "bias": pa.string(),
    "group": pa.string(),
    "n": pa.int64(),
    "correct": pa.int64(),
    "accuracy": pa.float64(),
    "low": pa.float64(),
    "high": pa.float64(),
}
CONFUSION = {
    **_WHO,
    "class": pa.string(),
    "bias": pa.string(),
    "predicted": pa.string(),
    "n": pa.int64(),
}
CURVES = {
    **_WHO,
    "stage": pa.string(),
    "epoch": pa.int64(),
    "rate": pa.float64(),
    "loss": pa.float64(),
    "valid_worst": pa.float64(),
    "valid_balanced": pa.float64(),
}
SUMMARY = {
    "version_id": pa.string(),
    "severity": pa.int64(),
    "mixture": pa.string(),
    "objective": pa.string(),
    "seeds": pa.int64(),
    "worst_mean": pa.float64(),
    "worst_sd": pa.float64(),
    "balanced_mean": pa.float64(),
    "balanced_sd": pa.float64(),
    "pooled_worst": pa.float64(),
    "pooled_worst_n": pa.int64(),
    "pooled_low": pa.float64(),
    "pooled_high": pa.float64(),
    "pooled_worst_group": pa.string(),
}


def _table(rows: list[dict[str, Any]], columns: dict[str, pa.DataType]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema(list(columns.items())))
