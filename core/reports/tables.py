"""Result tables as CSV and Parquet. CSV is made safe for spreadsheets: no cell of text begins like
a formula.

A file called ``=cmd|…`` or ``@import`` would be executed by a spreadsheet program that opens a CSV
with its name. Text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break gets an
apostrophe in front (OWASP, CSV injection); numbers stay numbers. Parquet keeps everything as it is.
"""

from __future__ import annotations

import io
import zipfile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from core.contracts.comparison import RESULT_ROWS
from core.contracts.derive import table_name
from core.errors import InputError
from core.store.results import Comparison

FORMATS = ("csv", "parquet")
_FORMULA = r"^[=+\-@\t\r\n]"


def absent_csv(comparison: Comparison) -> str:
    """The absent images of every version as CSV text: version, path, score, q, tier, cluster,
    group_id, outside, …, nearest, distance, class, bias, mark.
    """
    parts = [
        _beside(str(dataset.version), _marked(comparison, dataset.id))
        for dataset in comparison.versions
    ]
    return csv_text(pa.concat_tables(parts)) if parts else ""


def surplus_csv(comparison: Comparison, version: str | int) -> bytes:
    """The synthetic images of one version that no real image is near, the farthest first, as CSV:
    path, score, distance, nearest, group, name, rank.
    """
    names = {row.group: row.name for row in comparison.surplus_group_rows(version)}
    rows = comparison.surplus_rows(version)
    columns: dict[str, pa.Array] = {
        "path": pa.array([row.path for row in rows], pa.string()),
        "score": pa.array([row.score for row in rows], pa.float64()),
        "distance": pa.array([row.distance for row in rows], pa.float64()),
        "nearest": pa.array([row.nearest_path for row in rows], pa.string()),
        "group": pa.array([row.group for row in rows], pa.int64()),
        "name": pa.array([names.get(row.group) for row in rows], pa.string()),
        "rank": pa.array([row.rank for row in rows], pa.int64()),
    }
    return csv_bytes(pa.table(columns))


def csv_text(table: pa.Table) -> str:
    """A table as CSV text, safe for spreadsheets. Lists become their items with a space between."""
    return csv_bytes(table).decode("utf-8")


def csv_bytes(table: pa.Table) -> bytes:
    """:func:`csv_text` as UTF-8 bytes."""
    names = [_safe(pa.chunked_array([pa.array([name])]))[0].as_py() for name in table.column_names]
    flat = pa.table([_flat(column) for column in table.columns], names=names)
    out = io.BytesIO()
    pyarrow.csv.write_csv(flat, out)
    return out.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def tables_zip(comparison: Comparison, form: str = "csv") -> bytes:
    """A ZIP file with every result table in one format, ``csv`` or ``parquet``, under the names of
    docs/architecture.md.
    """
    if form not in FORMATS:
        raise InputError(f"Tables cannot be written as {form!r}", f"Choose {' or '.join(FORMATS)}.")
    write = csv_bytes if form == "csv" else parquet_bytes
    packed = zipfile.ZIP_DEFLATED if form == "csv" else zipfile.ZIP_STORED
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for name, table in result_tables(comparison).items():
            archive.writestr(f"{name}.{form}", write(table))
    return out.getvalue()


def result_tables(comparison: Comparison) -> dict[str, pa.Table]:
    """Every result table by its name in the database, with the versions' labels in it where the
    database has only their ids.
    """
    whole = {
        "points": comparison.points,
        "clusters": comparison.clusters,
        "versions": comparison.summary,
        "metrics": comparison.metrics,
        "changes": comparison.changes,
        "selftest": comparison.selftest,
        "splits": comparison.splits,
        "label_counts": comparison.label_counts,
        "label_notes": comparison.label_notes,
        "surplus": comparison.surplus,
        "surplus_groups": comparison.surplus_groups,
    }
    by_version = {"coverage": comparison.coverage, "groups": comparison.groups}
    tables = {}
    for row in RESULT_ROWS:
        name = table_name(row)
        if name in whole:
            tables[name] = whole[name]()
        else:
            tables[name] = pa.concat_tables(
                _beside(dataset.version, by_version[name](dataset.id))
                for dataset in comparison.versions
            )
    return tables


def _marked(comparison: Comparison, version_id: int) -> pa.Table:
    """The absent images of a version with the engineer's marks as the last column."""
    table, marks = comparison.absent(version_id), comparison.marks_by_path(version_id)
    words = [marks.get(path) for path in table.column("path").to_pylist()]
    return table.append_column("mark", pa.array(words, pa.string()))


def _beside(version: str | None, table: pa.Table) -> pa.Table:
    """A version's table with its label as the first column."""
    return table.add_column(0, "version", pa.array([version] * table.num_rows, pa.string()))


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), " ")
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _safe(column)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return _safe(
            pa.chunked_array(
                [
                    pa.array(
                        [None if value is None else str(value) for value in column.to_pylist()],
                        pa.string(),
                    )
                ]
            )
        )
    return column


def _safe(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text with an apostrophe before what a spreadsheet would take as a formula."""
    dangerous = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(
        dangerous,
        pc.binary_join_element_wise(
            pa.scalar("'", column.type), column, pa.scalar("", column.type)
        ),
        column,
    )
