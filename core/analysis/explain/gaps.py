"""What the images of a gap have in common: a name, and a reason in words that someone who renders
can act on.

The images of a gap are compared with the covered real images, never with synthetic ones: then the
domain shift cannot pass for what is missing. Four sources are asked: class and bias labels,
concepts (with CLIP), the encoder's own classes, and photometric attributes. What is told is chosen
on one half of the images and measured on the other (:mod:`core.analysis.explain.held_out`). A name
is taken from the first source that has something to say; the reason tells them all, with counts and
effect sizes. Where nothing stands out it says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.explain.attributes import ATTRIBUTES
from core.analysis.explain.held_out import Halves, chosen_effects, halved
from core.analysis.explain.tags import (
    Tagged,
    frequent,
    lift_interval,
    over_represented,
    over_represented_families,
)
from core.contracts.comparison import EffectEvidence, LabelEvidence, TagEvidence

LARGE, VERY_LARGE = 0.8, 1.2  # of Cohen's d
STRONG = 0.8  # effect size (Cohen's d) from which a difference may name a gap
MAJORITY = 0.5  # share of a gap that a class must hold to name it
LEAST = 5  # images in a gap, and covered ones, below which nothing is compared


@dataclass(frozen=True)
class GapEvidence:
    """What sets a gap's images apart from the covered ones, by source, the strongest first (as the
    half that chooses has it):
    ``labels`` of classes and biases, ``tags`` and ``families`` of the encoder's own classifier,
    ``attributes``, ``concepts``.
    """

    labels: tuple[LabelEvidence, ...] = ()
    tags: tuple[TagEvidence, ...] = ()
    families: tuple[TagEvidence, ...] = ()
    attributes: tuple[EffectEvidence, ...] = ()
    concepts: tuple[EffectEvidence, ...] = ()


@dataclass(frozen=True)
class GapExplanation:
    """``name`` for lists and headings, ``reason`` in a sentence or more, and the evidence."""

    name: str
    reason: str
    evidence: GapEvidence


def explain_gap(
    gap: np.ndarray,
    covered: np.ndarray,
    *,
    tagged: Tagged | None = None,
    attributes: Mapping[str, np.ndarray] | None = None,
    concepts: tuple[Sequence[str], np.ndarray] | None = None,
    classes: Sequence[str | None] | None = None,
    biases: Sequence[str | None] | None = None,
    keys: Sequence[str] | None = None,
) -> GapExplanation:
    """Explain one gap: ``gap`` and ``covered`` are row numbers among n real images.

    ``tagged`` from :func:`core.analysis.explain.tags.tag_images`; ``attributes`` maps a name to a
    column (n,); ``concepts``: phrases and their scores (n, p); ``classes`` and ``biases``: a label
    an image, None where unknown. Give what there is. ``keys``: what the images are halved by, a
    content an image (:func:`~core.analysis.explain.held_out.halved`).
    """
    evidence = GapEvidence()
    if len(gap) >= LEAST and len(covered) >= LEAST:
        here, there = halved(gap, keys), halved(covered, keys)
        evidence = GapEvidence(
            (*_labels("class", classes, here, there), *_labels("bias", biases, here, there)),
            tuple(over_represented(tagged, here, there)) if tagged is not None else (),
            tuple(over_represented_families(tagged, here, there)) if tagged is not None else (),
            _attributes(attributes or {}, here, there),
            _concepts(*concepts, here, there) if concepts is not None else (),
        )
    return GapExplanation(_name(evidence), _reason(len(gap), len(covered), evidence), evidence)


def degree(d: float) -> str:
    """How large an effect is, in a word: Cohen (1988) calls 0.5 medium and 0.8 large, Sawilowsky
    (2009) 1.2 very large.
    """
    size = abs(d)
    return "very clearly" if size >= VERY_LARGE else "clearly" if size >= LARGE else "somewhat"


def _attributes(
    attributes: Mapping[str, np.ndarray], gap: Halves, covered: Halves
) -> tuple[EffectEvidence, ...]:
    columns = {
        name: np.asarray(attributes[name], float) for name in ATTRIBUTES if name in attributes
    }
    return tuple(chosen_effects(columns, gap, covered))


def _concepts(
    phrases: Sequence[str], scores: np.ndarray, gap: Halves, covered: Halves
) -> tuple[EffectEvidence, ...]:
    """Phrases that fit better; that one fits worse names nothing that could be rendered."""
    columns = {phrase: scores[:, column] for column, phrase in enumerate(phrases)}
    return tuple(chosen_effects(columns, gap, covered, only_more=True))


def _labels(
    kind: str, labels: Sequence[str | None] | None, gap: Halves, covered: Halves
) -> list[LabelEvidence]:
    """Labels that the gap has more often than the covered images, the most frequent in it first.

    Chosen and confirmed half by half; told with the counts of all images, which are no estimate.
    """
    if labels is None:
        return []
    halves = (gap.choosing, covered.choosing, gap.measuring, covered.measuring)
    counts = [Counter(labels[row] for row in rows if labels[row]) for rows in halves]
    sizes = [len(rows) for rows in halves]
    names = sorted(name for name in counts[0] if name)
    chosen = frequent(
        np.array([counts[0][name] for name in names]),
        np.array([counts[1][name] for name in names]),
        (sizes[0], sizes[1]),
    )
    found = []
    for name in (names[place] for place in chosen):
        lift, low, high = lift_interval(counts[2][name], sizes[2], counts[3][name], sizes[3])
        if low > 0:
            here, there = (counts[half][name] + counts[half + 2][name] for half in (0, 1))
            size, size_covered = sizes[0] + sizes[2], sizes[1] + sizes[3]
            found.append(
                LabelEvidence(kind, name, here, size, there, size_covered, lift, low, high)
            )
    return sorted(found, key=lambda label: -label.count)


def _name(found: GapEvidence) -> str:
    traits = _traits(found)
    leading = _leading_classes([label for label in found.labels if label.kind == "class"])
    if leading:
        name = _listed([label.name for label in leading])
        # A class that is mostly covered elsewhere is not what is missing: say which of it.
        partly = min(_share_missing(label) for label in leading) < MAJORITY
        return f"{name}, {', '.join(traits)}" if partly and traits else name
    like = _likeness(found.tags, found.families)
    if like:
        return like + (f", {traits[0]}" if traits else "")
    if not traits:
        return "nothing in common found"
    of_attributes = {effect.words for effect in found.attributes}
    return f"images that are {traits[0]}" if traits[0] in of_attributes else traits[0]


def _traits(found: GapEvidence) -> list[str]:
    """What most of the images have beside their class: a bias, a concept, else an attribute."""
    biases = [
        label.name for label in found.labels if label.kind == "bias" and label.share >= MAJORITY
    ]
    concepts = [effect.name for effect in found.concepts if effect.d >= STRONG]
    attributes = [effect.words for effect in found.attributes if abs(effect.d) >= STRONG]
    return [*biases[:1], *concepts[:1]] or attributes[:1]


def _share_missing(label: LabelEvidence) -> float:
    """Of all images with this label in the gap or covered: the share that is in the gap."""
    return label.count / (label.count + label.covered)


def _leading_classes(classes: Sequence[LabelEvidence]) -> Sequence[LabelEvidence]:
    """The one class that holds most of the gap, or up to three that hold nearly all of it
    together.
    """
    if not classes:
        return []
    if classes[0].share >= MAJORITY:
        second = [label for label in classes[1:2] if label.share >= 0.25]
        return [classes[0], *second]
    together = classes[:3]
    return together if sum(label.share for label in together) >= 0.8 else []


def _likeness(tags: Sequence[TagEvidence], families: Sequence[TagEvidence]) -> str:
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


def _reason(size: int, size_covered: int, found: GapEvidence) -> str:
    if size < LEAST or size_covered < LEAST:
        return f"Too few images to compare: {size} here, {size_covered} covered."
    parts = [
        f"{label.count} of {size} {'are class' if label.kind == 'class' else 'have bias'} "
        f"{label.name} (of the covered images {label.covered} of {label.size_covered})"
        for label in found.labels[:3]
        if label.share >= 0.2
    ]
    if found.concepts:
        fitting = ", ".join(
            f'"{effect.name}" {degree(effect.d)} better ({_sized(effect)})'
            for effect in found.concepts[:3]
        )
        parts.append(f"fits {fitting} than the covered images do")
    if found.tags:
        seen = ", ".join(f"{tag.name} ({tag.share:.0%})" for tag in found.tags[:4])
        family = "".join(
            f"; {family.share:.0%} are {family.name} to it" for family in found.families[:1]
        )
        parts.append(f"the encoder's own classifier sees {seen} among its five likeliest{family}")
    if found.attributes:
        differing = ", ".join(
            f"{degree(effect.d)} {effect.words} ({_sized(effect)})"
            for effect in found.attributes[:3]
        )
        parts.append(f"compared with the covered images {differing}")
    if not parts:
        return (
            "Neither labels nor tags nor attributes set these images apart from the covered ones: "
            "look at them, or add concepts."
        )
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _sized(effect: EffectEvidence) -> str:
    """``d = +0.9 ± 0.3``: Cohen's d and half of its interval."""
    return f"d = {effect.d:+.1f} ± {(effect.high - effect.low) / 2:.1f}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
