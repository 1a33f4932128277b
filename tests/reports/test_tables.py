"""Tables as CSV and Parquet."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.contracts.comparison import RESULT_ROWS
from core.contracts.derive import table_name
from core.errors import InputError
from core.reports import tables
from core.workspace import Comparison


def test_text_that_looks_like_a_formula_is_made_safe_and_numbers_stay() -> None:
    dangerous = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=x",
        "\r=x",
        "plain.jpg",
        "a=b",
        "",
        None,
    ]
    table = pa.table(
        {"path": dangerous, "score": [-1.5] * 10, "=name": ["x"] * 10, "ids": [["=a", "b"]] * 10}
    )
    rows = list(csv.DictReader(io.StringIO(tables.csv_text(table), newline="")))
    assert [row["path"] for row in rows] == [
        f"'{text}" if text and text[0] in "=+-@\t\r" else text or "" for text in dangerous
    ]
    assert {row["score"] for row in rows} == {"-1.5"} and {row["ids"] for row in rows} == {"'=a b"}
    assert "'=name" in rows[0]


def test_the_absent_images_of_every_version_are_in_one_csv(comparison: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(tables.absent_csv(comparison))))
    assert sum(row["version"] == "1.0" for row in rows) == 40
    assert sum(row["version"] == "1.1" for row in rows) == 20
    assert rows[0]["path"] == comparison.absent("1.0").column("path")[0].as_py()
    assert float(rows[0]["score"]) == comparison.absent("1.0").column("score")[0].as_py()


def test_every_table_leaves_as_csv_and_as_parquet(comparison: Comparison) -> None:
    archives = {
        form: zipfile.ZipFile(io.BytesIO(tables.tables_zip(comparison, form)))
        for form in tables.FORMATS
    }
    names = {table_name(row) for row in RESULT_ROWS}
    for form, archive in archives.items():
        stems = {PurePosixPath(name).stem for name in archive.namelist()}
        assert stems == names and archive.testzip() is None, form
    points = pq.read_table(io.BytesIO(archives["parquet"].read("points.parquet")))
    assert points.equals(comparison.points())
    coverage = archives["csv"].read("coverage.csv").decode()
    assert len(list(csv.reader(io.StringIO(coverage)))) == 1 + 2 * 120
    with pytest.raises(InputError, match="xlsx"):
        tables.tables_zip(comparison, "xlsx")
