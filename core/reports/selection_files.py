"""A selection for other tools: CSV, a folder of its images, and files that FiftyOne imports (as
:mod:`core.reports.fiftyone` describes).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.contracts.derive import from_rows
from core.contracts.selections import SelectedRow
from core.files import storage_guard
from core.reports import image_folder
from core.reports.image_folder import MANIFEST, WrittenFolder
from core.reports.tables import csv_bytes


def selection_csv(rows: Sequence[SelectedRow]) -> bytes:
    """One line a file: the columns of :class:`SelectedRow`."""
    return csv_bytes(from_rows(SelectedRow, rows))


def write_folder(rows: Sequence[SelectedRow], folder: Path, *, copies: bool) -> WrittenFolder:
    """Write each content once into a new or empty folder, with ``manifest.csv``: its name there
    (``file``) and the columns of :class:`SelectedRow`.

    Raises :class:`InputError` where the folder is not empty or cannot be written.
    """
    image_folder.make(folder)
    written: list[tuple[str, SelectedRow]] = []
    missing: dict[str, tuple[str, str]] = {}
    done: set[str] = set()
    with storage_guard(folder):
        for row in rows:
            if row.content_id in done:
                continue
            try:
                name = image_folder.put(
                    Path(row.folder).resolve(), row.path, folder, len(done) + 1, copies=copies
                )
            except FileNotFoundError as error:
                missing[row.content_id] = (row.path, str(error))
                continue
            done.add(row.content_id)
            written.append((name, row))
        table = from_rows(SelectedRow, [row for _, row in written])
        table = table.add_column(0, "file", [[name for name, _ in written]])
        (folder / MANIFEST).write_bytes(csv_bytes(table))
    lost = tuple(what for content, what in missing.items() if content not in done)
    return WrittenFolder(folder, len(written), lost)


def fiftyone_zip(rows: Sequence[SelectedRow]) -> bytes:
    """``labels.json`` and ``data.json`` of a FiftyOneImageClassificationDataset: the label is the
    class, or the domain where it is unknown; everything else is in the attributes.
    """
    names = _names(rows)
    classes = sorted({row.class_ or row.domain for row in rows})
    labels = {
        name: {
            "label": classes.index(row.class_ or row.domain),
            "attributes": {
                key: value
                for key, value in (
                    ("dataset", row.dataset),
                    ("domain", row.domain),
                    ("version", row.version),
                    ("bias", row.bias),
                    ("tags", row.tags),
                    ("note", row.note),
                )
                if value is not None
            },
        }
        for name, row in zip(names, rows, strict=True)
    }
    files = {name: str(Path(row.folder) / row.path) for name, row in zip(names, rows, strict=True)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        content = {"classes": classes, "labels": labels}
        archive.writestr("labels.json", json.dumps(content, indent=1, ensure_ascii=False))
        archive.writestr("data.json", json.dumps(files, indent=1, ensure_ascii=False))
    return out.getvalue()


def _names(rows: Sequence[SelectedRow]) -> list[str]:
    """A name for each file: dataset and path without its ending, or with it where two would share
    one.
    """
    paths = [PurePosixPath(row.version or row.dataset) / row.path for row in rows]
    count = Counter(str(path.with_suffix("")) for path in paths)
    return [
        str(path.with_suffix("")) if count[str(path.with_suffix(""))] == 1 else str(path)
        for path in paths
    ]
