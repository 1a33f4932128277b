"""A study's results, ready to be read."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from core.errors import InputError
from core.store import study_table
from core.store.database import Database


class Study:
    """Read access to one study's results."""

    def __init__(self, db: Database, study_id: int) -> None:
        record = study_table.study(db, study_id)
        if record is None:
            raise InputError(
                f"There is no study {study_id} in this workspace", "Choose another one."
            )
        self._db = db
        self.record = record
        self.id = record.id

    def table(self, name: str) -> pa.Table | None:
        """One of the study's tables: trials, groups, curves, summary, bias, embedding, confusion
        (None: not there).
        """
        return study_table.study_table(self._db, self.id, name)

    def as_dict(self) -> dict[str, Any]:
        """What ``finetune --json`` writes."""
        tables = {}
        for name in ("trials", "groups", "summary", "bias"):
            table = self.table(name)
            tables[name] = table.to_pylist() if table is not None else []
        groups = tables.pop("groups")
        for trial in tables["trials"]:
            trial["groups"] = {
                f"{row['class']} × {row['bias']}": {"n": row["n"], "accuracy": row["accuracy"]}
                for row in groups
                if row["trial"] == trial["trial"] and row["domain"] == "real"
            }
        return {
            **tables,
            "verdict": self.record.verdict,
            "parameters": self.record.parameters,
            "study": self.id,
        }
