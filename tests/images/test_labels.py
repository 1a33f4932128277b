"""Labels from paths and tables: known answers, and what holds for every pattern."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contracts.catalog import ImageRow
from core.contracts.derive import from_rows, schema
from core.errors import InputError, OutsideRoots
from core.images.labels import NO_LABELS, Labels, explain, matches_any, parse_spec
from core.images.scan import BLANK, relabel

FOLDER = Path("/data")


@pytest.mark.parametrize(
    ("spec", "path", "expected"),
    [
        ("{split}/{class}/{bias}/*", "train/gull/sea/1.png", Labels("gull", "sea", "train")),
        ("{split}/{class}/{bias}/*", "val/gull/sea/a/b/1.png", Labels("gull", "sea", "valid")),
        ("{split}/{class}/{bias}/*", "Validation/gull/sea/1.png", Labels("gull", "sea", "valid")),
        ("{split}/{class}/{bias}/*", "gull/sea/1.png", NO_LABELS),
        ("{class}/*", "dog/1.png", Labels("dog")),
        ("{class}/*", "1.png", NO_LABELS),
        ("{class}/", "dog/deep/1.png", Labels("dog")),
        ("./{class}/*", "dog/1.png", Labels("dog")),
        ("{class}_{bias}_*.png", "gull_sea_001.png", Labels("gull", "sea")),
        ("{class}_{bias}_*.png", "gull_sea_001_b.png", Labels("gull", "sea")),
        ("{class}_{bias}_*.png", "gull_sea_001.jpg", NO_LABELS),
        ("{class}_{bias}_*.png", "x/gull_sea_001.png", NO_LABELS),
        ("**/{class}_{bias}_*.png", "x/y/gull_sea_001.png", Labels("gull", "sea")),
        ("**/{class}_{bias}_*.png", "gull_sea_001.png", Labels("gull", "sea")),
        ("*/{class}/*.png", "cam 1/hund/ä.png", Labels("hund")),
        ("*/{class}/*.png", "cam 1/hund/x/ä.png", NO_LABELS),
        ("renders/v*/{class}-{bias}/*", "renders/v1.2/car-night/7.png", Labels("car", "night")),
        ("{class}.{bias}/*", "a+b.(c)/1.png", Labels("a+b", "(c)")),
        ("{class}/**", "dog/a/b/1.png", Labels("dog")),
        ("{class}/*", "dog/line\nbreak.png", Labels("dog")),
        ("{class}/{weather}/*", "dog/fog/1.png", Labels("dog", others=(("weather", "fog"),))),
        (
            "{time-of-day}/{class}_{cam2}.png",
            "dusk/dog_left.png",
            Labels("dog", others=(("time-of-day", "dusk"), ("cam2", "left"))),
        ),
    ],
)
def test_patterns(spec: str, path: str, expected: Labels) -> None:
    assert parse_spec(spec, FOLDER).label(path) == expected


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{split}/{bias}/*", "has no {class}"),
        ("{klass}/*", "names {klass} and has no {class}"),
        ("{class}/{time of day}/*", "names {time of day}"),
        ("{class}/{weather}/{weather}/*", "names {weather} twice"),
        ("{}/{class}/*", "names {}"),
        ("{class}/{class}/*", "names {class} twice"),
        ("{class/*", "unpaired brace"),
        ("class}/*", "unpaired brace"),
        ("class/bias/*", "neither a pattern nor a table"),
        ("", "neither a pattern nor a table"),
        ("no-such-table.csv", "does not exist"),
    ],
)
def test_a_spec_that_cannot_be_understood(spec: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_spec(spec, FOLDER)
    assert complaint in caught.value.what
    assert caught.value.remedy


def test_a_split_that_is_none_is_named_with_its_path() -> None:
    with pytest.raises(InputError, match=r"'extra' \(extra/dog/1.png\) is not a split"):
        parse_spec("{split}/{class}/*", FOLDER).label("extra/dog/1.png")


NAME = st.text(string.ascii_letters + string.digits + " äß+.()[]^$-", min_size=1, max_size=8)


@given(
    NAME, NAME, st.sampled_from(["train", "valid", "test"]), st.lists(NAME, min_size=1, max_size=4)
)
def test_what_a_folder_pattern_writes_it_reads(
    cls: str, bias: str, split: str, rest: list[str]
) -> None:
    path = "/".join([split, cls, bias, *rest])
    assert parse_spec("{split}/{class}/{bias}/*", FOLDER).label(path) == Labels(cls, bias, split)


@given(NAME, NAME, st.text(string.digits + "_", min_size=1, max_size=6))
def test_what_a_name_pattern_writes_it_reads(cls: str, bias: str, rest: str) -> None:
    source = parse_spec("**/{class}_{bias}_*.png", FOLDER)
    assert source.label(f"somewhere/{cls}_{bias}_{rest}.png") == Labels(cls, bias)


@given(
    st.lists(NAME, min_size=1, max_size=5),
    st.sampled_from(["{class}/*", "**/{class}/*.png", "{class}-{bias}/**"]),
)
def test_pieces_never_span_folders(parts: list[str], spec: str) -> None:
    label = parse_spec(spec, FOLDER).label("/".join(parts))
    assert "/" not in (label.class_ or "") + (label.bias or "")


# --- tables ---------------------------------------------------------------------------------------


def test_a_csv_is_looked_up_by_path(tmp_path: Path) -> None:
    rows = [
        "path,class,bias,split,note",
        'a/1.png,007,"sea, rough",val,x',
        f"{tmp_path}/b.png,NA,,,",
        "./c.png,x,y,,",
    ]
    (tmp_path / "labels.csv").write_text("\ufeff" + "\n".join(rows), "utf-8")

    source = parse_spec("labels.csv", tmp_path)

    assert source.label("a/1.png") == Labels("007", "sea, rough", "valid", (("note", "x"),))
    assert source.label("b.png") == Labels("NA", None, None)
    assert source.label("c.png") == Labels("x", "y", None)
    assert source.label("unknown.png") == NO_LABELS


def test_a_parquet_table_may_hold_numbers(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"path": ["1.png"], "class": [3], "bias": [True]}), tmp_path / "labels.parquet"
    )
    assert parse_spec(str(tmp_path / "labels.parquet"), FOLDER).label("1.png") == Labels(
        "3", "true"
    )


def test_a_table_for_coverage_needs_no_bias_and_may_have_any_columns(tmp_path: Path) -> None:
    rows = ["path,class,weather,camera,"]
    rows += [
        f"{n}.png,car,{'fog' if n % 2 else ''},{'left' if n < 6 else 'right'},7" for n in range(12)
    ]
    (tmp_path / "labels.csv").write_text("\n".join(rows), "utf-8")
    source = parse_spec("labels.csv", tmp_path)
    assert source.label("1.png") == Labels("car", others=(("weather", "fog"), ("camera", "left")))
    assert source.label("8.png") == Labels("car", others=(("camera", "right"),))
    assert source.left_out == {}


def test_columns_that_are_no_labels_are_left_out_with_the_reason(tmp_path: Path) -> None:
    images = 60
    table = {
        "path": [f"{n}.png" for n in range(images)],
        "class": [f"kind {n}" for n in range(images)],  # a class is a label whatever it holds
        "frame": [f"f{n}" for n in range(images)],
        "distance": [float(n // 2) for n in range(images)],
        "hour": [n % 24 for n in range(images)],
        "box": [[n] for n in range(images)],
    }
    pq.write_table(pa.table(table), tmp_path / "labels.parquet")
    source = parse_spec("labels.parquet", tmp_path)
    assert source.label("30.png") == Labels("kind 30", others=(("hour", "6"),))
    assert list(source.left_out) == ["frame", "distance", "box"]
    assert "60 different values in 60 images" in source.left_out["frame"]
    assert source.left_out["distance"].endswith("numbers, not a label")
    assert "not text" in source.left_out["box"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("path;class;bias\na;b;c\n", "no column path"),
        ("path,weather\na,fog\n", "no column class"),
        ("path,class,mood,mood\na,b,c,d\n", "two columns mood"),
        ("path,class,bias,split\na,b,c,holdout\n", "'holdout' .row 1 of .* is not a split"),
        ("path,class,bias\na,b,c\na,x,c\n", "gives a two labels"),
        ("path,class,bias\n,b,c\n", "Row 1 .* has no path"),
        ("path,class,bias\na,b\n", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_table_that_cannot_be_used(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(InputError, match=complaint):
        parse_spec("labels.csv", tmp_path)


def test_a_damaged_parquet_file_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "labels.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match="cannot be read"):
        parse_spec("labels.parquet", tmp_path)


def test_a_table_outside_the_roots_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "labels.csv").write_text("path,class,bias\n")
    with pytest.raises(OutsideRoots):
        parse_spec(str(tmp_path / "labels.csv"), tmp_path / "in", roots=(tmp_path / "in",))


# --- for the whole --------------------------------------------------------------------------------


def test_a_pattern_that_fits_nothing_is_explained_by_three_examples() -> None:
    source = parse_spec("{class}/{bias}/*", FOLDER)
    paths = ["a.png", "dog/1.png", "dog/day/1.png", "never shown"]
    assert explain(source, paths) == (
        "With the labels {class}/{bias}/*: a.png gives nothing; dog/1.png gives nothing; "
        "dog/day/1.png gives class dog, bias day"
    )
    assert matches_any(source, paths)
    assert not matches_any(source, paths[:2])


def test_relabel_changes_the_labels_and_nothing_else() -> None:
    rows = [
        replace(BLANK, path=path, bytes=size, class_="old")
        for path, size in [("dog/day/1.png", 5), ("x.png", 6)]
    ]
    table = from_rows(ImageRow, rows)

    labelled = relabel(table, parse_spec("{class}/{bias}/*", FOLDER))

    assert labelled.schema == table.schema == schema(ImageRow)
    assert labelled.select(["path", "bytes"]) == table.select(["path", "bytes"])
    assert labelled["class"].to_pylist() == ["dog", None]
    assert labelled["bias"].to_pylist() == ["day", None]
    assert relabel(labelled, None)["class"].to_pylist() == [None, None]

    foggy = relabel(table, parse_spec("{class}/{time}/*", FOLDER))
    assert foggy["labels"].to_pylist() == ['{"time": "day"}', None]
    assert relabel(foggy, None)["labels"].to_pylist() == [None, None]
