"""The one door: everything the pages and the command line do, they do through :class:`Workspace`."""

from core.workspace.comparison import Comparison as Comparison
from core.workspace.door import Workspace as Workspace

__all__ = ["Comparison", "Workspace"]
