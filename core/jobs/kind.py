"""How the workspace serves one kind of job: four functions, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.contracts.catalog import Dataset, JobRecord
from core.contracts.requests import Result
from core.errors import InputError
from core.store import dataset_table
from core.store.database import Database


def _nothing_to_salvage(db: Database, job: JobRecord, folder: Path) -> None:
    """Nothing is worth keeping from a job of this kind that was stopped."""


def _nothing_failed(db: Database, job: JobRecord) -> None:
    """Nothing else to update."""


@dataclass(frozen=True)
class Kind:
    """``prepare`` writes the job folder; a result instead of None says that there is nothing to do.
    ``ingest`` stores the outputs and says what came of it. ``salvage`` stores what a job finished
    before it was stopped, so that nothing is done twice. ``failed``: the job will not give a
    result.
    """

    prepare: Callable[[Database, JobRecord, Path], Result | None]
    ingest: Callable[[Database, JobRecord, Path], Result]
    salvage: Callable[[Database, JobRecord, Path], None] = _nothing_to_salvage
    failed: Callable[[Database, JobRecord], None] = _nothing_failed


def dataset(db: Database, dataset_id: int) -> Dataset:
    """A dataset that a job needs. Raises :class:`InputError` where it was removed meanwhile."""
    found = dataset_table.dataset(db, dataset_id)
    if found is None:
        raise InputError(
            f"Dataset {dataset_id} is no longer in the workspace",
            "Start again with the datasets there are.",
        )
    return found
