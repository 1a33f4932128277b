"""The gate: a small, safe rule language over a comparison's numbers, to stop a bad renderer version
before it ships.

::

    absent_rate > 0.10 or regressed > 20 or fd > 1.1 * previous.fd

A rule speaks about the newest version. Names are its numbers: ``absent``, ``absent_rate``,
``absent_by_cluster``, ``floor_rate``, ``images``, ``unreadable``, ``closed``, ``opened``, ``open``,
``regressed`` (against the version before), and every metric (``frechet_distance`` or ``fd``,
``kid``, ``precision`` …) with its ``.low``, ``.high`` and ``.floor``. ``previous.NAME`` is the same
number of the version before. Operators: ``+ - * /``, ``< <= > >= == !=``, ``and or not``,
parentheses. Nothing else: a rule is read by Python's parser and walked here node by node; nothing
is ever executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from core.errors import InputError

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_EXAMPLE = "For example: absent_rate > 0.10 or regressed > 20 or fd > 1.1 * previous.fd"
SHORT_NAMES = {"fd": "frechet_distance", "auc": "classifier_auc"}
LONGEST = 2000  # characters of a rule; deeper nesting than that allows is nobody's rule


@dataclass(frozen=True)
class Clause:
    """One part of a rule between top-level ``or``: its text, whether it held, and the values it
    saw.
    """

    text: str
    held: bool
    values: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What a rule said of a comparison. ``failed``: it held, so the gate is shut."""

    version: str
    failed: bool
    clauses: tuple[Clause, ...]

    @property
    def sentence(self) -> str:
        """One line: which rule and what value."""
        if not self.failed:
            return f"gate: version {self.version} passes"
        held = [clause for clause in self.clauses if clause.held]
        parts = "; ".join(f"{clause.text} ({_values(clause.values)})" for clause in held)
        return f"gate: version {self.version} fails: {parts}"


@dataclass(frozen=True)
class Rule:
    """A rule that was read and understood. Made by :func:`parse_rule`."""

    text: str
    tree: ast.expr

    def check(self, result: dict[str, Any]) -> Outcome:
        """Judge a comparison (the dictionary that ``compare --json`` writes).

        Raises :class:`InputError` where the rule names a number that there is not.
        """
        numbers, version = rule_numbers(result)
        parts = (
            self.tree.values
            if isinstance(self.tree, ast.BoolOp) and isinstance(self.tree.op, ast.Or)
            else [self.tree]
        )
        clauses = []
        for part in parts:
            values: dict[str, float] = {}
            held = bool(_walk(part, numbers, values))
            clauses.append(Clause(ast.unparse(part), held, values))
        return Outcome(version, any(clause.held for clause in clauses), tuple(clauses))


def parse_rule(text: str) -> Rule:
    """Read a rule. Raises :class:`InputError` that says where it is malformed."""
    if not text.strip():
        raise InputError("The --fail-if rule is empty", _EXAMPLE)
    if len(text) > LONGEST:
        raise InputError(
            f"The --fail-if rule is longer than {LONGEST} characters",
            "Split it into several commands.",
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = (
            f" near character {error.offset or len(text.strip())}"
            if isinstance(error, SyntaxError)
            else ""
        )
        raise InputError(
            f"The --fail-if rule cannot be read{place}: {text.strip()}", _EXAMPLE
        ) from error
    if not _understood(tree, wants_truth=True):
        raise InputError(f"The --fail-if rule must be a comparison: {text.strip()}", _EXAMPLE)
    return Rule(text.strip(), tree)


def rule_numbers(result: dict[str, Any]) -> tuple[dict[str, float | None], str]:
    """Every number a rule may name, of the newest version and (as ``previous.NAME``) of the one
    before; the newest's name.
    """
    names = list(result["versions"])
    if not names:
        raise InputError("The comparison has no version", "Give at least one --synthetic NAME=DIR.")
    numbers = _version_numbers(result, names[-1], names[-2] if len(names) > 1 else None)
    if len(names) > 1:
        earlier = _version_numbers(result, names[-2], names[-3] if len(names) > 2 else None)
        numbers.update({f"previous.{name}": value for name, value in earlier.items()})
    return numbers, names[-1]


def _version_numbers(
    result: dict[str, Any], name: str, before: str | None
) -> dict[str, float | None]:
    version = result["versions"][name]
    numbers: dict[str, float | None] = {
        "images": version["images"],
        "unreadable": version["unreadable"],
        "absent": len(version["absent"]),
        "absent_by_cluster": len(version["absent_by_cluster"]),
        "absent_rate": version["absent_rate"],
        "floor_rate": version["floor_rate"],
    }
    for metric, row in version["metrics"].items():
        for called in (metric, *(short for short, name in SHORT_NAMES.items() if name == metric)):
            numbers[called] = row["value"]
            numbers.update({f"{called}.{part}": row[part] for part in ("low", "high", "floor")})
    if before is not None:
        for change in result["changes"]:
            if (change["from"], change["to"]) == (before, name):
                numbers.update(
                    {
                        state: len(change[state])
                        for state in ("closed", "opened", "open", "regressed")
                    }
                )
    return numbers


def _understood(node: ast.expr, *, wants_truth: bool) -> bool:
    """Whether a node is of the language, and a truth value or a number as wanted. Raises for what
    is foreign.
    """
    match node:
        case ast.BoolOp(values=values):
            return wants_truth and all(_understood(value, wants_truth=True) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return wants_truth and _understood(operand, wants_truth=True)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            type(op) in _COMPARE for op in ops
        ):
            return wants_truth and all(
                _understood(part, wants_truth=False) for part in (left, *others)
            )
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return not wants_truth and _understood(operand, wants_truth=False)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return (
                not wants_truth
                and _understood(left, wants_truth=False)
                and _understood(right, wants_truth=False)
            )
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(
            value, bool
        ):
            return not wants_truth
        case ast.Name():
            return not wants_truth
        case ast.Attribute(value=ast.Name() | ast.Attribute() as value):
            return not wants_truth and _understood(value, wants_truth=False)
    raise InputError(
        f"The --fail-if rule may not hold {ast.unparse(node)!r}",
        "Names, numbers, + - * /, comparisons, and, or, not and parentheses are all there is.",
    )


def _walk(node: ast.expr, numbers: dict[str, float | None], seen: dict[str, float]) -> float | bool:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            truths = [
                bool(_walk(part, numbers, seen)) for part in values
            ]  # all of them: the sentence tells what was seen
            return all(truths)
        case ast.BoolOp(values=values):
            truths = [bool(_walk(part, numbers, seen)) for part in values]
            return any(truths)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _walk(operand, numbers, seen)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_walk(part, numbers, seen) for part in (left, *others)]
            return all(
                _COMPARE[type(op)](a, b)
                for op, a, b in zip(ops, sides[:-1], sides[1:], strict=True)
            )
        case ast.UnaryOp(op=op, operand=operand):
            value = _walk(operand, numbers, seen)
            return -value if isinstance(op, ast.USub) else value
        case ast.BinOp(left=left, op=op, right=right):
            try:
                return _ARITHMETIC[type(op)](
                    _walk(left, numbers, seen), _walk(right, numbers, seen)
                )
            except ZeroDivisionError:
                raise InputError(
                    f"The --fail-if rule divides by zero in {ast.unparse(node)}", "Change the rule."
                ) from None
        case ast.Constant(value=value):
            assert isinstance(value, int | float)
            return value
    name = ast.unparse(node)
    seen[name] = _number(name, numbers)
    return seen[name]


def _number(name: str, numbers: dict[str, float | None]) -> float:
    value = numbers.get(name)
    if value is not None:
        return value
    if name in numbers:
        raise InputError(
            f"The --fail-if rule names {name}, which could not be measured here",
            "See the metric's note; leave it out of the rule.",
        )
    if name.startswith("previous.") and not any(known.startswith("previous.") for known in numbers):
        raise InputError(
            f"The --fail-if rule names {name}, but there is only one version",
            "Give the version before it too, as an earlier --synthetic NAME=DIR.",
        )
    near = get_close_matches(name, numbers, n=3) or sorted(numbers)[:8]
    raise InputError(
        f"The --fail-if rule names {name}, which is no number of this comparison",
        f"Did you mean {', '.join(near)}?",
    )


def _values(values: dict[str, float]) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in values.items())
