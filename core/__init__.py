"""Gapscope: what in the real world do our rendered images not cover?

``from core import Workspace`` is the Python door. The import is lazy so that a worker process,
which needs a task and nothing else, does not pay for DuckDB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.workspace import Workspace as Workspace

__all__ = ["Workspace"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "Workspace":
        from core.workspace import Workspace

        return Workspace
    raise AttributeError(f"module 'core' has no attribute {name!r}")
