"""The client: everything the pages and the command line do, they do through :class:`Workspace`."""

from core.store.results import Comparison as Comparison
from core.store.study_results import Study as Study
from core.workspace.client import Workspace as Workspace

__all__ = ["Comparison", "Study", "Workspace"]
