"""The gate: a small, safe rule language over a comparison's numbers, to stop a bad renderer version
before it ships.

::

    absent_rate > 0.10 or class["horse"].rendered < 50 or fd > 1.1 * previous.fd

A rule speaks about the newest version. Its names are those of :mod:`core.reports.gate_numbers`,
looked at before any work begins; the language is that of :mod:`core.reports.gate_language`. A rule
about the list fails on a version that cannot be judged: what is not known did not pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from core.contracts.judgement_words import doubt_sentence, unjudged_sentence
from core.errors import InputError
from core.reports.gate_language import PREVIOUS, Name, Part, read
from core.reports.gate_numbers import (
    CHANGE_NAMES,
    JUDGED_NAMES,
    LABEL_NUMBERS,
    NAMES,
    GateNumbers,
    LabelNumbers,
    VersionNumbers,
)


@dataclass(frozen=True)
class Clause:
    """One part of a rule between top-level ``or``: its text, whether it held, the values it saw,
    and why it could not be told (``obstacle``; empty where it could).
    """

    text: str
    held: bool
    values: Mapping[str, float] = field(default_factory=dict)
    obstacle: str = ""

    @property
    def failed(self) -> bool:
        """Whether it shuts the gate."""
        return self.held or bool(self.obstacle)

    @property
    def words(self) -> str:
        """The clause and what it saw, or why it could not be told."""
        if self.obstacle:
            return f"{self.text} cannot be told. {self.obstacle}"
        values = ", ".join(f"{name} = {value:.4g}" for name, value in self.values.items())
        return f"{self.text} ({values})" if values else self.text


@dataclass(frozen=True)
class GateOutcome:
    """What a rule said of a comparison. ``failed``: the gate is shut; ``note``: what to know of the
    answer, empty where there is nothing.
    """

    version: str
    clauses: tuple[Clause, ...]
    note: str = ""

    @property
    def failed(self) -> bool:
        """Whether a clause held, or could not be told."""
        return any(clause.failed for clause in self.clauses)

    @property
    def sentence(self) -> str:
        """One line: whether it passes, and which clause shut it with what value or why."""
        parts = [clause.words for clause in self.clauses if clause.held]
        untold: dict[str, list[str]] = {}
        for clause in self.clauses:
            if clause.obstacle:
                untold.setdefault(clause.obstacle, []).append(clause.text)
        parts += [
            Clause(", ".join(texts), held=False, obstacle=obstacle).words
            for obstacle, texts in untold.items()
        ]
        said = f"fails: {'; '.join(parts)}" if self.failed else "passes"
        note = f" ({self.note})" if self.note else ""
        return " ".join(f"gate: version {self.version} {said}{note}".split())


@dataclass(frozen=True)
class Rule:
    """A rule that was read and whose names are known. Made by :func:`parse_rule`."""

    text: str
    parts: tuple[Part, ...]

    def check(self, numbers: GateNumbers, *, allow_unjudged: bool = False) -> GateOutcome:
        """Judge a comparison's newest version.

        A clause about the list fails where a version it speaks of cannot be judged, unless
        ``allow_unjudged``: then the numbers are taken as they are. Raises :class:`InputError`
        where a number was not measured, or no image has a label that is named.
        """
        versions = numbers.versions
        self.check_versions(len(versions))
        for name in self.names():
            if name.column is not None:
                _label(name, versions)
        newest = versions[-1]
        obstacles = {part.text: _obstacle(part, versions) for part in self.parts}
        clauses = []
        for part in self.parts:
            obstacle = "" if allow_unjudged else obstacles[part.text]
            values: dict[str, float] = {}
            held = not obstacle and part.holds(lambda name: _number(name, versions), values)
            clauses.append(Clause(part.text, held, values, obstacle))
        note = next((text for text in obstacles.values() if text), "") if allow_unjudged else ""
        if not note and newest.judged and self._speaks_of_the_list():
            note = doubt_sentence(newest.cannot_tell, numbers.real_images)
        return GateOutcome(newest.name, tuple(clauses), note)

    def check_versions(self, count: int) -> None:
        """Raises :class:`InputError` where a name speaks of more versions than there are."""
        if not count:
            raise InputError(
                "The comparison has no version", "Give at least one --synthetic NAME=DIR."
            )
        for name in self.names():
            if count < _versions_wanted(name):
                few = "there is only one version" if count == 1 else f"there are only {count}"
                raise InputError(
                    f"The --fail-if rule names {name}, but {few}",
                    "Give the version before it too, as an earlier --synthetic NAME=DIR.",
                )

    def names(self) -> list[Name]:
        """Every name in it, each once."""
        return list(dict.fromkeys(name for part in self.parts for name in part.names()))

    def _speaks_of_the_list(self) -> bool:
        return any(_of_the_list(name) for name in self.names())


def parse_rule(text: str) -> Rule:
    """Read a rule. Raises :class:`InputError` that says where it is malformed, or which name there
    is not.
    """
    rule = Rule(text.strip(), tuple(read(text)))
    for name in rule.names():
        known = LABEL_NUMBERS if name.column is not None else NAMES
        if name.number not in known:
            near = get_close_matches(name.number, known, n=3) or known[:8]
            if name.column is None and name.previous:
                near = [f"{PREVIOUS}.{one}" for one in near]
            kind = "number of a label" if name.column is not None else "number of a comparison"
            raise InputError(
                f"The --fail-if rule names {name}, which is no {kind}",
                f"Did you mean {', '.join(near)}?",
            )
    return rule


# --- inside ---------------------------------------------------------------------------------------


def _of_the_list(name: Name) -> bool:
    return name.column is None and name.number in (*JUDGED_NAMES, *CHANGE_NAMES)


def _versions_wanted(name: Name) -> int:
    changes = name.column is None and name.number in CHANGE_NAMES
    return 1 + name.previous + changes


def _obstacle(part: Part, versions: Sequence[VersionNumbers]) -> str:
    """Why a part that speaks of the list cannot be told; empty where it can."""
    asked: dict[str, VersionNumbers] = {}
    for name in filter(_of_the_list, part.names()):
        for place in range(1 + name.previous, _versions_wanted(name) + 1):
            asked.setdefault(versions[-place].name, versions[-place])
    return " ".join(
        unjudged_sentence(one.name, one.obstacle) for one in asked.values() if not one.judged
    )


def _number(name: Name, versions: Sequence[VersionNumbers]) -> float:
    if name.column is not None:
        return float(getattr(_label(name, versions), name.number))
    value = versions[-2 if name.previous else -1].named().get(name.number)
    if value is None:
        raise InputError(
            f"The --fail-if rule names {name}, which could not be measured here",
            "See the metric's note; leave it out of the rule.",
        )
    return value


def _label(name: Name, versions: Sequence[VersionNumbers]) -> LabelNumbers:
    """The numbers of a label. Raises :class:`InputError` with the known ones where it is
    nowhere.
    """
    assert name.column is not None and name.value is not None
    labels = versions[-2 if name.previous else -1].labels
    if name.column not in labels:
        known = f"There are {', '.join(labels)}." if labels else "Give --labels for both sides."
        raise InputError(
            f"The --fail-if rule names {name}, but both sides know no label {name.column!r}", known
        )
    values = labels[name.column]
    if name.value not in values:
        near = get_close_matches(name.value, values, n=3) or sorted(values)[:8]
        raise InputError(
            f"The --fail-if rule names {name}, but no image has that label",
            f"Labels of {name.column!r}: {', '.join(near)}.",
        )
    return values[name.value]
