"""Whether the folders of a comparison are as they were when it was made: what the last scan found
since, and what lies on disk that no scan has seen. No file is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.contracts.catalog import Dataset
from core.images import scan
from core.store import dataset_table
from core.store.database import Database
from core.store.results import Comparison

LOOKED_AT = 50_000
"""Files of a folder whose names and dates are looked at: about half a second on a local disk. Of a
larger folder only what a scan found is told."""


@dataclass(frozen=True)
class FolderChange:
    """How a dataset differs from what a comparison was made of: images that are there now and were
    not, that are gone, and that have other contents. ``away``: its folder is not there.
    """

    label: str
    added: int
    removed: int
    changed: int
    away: bool = False

    @property
    def any(self) -> bool:
        """Whether it differs at all."""
        return self.away or bool(self.added or self.removed or self.changed)

    @property
    def sentence(self) -> str:
        """``photos: 12 images added, 1 removed``."""
        if self.away:
            return f"{self.label}: its folder is not there now"
        counts = ((self.added, "added"), (self.removed, "removed"), (self.changed, "changed"))
        parts = [f"{count:,} {words}" for count, words in counts if count]
        many, _, rest = parts[0].partition(" ")
        parts[0] = f"{many} image{'s' * (many != '1')} {rest}"
        return f"{self.label}: {', '.join(parts)}"


def changes(db: Database, comparison: Comparison) -> list[FolderChange]:
    """The datasets of a comparison that differ now from what it was made of."""
    told = [_change(db, comparison, one) for one in (comparison.real, *comparison.versions)]
    return [one for one in told if one.any]


def _change(db: Database, comparison: Comparison, dataset: Dataset) -> FolderChange:
    if not Path(dataset.folder).is_dir():
        return FolderChange(dataset.label, 0, 0, 0, away=True)
    scanned = db.row(
        """SELECT count(*) FILTER (p.path IS NULL) AS added,
               count(*) FILTER (i.path IS NULL) AS removed,
               count(*) FILTER (p.content_id <> i.content_id) AS changed
        FROM (SELECT path, content_id FROM points
              WHERE comparison_id = ? AND dataset_id = ?) p
        FULL JOIN (SELECT path, content_id FROM images
                   WHERE dataset_id = ? AND status = 'ok') i ON i.path = p.path""",
        [comparison.id, dataset.id, dataset.id],
    )
    assert scanned is not None
    added, removed, changed = _on_disk(db, dataset)
    return FolderChange(
        dataset.label,
        scanned["added"] + added,
        scanned["removed"] + removed,
        scanned["changed"] + changed,
    )


def _on_disk(db: Database, dataset: Dataset) -> tuple[int, int, int]:
    """Files that are new, gone, and of another size or date since the last scan."""
    table = dataset_table.images(db, dataset.id)
    if table.num_rows > LOOKED_AT:
        return 0, 0, 0
    names = ("path", "bytes", "mtime_ns", "status")
    columns = (table.column(name).to_pylist() for name in names)
    known = {path: (size, time, status) for path, size, time, status in zip(*columns, strict=True)}
    root, added, changed = Path(dataset.folder), 0, 0
    for number, file in enumerate(scan.iter_images(root)):
        if number >= LOOKED_AT:
            return 0, 0, 0
        before = known.pop(scan.relative_name(root, file), None)
        if before is None:
            added += 1
            continue
        try:
            status = file.stat()
        except OSError:
            continue  # a scan will say why
        changed += before[:2] != (status.st_size, status.st_mtime_ns)
    return added, sum(status == "ok" for _, _, status in known.values()), changed
