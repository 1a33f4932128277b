"""Row contracts: schema, DDL, checks and reading follow from one declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from core.contracts import comparison
from core.contracts.comparison import EffectEvidence, GroupRow, SplitRow, TagEvidence
from core.contracts.derive import (
    Double,
    Int,
    Json,
    Text,
    Texts,
    about,
    conform,
    ddl,
    from_columns,
    from_rows,
    markdown,
    read_rows,
    schema,
    validate,
)
from core.contracts.words import DecidedBy, GroupKind, State, Tier
from core.errors import ContractError


@dataclass(frozen=True)
class BirdRow:
    """A bird that was seen."""

    TABLE: ClassVar[str] = "birds"

    id: Int = about("Its number.", sql="PRIMARY KEY")
    class_: Text = about("Its species.")
    state: State = about("How it was.")
    weight: Double | None = about("In grams.")
    calls: Texts | None = about("What it sang.")
    effects: Json | None = about("What stands out.", item=EffectEvidence)


@dataclass(frozen=True)
class StoredEvidence:
    """What is said of a gap."""

    TABLE: ClassVar[str] = "evidence"

    tags: Json | None = about("Tags.", item=TagEvidence)
    effects: Json | None = about("Effects.", item=EffectEvidence)


EFFECT = EffectEvidence("brightness", -1.8, -2.0, -1.6, -0.9, "darker", 20, 90)
BIRDS = [
    BirdRow(1, "gull", State.OPEN, 900.0, ("kek", "kow"), (EFFECT,)),
    BirdRow(2, "crow", State.COVERED, None, None, None),
]


def test_a_field_named_class_is_the_column_class() -> None:
    assert schema(BirdRow).names == ["id", "class", "state", "weight", "calls", "effects"]
    assert schema(SplitRow).names[0] == "class"


def test_the_ddl_says_types_nulls_and_the_owner() -> None:
    assert ddl(BirdRow, owner="comparison_id") == (
        "CREATE TABLE birds (\n"
        "    comparison_id INTEGER NOT NULL,\n"
        '    "id" INTEGER PRIMARY KEY,\n'
        '    "class" VARCHAR NOT NULL,\n'
        '    "state" VARCHAR NOT NULL,\n'
        '    "weight" DOUBLE,\n'
        '    "calls" VARCHAR[],\n'
        '    "effects" JSON\n'
        ");"
    )


def test_rows_come_back_as_they_were_with_json_as_its_dataclass() -> None:
    found = read_rows(BirdRow, from_rows(BirdRow, BIRDS))
    assert found[0] == BIRDS[0]
    assert found[1].effects == () and found[1].weight is None


def test_whole_columns_may_be_arrays_and_what_is_not_finite_becomes_null() -> None:
    table = from_columns(
        BirdRow,
        {
            "id": np.array([1, 2, 3]),
            "class_": ["gull"] * 3,
            "state": [State.OPEN] * 3,
            "weight": np.array([1.5, np.nan, np.inf], np.float32),
            "calls": pa.nulls(3),
            "effects": [None] * 3,
        },
    )
    assert table.column("weight").to_pylist() == [1.5, None, None]
    assert table.schema == schema(BirdRow)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop_columns(["weight"]), "BirdRow wants a column 'weight'"),
        (lambda t: t.append_column("wings", [[2, 2]]), "BirdRow has no column 'wings'"),
        (
            lambda t: t.set_column(0, "id", [["one", "two"]]),
            "BirdRow.id in birds.parquet is string, not int32",
        ),
        (
            lambda t: t.set_column(1, "class", pa.nulls(2, pa.string())),
            "BirdRow.class in birds.parquet has 2 nulls",
        ),
    ],
)
def test_a_wrong_table_is_refused_with_the_column_named(change, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        validate(BirdRow, change(from_rows(BirdRow, BIRDS)), "birds.parquet")


def test_conform_orders_and_casts_but_adds_and_drops_nothing() -> None:
    table = from_rows(BirdRow, BIRDS)
    shuffled = table.select(table.column_names[::-1]).set_column(5, "id", pa.array([1, 2]))
    assert conform(BirdRow, shuffled) == table
    with pytest.raises(ContractError, match="wants a column 'id'"):
        conform(BirdRow, table.drop_columns(["id"]))


def test_every_column_says_what_it_is() -> None:
    for row in comparison.RESULT_ROWS:
        lines = markdown(row).splitlines()[4:]
        assert lines and all(not line.endswith("|  |") for line in lines)


def test_a_gap_holds_its_evidence() -> None:
    blank = dict.fromkeys(
        ("column", "value", "rendered", "expected", "low", "high", "score", "probability", "q")
    )
    gap = GroupRow(
        version_id=1,
        group_id="cluster:0",
        kind=GroupKind.CLUSTER,
        cluster=0,
        size=20,
        own=20,
        tier=Tier.ABSENT,
        decided_by=DecidedBy.VECTORS,
        reason="as far as an injected gap",
        absent=20,
        **blank,
        stability=None,
        name="dark",
        explanation="darker",
        tags=(),
        attributes=(EFFECT,),
        concepts=None,
        classes=(),
    )
    (back,) = read_rows(GroupRow, from_rows(GroupRow, [gap]))
    assert back.attributes == (EFFECT,) and back.concepts == ()


def test_evidence_of_an_earlier_release_is_read_without_its_p_values() -> None:
    table = pa.table(
        {
            "tags": [
                '[{"name": "tram", "share": 1.0, "share_covered": 0.0, "count": 9, "size": 9, '
                '"lift": 5.1, "q": 0.001, "also": ["bus"]}]'
            ],
            "effects": [
                '[{"name": "noise", "d": 1.0, "low": 0.5, "high": 1.5, "delta": 0.6, "p": 0.001, '
                '"words": "noisier", "n": 20, "n_other": 90}]'
            ],
        }
    )
    (found,) = read_rows(StoredEvidence, table)
    assert found.tags[0].low is None and found.tags[0].name == "tram"
    assert found.effects == (EffectEvidence("noise", 1.0, 0.5, 1.5, 0.6, "noisier", 20, 90),)
