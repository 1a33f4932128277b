"""The gate: a small, safe rule language over a comparison's numbers, to stop a bad renderer version
before it ships.

::

    absent_rate > 0.10 or regressed > 20 or fd > 1.1 * previous.fd

A rule speaks about the newest version. Names are its numbers: ``absent``, ``absent_rate``,
``absent_by_cluster``, ``floor_rate``, ``images``, ``unreadable``, ``closed``, ``opened``, ``open``,
``regressed`` (against the version before), and every metric (``frechet_distance`` or ``fd``,
``kid``, ``precision`` …) with its ``.low``, ``.high`` and ``.floor``; the real-vs-real baselines
keep the names with ``floor`` that rules know. ``previous.NAME`` is the same number of the version
before. Operators: ``+ - * /``, ``< <= > >= == !=``, ``and or not``, parentheses. Nothing else: a
rule is read by Python's parser and walked here node by node; nothing is ever executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from core.errors import InputError
from core.reports.gate_numbers import GateNumbers, VersionNumbers

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
SHORT_NAMES = {"frechet_distance": "fd", "classifier_auc": "auc"}
PREVIOUS = "previous."
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
class GateOutcome:
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

    def check(self, numbers: GateNumbers) -> GateOutcome:
        """Judge a comparison's newest version.

        Raises :class:`InputError` where the rule names a number that there is not.
        """
        named, version = rule_numbers(numbers)
        clauses = []
        for part in _alternatives(self.tree):
            values: dict[str, float] = {}
            held = bool(_walk(part, named, values))
            clauses.append(Clause(ast.unparse(part), held, values))
        return GateOutcome(version, any(clause.held for clause in clauses), tuple(clauses))


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


def rule_numbers(numbers: GateNumbers) -> tuple[dict[str, float | None], str]:
    """Every number a rule may name, of the newest version and (as ``previous.NAME``) of the one
    before; the newest's name.
    """
    if not numbers.versions:
        raise InputError("The comparison has no version", "Give at least one --synthetic NAME=DIR.")
    newest = numbers.versions[-1]
    named = _version_numbers(newest)
    if len(numbers.versions) > 1:
        earlier = _version_numbers(numbers.versions[-2])
        named.update({f"{PREVIOUS}{name}": value for name, value in earlier.items()})
    return named, newest.name


def _version_numbers(version: VersionNumbers) -> dict[str, float | None]:
    named: dict[str, float | None] = {
        "images": version.images,
        "unreadable": version.unreadable,
        "absent": version.absent,
        "absent_by_cluster": version.absent_by_cluster,
        "absent_rate": version.absent_rate,
        "floor_rate": version.baseline_rate,
    }
    for metric, row in version.metrics.items():
        for name in (metric, *([SHORT_NAMES[metric]] if metric in SHORT_NAMES else [])):
            named[name] = row.value
            named[f"{name}.low"] = row.low
            named[f"{name}.high"] = row.high
            named[f"{name}.floor"] = row.baseline
    if version.changes is not None:
        named.update({str(name): count for name, count in version.changes.items()})
    return named


def _alternatives(tree: ast.expr) -> list[ast.expr]:
    """The parts of a rule between top-level ``or``."""
    match tree:
        case ast.BoolOp(op=ast.Or(), values=values):
            return values
    return [tree]


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
            # every part is looked at, although one might do: the sentence tells what was seen
            truths = [bool(_walk(part, numbers, seen)) for part in values]
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
    if name.startswith(PREVIOUS) and not any(known.startswith(PREVIOUS) for known in numbers):
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
