"""What images show, in words: the encoder's own classes, zero-shot classes, concepts, attributes.
Whatever there is.

Everything here comes from vectors that are stored already; no image is opened. Real images come
first in every array, then the versions in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.analysis.explain import concepts, tags
from core.analysis.explain.attributes import ATTRIBUTES
from core.analysis.explain.place import outstanding_tiles
from core.analysis.types import Ints, OnProgress
from core.contracts.compare_spec import CompareSpec
from core.contracts.framings import places
from core.encoders import registry
from core.jobs.compare.sides import Side, Sides
from core.settings import Settings, settings

# zero-shot classes are the labels' names; more than that are no classes but names of things
CLASS_LIMIT = 200


@dataclass(frozen=True)
class Described:
    """Descriptions of n real and m synthetic images.

    ``tagged`` and ``concept_scores`` ((n, p) with ``phrases``) are of the real images,
    ``tagged_versions`` of each version's (none where there is no head); ``tag``,
    ``tag_confidence``, ``zero_shot``, ``zero_shot_confidence`` of all n + m (None where there is no
    head or text tower). ``attributes``: columns (n,) of the real images. ``places``: under tiles,
    the tile of each real image that stands out, one array (n,) a version; ``place_names``: what the
    tiles' places are called. ``notes``: what was left out and why.
    """

    tagged: tags.Tagged | None = None
    tagged_versions: Sequence[tags.Tagged] = ()
    tag: list[str] | None = None
    tag_confidence: np.ndarray | None = None
    zero_shot: list[str] | None = None
    zero_shot_confidence: np.ndarray | None = None
    phrases: Sequence[str] = ()
    concept_scores: np.ndarray | None = None
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    places: Sequence[Ints] = ()
    place_names: Sequence[str] = ()
    notes: Sequence[str] = ()


def describe(spec: CompareSpec, sides: Sides, progress: OnProgress) -> Described:
    """Describe all images of a comparison with what its encoder can say."""
    here = Settings(weights=Path(spec.weights)) if spec.weights else settings()
    progress("tags", 0, 1)
    described = Described(
        attributes=attributes_of(sides.real),
        places=_places(spec, sides),
        place_names=places(spec.parameters.framing),
    )
    described = _tagged(described, spec.encoder, here, sides)
    if spec.encoder.startswith("clip:"):
        described = _in_words(described, spec, here, sides)
    progress("tags", 1, 1)
    return described


def attributes_of(side: Side) -> dict[str, np.ndarray]:
    """The photometric attributes that are known of a side's images, a column (n,) each."""
    present = set(side.rows.column_names)
    return {
        name: np.array(side.rows.column(name).to_pylist(), dtype=float)
        for name in ATTRIBUTES
        if name in present
    }


def _tagged(described: Described, encoder: str, here: Settings, sides: Sides) -> Described:
    """With the classes of the encoder's own head, where it has one."""
    head = registry.load_head(encoder, here)
    if head is None:
        return described
    by_side = [
        tags.tag_images(side.views.plain, head.weight, head.bias, head.names, encoder=encoder)
        for side in sides.all
    ]
    return replace(
        described,
        tagged=by_side[0],
        tagged_versions=by_side[1:],
        tag=[name for tagged in by_side for name in tagged.tags],
        tag_confidence=np.concatenate([tagged.confidence for tagged in by_side]),
    )


def _in_words(described: Described, spec: CompareSpec, here: Settings, sides: Sides) -> Described:
    """With concepts and zero-shot classes of the encoder's text tower."""
    encoder = registry.load(spec.encoder, settings=here)
    chosen = concepts.parse_concepts(
        "\n".join(spec.parameters.concepts or concepts.DEFAULT_CONCEPTS)
    )
    texts = concepts.text_vectors(chosen.phrases, encoder.encode_text, encoder=spec.encoder)
    described = replace(
        described,
        phrases=chosen.phrases,
        notes=chosen.notes,
        concept_scores=concepts.concept_scores(sides.real.views.plain, texts),
    )
    names = sorted({label for side in sides.all for label in side.classes if label})
    if not 1 < len(names) <= CLASS_LIMIT:
        return described
    classes = concepts.text_vectors(
        names, encoder.encode_text, templates=concepts.CLASS_TEMPLATES, encoder=spec.encoder
    )
    vectors = np.vstack([side.views.plain for side in sides.all])
    likeliest, confidence = concepts.zero_shot(vectors, classes)
    return replace(
        described,
        zero_shot=[names[index] for index in likeliest],
        zero_shot_confidence=confidence,
    )


def _places(spec: CompareSpec, sides: Sides) -> list[Ints]:
    """The outstanding tile of each real image, by version; empty without tiles."""
    if not sides.real.tiles:
        return []
    return [
        outstanding_tiles(sides.real.tiles, version.tiles, seed=spec.seed)
        for version in sides.versions
    ]
