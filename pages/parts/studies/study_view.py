"""What of a study is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from core import Workspace
from core.contracts.study import Mixture
from core.contracts.study_rows import StudyRecord
from pages.parts.studies import words

Row = TypeVar("Row")


class OfTrials(Protocol):
    """A row about trials: of one mixture, version and corruption."""

    @property
    def mixture(self) -> str: ...

    @property
    def version_id(self) -> int | None: ...

    @property
    def severity(self) -> int: ...


Trials = TypeVar("Trials", bound=OfTrials)


@dataclass(frozen=True)
class StudyView:
    """One study, one of its versions (None: real images alone) and one corruption of the synthetic
    images. ``versions``: labels by dataset id, in the study's order.
    """

    ws: Workspace
    record: StudyRecord
    versions: Mapping[int, str]
    version_id: int | None
    severity: int

    def rows(self, row: type[Row]) -> Sequence[Row]:
        """One of the study's tables, of all versions and corruptions."""
        return words.rows(self.ws, self.record, row)

    def own(self, rows: Sequence[Trials]) -> list[Trials]:
        """Those of the version and corruption that are looked at, with those that were trained on
        real images alone.
        """
        return [
            row
            for row in words.of_version(rows, self.version_id)
            if row.mixture == Mixture.NONE or row.severity == self.severity
        ]
