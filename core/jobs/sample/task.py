"""The sample job: draws the sample project's folders. ``spec``: ``folder``. What is drawn already
is left as it is.
"""

from __future__ import annotations

from pathlib import Path

from core.jobs.folder import JobFolder
from core.jobs.sample.project import write_sample


def run(job: JobFolder) -> None:
    """Draw. Raises :class:`InputError` for a folder that holds something else, StorageFull."""
    write_sample(
        Path(job.spec["folder"]),
        progress=lambda done, total: job.report("draw the sample", done, total),
    )
