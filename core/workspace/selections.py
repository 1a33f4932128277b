"""Selections: sets of images with a name, kept by the images' contents: saved, renamed, combined,
compared between versions, handed out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.contracts.selections import SelectedRow, Selection, SelectionInVersion
from core.contracts.words import Combination
from core.errors import InputError
from core.reports import selection_files
from core.reports.image_folder import WrittenFolder
from core.store import selection_table
from core.store.results import Comparison
from core.workspace.context import Context

# inside the class, ``list`` is its method
Contents = list[str]
Files = list[SelectedRow]
InVersions = list[SelectionInVersion]
Ids = list[int]


class Selections:
    """The selections of one workspace."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._db = context.db

    # --- which there are --------------------------------------------------------------------------

    def list(self) -> list[Selection]:
        """All selections in the order of their names."""
        return selection_table.selections(self._db)

    def get(self, name: str | int) -> Selection:
        """A selection by its name or id. Raises :class:`InputError` where there is none."""
        for selection in self.list():
            if name in (selection.id, selection.name):
                return selection
        raise InputError(f"There is no selection {name!r}", "Choose one of those there are.")

    def contents(self, selection: Selection) -> Contents:
        """The content ids of a selection's images."""
        return selection_table.contents(self._db, selection.id)

    def files(self, selection: Selection) -> Files:
        """Every readable file of a selection with what is known of it; images whose files are in no
        dataset any more have none.
        """
        return selection_table.files(self._db, selection.id)

    def holding(self, content_id: str) -> Ids:
        """Ids of the selections that hold an image."""
        return selection_table.holding(self._db, content_id)

    def over_versions(self, selection: Selection, comparison: Comparison) -> InVersions:
        """How each version of a comparison stands to a selection, in the comparison's order."""
        ids = [version.id for version in comparison.versions]
        return selection_table.over_versions(self._db, selection.id, comparison.id, ids)

    # --- changing ---------------------------------------------------------------------------------

    def save(self, name: str, content_ids: Iterable[str]) -> Selection:
        """Save images under a new name. Raises :class:`InputError` for a name that is empty or
        used.
        """
        self._context.check_writable()
        return self.get(selection_table.add(self._db, self._new_name(name), content_ids))

    def rename(self, selection: Selection, name: str) -> Selection:
        """Give a selection another name."""
        self._context.check_writable()
        if " ".join(name.split()) != selection.name:
            selection_table.rename(self._db, selection.id, self._new_name(name))
        return self.get(selection.id)

    def remove(self, selection: Selection) -> None:
        """Forget a selection; its images stay."""
        self._context.check_writable()
        selection_table.remove(self._db, selection.id)

    def add(self, selection: Selection, content_ids: Iterable[str]) -> Selection:
        """Add images to a selection."""
        self._context.check_writable()
        selection_table.put_in(self._db, selection.id, content_ids)
        return self.get(selection.id)

    def take_out(self, selection: Selection, content_ids: Iterable[str]) -> Selection:
        """Take images out of a selection."""
        self._context.check_writable()
        selection_table.take_out(self._db, selection.id, content_ids)
        return self.get(selection.id)

    def combine(
        self, name: str, first: Selection, how: Combination | str, second: Selection
    ) -> Selection:
        """Save what two selections have in common (``and``), together (``or``), or what only the
        first has (``without``) under a new name.
        """
        if how not in list(Combination):
            raise InputError(
                f"Selections cannot be combined by {how!r}", f"Use {', '.join(Combination)}."
            )
        found = selection_table.combined(self._db, first.id, Combination(how), second.id)
        return self.save(name, found)

    # --- handing out ------------------------------------------------------------------------------

    def csv(self, selection: Selection) -> bytes:
        """Its files with class, bias, tags and notes as CSV, safe for spreadsheets."""
        return selection_files.selection_csv(self.files(selection))

    def fiftyone_zip(self, selection: Selection) -> bytes:
        """Its images with labels, as FiftyOne reads them."""
        return selection_files.fiftyone_zip(self.files(selection))

    def write_folder(
        self, selection: Selection, target: Path, *, copies: bool = True
    ) -> WrittenFolder:
        """Copy (or link) its images, each content once, into a new or empty folder with a
        manifest.
        """
        return selection_files.write_folder(self.files(selection), target, copies=copies)

    # --- inside -----------------------------------------------------------------------------------

    def _new_name(self, name: str) -> str:
        word = " ".join(name.split())
        if not word:
            raise InputError("A selection needs a name", "Write one.")
        if any(word.lower() == one.name.lower() for one in self.list()):
            raise InputError(f"There is a selection {word!r} already", "Choose another name.")
        return word
