"""What a server keeps open: each file once, until it ends; and which files a user may name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import GapscopeError, InputError, OutsideRoots
from core.settings import settings
from core.workspace.server import OpenWorkspaces, checked
from tests.pages.driver import IdleEngine


@pytest.fixture
def opened() -> Iterator[OpenWorkspaces]:
    """Nothing is open yet, and no job will run."""
    workspaces = OpenWorkspaces(IdleEngine)
    yield workspaces
    workspaces.close_all()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The one folder that users may look into."""
    monkeypatch.setenv("GAPSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GAPSCOPE_ROOTS", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def test_a_file_is_opened_once(opened: OpenWorkspaces, tmp_path: Path) -> None:
    first = opened.open_shared(tmp_path / "team.duckdb")
    assert opened.open_shared(tmp_path / "team.duckdb") is first
    assert opened.open_shared(tmp_path / "other.duckdb") is not first


def test_a_file_is_opened_in_one_mode(opened: OpenWorkspaces, tmp_path: Path) -> None:
    opened.open_shared(tmp_path / "team.duckdb")
    with pytest.raises(InputError, match="open for writing"):
        opened.open_shared(tmp_path / "team.duckdb", read_only=True)


def test_what_was_closed_can_be_opened_otherwise(opened: OpenWorkspaces, tmp_path: Path) -> None:
    opened.open_shared(tmp_path / "team.duckdb")
    opened.close_all()
    assert opened.open_shared(tmp_path / "team.duckdb", read_only=True).read_only


def test_what_cannot_be_opened_is_not_kept(opened: OpenWorkspaces, tmp_path: Path) -> None:
    file = tmp_path / "notes.duckdb"
    file.write_text("no database")
    with pytest.raises(GapscopeError, match="not a DuckDB database"):
        opened.open_shared(file)
    file.unlink()
    assert opened.open_shared(file).datasets.list() == []


def test_a_folder_stands_for_the_workspace_in_it(root: Path) -> None:
    assert checked(f" {root} ") == root.resolve() / "gapscope.duckdb"
    assert checked(str(root / "team.duckdb")) == root.resolve() / "team.duckdb"


@pytest.mark.parametrize(("path", "error"), [("", InputError), ("/usr/x.duckdb", OutsideRoots)])
def test_a_workspace_elsewhere_is_refused(
    root: Path, path: str, error: type[GapscopeError]
) -> None:
    with pytest.raises(error):
        checked(path)
