"""The likeliest of the typed names for each image, by CLIP's words or an ImageNet head's classes.

spec: :class:`~core.contracts.typed_classes.ClassesSpec`. in: ``points.parquet``, ``dII.parquet``,
``dII-<view>.npy``. out: ``typed_names.parquet``, ``typed_classes.parquet`` and
``typed_accuracy.parquet`` (the rows of that module). Nothing is embedded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.analysis.explain import concepts, typed_classes
from core.analysis.explain.imagenet_names import match_classes
from core.analysis.explain.splits import split_classes
from core.analysis.explain.typed_names import TypedName, parse_names
from core.contracts.derive import from_columns, from_rows
from core.contracts.typed_classes import (
    ClassesSpec,
    TypedAccuracyRow,
    TypedClassRow,
    TypedNameRow,
)
from core.encoders import registry
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.settings import Settings, settings

Score = Callable[[np.ndarray], np.ndarray]  # vectors (n, d) → probability of each name (n, k)


def run(job: JobFolder) -> None:
    """Assign and measure. Raises InputError where the encoder knows no classes, or none of the
    names matches one of its own.
    """
    spec = job.read_spec(ClassesSpec)
    names = parse_names(spec.names)
    score, least, matched = _scorer(spec, names)
    found: dict[str, tuple[str | None, float]] = {}
    for place in range(len(spec.datasets)):
        contents = job.read_table(f"d{place:02d}.parquet").column("content_id").to_pylist()
        views = [job.read_array(f"d{place:02d}-{view}.npy") for view in spec.views]
        for start in range(0, len(contents), typed_classes.BLOCK):
            job.report("classes", start, len(contents))
            block = slice(start, start + typed_classes.BLOCK)
            probability = np.mean([score(np.asarray(view[block])) for view in views], axis=0)
            best, sure = typed_classes.likeliest(probability, least)
            for content, index, value in zip(contents[block], best, sure, strict=True):
                found[content] = (names[index].name if index >= 0 else None, float(value))
    job.write_rows(
        TypedNameRow,
        from_rows(
            TypedNameRow,
            [
                TypedNameRow(place, one.name, one.words, classes, spec.encoder)
                for place, (one, classes) in enumerate(zip(names, matched, strict=True))
            ],
        ),
    )
    values = {
        "content_id": list(found),
        "class_": [name for name, _ in found.values()],
        "confidence": [None if name is None else sure for name, sure in found.values()],
    }
    job.write_rows(TypedClassRow, from_columns(TypedClassRow, values))
    rows = accuracy_rows(spec, names, found, job.read_table("points.parquet"))
    job.write_rows(TypedAccuracyRow, from_rows(TypedAccuracyRow, rows))


def accuracy_rows(
    spec: ClassesSpec,
    names: Sequence[TypedName],
    found: dict[str, tuple[str | None, float]],
    points: pa.Table,
) -> list[TypedAccuracyRow]:
    """One row for each version and name."""
    dataset = points.column("dataset_id").to_numpy()
    cluster = points.column("cluster").to_numpy()
    called = {one.name.casefold(): one.name for one in names}
    labels, classes = (np.full(points.num_rows, None, object) for _ in range(2))
    for row, (label, content) in enumerate(
        zip(_list(points, "class"), _list(points, "content_id"), strict=True)
    ):
        labels[row] = called.get(label.casefold()) if label else None
        classes[row] = found[content][0] if content in found else None
    real = dataset == spec.datasets[0]
    rows = []
    for version_id in spec.datasets[1:]:
        version = dataset == version_id
        apart = {
            which: {
                one.name: one.separation
                for one in split_classes(
                    cluster[real], values[real].tolist(), cluster[version], values[version].tolist()
                )
            }
            for which, values in (("label", labels), ("class", classes))
        }
        for one in names:
            here, there = (side & (classes == one.name) for side in (real, version))
            labelled = [side & (labels == one.name) for side in (real, version)]
            both = all(side.any() for side in labelled)
            rows.append(
                TypedAccuracyRow(
                    version_id=version_id,
                    name=one.name,
                    n_real=int(here.sum()),
                    n_synthetic=int(there.sum()),
                    labelled_real=int(labelled[0].sum()),
                    correct_real=int((labelled[0] & here).sum()),
                    labelled_synthetic=int(labelled[1].sum()),
                    correct_synthetic=int((labelled[1] & there).sum()),
                    separation=apart["label" if both else "class"].get(one.name),
                )
            )
    return rows


def _scorer(
    spec: ClassesSpec, names: Sequence[TypedName]
) -> tuple[Score, float, Sequence[tuple[str, ...] | None]]:
    """How vectors become probabilities, the least that gives a class, and each name's ImageNet
    classes (None: the encoder reads words).
    """
    here = Settings(weights=Path(spec.weights)) if spec.weights else settings()
    if registry.knows_words(spec.encoder):
        encoder = registry.load(spec.encoder, settings=here)
        texts = np.vstack(
            [
                concepts.text_vectors(
                    one.words,
                    encoder.encode_text,
                    templates=concepts.CLASS_TEMPLATES,
                    encoder=spec.encoder,
                ).mean(axis=0)
                for one in names
            ]
        )
        return lambda vectors: typed_classes.by_words(vectors, texts), 0.0, [None] * len(names)
    head = registry.load_head(spec.encoder, here)
    if head is None:
        raise InputError(
            f"The encoder {spec.encoder} knows neither words nor classes",
            "Choose lite0, a timm:… encoder with an ImageNet head, or a clip:… encoder.",
        )
    from core.encoders.lite import class_descriptions

    groups = match_classes(names, class_descriptions())
    if not any(groups):
        raise InputError(
            f"None of the {len(names)} names is among ImageNet's classes",
            "Say what it shows in other words (horse = sorrel, zebra), or use a clip:… encoder.",
        )
    matched = [tuple(head.names[index] for index in group) for group in groups]
    return (
        lambda vectors: typed_classes.by_head(vectors, head.weight, head.bias, groups),
        typed_classes.LEAST_PROBABILITY,
        matched,
    )


def _list(points: pa.Table, name: str) -> list[Any]:
    return points.column(name).to_pylist()
