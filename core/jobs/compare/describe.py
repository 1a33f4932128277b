"""What images show, in words: the encoder's own classes, zero-shot classes, concepts, attributes.
Whatever there is.

Everything here comes from vectors that are stored already; no image is opened. Real images come
first in every array, then the versions in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis.explain import concepts, tags
from core.analysis.explain.attributes import ATTRIBUTES
from core.contracts.comparison import CompareSpec
from core.encoders import registry
from core.jobs.compare.maps import Side
from core.settings import Settings, settings

# zero-shot classes are the labels' names; more than that are no classes but names of things
CLASS_LIMIT = 200


@dataclass(frozen=True)
class Described:
    """Descriptions of n real and m synthetic images.

    ``tagged`` and ``concept_scores`` ((n, p) with ``phrases``) are of the real images; ``tag``,
    ``tag_confidence``, ``zero_shot``, ``zero_shot_confidence`` of all n + m (None where there is no
    head or text tower). ``attributes``: columns (n,) of the real images. ``notes``: what was left
    out and why.
    """

    tagged: tags.Tagged | None = None
    tag: list[str] | None = None
    tag_confidence: np.ndarray | None = None
    zero_shot: list[str] | None = None
    zero_shot_confidence: np.ndarray | None = None
    phrases: Sequence[str] = ()
    concept_scores: np.ndarray | None = None
    attributes: dict[str, np.ndarray] = field(default_factory=dict)
    notes: Sequence[str] = ()


def describe(
    spec: CompareSpec, sides: Sequence[Side], report: Callable[[str, int, int], None]
) -> Described:
    """Describe all images of a comparison with what its encoder can say."""
    encoder_id = spec.encoder
    here = Settings(weights=Path(spec.weights)) if spec.weights else settings()
    found: dict[str, Any] = {"attributes": _attributes(sides[0])}
    report("tags", 0, 1)
    head = registry.load_head(encoder_id, here)
    if head is not None:
        everything = [
            tags.tag_images(
                side.views.plain, head.weight, head.bias, head.names, encoder=encoder_id
            )
            for side in sides
        ]
        found["tagged"] = everything[0]
        found["tag"] = [head.names[index] for part in everything for index in part.classes[:, 0]]
        found["tag_confidence"] = np.concatenate([part.probability[:, 0] for part in everything])
    if encoder_id.startswith("clip:"):
        found.update(_in_words(spec, encoder_id, here, sides))
    report("tags", 1, 1)
    return Described(**found)


def _in_words(
    spec: CompareSpec, encoder_id: str, here: Settings, sides: Sequence[Side]
) -> dict[str, Any]:
    encoder = registry.load(encoder_id, settings=here)
    vectors = np.vstack([side.views.plain for side in sides])
    chosen = concepts.parse_concepts("\n".join(spec.concepts or concepts.DEFAULT_CONCEPTS))
    texts = concepts.text_vectors(chosen.phrases, encoder.encode_text, encoder=encoder_id)
    found: dict[str, Any] = {
        "phrases": chosen.phrases,
        "notes": chosen.notes,
        "concept_scores": concepts.concept_scores(sides[0].views.plain, texts),
    }
    names = sorted(
        {label for side in sides for label in side.rows.column("class").to_pylist() if label}
    )
    if 1 < len(names) <= CLASS_LIMIT:
        classes = concepts.text_vectors(
            names, encoder.encode_text, templates=concepts.CLASS_TEMPLATES, encoder=encoder_id
        )
        likeliest, confidence = concepts.zero_shot(vectors, classes)
        found["zero_shot"] = [names[index] for index in likeliest]
        found["zero_shot_confidence"] = confidence
    return found


def _attributes(real: Side) -> dict[str, np.ndarray]:
    present = set(real.rows.column_names)
    return {
        name: np.array(real.rows.column(name).to_pylist(), dtype=float)
        for name in ATTRIBUTES
        if name in present
    }
