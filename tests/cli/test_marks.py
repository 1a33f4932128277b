"""`python -m core marks`: what was marked, listed and read from a CSV by a real process."""

from __future__ import annotations

import json
from pathlib import Path

from core.workspace import Workspace
from tests.cli.test_exit_status import core
from tests.pages import example_workspace


def test_marks_are_read_listed_and_refused(tmp_path: Path) -> None:
    made = example_workspace.build(tmp_path / "team.duckdb")
    with Workspace(made.path, progress=False) as ws:
        path = ws.comparisons.get(made.comparison_id).absent_rows("1.1")[0].path
    done = core("marks", "--db", made.path, home=tmp_path)
    assert done.returncode == 0 and "Nothing is marked" in done.stdout
    table, written = tmp_path / "marks.csv", tmp_path / "marks.json"
    table.write_text(f"path,mark\n{path},does not matter\n", "utf-8")
    done = core("marks", "--db", made.path, "--import", table, "--json", written, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 images read" in done.stdout and "does not matter" in done.stdout
    (entry,) = json.loads(written.read_text("utf-8"))["marks"]
    assert (entry["real"], entry["mark"], entry["paths"]) == (
        example_workspace.REAL,
        "does not matter",
        [path],
    )
    table.write_text(f"path,mark\n{path},fine\n", "utf-8")
    done = core("marks", "--db", made.path, "--import", table, home=tmp_path)
    assert done.returncode == 2 and "'fine' is no mark" in done.stderr
    done = core("marks", "--db", tmp_path / "none.duckdb", home=tmp_path)
    assert done.returncode == 2 and not (tmp_path / "none.duckdb").exists()
