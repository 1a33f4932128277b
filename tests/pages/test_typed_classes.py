"""Classes by the user's own names on the Map page: what is offered, what is told of them, and that
a confidence range acts on map, bars and gallery alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace
from core.contracts.derive import from_columns, from_rows, table_name
from core.contracts.typed_classes import TypedAccuracyRow, TypedClassRow, TypedNameRow
from core.contracts.words import Domain
from core.files import write_table
from core.store import typed_classes as stored
from core.workspace.selection import composition
from core.workspace.typed_classes import DomainAccuracy, SeparationAndError
from pages.parts.map import class_shares, panels, typed_classes
from pages.parts.map.choices import ALIGNED, SPACES, Filters, class_column, offered, passing
from pages.parts.shared import cards
from pages.parts.shared.read import TYPED, Points, Scene
from tests.pages import example_workspace
from tests.pages.driver import home, show, told

NAMES = (
    TypedNameRow(0, "round", ("circle",), ("bubble",), "lite0"),
    TypedNameRow(1, "giraffe", ("giraffe",), (), "lite0"),
)


def type_names(made: example_workspace.Example, folder: Path) -> None:
    """Say that circles are round: surely by day, hardly by night; other shapes are nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with Workspace(made.path, progress=False) as ws:
        rows = ws.db.table(
            """SELECT DISTINCT content_id, class, bias FROM images WHERE status = 'ok'"""
        ).to_pylist()
        round_ = [row["class"] == "circle" for row in rows]
        tables = {
            TypedNameRow: from_rows(TypedNameRow, NAMES),
            TypedClassRow: from_columns(
                TypedClassRow,
                {
                    "content_id": [row["content_id"] for row in rows],
                    "class_": ["round" if one else None for one in round_],
                    "confidence": [
                        (0.9 if row["bias"] == "day" else 0.2) if one else None
                        for row, one in zip(rows, round_, strict=True)
                    ],
                },
            ),
            TypedAccuracyRow: from_rows(
                TypedAccuracyRow,
                [
                    TypedAccuracyRow(one, "round", 40, 40, 40, 30, 40, 10, 0.5)
                    for one in made.version_ids.values()
                ],
            ),
        }
        for row, table in tables.items():
            write_table(folder / f"{table_name(row)}.parquet", table)
        stored.replace(ws.db, made.comparison_id, folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with home(tmp_path_factory.mktemp("home")) as place:
        made = example_workspace.build(place / "gapscope.duckdb")
        type_names(made, place / "typed")
        yield place


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = tmp_path_factory.mktemp("points")
    made = example_workspace.build(place / "gapscope.duckdb")
    type_names(made, place / "typed")
    with Workspace(made.path, progress=False) as ws:
        yield Scene(ws, ws.comparisons.get(made.comparison_id), made.version_ids["1.1"])


@pytest.fixture(scope="module")
def points(scene: Scene) -> Points:
    return scene.points


def test_typed_classes_stand_beside_the_points(scene: Scene, points: Points) -> None:
    assert points.values(TYPED) == ("round",)
    assert ((points["class"] == "circle") == (points[TYPED] == "round")).all()
    names = list(offered(points))
    assert names.index("class") < names.index(TYPED) < names.index("tag")
    assert class_column(points) == "class"  # the user's labels first
    row = int(np.flatnonzero(points[TYPED] == "round")[0])
    unlabelled = Points(
        points.columns | {"class": np.full(len(points), None, object)},
        points.real,
        points.group,
        points.groups,
        points.ids,
    )
    assert class_column(unlabelled) == TYPED  # then the typed names, then ImageNet's words
    lines = cards.card(cards.Source(scene.ws, unlabelled, scene.on_points), row)["lines"]
    assert "round" in lines


def test_new_names_are_seen_without_a_restart(scene: Scene, tmp_path: Path) -> None:
    before = scene.key
    scene.ws.db.execute("UPDATE typed_names SET name = 'ring' WHERE position = 0")
    scene.ws.db.execute("UPDATE typed_classes SET class = 'ring' WHERE class = 'round'")
    again = Scene(scene.ws, scene.comparison, scene.version_id)
    assert again.key != before and again.points.values(TYPED) == ("ring",)
    scene.ws.db.execute("UPDATE typed_names SET name = 'round' WHERE position = 0")
    scene.ws.db.execute("UPDATE typed_classes SET class = 'round' WHERE class = 'ring'")


def test_a_confidence_range_leaves_only_images_that_sure(scene: Scene, points: Points) -> None:
    filters = Filters(prediction=TYPED, confidence=(0.5, 1.0))
    absent = scene.on_points.absent
    inside = passing(points, SPACES[ALIGNED], filters, absent, scene.version_id)
    assert (inside == ((points["class"] == "circle") & (points["bias"] == "day"))).all()


def test_bars_count_by_dataset_and_by_domain(points: Points) -> None:
    rows = np.arange(len(points))
    domains = class_shares.sides(points, class_shares.BY_DOMAIN)
    names, shares = class_shares.shares(points, TYPED, rows, domains)
    assert (names, shares) == (["round"], {"real": [1.0], "synthetic": [1.0]})
    counted = class_shares.counts(points, TYPED, rows, names, domains)
    assert counted == {"real": [40.0], "synthetic": [80.0]}
    by_dataset = class_shares.counts(
        points, TYPED, rows, names, class_shares.sides(points, class_shares.BY_DATASET)
    )
    assert list(by_dataset.values()) == [[40.0], [40.0], [40.0]]


def test_a_selection_is_counted_by_class(points: Points) -> None:
    rows = np.flatnonzero(points.real)
    made = composition(
        points.group[rows], points.groups, points["cluster"][rows], points[TYPED][rows]
    )
    assert made.by_class == ((None, 80), ("round", 40))
    drawn = panels.bars(made, points.colours, points.groups[0], {"round": "#123456"})
    assert "no class" in drawn and "round" in drawn and "#123456" in drawn


def open_panel(app: AppTest, key: str) -> AppTest:
    """Open one of the expanders below the gallery."""
    app.session_state[key] = True
    return app.run()


def test_the_page_says_what_matched_and_how_far_to_trust_it(folder: Path) -> None:
    app = open_panel(show("map", folder), "map_typed_panel")
    assert not app.exception
    names = app.text_area[0]
    assert names.value == "round = circle\ngiraffe"
    said = told(app)
    assert "ImageNet has no class for: **giraffe**" in said
    assert "round is bubble" in said
    assert "**75 %** of 40 labelled real images get their label" in said
    assert "**25 %** of 40 labelled synthetic images get their label" in said
    assert "cannot be said from 1 class: four that differ are needed" in said
    names.set_value("round = bubble").run()
    app.button(key="map_typed_start").click().run()
    assert "two names or more, not 1" in told(app)
    app.text_area[0].set_value("round = bubble\ngiraffe").run()
    app.button(key="map_typed_start").click().run()
    assert not app.exception
    assert "Find 2 classes in" in told(app)


def test_the_bars_on_the_page_can_count(folder: Path) -> None:
    app = open_panel(show("map", folder), "map_histogram_panel")
    assert not app.exception
    app.segmented_control(key="map_classes_from").set_value(TYPED).run()
    app.segmented_control(key="map_classes_measure").set_value(class_shares.COUNTS).run()
    app.segmented_control(key="map_classes_by").set_value(class_shares.BY_DOMAIN).run()
    assert not app.exception
    assert "Images, by domain" in told(app) and "have none." in told(app)


def test_sentences_say_the_number_and_how_many_classes() -> None:
    half = DomainAccuracy(Domain.SYNTHETIC, 200, 100, 0.5, 0.43, 0.57)
    assert typed_classes.accuracy_sentence(half) == (
        "**50 %** of 200 labelled synthetic images get their label (95 % interval 43 to 57 %)."
    )
    sure = typed_classes.separation_sentence(SeparationAndError(Domain.SYNTHETIC, 10, 0.81, 0.004))
    assert sure == (
        "Classes more separate are more often wrong among synthetic images: rank correlation "
        "+0.81, n = 10 classes, p = 0.004."
    )
    unsure = typed_classes.separation_sentence(SeparationAndError(Domain.REAL, 7, 0.3, 0.5))
    assert unsure.startswith("Separation does not clearly predict error of real images")
