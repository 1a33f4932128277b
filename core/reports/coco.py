"""A COCO-style image list of the absent images: what annotation and training tools read without
knowing Gapscope.

The format is that of cocodataset.org/#format-data without annotations: ``info``, ``licenses``,
``images`` (``id``, ``file_name``, ``width``, ``height``) and ``categories``. ``file_name`` is
relative to the real dataset's folder. What Gapscope knows of an image stands beside, under
``gapscope``; readers ignore names that they do not know.
"""

from __future__ import annotations

import json

from core.contracts.comparison import GroupRow, LabelledCoverageRow
from core.contracts.framings import framing_of
from core.contracts.judgement_words import group_name, version_sentence
from core.contracts.words import Mark
from core.store.results import Comparison


def coco_json(comparison: Comparison, version: str | int) -> str:
    """The absent images of one version as COCO JSON text."""
    label = str(comparison.version(version).version)
    judged = comparison.version_row(version)
    sizes = {row.path: (row.width, row.height) for row in comparison.image_rows()}
    groups = {group.group_id: group for group in comparison.group_rows(version)}
    marks = comparison.marks_by_path(version)
    images = []
    for number, row in enumerate(comparison.absent_rows(version), start=1):
        width, height = sizes.get(row.path, (None, None))
        images.append(
            {
                "id": number,
                "file_name": row.path,
                "width": width,
                "height": height,
                "license": None,
                "date_captured": None,
                "gapscope": _known(row, groups.get(row.group_id), marks.get(row.path)),
            }
        )
    info = {
        "description": f"Real images absent from version {label}",
        "said": version_sentence(judged) if judged else None,
        "version": label,
        "contributor": "Gapscope",
        "encoder": comparison.record.encoder,
        "framing": framing_of(comparison.record.parameters),
        "folder": str(comparison.real.folder),
    }
    return json.dumps(
        {"info": info, "licenses": [], "categories": [], "images": images},
        indent=1,
        ensure_ascii=False,
        allow_nan=False,
    )


def _known(
    row: LabelledCoverageRow, group: GroupRow | None, mark: Mark | None
) -> dict[str, object]:
    return {
        "score": row.score,
        "q": row.q,
        "cluster": row.cluster,
        "tier": row.tier,
        "gap": group_name(group) if group else None,
        "reason": group.reason if group else None,
        "nearest": row.nearest_path,
        "distance": row.distance,
        "class": row.class_,
        "bias": row.bias,
        "mark": mark,
    }
