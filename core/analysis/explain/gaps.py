"""What the images of a gap have in common: a name, and a reason in words that someone who renders
can act on.

The images of a gap are compared with the covered real images, never with synthetic ones: then the
renderer's look cannot pass for what is missing. Four sources are asked: class and bias labels,
concepts (with CLIP), the encoder's own classes, and photometric attributes. A name is taken from
the first source that has something to say; the reason tells them all, with counts and effect sizes.
Where nothing stands out it says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from core.analysis.explain.attributes import ATTRIBUTES, Effect, compare_attributes
from core.analysis.explain.concepts import concept_effects
from core.analysis.explain.tags import (
    Finding,
    Tagged,
    enriched,
    over_represented,
    over_represented_families,
)

LEVEL = 0.01  # false discovery rate for attributes and concepts
CLEAR = 0.5  # effect size (Cohen's d) from which a difference is told
STRONG = 0.8  # effect size from which it may name a gap
MAJORITY = 0.5  # share of a gap that a class must hold to name it
LEAST = 5  # images in a gap, and covered ones, below which nothing is compared


@dataclass(frozen=True)
class Label:
    """A class or bias value over-represented in a gap. ``kind``: ``class`` or ``bias``;
    ``covered``: how many of the covered images have it; the rest as in
    :class:`core.analysis.explain.tags.Finding`.
    """

    kind: str
    name: str
    count: int
    size: int
    covered: int
    size_covered: int
    lift: float
    q: float

    @property
    def share(self) -> float:
        """Share of the gap's images."""
        return self.count / self.size

    @property
    def share_missing(self) -> float:
        """Of all images with this label in the gap or covered: the share that is in the gap."""
        return self.count / (self.count + self.covered)


@dataclass(frozen=True)
class GapExplanation:
    """``name`` for lists and headings, ``reason`` in a sentence or more, and the evidence, the
    strongest first.
    """

    name: str
    reason: str
    tags: list[Finding]
    families: list[Finding]
    attributes: list[Effect]
    concepts: list[Effect]
    classes: list[Label]

    def columns(self) -> dict[str, str]:
        """The columns of the gaps table: name, reason, and JSON for tags, attributes, concepts and
        classes."""

        def told(found: Iterable[Any]) -> str:
            return json.dumps([_rounded(asdict(item)) for item in found])

        return {
            "name": self.name,
            "reason": self.reason,
            "tags": told([*self.tags, *self.families]),
            "attributes": told(self.attributes),
            "concepts": told(self.concepts),
            "classes": told(self.classes),
        }


def explain_gap(
    gap: np.ndarray,
    covered: np.ndarray,
    *,
    tagged: Tagged | None = None,
    attributes: Mapping[str, np.ndarray] | None = None,
    concepts: tuple[Sequence[str], np.ndarray] | None = None,
    classes: Sequence[str | None] | None = None,
    biases: Sequence[str | None] | None = None,
) -> GapExplanation:
    """Explain one gap: ``gap`` and ``covered`` are row numbers among n real images.

    ``tagged`` from :func:`core.analysis.explain.tags.tag_images`; ``attributes`` maps a name to a column
    (n,); ``concepts``: phrases and their scores (n, p); ``classes`` and ``biases``: a label an
    image, None where unknown. Give what there is.
    """
    labels, tags, families, effects, phrases = [], [], [], [], []
    if len(gap) >= LEAST and len(covered) >= LEAST:
        labels = [*_labels("class", classes, gap, covered), *_labels("bias", biases, gap, covered)]
        if tagged is not None:
            tags = over_represented(tagged, gap, covered)
            families = over_represented_families(tagged, gap, covered)
        if attributes:
            columns = {
                name: np.asarray(attributes[name], float)
                for name in ATTRIBUTES
                if name in attributes
            }
            effects = _clear(
                compare_attributes(
                    {name: column[gap] for name, column in columns.items()},
                    {name: column[covered] for name, column in columns.items()},
                )
            )
        if concepts is not None:
            phrases = _clear(
                concept_effects(np.asarray(concepts[1]), list(concepts[0]), gap, covered)
            )
    name = _name(labels, tags, families, effects, phrases)
    reason = _reason(len(gap), len(covered), labels, tags, families, effects, phrases)
    return GapExplanation(name, reason, tags, families, effects, phrases, labels)


def _labels(
    kind: str, labels: Sequence[str | None] | None, gap: np.ndarray, covered: np.ndarray
) -> list[Label]:
    """Labels that the gap has more often than the covered images, the most frequent in it first."""
    if labels is None:
        return []
    in_gap, in_covered = (
        Counter(labels[row] for row in rows if labels[row]) for rows in (gap, covered)
    )
    names = sorted(in_gap)
    found = enriched(
        names,
        np.array([in_gap[name] for name in names]),
        len(gap),
        np.array([in_covered[name] for name in names]),
        len(covered),
    )
    told = [
        Label(
            kind,
            item.name,
            item.count,
            len(gap),
            in_covered[item.name],
            len(covered),
            item.lift,
            item.q,
        )
        for item in found
    ]
    return sorted(told, key=lambda label: -label.count)


def _clear(effects: list[Effect]) -> list[Effect]:
    """Effects that are large enough to tell and unlikely to be chance, the strongest first."""
    if not effects:
        return []
    q = stats.false_discovery_control([effect.p for effect in effects])
    return [
        effect
        for effect, level in zip(effects, q, strict=True)
        if level < LEVEL and abs(effect.d) >= CLEAR
    ]


def _name(
    labels: list[Label],
    tags: list[Finding],
    families: list[Finding],
    effects: list[Effect],
    phrases: list[Effect],
) -> str:
    traits = [label.name for label in labels if label.kind == "bias" and label.share >= MAJORITY][
        :1
    ]
    traits += [effect.name for effect in phrases if effect.d >= STRONG][:1]
    if not traits:
        traits = [effect.words for effect in effects if abs(effect.d) >= STRONG][:1]
    classes = [label for label in labels if label.kind == "class"]
    leading = _leading_classes(classes)
    if leading:
        name = _listed([label.name for label in leading])
        # A class that is mostly covered elsewhere is not what is missing: say which of it.
        partly = min(label.share_missing for label in leading) < MAJORITY
        return f"{name}, {', '.join(traits)}" if partly and traits else name
    like = _likeness(tags, families)
    if like:
        return like + (f", {traits[0]}" if traits else "")
    if traits:
        return (
            f"images that are {traits[0]}"
            if traits[0] in {effect.words for effect in effects}
            else traits[0]
        )
    return "nothing in common found"


def _leading_classes(classes: list[Label]) -> list[Label]:
    """The one class that holds most of the gap, or up to three that hold nearly all of it together."""
    if not classes:
        return []
    if classes[0].share >= MAJORITY:
        second = [label for label in classes[1:2] if label.share >= 0.25]
        return [classes[0], *second]
    together = classes[:3]
    return together if sum(label.share for label in together) >= 0.8 else []


def _likeness(tags: list[Finding], families: list[Finding]) -> str:
    """What the classifier's tags say: one tag that most images have is a name, several are a
    likeness.
    """
    if not tags:
        return ""
    if tags[0].share >= 0.6:
        return tags[0].name
    nearest = " / ".join(tag.name for tag in tags[:3])
    family = next(
        (
            family.name
            for family in sorted(families, key=lambda found: found.name == "animals")
            if family.share >= 0.6
        ),
        "",
    )
    return f"{family} like {nearest}" if family else f"like {nearest}"


def _reason(
    size: int,
    size_covered: int,
    labels: list[Label],
    tags: list[Finding],
    families: list[Finding],
    effects: list[Effect],
    phrases: list[Effect],
) -> str:
    if size < LEAST or size_covered < LEAST:
        return f"Too few images to compare: {size} here, {size_covered} covered."
    told = [
        f"{label.count} of {size} {'are class' if label.kind == 'class' else 'have bias'} {label.name} (of the covered images {label.covered} of {label.size_covered})"
        for label in labels[:3]
        if label.share >= 0.2
    ]
    if phrases:
        told.append(
            "fits "
            + ", ".join(f'"{effect.name}" (d = {effect.d:.1f})' for effect in phrases[:3])
            + " better than the covered images do"
        )
    if tags:
        seen = ", ".join(f"{tag.name} ({tag.share:.0%})" for tag in tags[:4])
        family = f"; {families[0].share:.0%} are {families[0].name} to it" if families else ""
        told.append(f"the encoder's own classifier sees {seen} among its five likeliest{family}")
    if effects:
        told.append(
            "compared with the covered images "
            + ", ".join(f"{effect.words} (d = {effect.d:+.1f})" for effect in effects[:3])
        )
    if not told:
        return (
            "Neither labels nor tags nor attributes set these images apart from the covered ones: look at them, "
            "or add concepts."
        )
    sentence = "; ".join(told)
    return sentence[0].upper() + sentence[1:] + "."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _rounded(item: dict[str, Any]) -> dict[str, Any]:
    """Numbers to four digits, tiny p values in full: what JSON in a table needs."""
    return {
        key: float(f"{value:.4g}") if isinstance(value, float) else value
        for key, value in item.items()
    }
