"""Stand-in until :class:`core.finetune.plan.StudyPlan` gives rows by itself: a plan's tables as
rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from core.errors import InputError
from core.finetune.groups import Labels
from core.finetune.plan import Plan, Problem


@dataclass(frozen=True)
class StudyPlan:
    """What a study would do."""

    labels: Labels
    groups: tuple[Any, ...]
    uses: tuple[Any, ...]
    mixtures: tuple[Any, ...]
    bias: tuple[Any, ...]
    bias_ratio: float
    budget: int
    excluded: tuple[str, ...]
    trials: int
    problems: tuple[Problem, ...]

    def raise_for_errors(self) -> None:
        """Raise :class:`InputError` for the first fatal problem."""
        for problem in self.problems:
            if problem.fatal:
                raise InputError(problem.what, problem.remedy)


def with_rows(plan: Plan) -> StudyPlan:
    """The plan with rows for tables."""
    tables = {name: _rows(getattr(plan, name)) for name in ("groups", "uses", "mixtures", "bias")}
    return StudyPlan(**{**vars(plan), **tables})


def _rows(table: pa.Table) -> tuple[Any, ...]:
    rows = []
    for values in table.to_pylist():
        row = {"class_" if name == "class" else name: value for name, value in values.items()}
        if row.get("version_id") is not None:
            row["version_id"] = int(row["version_id"])
        rows.append(SimpleNamespace(**row))
    return tuple(rows)
