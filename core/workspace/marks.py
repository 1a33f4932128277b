"""Marks: what the engineer says of groups and images, kept with the real dataset.

A mark belongs to the contents of real images, so it is there again in every later comparison and
version of the same real dataset, and it survives the removal of a comparison.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.contracts.catalog import Dataset, MarkRow
from core.contracts.words import Domain, Mark
from core.errors import InputError
from core.reports import check
from core.reports.check import Question as Question
from core.reports.marks import Precision as Precision
from core.reports.marks import VersionMarks as VersionMarks
from core.reports.marks import summary_sentence as summary_sentence
from core.reports.marks import version_marks
from core.store import dataset_table, mark_table
from core.store.mark_table import Answer as Answer
from core.store.mark_table import GroupMark as GroupMark
from core.store.mark_table import ImageMark as ImageMark
from core.store.mark_table import MarkEntry as MarkEntry
from core.store.results import Comparison
from core.workspace.context import Context

NAMED = 3  # paths that an error names

# inside the class, ``list`` is its method
Rows = list[MarkRow]
Entries = list[MarkEntry]
Questions = list[Question]


class Marks:
    """The marks of one workspace."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._db = context.db

    # --- reading ----------------------------------------------------------------------------------

    def list(self, real: Dataset) -> Rows:
        """Every mark on the images of a real dataset, the oldest first."""
        return mark_table.marks(self._db, real.id)

    def entries(self) -> Entries:
        """All marks of the workspace as they were set, the oldest first."""
        return mark_table.entries(self._db)

    def of(self, comparison: Comparison, version: str | int) -> VersionMarks:
        """The marks as they bear on one version of a comparison."""
        return version_marks(comparison, version)

    def questions(self, comparison: Comparison, version: str | int) -> Questions:
        """Borderline groups of a version for a quick yes or no, at most ten."""
        return check.questions(comparison, version)

    def state(self, comparison: Comparison) -> str:
        """Differs whenever the marks on a comparison's real images differ; empty without any."""
        return mark_table.state(self._db, comparison.record.real_id)

    # --- marking ----------------------------------------------------------------------------------

    def set_group(
        self, comparison: Comparison, version: str | int, group_id: str, mark: Mark | None
    ) -> None:
        """Mark every image of a group, in place of what was said of them before; None takes the
        word back. Raises :class:`InputError` for a group that the version does not have, and
        :class:`GapscopeError` in a workspace that is open for reading only.
        """
        self._context.check_writable()
        mark_table.mark_group(self._db, comparison.looked(version), group_id, mark)

    def set_images(
        self,
        comparison: Comparison,
        version: str | int,
        paths: Iterable[str],
        mark: Mark | None,
    ) -> None:
        """Mark single real images by path; None takes the word back."""
        self._context.check_writable()
        mark_table.mark_images(self._db, comparison.looked(version), paths, mark)

    def answer(
        self, comparison: Comparison, version: str | int, group_id: str, covered: bool | None
    ) -> None:
        """Answer the check: is this group covered by the version? None takes the answer back.

        An answer is the mark "covered after all" or "matters"; that of a group whose answer is held
        back measures the list and changes nothing else.
        """
        self._context.check_writable()
        question = next(
            (one for one in self.questions(comparison, version) if one.group.group_id == group_id),
            None,
        )
        if question is None:
            raise InputError(
                f"The group {group_id!r} is not asked about", "Mark it on its card instead."
            )
        mark = None if covered is None else Mark.COVERED if covered else Mark.MATTERS
        mark_table.mark_group(
            self._db,
            comparison.looked(version),
            group_id,
            mark,
            checked=True,
            held_back=question.held_back,
        )

    def read_csv(self, real: Dataset, file: Path) -> int:
        """Set marks on single images from a CSV file with the columns ``path`` (relative to the
        dataset's folder) and ``mark`` (empty: take it back); how many images it names.

        Raises :class:`InputError`, and marks nothing, where the file cannot be read, a mark is not
        one of the three, or the dataset has no such image.
        """
        self._context.check_writable()
        if real.domain != Domain.REAL:
            raise InputError(f"{real.label} is not a real dataset", "Marks are on real images.")
        wanted = _read(file)
        images = dataset_table.images(self._db, real.id, readable=True)
        contents: Mapping[str, str] = dict(
            zip(
                images.column("path").to_pylist(),
                images.column("content_id").to_pylist(),
                strict=True,
            )
        )
        unknown = [path for path in wanted if path not in contents]
        if unknown:
            raise InputError(
                f"{real.label} has no image {', '.join(unknown[:NAMED])}"
                f"{' …' if len(unknown) > NAMED else ''}",
                "Paths are relative to the dataset's folder; scan it again if they are new.",
            )
        for mark in (*Mark, None):
            ids = [contents[path] for path, one in wanted.items() if one == mark]
            if ids:
                mark_table.mark_contents(self._db, real.id, ids, mark)
        return len(wanted)


def _read(file: Path) -> dict[str, Mark | None]:
    """Marks by path, as a CSV file has them."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if not {"path", "mark"} <= set(reader.fieldnames or ()):
                raise InputError(f"{file} needs the columns path and mark", "Name them in line 1.")
            rows = [(row["path"] or "", (row["mark"] or "").strip()) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read: {error}", "Give a CSV file.") from error
    for number, (_, word) in enumerate(rows, start=2):
        if word and word not in list(Mark):
            raise InputError(
                f"{file}, line {number}: {word!r} is no mark", f"Use {', '.join(Mark)}, or nothing."
            )
    return {path: Mark(word) if word else None for path, word in rows}
