"""The class names a user types: one a line, ``horse`` or ``horse = sorrel, zebra``.

Plain Python, so that a page can refuse a bad list at once. What stands behind ``=`` says what else
the class is called: CLIP reads these words in the name's place, and an ImageNet head's classes are
sought by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import InputError

MOST = 100  # names in a list
LONGEST = 100  # characters of a name or word


@dataclass(frozen=True)
class TypedName:
    """A class by the user's ``name``; ``words``: what it is sought by, the name itself where
    nothing else was typed.
    """

    name: str
    words: tuple[str, ...]


def parse_names(lines: Iterable[str]) -> tuple[TypedName, ...]:
    """Read a list of class names, one a line.

    Blank lines are left out, and names that are there already (whatever the case). Raises
    InputError for fewer than two names, more than 100, or one of more than 100 characters.
    """
    found: dict[str, TypedName] = {}
    for line in lines:
        name, _, rest = (" ".join(part.split()) for part in line.partition("="))
        words = tuple(dict.fromkeys(word.strip() for word in rest.split(",") if word.strip()))
        if not name and not words:
            continue
        if not name:
            raise InputError(
                f'"{line.strip()[:40]}" has no name before the "="', "Write: horse = sorrel, zebra"
            )
        if max(map(len, (name, *words))) > LONGEST:
            raise InputError(
                f'The class name "{name[:40]}…" is too long',
                f"Keep names and words to {LONGEST} characters; one name a line.",
            )
        found.setdefault(name.casefold(), TypedName(name, words or (_spoken(name),)))
    if len(found) < 2:
        raise InputError(
            f"Classes are told apart among two names or more, not {len(found)}",
            "Write one class name a line, for example: dog, then horse.",
        )
    if len(found) > MOST:
        raise InputError(f"There are {len(found)} class names", f"Keep at most {MOST}.")
    return tuple(found.values())


def _spoken(name: str) -> str:
    """A folder's name as words: ``traffic_light`` is a traffic light."""
    return " ".join(name.replace("_", " ").replace("-", " ").split()) or name
