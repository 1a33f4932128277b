"""Where an image's class, bias and split come from: a pattern for its path, or a table.

A **pattern** such as ``{split}/{class}/{bias}/*`` is matched against the path relative to the
dataset's folder:

====================================  ===========================================================
``{class}``, ``{bias}``, ``{split}``  a piece of one folder or file name, as short as it can be
``*``                                 anything inside one name; as the last part, at any depth
``**``                                any number of folders, also none
anything else                         itself
====================================  ===========================================================

``{class}_{bias}_*.png`` reads ``gull_sea_001.png`` as gull, sea.

A **table** is a CSV or Parquet file with the columns ``path, class, bias`` and, if wanted,
``split``; paths are relative to the dataset's folder (absolute ones inside it will do).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

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


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of one image; None where nothing is."""

    class_: str | None = None
    bias: str | None = None
    split: str | None = None


NO_LABELS = Labels()


class LabelSource(Protocol):
    """Gives labels to paths. ``spec`` is what the user wrote."""

    spec: str

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
            "with the columns path, class, bias.",
        )
    given = Path(spec).expanduser()
    file = given if given.is_absolute() or given.is_file() else folder / given
    if not file.is_file():
        raise InputError(
            f"The label table {spec} does not exist", "Check the path for typing errors."
        )
    if roots is not None:
        check_inside(file.resolve().parent, roots)
    return TableLabels(spec, read_labels(file), folder)


class PatternLabels:
    """Labels read from paths by a pattern (see the top of this file)."""

    def __init__(self, spec: str) -> None:
        """Raises :class:`InputError` for a pattern that makes no sense or has no ``{class}``."""
        self.spec = spec
        self._regex = re.compile(_to_regex(spec), re.DOTALL)

    def label(self, path: str) -> Labels:
        """Labels of ``path``. Raises :class:`InputError` where it reads a split that is none."""
        match = self._regex.fullmatch(path)
        if match is None:
            return NO_LABELS
        parts = match.groupdict()
        split = parts.get("split")
        return Labels(
            parts["class_"], parts.get("bias"), as_split(split, path) if split is not None else None
        )


class TableLabels:
    """Labels looked up in a table."""

    def __init__(self, spec: str, table: pa.Table, folder: Path) -> None:
        """``table``: string columns path, class, bias and perhaps split. Raises
        :class:`InputError`.
        """
        self.spec = spec
        self._labels: dict[str, Labels] = {}
        seen: dict[Labels, Labels] = {}  # a million rows share a few label triples
        columns = [
            table[name].to_pylist() if name in table.column_names else None
            for name in ("path", *NAMES)
        ]
        paths, classes, biases, splits = columns
        assert paths is not None and classes is not None and biases is not None
        prefix = folder.as_posix().rstrip("/") + "/"
        for row, path in enumerate(paths):
            if not path:
                raise InputError(f"Row {row + 1} of {spec} has no path", "Give every row a path.")
            name = path.replace("\\", "/").removeprefix(prefix).removeprefix("./")
            split = splits[row] if splits is not None else None
            label = Labels(
                classes[row],
                biases[row],
                as_split(split, f"row {row + 1} of {spec}") if split else None,
            )
            label = seen.setdefault(label, label)
            if self._labels.setdefault(name, label) != label:
                raise InputError(f"{spec} gives {path} two labels", "Keep one row for each path.")

    def label(self, path: str) -> Labels:
        """Labels of ``path``, all None where it is not in the table."""
        return self._labels.get(path, NO_LABELS)


def read_labels(file: Path) -> pa.Table:
    """The label table of a CSV or Parquet file as strings (class ``007`` stays ``007``; an empty
    cell is null).

    Raises :class:`InputError` when it cannot be read or lacks a column.
    """
    try:
        if file.suffix.lower() == ".csv":
            text = pacsv.ConvertOptions(
                column_types=dict.fromkeys(("path", *NAMES), pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            )
            table = pacsv.read_csv(file, convert_options=text)
        else:
            table = pq.read_table(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"The label table {file} cannot be read: {error}", "Save it again as CSV."
        ) from error
    missing = [name for name in ("path", "class", "bias") if name not in table.column_names]
    if missing:
        raise InputError(
            f"The label table {file} has no column {' and no column '.join(missing)} "
            f"(it has: {', '.join(table.column_names)})",
            "It needs the columns path, class, bias and, if wanted, split, separated by commas.",
        )
    table = table.select([name for name in ("path", *NAMES) if name in table.column_names])
    return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))


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
        known = ", ".join(f"{name} {value}" for name, value in named if value is not None)
        examples.append(f"{path} gives {known or 'nothing'}")
    return f"With the labels {source.spec}: " + ("; ".join(examples) or "there are no paths")


def matches_any(source: LabelSource, paths: Iterable[str]) -> bool:
    """Whether ``source`` gives at least one path a class. Stops at the first."""
    return any(source.label(path).class_ is not None for path in paths)


def _to_regex(spec: str) -> str:
    """The regular expression of a pattern; the group of ``{class}`` is called ``class_``."""
    used: set[str] = set()
    segments = spec.strip().removeprefix("./").strip("/").split("/")
    if spec.rstrip().endswith("/"):
        segments.append("*")
    parts = []
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment in ("*", "**") and last:
            parts.append(".+")
        elif segment == "**":
            parts.append("(?:[^/]+/)*")
        else:
            parts.append(_segment_regex(segment, spec, used) + ("" if last else "/"))
    if "class" not in used:
        raise InputError(
            f"The label pattern {spec!r} has no {{class}}", "Write for example {class}/{bias}/*."
        )
    return "".join(parts)


def _segment_regex(segment: str, spec: str, used: set[str]) -> str:
    pieces = []
    for piece in re.split(r"(\{[^{}]*\}|\*+)", segment):
        if piece.startswith("*"):
            pieces.append("[^/]*")
        elif piece.startswith("{") and piece.endswith("}"):
            name = piece[1:-1]
            if name not in NAMES:
                what = f"The label pattern {spec!r} names {piece}"
                raise InputError(what, "It may name {class}, {bias} and {split}.")
            if name in used:
                raise InputError(
                    f"The label pattern {spec!r} names {{{name}}} twice",
                    "Name it once; use * elsewhere.",
                )
            used.add(name)
            pieces.append(f"(?P<{name}_>[^/]+?)" if name == "class" else f"(?P<{name}>[^/]+?)")
        elif "{" in piece or "}" in piece:
            raise InputError(
                f"The label pattern {spec!r} has an unpaired brace",
                "Write for example {class}/{bias}/*.",
            )
        else:
            pieces.append(re.escape(piece))
    return "".join(pieces)
