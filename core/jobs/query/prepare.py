"""Query: the phrase, or the image that was put aside."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import QueryRequest
from core.contracts.search import QuerySpec
from core.contracts.specs import from_json
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.store.database import Database

ASIDE = "searched"  # folder beside the jobs' folders: images that are searched by
IMAGE = "image"  # name of the input file
_CONTENT = re.compile(r"[0-9a-f]{32}")


def prepare(db: Database, job: JobRecord, folder: Path) -> None:
    """Write the spec and put the image beside it."""
    request = from_json(QueryRequest, job.plan)
    spec = QuerySpec(
        request.encoder, request.phrase, request.content_id, request.views, request.weights
    )
    work = JobFolder.create(folder, spec)
    if request.phrase is None and not work.input(IMAGE).exists():
        shutil.copyfile(image_aside(folder.parent, request.content_id or ""), work.input(IMAGE))


def image_aside(jobs: Path, content_id: str) -> Path:
    """Where the image of this content lies until its job is prepared. Raises :class:`InputError`
    for what is no content id.
    """
    if not _CONTENT.fullmatch(content_id):
        raise InputError(f"{content_id!r} is no content id", "Choose the image again.")
    return jobs / ASIDE / content_id
