"""Concepts: phrases the user writes ("at night", "wet road"), scored on every image by an encoder
that knows words.

Arrays in, arrays out: the text vectors come from the encoder. A phrase is put into a few templates,
whose vectors are averaged (Radford et al. 2021, CLIP's prompt ensembles). Scores of one phrase
compare images with each other; scores of two phrases do not compare, because CLIP likes some
phrases better whatever the image shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from core.analysis.vectors.neighbors import unit
from core.errors import InputError

MOST = 200  # phrases in a list
LONGEST = 100  # characters in a phrase: text towers read about 70 tokens
CLIP_SCALE = 100.0  # what CLIP's training multiplies cosines by before the softmax

TEMPLATES: tuple[str, ...] = ("{}", "a photo: {}", "a picture of a scene, {}")
CLASS_TEMPLATES: tuple[str, ...] = ("a photo of a {}", "a picture of a {}", "a rendering of a {}")

# The list that a user starts from, by line: what simulation engineers light, wet, place and point a
# camera at.
DEFAULT_CONCEPTS: tuple[str, ...] = tuple(
    """\
# One phrase a line. Lines that begin with # are left out.

# Light
at night
at dusk
low sun
glare from the sun
strong shadows
backlit
overcast
artificial light
headlights

# Weather and ground
rain
wet road
fog
snow
dust
puddles

# The camera
motion blur
out of focus
overexposed
underexposed
dirty lens
noisy image
seen from above
seen from below
close up
far away
wide angle

# The scene
crowded
empty
partly hidden
cut off by the edge of the image
indoors
city street
country road
motorway
tunnel
construction site
vegetation
water
reflections
""".splitlines()
)


@dataclass(frozen=True)
class ConceptList:
    """``phrases`` in the user's order; ``notes``: in plain words, what was left out and why."""

    phrases: tuple[str, ...]
    notes: tuple[str, ...]


def parse_concepts(text: str) -> ConceptList:
    """Read a list of phrases, one a line.

    Blank lines and lines that begin with ``#`` are left out; so are phrases that are there already
    (whatever the case and spacing), with a note. Raises InputError for a list without a phrase,
    with more than 200, or with one of more than 100 characters.
    """
    first_seen: dict[str, int] = {}
    phrases, notes = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        phrase = " ".join(line.split())
        if not phrase or phrase.startswith("#"):
            continue
        if len(phrase) > LONGEST:
            raise InputError(
                f"Line {number} of the concept list has {len(phrase)} characters",
                f'Shorten it to at most {LONGEST}: "{phrase[:40]}…"',
            )
        key = phrase.casefold()
        if key in first_seen:
            notes.append(
                f'Line {number} repeats line {first_seen[key]} ("{phrase}") and is left out.'
            )
            continue
        first_seen[key] = number
        phrases.append(phrase)
    if not phrases:
        raise InputError(
            "The concept list has no phrase", "Write one phrase a line, for example: at night"
        )
    if len(phrases) > MOST:
        raise InputError(f"The concept list has {len(phrases)} phrases", f"Keep at most {MOST}.")
    return ConceptList(tuple(phrases), tuple(notes))


def text_vectors(
    phrases: Sequence[str],
    encode: Callable[[Sequence[str]], np.ndarray] | None,
    *,
    templates: Sequence[str] = TEMPLATES,
    encoder: str = "",
) -> np.ndarray:
    """One vector of length 1 for each phrase, (p, d): the mean over the templates.

    ``encode`` is the encoder's text tower, phrases → (n, d); None raises InputError: this encoder
    knows no words.
    """
    if encode is None:
        raise InputError(
            f"The encoder {encoder or 'of these vectors'} knows no words",
            "Concepts and zero-shot classes need a clip:… encoder.",
        )
    prompts = [template.format(phrase) for phrase in phrases for template in templates]
    vectors = unit(np.asarray(encode(prompts), np.float32), pairwise=True)
    return unit(vectors.reshape(len(phrases), len(templates), -1).mean(axis=1), pairwise=True)


def concept_scores(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """Cosine (n, p) of each image's vector (n, d) with each phrase's (p, d). Raises InputError
    where d differs.
    """
    if images.shape[1] != texts.shape[1]:
        raise InputError(
            f"Image vectors have {images.shape[1]} dimensions, text vectors {texts.shape[1]}",
            "Use the text tower of the encoder that made the image vectors.",
        )
    images, texts = (unit(np.asarray(side, np.float32), pairwise=True) for side in (images, texts))
    return images @ texts.T


def zero_shot(
    images: np.ndarray, texts: np.ndarray, *, scale: float = CLIP_SCALE
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest class of each image (n,) int and its probability (n,), by softmax of ``scale``
    × cosine.

    ``images`` (n, d), ``texts`` (classes, d): one vector a class (:func:`text_vectors` with
    :data:`CLASS_TEMPLATES`).
    """
    scores = softmax(concept_scores(images, texts) * scale, axis=1)
    likeliest = scores.argmax(axis=1)
    return likeliest, scores[np.arange(len(scores)), likeliest]
