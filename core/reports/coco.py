"""A COCO-style image list of the absent images: what annotation and training tools read without
knowing Gapscope.

The format is that of cocodataset.org/#format-data without annotations: ``info``, ``licenses``,
``images`` (``id``, ``file_name``, ``width``, ``height``) and ``categories``. ``file_name`` is
relative to the real dataset's folder. What Gapscope knows of an image stands beside, under
``gapscope``; readers ignore names that they do not know.
"""

from __future__ import annotations

import json
from typing import Any

from core.reports.source import ComparisonLike, WorkspaceLike


def coco_json(ws: WorkspaceLike, comparison: ComparisonLike, version: str | int) -> str:
    """The absent images of one version as COCO JSON text."""
    sizes = {
        row["path"]: (row["width"], row["height"])
        for row in ws.datasets.images(comparison.real)
        .select(["path", "width", "height"])
        .to_pylist()
    }
    label = _label(comparison, version)
    names = {gap["cluster"]: gap["name"] for gap in comparison.gaps(version).to_pylist()}
    images: list[dict[str, Any]] = []
    for number, row in enumerate(comparison.absent(version).to_pylist(), start=1):
        width, height = sizes.get(row["path"], (None, None))
        images.append(
            {
                "id": number,
                "file_name": row["path"],
                "width": width,
                "height": height,
                "license": None,
                "date_captured": None,
                "gapscope": {
                    "score": row["score"],
                    "q": row["q"],
                    "cluster": row["cluster"],
                    "gap": names.get(row["cluster"]),
                    "nearest": row["nearest"],
                    "distance": row["distance"],
                    "class": row["class"],
                    "bias": row["bias"],
                },
            }
        )
    info = {
        "description": f"Real images absent from version {label}",
        "version": label,
        "contributor": "Gapscope",
        "encoder": comparison.record.encoder,
        "folder": str(comparison.real.folder),
    }
    return json.dumps(
        {"info": info, "licenses": [], "categories": [], "images": images},
        indent=1,
        ensure_ascii=False,
        allow_nan=False,
    )


def _label(comparison: ComparisonLike, version: str | int) -> str:
    return next(
        (str(one.version) for one in comparison.versions if version in (one.id, one.version)),
        str(version),
    )
