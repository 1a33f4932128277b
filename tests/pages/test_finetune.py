"""The Fine-tune page: what it says before a study, that the button starts one, and what it shows of
a finished one.

The study is real: heads trained on vectors that are set here, so that nothing has to be embedded.
Class decides one direction of a vector and bias another, so a model can learn both.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.contracts.comparison import MetricRow
from core.contracts.derive import from_rows
from core.contracts.study import Mixture, Objective
from core.contracts.study_rows import MixtureVerdict
from core.contracts.words import MetricScope, Verdict
from core.files import write_table
from core.store import comparison_table, embeddings
from core.store.database import insert
from core.workspace import Workspace
from core.workspace.study_readings import CurvePoint, direction
from pages.parts.shared import session
from pages.parts.studies import figures, parameters_form
from tests.embedded import embedded, encoder_run
from tests.pages import example_workspace
from tests.pages.browser_like import choose_as_a_browser_does
from tests.pages.driver import home, show, told

DIM = 16
REAL = {("gull", "sea"): 60, ("gull", "land"): 12, ("wren", "sea"): 12, ("wren", "land"): 60}
RENDERED = dict.fromkeys(REAL, 60)
VERSIONS = ("1.0", "1.1", "1.2")


@dataclass(frozen=True)
class Made:
    """The workspace of these tests: where it is, and the ids of its finished studies."""

    folder: Path
    study_id: int
    several_id: int


def _draw(folder: Path, counts: dict[tuple[str, str], int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    for (klass, bias), count in counts.items():
        (folder / klass / bias).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / klass / bias / f"{number:03d}.png")


def _set_vectors(ws: Workspace, folder: Path) -> None:
    rng = np.random.default_rng(0)
    found: dict[str, np.ndarray] = {}
    for dataset in ws.datasets.list():
        for row in ws.datasets.images(dataset).to_pylist():
            centre = np.zeros(DIM)
            centre[0] = 1.0 if row["class"] == "gull" else -1.0
            centre[1] = 2.0 if row["bias"] == "sea" else -2.0
            centre[2] = 1.5 if dataset.domain == "synthetic" else 0.0
            found[row["content_id"]] = (centre + rng.normal(0, 0.7, DIM)).astype(np.float32)
    shard = folder / "vectors.parquet"
    write_table(shard, embedded(list(found), np.stack(list(found.values()))))
    with ws.db.transaction() as cursor:
        embeddings.ingest(cursor, encoder_run("lite0", DIM), [shard])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Two finished studies, one of one version and one of three; the app finds them."""
    folder = tmp_path_factory.mktemp("study")
    with home(folder):
        with Workspace(folder / "gapscope.duckdb", progress=False) as ws:
            _draw(folder / "real", REAL, 1)
            real = ws.add_dataset(
                folder / "real", domain="real", name="Birds", labels="{class}/{bias}/*"
            )
            versions = []
            for seed, version in enumerate(VERSIONS, start=2):
                _draw(folder / version, RENDERED, seed)
                versions.append(
                    ws.add_dataset(
                        folder / version,
                        domain="synthetic",
                        version=version,
                        labels="{class}/{bias}/*",
                    )
                )
            for dataset in ws.datasets.list():
                ws.scan(dataset)
            _set_vectors(ws, folder)
            versions = ws.datasets.list("synthetic")
            quick = {
                "backbone": "lite0",
                "learning_rates": (0.003,),
                "epochs": 2,
                "objectives": ("erm",),
            }
            study = ws.finetune(ws.datasets.get(real.id), versions[:1], seeds=(0, 1), **quick)
            several = ws.finetune(
                real, versions, mixtures=("none", "ffr"), seeds=(0,), feature_map=False, **quick
            )
            # three such small studies may tie: these values are set, not measured
            with ws.db.transaction() as cursor:
                for version, worst in zip(versions, (0.5, 0.6, 0.7), strict=True):
                    cursor.execute(
                        "UPDATE study_summary SET worst_mean = ? WHERE study_id = ? "
                        "AND mixture = 'ffr' AND version_id = ?",
                        [worst, several.id, version.id],
                    )
        yield Made(folder, study.id, several.id)


def _outputs_of_running(ws: Workspace, job_id: str) -> Path:
    """The outputs folder of a job that the supervisor has started; the engine of these tests never
    writes there.
    """
    until = time.monotonic() + 30
    while ws.jobs.get(job_id).status != "running" and time.monotonic() < until:
        time.sleep(0.05)
    folder = ws.jobs.path(job_id) / "outputs"
    folder.mkdir(exist_ok=True)
    return folder


def open_page(made: Made, section: str | None = None) -> AppTest:
    """The page, with the newest study; or its other section."""
    app = show("finetune", made.folder)
    if section:
        app.segmented_control(key="study_section").set_value(section).run()
        assert not app.exception
    return app


def words(app: AppTest) -> str:
    """What the page says, without the marks that protect names."""
    return told(app).replace("\\", "")


def charts(app: AppTest) -> list[dict]:
    """The figures on the page."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with home(tmp_path):
        assert "Add a real folder and a rendered one" in told(show("finetune", tmp_path))


def test_what_cannot_work_is_said_before_the_start(tmp_path: Path) -> None:
    """Version 1.1 of the example has no cross at night: a balanced set cannot be drawn."""
    with home(tmp_path):
        example_workspace.build(tmp_path / "gapscope.duckdb")
        app = show("finetune", tmp_path)
        assert "no synthetic training image of cross · night" in words(app).replace("There is ", "")
        assert "color:var(--gs-bad)" in told(app)  # the empty group is red
        assert app.button(key="study_start").disabled


def test_the_preview_counts_groups_and_synthetic_images(made: Made) -> None:
    app = open_page(made, "New study")
    said = words(app)
    assert "83.7 %" in said  # of 60 and 12 images, 36 and 7 train: 36 of 43
    assert "FFR uses" in said and "USB uses" in said
    assert (
        "The bias alone tells nothing about the class, but the bias together with real-or-synthetic"
        in said
    )
    assert "48 trials" in said  # 4 mixtures, 4 objectives, 3 seeds
    assert not app.button(key="study_start").disabled


def test_a_version_stays_chosen_while_its_images_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its count is no part of what it is chosen by."""
    with home(tmp_path):
        choose_as_a_browser_does(monkeypatch)
        made = example_workspace.build(tmp_path / "gapscope.duckdb")
        chosen = list(made.version_ids.values())
        app = show("finetune", tmp_path)
        key = f"study_versions-{'-'.join(map(str, chosen))}"
        app.multiselect(key=key).set_value(chosen).run()
        ws = session.open_shared(session.Place(session.default_path()))
        ws.db.execute(
            "UPDATE images SET status = 'unreadable' "
            "WHERE dataset_id = ? AND path LIKE '%/000.png'",
            [chosen[-1]],
        )
        app.run()
        app.run()
        assert app.multiselect(key=key).value == chosen


def test_every_parameter_is_in_the_form(made: Made) -> None:
    app = open_page(made, "New study")
    widgets = (*app.pills, *app.segmented_control, *app.toggle, *app.number_input, *app.text_input)
    keys = {widget.key for widget in (*widgets, *app.selectbox)}
    wanted = set(parameters_form.PARAMETERS) - set(parameters_form.NOT_ASKED)
    assert {f"study_of_{name}" for name in wanted} <= keys
    seeds = app.text_input(key="study_of_seeds")
    assert seeds.help.replace("\\", "") == parameters_form.PARAMETERS["seeds"].help


def test_images_to_explain_are_those_that_are_named(made: Made) -> None:
    """Also where groups are thinned, which counts the study's images anew."""
    ws = session.open_shared(session.Place(session.default_path()))
    real, version = ws.datasets.list("real")[0], ws.datasets.list("synthetic")[0]
    plan = ws.studies.plan(real, [version], backbone="lite0", bias_ratio=0.9)
    images = ws.studies.test_images(plan, each=2)
    assert {image.group for image in images} == {f"{klass} · {bias}" for klass, bias in REAL}
    for image in images:
        assert image.path.startswith(image.group.replace(" · ", "/"))


@pytest.mark.parametrize(
    ("difference", "low", "high", "p", "verdict"),
    [
        (0.1, 0.02, 0.2, 0.01, Verdict.BETTER),
        (-0.1, -0.2, -0.02, None, Verdict.WORSE),
        (0.1, -0.02, 0.2, 0.01, Verdict.UNCLEAR),  # the images do not agree
        (0.1, 0.02, 0.2, 0.2, Verdict.UNCLEAR),  # the seeds do not agree
    ],
)
def test_a_verdict_has_a_direction_where_images_and_seeds_agree(
    difference: float, low: float, high: float, p: float | None, verdict: Verdict
) -> None:
    one = MixtureVerdict(
        version_id=1,
        severity=0,
        mixture=Mixture.FFR,
        baseline=Mixture.NONE,
        objective=Objective.ERM,
        difference=difference,
        deviation=0.0,
        seeds=3,
        p=p,
        low=low,
        high=high,
        p_images=0.5,
        text="",
    )
    assert direction(one) == verdict


def test_the_marks_of_a_study_say_what_its_sentences_say(made: Made) -> None:
    ws = session.open_shared(session.Place(session.default_path()))
    for study_id in (made.study_id, made.several_id):
        for one in ws.studies.verdict(study_id).verdicts:
            unclear = Verdict.UNCLEAR in one.text
            assert (direction(one) == Verdict.UNCLEAR) == unclear


def test_a_preset_and_a_wrong_number(made: Made) -> None:
    app = open_page(made, "New study")
    app.pills(key="study_preset").set_value("Quick look").run()
    assert "24 trials" in words(app)
    app.text_input(key="study_of_seeds").set_value("one").run()
    assert "Seeds: 'one' is not a list of whole numbers" in words(app)
    assert "study_start" not in {button.key for button in app.button}


def test_the_button_starts_a_study_and_cancel_ends_it(made: Made) -> None:
    app = open_page(made, "New study")
    app.pills(key="study_preset").set_value("Quick look").run()
    app.button(key="study_start").click().run()
    assert not app.exception
    ws = session.open_shared(session.Place(session.default_path()))
    newest = ws.studies.list()[0]
    assert newest.parameters["objectives"] == ["erm", "groupdro"] and newest.status == "waiting"
    assert newest.name in words(app)  # the page shows it at once
    outputs = _outputs_of_running(ws, newest.job_id or "")
    (outputs / "trial-real-none-erm-0.json").write_text(
        json.dumps({"mixture": "none", "objective": "erm", "seed": 0, "worst_accuracy": 0.5}),
        "utf-8",
    )
    line = json.dumps(
        {
            "stage": "real",
            "epoch": 1,
            "rate": 0.001,
            "loss": 0.7,
            "valid_worst": 0.4,
            "valid_balanced": 0.6,
        }
    )
    (outputs / "curves-real-none-erm-1.jsonl").write_text(
        line + "\n" + line[:20], "utf-8"
    )  # cut short while it is written
    app.run()
    assert "1 trial finished" in words(app) and "In training: real-none-erm-1" in words(app)
    assert len(charts(app)) == 2
    cancel = next(
        button for button in app.button if button.key and button.key.startswith("finetune-cancel")
    )
    cancel.click().run()
    assert not app.exception


def test_a_finished_study_says_its_verdict_first(made: Made) -> None:
    app = open_page(made)
    app.selectbox(key="study").set_value(made.study_id).run()
    said = words(app)
    verdict = next(
        row["text"]
        for row in session.open_shared(session.Place(session.default_path()))
        .studies.get(made.study_id)
        .record.verdict["verdicts"]
        if row["mixture"] == "ffr" and row["baseline"] == "none"
    )
    assert verdict.split(";")[0] in said
    bars = charts(app)[0]["data"]
    assert [bar["name"] for bar in bars] == ["No synthetic data", "USB", "ASB", "FFR"]
    summary = (
        session.open_shared(session.Place(session.default_path()))
        .studies.get(made.study_id)
        .table("summary")
        .to_pylist()
    )
    ffr = next(row for row in summary if row["mixture"] == "ffr")
    assert f"{100 * ffr['worst_mean']:.1f} ± {100 * ffr['worst_sd']:.1f} %" in said


@pytest.mark.parametrize(
    ("section", "says", "figures"),
    [
        ("Groups", "mean over seeds", 1),
        ("Confusion", "by the class they were taken for", 1),
        ("Synthetic test images", "learned the domain shift", 0),
        ("Learned features", "mixing", 4),
        ("Curves", "learning rate 0.003", 1),
        ("Bias", "Mutual information", 0),
    ],
)
def test_every_part_of_the_results_is_drawn(
    made: Made, section: str, says: str, figures: int
) -> None:
    app = open_page(made)
    app.selectbox(key="study").set_value(made.study_id).run()
    app.segmented_control(key="study_detail").set_value(section).run()
    assert not app.exception
    assert says in words(app)
    assert len(charts(app)) == 1 + figures  # the bars, and what this part draws


def test_one_trial_runs_again_from_its_record(made: Made) -> None:
    app = open_page(made)
    app.selectbox(key="study").set_value(made.study_id).run()
    app.selectbox(key=f"study_one-{made.study_id}").set_value("v00-ffr-erm-1").run()
    app.button(key="study_one_start").click().run()
    assert not app.exception
    newest = session.open_shared(session.Place(session.default_path())).studies.list()[0]
    asked = newest.parameters
    assert (asked["mixtures"], asked["objectives"], asked["seeds"], asked["epochs"]) == (
        ["ffr"],
        ["erm"],
        [1],
        2,
    )
    assert newest.name.startswith("v00-ffr-erm-1 of")


def test_several_versions_stand_beside_each_other(made: Made) -> None:
    app = open_page(made)
    app.selectbox(key="study").set_value(made.several_id).run()
    app.segmented_control(key="study_detail").set_value("Versions").run()
    said = words(app)
    assert "over no synthetic data" in said and all(version in said for version in VERSIONS)
    assert (
        "No comparison of these versions" in said
    )  # nothing was compared here, and the page says what to do


def test_the_export_holds_every_table(made: Made) -> None:
    app = open_page(made)
    assert not app.exception
    ws = session.open_shared(session.Place(session.default_path()))
    with zipfile.ZipFile(io.BytesIO(ws.studies.export_zip(made.study_id))) as archive:
        assert {"trials.csv", "summary.csv", "groups.csv", "curves.csv", "study.json"} <= set(
            archive.namelist()
        )
        assert (
            archive.read("trials.csv").decode().count("\n") == 1 + 4 * 2
        )  # a head line; 4 mixtures, 2 seeds
        assert json.loads(archive.read("study.json"))["parameters"]["seeds"] == [0, 1]
    assert any(path.stem == "v00-ffr-erm-0" for path in ws.studies.checkpoints(made.study_id))


def test_the_stages_of_a_curve_follow_one_another() -> None:
    lines = [
        CurvePoint(stage, epoch, 0.001, loss=1.0, valid_worst=0.5, valid_balanced=0.5)
        for stage in ("synthetic", "real")
        for epoch in (1, 2)
    ]
    figure = figures.curves(lines)
    assert [list(trace.x) for trace in figure.data] == [[1, 2], [3, 4]]


def test_the_number_that_predicts_training_value_is_named(made: Made) -> None:
    """Coverage set to rank the versions exactly as their worst accuracy does, Fréchet distance the
    other way round.
    """
    ws = session.open_shared(session.Place(session.default_path()))
    record = ws.studies.get(made.several_id).record
    ffr = [
        row
        for row in ws.studies.get(made.several_id).table("summary").to_pylist()
        if row["mixture"] == "ffr"
    ]
    metrics = [
        MetricRow(
            version_id=int(row["version_id"]),
            scope=MetricScope.ALL,
            part=None,
            name=name,
            value=sign * row["worst_mean"],
            low=None,
            high=None,
            n_real=100,
            n_synthetic=100,
            baseline=None,
            baseline_low=None,
            baseline_high=None,
            seed=0,
            parameters=None,
            note=None,
        )
        for row in ffr
        for name, sign in (("coverage", 1.0), ("frechet_distance", -1.0))
    ]
    comparison_id = comparison_table.add_comparison(
        ws.db,
        name="All versions",
        encoder="lite0",
        seed=0,
        real_id=record.real_id,
        version_ids=record.version_ids,
        parameters={},
    )
    with ws.db.transaction() as cursor:
        table = from_rows(MetricRow, metrics)
        insert(cursor, MetricRow, table, comparison_id=comparison_id)
        cursor.execute("UPDATE comparisons SET status = 'done' WHERE id = ?", [comparison_id])
    app = open_page(made)
    app.selectbox(key="study").set_value(made.several_id).run()
    app.segmented_control(key="study_detail").set_value("Versions").run()
    said = words(app)
    assert (
        "Coverage: worst-group accuracy rises with it, rank correlation +1.00 over 3 versions"
        in said
    )
    assert "Fréchet distance: worst-group accuracy falls with it, rank correlation -1.00" in said
    assert len(charts(app)) == 2
