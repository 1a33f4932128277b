"""A study's tables as the page needs them: read once and kept, with the words and orders that all
its parts share.

What comes from here is shared by all browser sessions: nobody changes it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import streamlit as st

from core import Workspace
from core.contracts.study import MIXTURE_NAMES, MIXTURES, OBJECTIVE_NAMES, OBJECTIVES
from core.contracts.study_rows import StudyRecord
from core.reports.tables import csv_bytes

TABLES = (
    "trials",
    "summary",
    "groups",
    "confusion",
    "bias",
    "uses",
    "curves",
    "embedding",
    "saliency",
)
Rows = list[dict[str, Any]]


def rows(ws: Workspace, record: StudyRecord, name: str) -> Rows:
    """One of the study's tables as rows; empty where it has none of that name."""
    return _rows(ws, str(ws.path), record.id, str(record.finished_at), name)


@st.cache_resource(show_spinner=False, max_entries=64)
def _rows(_ws: Workspace, path: str, study_id: int, finished: str, name: str) -> Rows:
    table = _ws.studies.get(study_id).table(name)
    return table.to_pylist() if table is not None else []


def mixture(name: str) -> str:
    """A mixture's name as a sentence begins."""
    told = MIXTURE_NAMES.get(name, name)
    return told[:1].upper() + told[1:]


def objective(name: str) -> str:
    """An objective's name."""
    return OBJECTIVE_NAMES.get(name, name)


def mixtures_of(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """The mixtures that occur, in the house's order."""
    there = {row["mixture"] for row in found}
    return [name for name in MIXTURES if name in there]


def objectives_of(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """The objectives that occur, in the house's order."""
    there = {row["objective"] for row in found}
    return [name for name in OBJECTIVES if name in there]


def same(value: object, other: object) -> bool:
    """Whether two version ids, numbers or text, are the same."""
    return (None if value is None else str(value)) == (None if other is None else str(other))


def of_version(found: Rows, version_id: object, severity: int | None = None) -> Rows:
    """The rows of one version, with those of no version (trained on real images alone)."""
    return [
        row
        for row in found
        if row["version_id"] is None or same(row["version_id"], version_id)
        if severity is None or row["mixture"] == "none" or row["severity"] == severity
    ]


def mean(values: Sequence[float | None]) -> float | None:
    """The mean over seeds of what is known."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def deviation(values: Sequence[float | None]) -> float | None:
    """The standard deviation over seeds (n - 1), None with fewer than two."""
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def spread(value: float | None, around: float | None) -> str:
    """``83.1 ± 2.0 %``."""
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if around is None else f"{100 * value:.1f} ± {100 * around:.1f} %"


def export(ws: Workspace, record: StudyRecord) -> bytes:
    """Every table as CSV, with the parameters, software versions and verdict as JSON, in one ZIP
    file.
    """
    study = ws.studies.get(record.id)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in TABLES:
            table: pa.Table | None = study.table(name)
            if table is not None:
                archive.writestr(f"{name}.csv", csv_bytes(table))
        told = {
            "study": record.id,
            "name": record.name,
            "parameters": record.parameters,
            "software": record.software,
            "verdict": record.verdict,
        }
        archive.writestr("study.json", json.dumps(told, indent=2))
    return packed.getvalue()


def checkpoints(ws: Workspace, record: StudyRecord) -> list[Path]:
    """The study's weights on disk (safetensors); empty where the job's folder is gone."""
    if not record.job_id:
        return []
    return sorted((ws.jobs.path(record.job_id) / "outputs" / "checkpoints").glob("*.safetensors"))
