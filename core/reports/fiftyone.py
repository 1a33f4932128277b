"""Files that FiftyOne imports: the real images with what a version does not cover, as labels.

Format: ``FiftyOneImageClassificationDataset`` of FiftyOne's user guide ("Importing data", checked
against its importer): a folder with ``labels.json`` and, instead of copies under ``data/``, a
manifest ``data.json`` from name to file path. In ``labels.json``, ``classes`` lists the labels and
``labels`` maps each name to ``{"label": class number, "confidence": …, "attributes": {…}}``. Names
are the images' paths without their ending, as the importer forms them from files.

::

    import fiftyone as fo
    fo.Dataset.from_dir(dataset_dir="…", dataset_type=fo.types.FiftyOneImageClassificationDataset)
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.contracts.comparison import GroupRow, LabelledCoverageRow
from core.contracts.judgement_words import TIERS, group_name
from core.contracts.words import Mark, Tier
from core.store.results import Comparison


def fiftyone_files(comparison: Comparison, version: str | int) -> dict[str, str]:
    """``labels.json`` and ``data.json`` for one version, as text by file name.

    Every real image is in them: absent, thin, cannot tell or covered; ``confidence`` is 1 − q-value
    for the absent ones where that is known, and the rest of what Gapscope knows is in the
    attributes.
    """
    folder = Path(comparison.real.folder)
    groups = {group.group_id: group for group in comparison.group_rows(version)}
    rows = comparison.coverage_rows(version)
    marks = comparison.marks_by_path(version)
    names = _names([row.path for row in rows])
    labels = {
        name: _target(row, groups.get(row.group_id), marks.get(row.path))
        for name, row in zip(names, rows, strict=True)
    }
    files = {name: str(folder / row.path) for name, row in zip(names, rows, strict=True)}
    return {
        "labels.json": json.dumps(
            {"classes": list(TIERS), "labels": labels},
            indent=1,
            ensure_ascii=False,
            allow_nan=False,
        ),
        "data.json": json.dumps(files, indent=1, ensure_ascii=False),
    }


def fiftyone_zip(comparison: Comparison, version: str | int) -> bytes:
    """:func:`fiftyone_files` as a ZIP file to unpack into a folder of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in fiftyone_files(comparison, version).items():
            archive.writestr(name, text)
    return out.getvalue()


def _target(
    row: LabelledCoverageRow, group: GroupRow | None, mark: Mark | None
) -> dict[str, object]:
    target: dict[str, object] = {"label": TIERS.index(Tier.ABSENT if row.absent else row.tier)}
    if row.absent and row.q is not None:
        target["confidence"] = 1.0 - row.q
    attributes = {
        "score": row.score,
        "rank": row.rank,
        "cluster": row.cluster,
        "outside": row.outside,
        "outside_aligned": row.outside_aligned,
        "nearest": row.nearest_path,
        "distance": row.distance,
        "group": group_name(group) if group else None,
        "gap": group_name(group) if group and row.absent else None,
        "reason": group.reason if group else None,
        "class": row.class_,
        "bias": row.bias,
        "mark": mark,
    }
    target["attributes"] = {key: value for key, value in attributes.items() if value is not None}
    return target


def _names(paths: Sequence[str]) -> list[str]:
    """A name for each path: without its ending, or with it where two paths would share one."""
    bare = [str(PurePosixPath(path).with_suffix("")) for path in paths]
    count = Counter(bare)
    return [name if count[name] == 1 else path for name, path in zip(bare, paths, strict=True)]
