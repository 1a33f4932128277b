"""The absent images as a folder: links to the photographs (or copies of them), with a manifest.

For whoever renders: open the folder in any image viewer, sort by name, the most absent comes first.
"""

from __future__ import annotations

from pathlib import Path

from core.contracts.comparison import GroupRow, LabelledCoverageRow
from core.contracts.derive import from_rows
from core.contracts.judgement_words import group_name
from core.contracts.manifest import ManifestRow
from core.contracts.words import Mark
from core.files import storage_guard
from core.reports import image_folder
from core.reports.image_folder import MANIFEST, WrittenFolder
from core.reports.tables import csv_bytes
from core.store.results import Comparison


def write_absent_folder(
    comparison: Comparison, version: str | int, folder: Path, *, copies: bool = False
) -> WrittenFolder:
    """Write the absent images of one version into a new or empty folder.

    Files are named ``0001-name.jpg`` by rank. ``copies`` False: symbolic links, which cost nothing
    but break when the photographs move. ``manifest.csv`` has one :class:`ManifestRow` an image.
    Raises :class:`InputError` where the folder is not empty or cannot be written, or links are not
    allowed there.
    """
    source = Path(comparison.real.folder).resolve()
    image_folder.make(folder)
    groups = {group.group_id: group for group in comparison.group_rows(version)}
    marks = comparison.marks_by_path(version)
    rows, missing = [], []
    with storage_guard(folder):
        for number, row in enumerate(comparison.absent_rows(version), start=1):
            try:
                file = image_folder.put(source, row.path, folder, number, copies=copies)
            except FileNotFoundError as error:
                missing.append((row.path, str(error)))
                continue
            group, mark = groups.get(row.group_id), marks.get(row.path)
            rows.append(_manifest_row(file, row, group, mark))
        (folder / MANIFEST).write_bytes(csv_bytes(from_rows(ManifestRow, rows)))
    return WrittenFolder(folder, len(rows), tuple(missing))


def _manifest_row(
    file: str, row: LabelledCoverageRow, group: GroupRow | None, mark: Mark | None
) -> ManifestRow:
    return ManifestRow(
        file=file,
        path=row.path,
        score=row.score,
        q=row.q,
        cluster=row.cluster,
        tier=row.tier,
        gap=group_name(group) if group else None,
        reason=group.reason if group else None,
        nearest=row.nearest_path,
        distance=row.distance,
        class_=row.class_,
        bias=row.bias,
        mark=mark,
    )
