"""The language of gate rules: what a rule may hold, which names stand in it, what it comes to.

Names, numbers, ``+ - * /``, ``< <= > >= == !=``, ``and or not`` and parentheses. A rule is read by
Python's parser and walked here node by node; nothing is ever executed. A name is a number of the
version (``absent_rate``, ``fd.low``) or of a label (``class["horse"].rendered``); after
``previous.`` it is that of the version before. A column whose name is no word is written
``label["time of day"]["dusk"].real``.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.errors import InputError

EXAMPLE = "For example: absent_rate > 0.10 or regressed > 20 or fd > 1.1 * previous.fd"
LONGEST = 2000  # characters of a rule; deeper nesting than that allows is nobody's rule
PREVIOUS = "previous"
ANY_COLUMN = "label"  # label["time of day"]["dusk"]: a column whose name is no word

# `class` is a keyword of Python: outside quotes it is read as a name of the same length.
_CLASS, _STAND_IN = "class", "_cls_"
_KEYWORD = re.compile(r"""("[^"\n]*"|'[^'\n]*')|\bclass\b(?=\s*\[)""")

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


@dataclass(frozen=True)
class Name:
    """A name in a rule: ``number`` of the version, or of the images whose label in ``column`` is
    ``value``; ``previous``: of the version before.
    """

    number: str
    column: str | None = None
    value: str | None = None
    previous: bool = False

    def __str__(self) -> str:
        words = self.number
        if self.column is not None:
            value = json.dumps(self.value, ensure_ascii=False)
            column = json.dumps(self.column, ensure_ascii=False)
            place = self.column if self.column.isidentifier() else f"{ANY_COLUMN}[{column}]"
            words = f"{place}[{value}].{self.number}"
        return f"{PREVIOUS}.{words}" if self.previous else words


@dataclass(frozen=True)
class Part:
    """What stands between two top-level ``or`` of a rule."""

    text: str
    tree: ast.expr

    def names(self) -> list[Name]:
        """The names in it, in the order of the text, each once."""
        return list(dict.fromkeys(_names(self.tree)))

    def holds(self, value: Callable[[Name], float], seen: dict[str, float]) -> bool:
        """Whether it holds; ``seen`` is given every name's value, whether it decided or not."""
        return bool(_walk(self.tree, value, seen))


def read(text: str) -> list[Part]:
    """Read a rule. Raises :class:`InputError` that says where it is malformed or foreign."""
    rule = text.strip()
    if not rule:
        raise InputError("The --fail-if rule is empty", EXAMPLE)
    if len(rule) > LONGEST:
        raise InputError(
            f"The --fail-if rule is longer than {LONGEST} characters",
            "Split it into several commands.",
        )
    source = _KEYWORD.sub(lambda found: found[1] or _STAND_IN, rule)
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = (
            f" near character {error.offset or len(rule)}" if isinstance(error, SyntaxError) else ""
        )
        raise InputError(f"The --fail-if rule cannot be read{place}: {rule}", EXAMPLE) from error
    if not _understood(tree, wants_truth=True):
        raise InputError(f"The --fail-if rule must be a comparison: {rule}", EXAMPLE)
    alternatives = (
        tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or) else [tree]
    )
    return [Part(_text(rule, part), part) for part in alternatives]


# --- reading --------------------------------------------------------------------------------------


def _text(rule: str, node: ast.expr) -> str:
    return " ".join((ast.get_source_segment(rule, node) or ast.unparse(node)).split())


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
    if _name(node) is not None:
        return not wants_truth
    raise InputError(
        f"The --fail-if rule may not hold {_shown(node)!r}",
        "Names, numbers, + - * /, comparisons, and, or, not and parentheses are all there is; a "
        'label\'s number is written class["horse"].rendered.',
    )


def _shown(node: ast.expr) -> str:
    return ast.unparse(node).replace(_STAND_IN, _CLASS)


def _name(node: ast.expr) -> Name | None:
    """The name that a node is; None where it is none."""
    match list(_steps(node)):
        case [(False, first), *rest] if first == PREVIOUS and rest:
            return _own_name(rest, previous=True)
        case steps:
            return _own_name(steps, previous=False)


def _own_name(steps: list[tuple[bool, str]], *, previous: bool) -> Name | None:
    match steps:
        case [(False, any_column), (True, column), (True, value), (False, number)] if (
            any_column == ANY_COLUMN
        ):
            return Name(number, column, value, previous)
        case [(False, column), (True, value), (False, number)]:
            return Name(number, column, value, previous)
    if steps and not any(quoted for quoted, _ in steps):
        return Name(".".join(word for _, word in steps), previous=previous)
    return None


def _steps(node: ast.expr) -> Iterator[tuple[bool, str]]:
    """A name's words in order, each with whether it stood quoted in brackets; nothing that could be
    taken for a name where the node is none.
    """
    match node:
        case ast.Name(id=word):
            yield False, _CLASS if word == _STAND_IN else word
        case ast.Attribute(value=before, attr=word):
            yield from _steps(before)
            yield False, _CLASS if word == _STAND_IN else word
        case ast.Subscript(value=before, slice=ast.Constant(value=str(word))):
            yield from _steps(before)
            yield True, word
        case _:
            yield True, ""


def _names(node: ast.AST) -> Iterator[Name]:
    name = _name(node) if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else None
    if name is not None:
        yield name
        return
    for part in ast.iter_child_nodes(node):
        yield from _names(part)


# --- what it comes to -----------------------------------------------------------------------------


def _walk(node: ast.expr, value: Callable[[Name], float], seen: dict[str, float]) -> float | bool:
    match node:
        case ast.BoolOp(op=op, values=values):
            # every part is looked at, although one might do: the sentence tells what was seen
            truths = [bool(_walk(part, value, seen)) for part in values]
            return all(truths) if isinstance(op, ast.And) else any(truths)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _walk(operand, value, seen)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_walk(part, value, seen) for part in (left, *others)]
            return all(
                _COMPARE[type(op)](a, b)
                for op, a, b in zip(ops, sides[:-1], sides[1:], strict=True)
            )
        case ast.UnaryOp(op=op, operand=operand):
            number = _walk(operand, value, seen)
            return -number if isinstance(op, ast.USub) else number
        case ast.BinOp(left=left, op=op, right=right):
            try:
                return _ARITHMETIC[type(op)](_walk(left, value, seen), _walk(right, value, seen))
            except ZeroDivisionError:
                raise InputError(
                    f"The --fail-if rule divides by zero in {_shown(node)}", "Change the rule."
                ) from None
        case ast.Constant(value=constant):
            assert isinstance(constant, int | float)
            return constant
    name = _name(node)
    assert name is not None  # as `_understood` has seen
    seen[str(name)] = value(name)
    return seen[str(name)]
