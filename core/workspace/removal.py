"""Undoing removals, and making them final: the one place where something is deleted."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import InputError
from core.store import dataset_table, removal
from core.store.removal import Removed as Removed
from core.store.removal import Thing as Thing
from core.workspace.context import Context


class Removals:
    """What was removed from one workspace and is not purged."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._db = context.db

    def list(self) -> Sequence[Removed]:
        """What can be put back, the last removed first."""
        return removal.removed(self._db)

    def put_back(self, one: Removed) -> None:
        """Undo a removal. Raises :class:`InputError` for a version whose name another folder has
        now.
        """
        self._context.check_writable()
        if one.thing == Thing.DATASET:
            names = [dataset.version for dataset in dataset_table.datasets(self._db)]
            dataset = dataset_table.dataset(self._db, one.id)
            if dataset is not None and dataset.version is not None and dataset.version in names:
                raise InputError(
                    f"The version name {dataset.version!r} is used by another folder now",
                    "Remove that one first.",
                )
        removal.put_back(self._db, one.thing, one.id)

    def purge(self) -> Sequence[Removed]:
        """Delete for good all that was removed; what that was."""
        self._context.check_writable()
        return removal.purge(self._db)
