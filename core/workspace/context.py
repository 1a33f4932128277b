"""What the parts of a workspace share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import GapscopeError
from core.settings import Settings
from core.store.database import Database


@dataclass(frozen=True)
class Context:
    """An open workspace: its database, the settings, the folders its users may look into, and
    whether it may be changed.
    """

    db: Database
    settings: Settings
    roots: tuple[Path, ...]
    read_only: bool

    def check_writable(self) -> None:
        """Raise :class:`GapscopeError` where the workspace is open for reading only."""
        if self.read_only:
            raise GapscopeError(
                "This workspace is open for reading only", "Open it for writing to change it."
            )

    @property
    def weights(self) -> str | None:
        """GAPSCOPE_WEIGHTS as a job's request carries it."""
        return str(self.settings.weights) if self.settings.weights else None
