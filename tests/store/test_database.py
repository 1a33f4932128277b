"""The database: schema, locks, transactions, vectors in and out."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.contracts.comparison import SelfTestRow
from core.contracts.derive import from_rows
from core.contracts.words import Tier
from core.errors import (
    ContractError,
    InputError,
    SchemaTooNew,
    WorkspaceLocked,
    WorkspaceUnusable,
)
from core.store import dataset_table, embeddings
from core.store.database import Database, insert
from core.store.migrations import MIGRATIONS
from tests.embedded import embedded, encoder_run


@pytest.fixture
def db(tmp_path: Path):
    database = Database(tmp_path / "a.duckdb")
    yield database
    database.close()


def test_a_new_file_has_the_newest_schema_and_keeps_it_when_opened_again(tmp_path: Path) -> None:
    Database(tmp_path / "a.duckdb").close()
    again = Database(tmp_path / "a.duckdb")
    assert again.schema_version == len(MIGRATIONS)
    again.close()


def test_a_database_of_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    db = Database(path)
    db.execute("UPDATE meta SET value = '999' WHERE key = 'schema'")
    db.close()
    with pytest.raises(SchemaTooNew, match=r"newer Gapscope .*999.*Update Gapscope"):
        Database(path)
    with duckdb.connect(str(path)) as raw:
        assert raw.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == ("999",)


def test_a_database_that_another_process_holds_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    Database(path).close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, sys; c = duckdb.connect({str(path)!r}); "
            "print('open', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline().strip() == "open"
        with pytest.raises(
            WorkspaceLocked, match=r"Another process has .*open.*Close the other Gapscope"
        ):
            Database(path)
    finally:
        holder.communicate("")


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk, eggs, " * 1000)
    with pytest.raises(WorkspaceUnusable, match="not a DuckDB database"):
        Database(path)
    assert path.read_text().startswith("milk")


def test_read_only_needs_a_file_and_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no workspace at"):
        Database(tmp_path / "absent.duckdb", read_only=True)
    Database(tmp_path / "a.duckdb").close()
    db = Database(tmp_path / "a.duckdb", read_only=True)
    with pytest.raises(duckdb.Error):
        db.execute("INSERT INTO meta VALUES ('x', 'y')")
    db.close()


def test_a_transaction_that_fails_changes_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError), db.transaction() as cursor:
        cursor.execute("INSERT INTO meta VALUES ('half', 'done')")
        raise RuntimeError("the power went out")
    assert db.value("SELECT count(*) FROM meta WHERE key = 'half'") == 0


def test_threads_write_one_after_the_other_and_nothing_is_lost(db: Database) -> None:
    db.execute("INSERT INTO meta VALUES ('count', '0')")

    def add() -> None:
        for _ in range(20):
            with db.transaction() as cursor:
                cursor.execute(
                    "UPDATE meta SET value = (value::INTEGER + 1)::VARCHAR WHERE key = 'count'"
                )

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.value("SELECT value FROM meta WHERE key = 'count'") == "80"


def self_test() -> pa.Table:
    return from_rows(
        SelfTestRow, [SelfTestRow(1, "plain", 1.0, 3, 0, 20, 10, 0.9, Tier.ABSENT, True, 0.0)]
    )


def test_rows_of_a_contract_are_inserted_beside_their_owner(db: Database) -> None:
    with db.transaction() as cursor:
        insert(cursor, SelfTestRow, self_test(), comparison_id=7)
    assert db.rows("SELECT comparison_id, injected_cluster, recovered FROM selftest") == [
        {"comparison_id": 7, "injected_cluster": 3, "recovered": True}
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (self_test().drop_columns(["auroc"]), "SelfTestRow wants a column 'auroc'"),
        (self_test().append_column("surprise", [[2.5]]), "SelfTestRow has no column 'surprise'"),
        (
            self_test().set_column(4, "seed", pa.array(["one"])),
            "SelfTestRow.seed in selftest.parquet is string, not int32",
        ),
        (
            self_test().set_column(4, "seed", pa.nulls(1, pa.int32())),
            "SelfTestRow.seed in selftest.parquet has 1 nulls",
        ),
    ],
)
def test_inserting_never_adds_a_column_and_names_the_wrong_one(
    db: Database, table: pa.Table, said: str
) -> None:
    with pytest.raises(ContractError, match=said), db.transaction() as cursor:
        insert(cursor, SelfTestRow, table, where="selftest.parquet", comparison_id=7)
    assert db.value("SELECT count(*) FROM selftest") == 0


def test_a_database_of_the_first_schema_reaches_the_newest_one(tmp_path: Path) -> None:
    """The migrations end where a new database begins: same tables, columns and types."""
    columns = """SELECT table_name, column_name, data_type FROM information_schema.columns
                 ORDER BY ALL"""
    with duckdb.connect(str(tmp_path / "old.duckdb")) as raw:
        raw.execute(str(MIGRATIONS[0]))
        raw.execute("CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR)")
        raw.execute("INSERT INTO meta VALUES ('schema', '1')")
        raw.execute("ALTER TABLE attributes ADD COLUMN brightness DOUBLE")
        raw.execute("""INSERT INTO metrics (comparison_id, version_id, scope, name, floor) VALUES
            (1, 2, 'all', 'kid', 0.5), (1, 2, 'class:car', 'kid', 0.5),
            (1, 2, 'without:3', 'kid', 0.5), (1, 2, 'without:none', 'kid', 0.5)""")
        raw.execute("INSERT INTO clusters VALUES (1, 'removed', 0, NULL, 5, NULL)")
        raw.execute("INSERT INTO versions (comparison_id, planted, found) VALUES (1, 7, 6)")
    old, new = Database(tmp_path / "old.duckdb"), Database(tmp_path / "new.duckdb")
    assert old.rows(columns) == new.rows(columns)
    assert old.rows("SELECT scope, part, baseline FROM metrics ORDER BY ALL") == [
        {"scope": "all", "part": None, "baseline": 0.5},
        {"scope": "class", "part": "car", "baseline": 0.5},
        {"scope": "without", "part": "3", "baseline": 0.5},
        {"scope": "without", "part": None, "baseline": 0.5},
    ]
    assert old.value("SELECT space FROM clusters") == "aligned"
    assert old.rows("SELECT injected, recovered FROM versions") == [{"injected": 7, "recovered": 6}]
    old.close()
    new.close()


def test_a_database_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "sales.duckdb")) as raw:
        raw.execute("CREATE TABLE sales (amount INTEGER)")
    with pytest.raises(WorkspaceUnusable, match="no Gapscope workspace"):
        Database(tmp_path / "sales.duckdb")
    with duckdb.connect(str(tmp_path / "sales.duckdb")) as raw:
        assert raw.execute("SHOW TABLES").fetchall() == [("sales",)]


def shard(path: Path, ids: list[str], values: np.ndarray, errors: list[str | None]) -> Path:
    pictures = [None if error else b"webp" for error in errors]
    pq.write_table(embedded(ids, values, thumbnails=pictures, errors=errors), path)
    return path


def image_rows(db: Database, dataset_id: int, rows: list[tuple[str, str]]) -> None:
    with db.transaction() as cursor:
        for path, content in rows:
            cursor.execute(
                "INSERT INTO images (dataset_id, path, content_id, status) VALUES (?, ?, ?, 'ok')",
                [dataset_id, path, content],
            )


def test_vectors_come_back_in_path_order_and_ingesting_twice_changes_nothing(
    db: Database, tmp_path: Path
) -> None:
    dataset = dataset_table.add_dataset(
        db, name="r", domain="real", version=None, folder=tmp_path, labels=None
    )
    image_rows(
        db, dataset, [("b.png", "B"), ("a.png", "A"), ("copy of b.png", "B"), ("c.png", "C")]
    )
    values = np.arange(9, dtype=np.float32).reshape(3, 3)
    file = shard(
        tmp_path / "shard-00000.parquet", ["A", "B", "C"], values, [None, None, "cut short"]
    )
    encoder = encoder_run("toy", 3)
    for _ in range(2):
        with db.transaction() as cursor:
            embeddings.ingest(cursor, encoder, [file])
    table, array = embeddings.dataset_vectors(db, dataset, "toy")
    assert table.column("path").to_pylist() == ["a.png", "b.png", "copy of b.png"]
    np.testing.assert_array_equal(array, values[[0, 1, 1]])
    assert db.value("SELECT count(*) FROM thumbnails") == 2
    assert db.rows("SELECT path, reason FROM images WHERE status = 'unreadable'") == [
        {"path": "c.png", "reason": "cut short"}
    ]


def test_only_what_lacks_a_vector_is_embedded_and_each_content_once(
    db: Database, tmp_path: Path
) -> None:
    dataset = dataset_table.add_dataset(
        db, name="r", domain="real", version=None, folder=tmp_path, labels=None
    )
    image_rows(db, dataset, [("a.png", "A"), ("b.png", "B"), ("b2.png", "B")])
    assert embeddings.to_embed(db, [dataset], "toy", ("plain",)).column(
        "content_id"
    ).to_pylist() == [
        "A",
        "B",
    ]
    file = shard(tmp_path / "s.parquet", ["A"], np.ones((1, 2), np.float32), [None])
    with db.transaction() as cursor:
        embeddings.ingest(cursor, encoder_run("toy", 2), [file])
    assert embeddings.to_embed(db, [dataset], "toy", ("plain",)).column(
        "content_id"
    ).to_pylist() == ["B"]
    assert (
        embeddings.to_embed(db, [dataset], "toy", ("plain", "simplified")).num_rows == 2
    )  # A lacks the second view
    assert embeddings.to_embed(db, [dataset], "other", ("plain",)).num_rows == 2
