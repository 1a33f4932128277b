"""Where an image's class, bias, split and other labels come from: a pattern for its path, or a
table.

A **pattern** such as ``{split}/{class}/{bias}/*`` is matched against the path relative to the
dataset's folder:

====================================  ===========================================================
``{class}``, ``{bias}``, ``{split}``  a piece of one folder or file name, as short as it can be
``{weather}``, any other name         the same, as a label of that name
``*``                                 anything inside one name; as the last part, at any depth
``**``                                any number of folders, also none
anything else                         itself
====================================  ===========================================================

``{class}_{bias}_*.png`` reads ``gull_sea_001.png`` as gull, sea.

A **table** is a CSV or Parquet file with the columns ``path, class`` and, if wanted, ``bias``
(which a fine-tune of biased data needs), ``split`` and any others, such as ``weather`` or
``camera``; paths are relative to the dataset's folder (absolute ones inside it will do). Columns
that are no labels, such as a frame's number, are left out: :mod:`core.contracts.label_words` says
which.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from core.contracts.label_words import why_no_label
from core.errors import InputError
from core.images.roots import check_inside

NAMES = ("class", "bias", "split")
# as people write the splits, and as they are stored
SPLITS = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
}
TABLE_SUFFIXES = (".csv", ".parquet", ".pq")
_NAME = re.compile(r"[^\W\d][\w-]*")  # of a label in a pattern


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of one image; None where nothing is. ``others``: column and label of every
    other column that is known, in the source's order.
    """

    class_: str | None = None
    bias: str | None = None
    split: str | None = None
    others: tuple[tuple[str, str], ...] = ()


NO_LABELS = Labels()


class LabelSource(Protocol):
    """Gives labels to paths. ``spec`` is what the user wrote; ``left_out`` says of each of its
    columns that is no label why.
    """

    spec: str
    left_out: Mapping[str, str]

    def label(self, path: str) -> Labels:
        """The labels of a POSIX path relative to the dataset's folder; all None where the source
        does not know it.
        """
        ...


def parse_spec(spec: str, folder: Path, roots: tuple[Path, ...] | None = None) -> LabelSource:
    """The label source that ``spec`` names: a pattern where it has braces, else the path of a
    table.

    A relative table path is looked for in the current folder, then in ``folder``. With ``roots``
    the table must lie inside them. Raises :class:`InputError` (or its subclass OutsideRoots).
    """
    spec = spec.strip()
    if "{" in spec or "}" in spec:
        return PatternLabels(spec)
    if not spec.lower().endswith(TABLE_SUFFIXES):
        raise InputError(
            f"The labels {spec!r} are neither a pattern nor a table",
            "Write a pattern such as {class}/{bias}/*, or the path of a CSV or Parquet file "
            "with the columns path, class and, if wanted, bias, split and any others.",
        )
    given = Path(spec).expanduser()
    file = given if given.is_absolute() or given.is_file() else folder / given
    if not file.is_file():
        raise InputError(
            f"The label table {spec} does not exist", "Check the path for typing errors."
        )
    if roots is not None:
        check_inside(file.resolve().parent, roots)
    table = read_labels(file)
    return TableLabels(spec, table.rows, folder, table.left_out)


class PatternLabels:
    """Labels read from paths by a pattern (see the top of this file)."""

    def __init__(self, spec: str) -> None:
        """Raises :class:`InputError` for a pattern that makes no sense or has no ``{class}``."""
        self.spec = spec
        self.left_out: Mapping[str, str] = {}  # of a pattern, only a scan of all paths can say
        pattern = _pattern(spec)
        self._names = pattern.names
        self._regex = re.compile(pattern.regex, re.DOTALL)

    def label(self, path: str) -> Labels:
        """Labels of ``path``. Raises :class:`InputError` where it reads a split that is none."""
        match = self._regex.fullmatch(path)
        if match is None:
            return NO_LABELS
        parts = dict(zip(self._names, match.groups(), strict=True))
        split = parts.get("split")
        return Labels(
            parts["class"],
            parts.get("bias"),
            as_split(split, path) if split is not None else None,
            tuple((name, value) for name, value in parts.items() if name not in NAMES),
        )


class TableLabels:
    """Labels looked up in a table."""

    def __init__(
        self, spec: str, table: pa.Table, folder: Path, left_out: Mapping[str, str] | None = None
    ) -> None:
        """``table``: string columns path, class and any others. ``left_out``: columns that it
        lacks because they are no labels, and why. Raises :class:`InputError`.
        """
        self.spec = spec
        self.left_out = left_out or {}
        self._labels: dict[str, Labels] = {}
        seen: dict[Labels, Labels] = {}  # a million rows share a few label tuples
        known = {name: table[name].to_pylist() for name in table.column_names}
        further = [(name, known[name]) for name in known if name not in ("path", *NAMES)]
        biases, splits = known.get("bias"), known.get("split")
        prefix = folder.as_posix().rstrip("/") + "/"
        for row, path in enumerate(known["path"]):
            if not path:
                raise InputError(f"Row {row + 1} of {spec} has no path", "Give every row a path.")
            name = path.replace("\\", "/").removeprefix(prefix).removeprefix("./")
            split = splits[row] if splits is not None else None
            label = Labels(
                known["class"][row],
                biases[row] if biases is not None else None,
                as_split(split, f"row {row + 1} of {spec}") if split else None,
                tuple((column, values[row]) for column, values in further if values[row]),
            )
            label = seen.setdefault(label, label)
            if self._labels.setdefault(name, label) != label:
                raise InputError(f"{spec} gives {path} two labels", "Keep one row for each path.")

    def label(self, path: str) -> Labels:
        """Labels of ``path``, all None where it is not in the table."""
        return self._labels.get(path, NO_LABELS)


@dataclass(frozen=True)
class LabelTable:
    """A label table as strings (class ``007`` stays ``007``; an empty cell is null): path, class
    and whatever else is a label. ``left_out``: its columns that are none, and why.
    """

    rows: pa.Table
    left_out: Mapping[str, str]


def read_labels(file: Path) -> LabelTable:
    """The label table of a CSV or Parquet file.

    Raises :class:`InputError` when it cannot be read, lacks a column or has two of one name.
    """
    try:
        table = _read_csv(file) if file.suffix.lower() == ".csv" else pq.read_table(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"The label table {file} cannot be read: {error}", "Save it again as CSV."
        ) from error
    names = [name for name in table.column_names if name]
    missing = [name for name in ("path", "class") if name not in names]
    if missing:
        raise InputError(
            f"The label table {file} has no column {' and no column '.join(missing)} "
            f"(it has: {', '.join(names)})",
            "It needs the columns path and class; bias, split and any others are welcome. In a "
            "CSV file they are separated by commas.",
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"The label table {file} has two columns {twice[0]}", "Give each a name of its own."
        )
    return _labels_only(table.select(names))


def _read_csv(file: Path) -> pa.Table:
    """All columns as text."""
    names = pacsv.open_csv(file).schema.names
    text = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return pacsv.read_csv(file, convert_options=text)


def _labels_only(table: pa.Table) -> LabelTable:
    """The columns that are labels, as strings."""
    kept, left_out = {}, {}
    for name in table.column_names:
        try:
            values = table[name].cast(pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            if name in ("path", *NAMES):
                raise InputError(
                    f"The column {name} of the label table holds {table[name].type}, not text",
                    "Save it again with text in that column.",
                ) from None
            left_out[name] = f"holds {table[name].type}, not text"
            continue
        why = None
        if name not in ("path", *NAMES):
            known = values.drop_null()
            why = why_no_label(name, known.unique().to_pylist(), len(known))
        if why is None:
            kept[name] = values
        else:
            left_out[name] = why
    return LabelTable(pa.table(kept), left_out)


def as_split(value: str, where: str) -> str:
    """``train``, ``valid`` or ``test`` for a split as people write it. Raises :class:`InputError`
    for anything else.
    """
    split = SPLITS.get(value.strip().lower())
    if split is None:
        raise InputError(
            f"{value!r} ({where}) is not a split",
            "Splits are train, valid (or val, validation) and test; leave {split} or the column "
            "out to have them drawn.",
        )
    return split


def explain(source: LabelSource, paths: Iterable[str]) -> str:
    """One line that shows what ``source`` gives for three example paths: for a source that matches
    nothing.
    """
    examples = []
    for path in islice(paths, 3):
        label = source.label(path)
        named = zip(NAMES, (label.class_, label.bias, label.split), strict=True)
        known = ", ".join(
            f"{name} {value}" for name, value in (*named, *label.others) if value is not None
        )
        examples.append(f"{path} gives {known or 'nothing'}")
    return f"With the labels {source.spec}: " + ("; ".join(examples) or "there are no paths")


def matches_any(source: LabelSource, paths: Iterable[str]) -> bool:
    """Whether ``source`` gives at least one path a class. Stops at the first."""
    return any(source.label(path).class_ is not None for path in paths)


@dataclass
class _Pattern:
    """A pattern read so far: ``names`` in braces, in order, and the regular expression that has a
    group for each.
    """

    names: list[str] = field(default_factory=list)
    regex: str = ""


def _pattern(spec: str) -> _Pattern:
    pattern = _Pattern()
    segments = spec.strip().removeprefix("./").strip("/").split("/")
    if spec.rstrip().endswith("/"):
        segments.append("*")
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment in ("*", "**") and last:
            pattern.regex += ".+"
        elif segment == "**":
            pattern.regex += "(?:[^/]+/)*"
        else:
            pattern.regex += _segment_regex(segment, spec, pattern.names) + ("" if last else "/")
    if "class" not in pattern.names:
        others = [f"{{{name}}}" for name in pattern.names if name not in NAMES]
        named = f"names {' and '.join(others)} and " if others else ""
        raise InputError(
            f"The label pattern {spec!r} {named}has no {{class}}",
            "Write for example {class}/{bias}/*.",
        )
    return pattern


def _segment_regex(segment: str, spec: str, names: list[str]) -> str:
    """The regular expression of one segment; adds what it names to ``names``."""
    pieces = []
    for piece in re.split(r"(\{[^{}]*\}|\*+)", segment):
        if piece.startswith("*"):
            pieces.append("[^/]*")
        elif piece.startswith("{") and piece.endswith("}"):
            name = piece[1:-1]
            if not _NAME.fullmatch(name):
                raise InputError(
                    f"The label pattern {spec!r} names {piece}",
                    "It may name {class}, {bias}, {split} and other labels such as {weather}: "
                    "letters, digits, - and _.",
                )
            if name in names:
                raise InputError(
                    f"The label pattern {spec!r} names {{{name}}} twice",
                    "Name it once; use * elsewhere.",
                )
            names.append(name)
            pieces.append("([^/]+?)")
        elif "{" in piece or "}" in piece:
            raise InputError(
                f"The label pattern {spec!r} has an unpaired brace",
                "Write for example {class}/{bias}/*.",
            )
        else:
            pieces.append(re.escape(piece))
    return "".join(pieces)
