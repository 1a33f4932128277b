"""Which of ImageNet's 1000 classes belong to a class name that a user typed.

A name is sought in three places, and all that is found counts: among a class's synonyms ("pig" is
"hog, pig, grunter"), as the last word of its first synonym ("electric guitar" is a guitar), and as
what WordNet's definition says that it is ("sorrel: a horse of a brownish orange …"). Kinds of
animals are ranges of ImageNet's numbers, which follow WordNet. Names of which ImageNet has nothing
(giraffe, person) get nothing: no class is stretched to fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.analysis.explain.tags import FAMILIES
from core.analysis.explain.typed_names import TypedName

IMAGENET = 1000  # classes; the ranges below are theirs

Ranges = tuple[tuple[int, int], ...]
KINDS: dict[str, Ranges] = {
    # a family of two kinds has no name that anybody types
    **{name.removesuffix("s"): ranges for name, ranges in FAMILIES if " and " not in name},
    "fish": ((0, 6), (389, 397)),
    "frog": ((30, 32),),
    "turtle": ((33, 37),),
    "lizard": ((38, 48),),
    "snake": ((52, 68),),
    "spider": ((72, 77),),
    "insect": ((300, 326),),
    "butterfly": ((321, 326),),
    "dog": ((151, 268),),
    "wolf": ((269, 272),),
    "fox": ((277, 280),),
    "antelope": ((351, 353),),
    "monkey": ((370, 382),),
    "ape": ((365, 369),),
}
ALSO = {  # what people type, and the word ImageNet's lists use
    "automobile": "car",
    "plane": "airplane",
    "aeroplane": "airplane",
    "aircraft": "airplane",
    "bike": "bicycle",
    "motorbike": "motorcycle",
    "ocean liner": "ship",
    "sofa": "studio couch",
    "couch": "studio couch",
    "tv": "television",
    "mobile phone": "cellular telephone",
    "laptop computer": "laptop",
}
MORE = {  # classes by their first synonym, whose definitions use another word
    "airplane": ("warplane",),
    "bicycle": ("bicycle-built-for-two", "mountain bike"),
    "boat": ("speedboat", "catamaran", "trimaran", "yawl"),
    "bus": ("trolleybus",),
    "car": ("beach wagon", "jeep", "Model T", "minivan"),
    "motorcycle": ("moped", "motor scooter"),
    "train": ("electric locomotive", "steam locomotive", "passenger car", "freight car"),
    "truck": ("trailer truck", "moving van"),
}
NOT = {"car": ("freight car", "passenger car")}  # railway cars
# where the noun that a definition begins with ends
ENDS = re.compile(
    r"[,;:()]|\b(?:of|that|which|with|having|used|for|in|on|to|from|by|at|who|whose|as|where|when|"
    r"and|or|\w+ed|driven|worn|made|suitable)\b"
)


def match_classes(
    names: Sequence[TypedName], descriptions: Sequence[str]
) -> tuple[tuple[int, ...], ...]:
    """The classes that belong to each name, ascending; none where nothing matches.

    ``descriptions``: a class each, "synonym, synonym: definition" as timm has them; animals' ranges
    are used where there are 1000. A class that two names ask for goes to the narrower, the one that
    asks for fewer; of equals to the first.
    """
    wanted = [_of(name, descriptions) for name in names]
    taken: set[int] = set()
    given: list[tuple[int, ...]] = [()] * len(names)
    for place in sorted(range(len(names)), key=lambda one: len(wanted[one])):
        given[place] = tuple(sorted(wanted[place] - taken))
        taken |= wanted[place]
    return tuple(given)


def _of(name: TypedName, descriptions: Sequence[str]) -> set[int]:
    return set[int]().union(*(_of_word(word, descriptions) for word in name.words))


def _of_word(typed: str, descriptions: Sequence[str]) -> set[int]:
    word = _singular(typed.casefold())
    word = ALSO.get(word, word)
    if word in KINDS and len(descriptions) == IMAGENET:
        return {one for first, last in KINDS[word] for one in range(first, last + 1)}
    found = set()
    for index, description in enumerate(descriptions):
        synonyms, _, definition = description.partition(":")
        called = [one.strip().casefold() for one in synonyms.split(",")]
        first = called[0]
        if first in (one.casefold() for one in NOT.get(word, ())):
            continue
        more = (one.casefold() for one in MORE.get(word, ()))
        ends = f" {first}".endswith(f" {word}")
        if word in called or ends or first in more or _is_a(definition, word):
            found.add(index)
    return found


def _is_a(definition: str, word: str) -> bool:
    """Whether the noun that a definition begins with is this word."""
    noun = ENDS.split(definition.casefold().strip(), maxsplit=1)[0].split()
    return bool(noun) and _singular(noun[-1]) == word


def _singular(word: str) -> str:
    """``horses`` is ``horse``, ``buses`` is ``bus``, ``glass`` stays."""
    if word in ("people", "men", "women"):
        return {"people": "person", "men": "man", "women": "woman"}[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "shes", "ches", "sses", "buses")):
        return word[:-2]
    if word.endswith("wolves"):
        return word[:-3] + "f"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) else word
