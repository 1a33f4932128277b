"""The panel of the Datasets page that says which encoder sees gaps best in this data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.store import encoder_trials
from core.store.database import Database
from tests.pages import example_workspace
from tests.pages.driver import home, show, told
from tests.workspace.test_encoder_trials import BEST, LITE


def test_the_panel_offers_a_trial_and_starts_it(tmp_path: Path) -> None:
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb")
        app = show("datasets", tmp_path)
        assert "Not tried yet" in told(app)
        assert {"lite0", "pyramid:1"} <= set(app.multiselect(key="trial_encoders").value)
        app.multiselect(key="trial_encoders").set_value(["lite0"]).run()
        assert app.button(key="trial_start").disabled
        app.multiselect(key="trial_encoders").set_value(["lite0", "pyramid:4"]).run()
        app.button(key="trial_start").click().run()
        assert not app.exception
        assert "Try 2 encoders on Drawn photographs against 1.1" in told(app)


def test_a_trial_is_shown_and_automatic_says_what_it_follows(tmp_path: Path) -> None:
    with home(tmp_path):
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        db = Database(made.path)
        ids = {"real_id": made.real_id, "version_id": made.version_ids["1.1"]}
        encoder_trials.replace(db, [replace(row, **ids) for row in (BEST, LITE)])
        db.close()
        app = show("datasets", tmp_path)
        words = told(app).replace("\\", "")
        assert "pyramid:4 sees gaps best, by more than chance gives against every other." in words
        assert "Automatic is pyramid:4 for these images." in words
        table = next(one.value for one in app.dataframe if "found" in one.value.columns)
        assert table["encoder"].tolist() == ["pyramid:4", "lite0"]
        assert table["found"].tolist() == ["7 of 8 (88%)"] * 2
        assert table["behind the best"].tolist() == ["–", "0.080 (0.020 to 0.140)"]
        options = app.selectbox(key="compare_encoder").options
        assert any("Stage 4" in option for option in options[:1])
