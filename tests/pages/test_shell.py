"""The app's shell and its Home, Datasets and Jobs pages, driven without a browser.

Jobs are not run here: the engine is one that starts nothing, so what a page submitted stays visible
as waiting.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from core.contracts import specs
from core.contracts.catalog import JobRecord
from core.contracts.compare_spec import CompareParameters
from core.contracts.words import Framing
from core.errors import InputError
from core.settings import settings
from core.workspace import Workspace
from pages.parts.shared import session, style, works
from tests.pages import example_workspace
from tests.pages.browser_like import HeldEngine, choose_as_a_browser_does
from tests.pages.driver import IdleEngine, told

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 60


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh GAPSCOPE_HOME that is the only place a user may look into, and an engine that does
    nothing.
    """
    folder = tmp_path / "home"
    monkeypatch.setenv("GAPSCOPE_HOME", str(folder))
    monkeypatch.setenv("GAPSCOPE_ROOTS", str(tmp_path))
    monkeypatch.setattr(session, "new_engine", IdleEngine)
    settings.cache_clear()
    yield folder
    session.close_all()
    settings.cache_clear()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> example_workspace.Example:
    """The example workspace, made once."""
    return example_workspace.build(tmp_path_factory.mktemp("built") / "gapscope.duckdb")


@pytest.fixture
def example(home: Path, built: example_workspace.Example) -> example_workspace.Example:
    """A copy of the example workspace as the default one; its images stay where they are."""
    shutil.copytree(built.path.parent, home, ignore=shutil.ignore_patterns("images"))
    return dataclasses.replace(built, path=home / built.path.name)


@pytest.fixture
def show(home: Path, tmp_path: Path) -> Callable[[str], AppTest]:
    """Show a page inside the shell, from a script that has no folder ``pages`` beside it (see
    navigation.inside_shell).
    """
    script = tmp_path / "app.py"
    script.write_text("from streamlit_app import main\nmain()\n", "utf-8")

    def run(page: str = "home") -> AppTest:
        app = AppTest.from_file(str(script), default_timeout=TIMEOUT).run()
        if page != "home":
            app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        assert not app.exception
        return app

    return run


def pictures(folder: Path, count: int = 3) -> Path:
    """A folder with a few small images."""
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (20, 12), (number * 40, 90, 120)).save(folder / f"{number}.png")
    return folder


def add(app: AppTest, path: Path, *, version: str | None = None, labels: str = "") -> AppTest:
    """Fill in the form for a new folder, without pressing the button."""
    if "new_path" not in {field.key for field in app.text_input}:
        app.session_state["add_folder"] = True
        app.run()
    app.segmented_control(key="new_domain").set_value(
        "synthetic" if version is not None else "real"
    ).run()
    app.text_input(key="new_path").set_value(str(path)).run()
    if version is not None:
        app.text_input(key="new_version").set_value(version).run()
    return app.text_input(key="new_labels").set_value(labels).run()


# --- every page renders ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["home", "datasets", "jobs"])
def test_a_page_renders_in_an_empty_workspace(show: Callable[[str], AppTest], page: str) -> None:
    assert len(show(page).title) == 1


@pytest.mark.parametrize("page", ["home", "datasets", "jobs"])
def test_a_page_renders_with_results(
    example: example_workspace.Example, show: Callable[[str], AppTest], page: str
) -> None:
    assert len(show(page).title) == 1


# --- home -----------------------------------------------------------------------------------------


def test_home_shows_how_much_each_version_lacks(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    said = told(show("home"))
    assert "33 %" in said and "absent in 1.0" in said  # 40 of 120
    assert "17 %" in said and "absent in 1.1" in said  # 20 of 120


def test_home_shows_no_share_of_a_version_that_cannot_be_judged(
    home: Path, show: Callable[[str], AppTest]
) -> None:
    example_workspace.build(home / "gapscope.duckdb", judged=False)
    said = told(show("home")).replace("\\", "")
    assert said.count("cannot be judged</b>") == 2 and "absent in" not in said
    assert "Version 1.0 cannot be judged: " in said and "Version 1.1 cannot be judged: " in said


def test_the_sample_project_opens_in_one_click(home: Path, show: Callable[[str], AppTest]) -> None:
    app = show("home")
    app.button(key="open_sample").click().run()
    assert not app.exception
    sample, own = (
        session.open_shared(session.Place(path))
        for path in (session.sample_path(), session.default_path())
    )
    assert own.jobs.list() == [] and own.datasets.list() == []  # a workspace of its own
    kinds = {job.kind for job in sample.jobs.list()}
    assert app.query_params["workspace"] == str(sample.path)
    assert kinds == {"sample", "scan", "embed", "compare"}
    assert "Draw the sample project" in told(app)  # its progress is on this page
    assert "open_sample" not in {button.key for button in app.button}


def test_a_comparison_is_removed_after_one_more_question(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(session.default_path()))
    kept = ws.datasets.list()
    with pytest.raises(InputError, match="is used by the comparison"):
        ws.datasets.remove(kept[0])
    app = show("home")
    app.session_state["comparison"] = example.comparison_id
    app.button(key=f"remove_sure-{example.comparison_id}").click().run()
    assert not app.exception and not app.error
    assert ws.comparisons.list() == [] and ws.datasets.list() == kept
    assert "comparison" not in app.session_state
    ws.datasets.remove(kept[0])
    assert kept[0] not in ws.datasets.list()
    app.run()
    app.button(key=f"put_back-comparisons-{example.comparison_id}").click().run()
    assert not app.exception and not app.error
    assert [one.id for one in ws.comparisons.list()] == [example.comparison_id]
    assert ws.datasets.list() == kept  # its datasets came back with it
    assert "33 %" in told(app) and "Removed:" not in told(app)


def test_what_is_deleted_for_good_is_asked_for_and_gone(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(session.default_path()))
    ws.comparisons.remove(example.comparison_id)
    app = show("home")
    app.button(key="purge_sure").click().run()
    assert not app.exception and ws.removals.list() == []
    assert ws.db.value("SELECT count(*) FROM points") == 0
    assert ws.db.value("SELECT count(*) FROM comparisons") == 0
    assert len(ws.datasets.list()) == 3  # they were not removed


def test_after_the_first_folder_the_page_says_what_comes_next(
    home: Path, tmp_path: Path, show: Callable[[str], AppTest]
) -> None:
    app = add(show("datasets"), pictures(tmp_path / "photos"))
    app.button(key="add").click().run()
    assert "add the folder of images that your renderer made" in told(app)
    app.button(key="next_folder").click().run()
    assert not app.exception
    assert app.segmented_control(key="new_domain").value == "synthetic"
    app = add(app, pictures(tmp_path / "renders"), version="1.0")
    app.button(key="add").click().run()
    assert "next_folder" not in {button.key for button in app.button}


def test_a_comparison_that_came_to_nothing_can_be_removed(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(session.default_path()))
    ws.db.execute("UPDATE comparisons SET status = 'failed'")
    app = show("home")
    assert "did not finish" in told(app)
    app.button(key=f"remove_sure-{example.comparison_id}").click().run()
    assert ws.comparisons.list() == []


def test_another_workspace_opens_and_the_first_stays_open(
    home: Path, show: Callable[[str], AppTest]
) -> None:
    app = show("home")
    app.text_input(key="workspace_path").set_value(str(home / "other.duckdb"))
    _button(app, "Open").click().run()
    assert not app.exception and not app.error
    assert "other.duckdb" in told(app) and app.query_params["workspace"].endswith("other.duckdb")
    assert session.open_shared(session.Place(session.default_path())).datasets.list() == []


def test_a_workspace_outside_the_roots_is_refused(
    home: Path, show: Callable[[str], AppTest]
) -> None:
    app = show("home")
    app.text_input(key="workspace_path").set_value("/usr/lib/x.duckdb")
    _button(app, "Open").click().run()
    assert "outside the folders" in app.error[0].value


def test_one_file_is_not_opened_in_two_modes(home: Path) -> None:
    where = session.Place(session.default_path())
    session.open_shared(where)
    with pytest.raises(InputError, match="open for writing"):
        session.open_shared(session.Place(where.path, read_only=True))


def test_a_workspace_that_another_process_holds_is_said_so(
    home: Path, show: Callable[[str], AppTest]
) -> None:
    home.mkdir()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); "
            "sys.stdin.read()",
            str(home / "gapscope.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline().strip() == b"open"
        app = show("home")
        assert "Another process has" in app.error[0].value
        assert "Close the other Gapscope" in app.error[0].value
    finally:
        holder.communicate(b"")
    app.button(key="workspace_again").click().run()
    assert not app.error and app.title[0].value == "Gapscope"


# --- datasets -------------------------------------------------------------------------------------


def test_a_folder_is_added_and_its_scan_starts(
    home: Path, tmp_path: Path, show: Callable[[str], AppTest]
) -> None:
    app = add(show("datasets"), pictures(tmp_path / "photos"))
    app.button(key="add").click().run()
    assert not app.exception and not app.error
    ws = session.open_shared(session.Place(session.default_path()))
    assert [(dataset.label, dataset.domain) for dataset in ws.datasets.list()] == [
        ("photos", "real")
    ]
    assert [job.kind for job in ws.jobs.list()] == ["scan"]


@pytest.mark.parametrize(
    ("path", "why"), [("/usr/lib", "outside the folders"), ("{tmp}/nowhere", "does not exist")]
)
def test_a_folder_that_cannot_be_used_is_refused_with_a_reason(
    tmp_path: Path, show: Callable[[str], AppTest], path: str, why: str
) -> None:
    app = add(show("datasets"), Path(path.format(tmp=tmp_path)))
    assert why in app.error[0].value.replace("\\", "")
    assert app.button(key="add").disabled


def test_a_version_name_is_used_once(
    example: example_workspace.Example, tmp_path: Path, show: Callable[[str], AppTest]
) -> None:
    app = add(show("datasets"), pictures(tmp_path / "renders"), version="1.0")
    app.button(key="add").click().run()
    assert "is used already" in app.error[0].value


def test_labels_are_tried_before_they_are_used(
    home: Path, tmp_path: Path, show: Callable[[str], AppTest]
) -> None:
    pictures(tmp_path / "photos" / "gull")
    pictures(tmp_path / "photos" / "owl")
    app = add(show("datasets"), tmp_path / "photos", labels="{class}/*")
    assert "gull/0.png" in told(app) and not app.button(key="add").disabled
    app.text_input(key="new_labels").set_value("{class}/{bias}/*").run()
    assert "fit none" in app.warning[0].value and app.button(key="add").disabled
    app.text_input(key="new_labels").set_value("{colour}").run()
    assert "names" in app.error[0].value and app.button(key="add").disabled


def test_a_version_that_a_comparison_uses_is_not_removed(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    app = show("datasets")
    app.session_state[f"menu-{example.version_ids['1.0']}"] = True
    app.run()
    assert f"remove-{example.version_ids['1.0']}" not in {button.key for button in app.button}
    app.toggle(key=f"ask_remove-{example.version_ids['1.0']}").set_value(True).run()
    app.button(key=f"remove-{example.version_ids['1.0']}").click().run()
    assert "is used by the comparison" in app.error[0].value


def test_unreadable_files_are_listed_with_their_reason(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(example.path))
    broken = [dataset for dataset in ws.datasets.list() if dataset.unreadable]
    app = show("datasets")
    app.session_state[f"inside-{broken[0].id}"] = True
    app.run()
    listed = [frame.value for frame in app.dataframe if "reason" in frame.value.columns]
    assert len(listed) == 1 and len(listed[0]) == broken[0].unreadable


def test_compare_submits_the_whole_chain(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(example.path))
    before = {job.id for job in ws.jobs.list()}
    app = show("datasets")
    app.selectbox(key="compare_encoder").set_value("lite0").run()
    app.button(key="compare_start").click().run()
    assert not app.exception and not app.error
    started = [job for job in ws.jobs.list() if job.id not in before]
    assert sorted(job.kind for job in started) == ["compare", "embed", "scan", "scan", "scan"]
    assert all(not job.plan.get("allow_download") for job in started)


def test_every_parameter_of_a_comparison_can_be_set_where_it_is_asked_for(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    """Names, help and defaults are the contract's: a new parameter is on the page by itself."""
    ws = session.open_shared(session.Place(example.path))
    app = show("datasets")
    for one in specs.parameters(CompareParameters):
        boxes = app.text_area if isinstance(one.default, tuple) else app.number_input
        boxes = app.selectbox if one.choices else boxes
        (box,) = [box for box in boxes if box.key == f"compare_of_{one.name}"]
        assert box.help.replace("\\", "") == one.help
    app.selectbox(key="compare_encoder").set_value("lite0").run()
    app.selectbox(key="compare_of_framing").set_value(Framing.TILES_2X2).run()
    app.number_input(key="compare_of_reruns").set_value(3).run()
    app.text_area(key="compare_of_concepts").set_value("fog\n\nat night\n").run()
    app.button(key="compare_start").click().run()
    parameters = ws.comparisons.list()[0].parameters
    assert parameters["reruns"] == 3 and parameters["concepts"] == ["fog", "at night"]
    assert parameters["n_neighbors"] == CompareParameters().n_neighbors
    assert parameters["framing"] == "tiles 2x2"


def test_a_version_stays_chosen_while_its_scan_finishes(
    home: Path,
    built: example_workspace.Example,
    show: Callable[[str], AppTest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The newest version is chosen, its folder is scanned meanwhile (its count goes from 0 to 3),
    and Compare asks for all three versions.
    """
    engine = HeldEngine()
    monkeypatch.setattr(session, "new_engine", lambda: engine)
    choose_as_a_browser_does(monkeypatch)
    shutil.copytree(built.path.parent, home, ignore=shutil.ignore_patterns("images"))
    ws = session.open_shared(session.Place(session.default_path()))
    newest = ws.add_dataset(pictures(home / "renders-1.2"), domain="synthetic", version="1.2")
    scan = ws.datasets.submit_scan(newest)
    app = show("datasets")
    chooser = next(box for box in app.multiselect if box.label == "Versions, in their order")
    chosen = [version.id for version in ws.datasets.list("synthetic")]
    chooser.set_value(chosen).run()
    assert "1.2: not scanned yet" in told(app).replace("\\", "")
    engine.gate.set()
    ws.jobs.wait(scan)
    engine.gate.clear()
    app.selectbox(key="compare_encoder").set_value("lite0").run()
    assert "1.2: 3 images" in told(app).replace("\\", "")
    app.button(key="compare_start").click().run()
    assert not app.exception and not app.error
    asked = next(job for job in ws.jobs.list() if job.kind == "compare" and job.active)
    assert asked.plan["version_ids"] == chosen and chosen[-1] == newest.id


def test_the_list_of_unreadable_files_has_no_formulas(
    home: Path, show: Callable[[str], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spreadsheet would run a file name that begins with ``=``: it gets an apostrophe."""
    handed: list[bytes] = []
    original = DeltaGenerator.download_button
    monkeypatch.setattr(
        DeltaGenerator,
        "download_button",
        lambda self, label, data, **rest: (
            handed.append(data) or original(self, label, data, **rest)
        ),
    )
    folder = pictures(home / "photos")
    (folder / "=1+2.png").write_bytes(b"no picture")
    with Workspace(home / "gapscope.duckdb", progress=False) as ws:
        dataset = ws.add_dataset(folder, domain="real")
        ws.scan(dataset)
    app = show("datasets")
    app.session_state[f"inside-{dataset.id}"] = True
    app.run()
    assert not app.exception
    assert handed[-1].decode().splitlines()[1].startswith('"\'=1+2.png"')


def test_an_encoder_without_weights_needs_a_yes_to_the_download(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(example.path))
    absent = next((info for info in ws.encoders() if not info.ready), None)
    if absent is None:
        pytest.skip("every encoder's weights are on this machine")
    app = show("datasets")
    app.selectbox(key="compare_encoder").set_value(absent.id).run()
    assert app.button(key="compare_start").disabled
    app.checkbox(key="compare_download").check().run()
    assert not app.button(key="compare_start").disabled


# --- jobs -----------------------------------------------------------------------------------------


def test_a_failed_job_says_what_is_wrong_and_what_to_do(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    said = " ".join(error.value for error in show("jobs").error).replace("\\", "")
    assert "The folder renders/0.9 is not there" in said and "Check the path" in said


def test_what_runs_can_be_cancelled_and_resumed(
    home: Path, tmp_path: Path, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(session.default_path()))
    first, second = (
        ws.datasets.submit_scan(ws.add_dataset(pictures(tmp_path / name), domain="real"))
        for name in ("a", "b")
    )
    app = show("jobs")
    app.button(
        key=f"jobs-cancel-{second}"
    ).click().run()  # waits: the engine takes one job at a time
    assert ws.jobs.get(second).status == "cancelled" and ws.jobs.get(first).active
    app.button(key=f"jobs-resume-{second}").click().run()
    assert ws.jobs.get(second).active


def test_a_log_is_read_when_it_is_opened(
    example: example_workspace.Example, show: Callable[[str], AppTest]
) -> None:
    ws = session.open_shared(session.Place(example.path))
    failed = next(job for job in ws.jobs.list() if job.status == "failed")
    app = show("jobs")
    assert not app.code
    app.session_state[f"log-{failed.id}"] = True
    app.run()
    assert "Scan renders 0.9: failed" in app.code[0].value


def test_jobs_of_one_click_are_one_piece_of_work() -> None:
    def job(name: str, status: str, after: list[str], what: str | None = None) -> JobRecord:
        moment = datetime(2026, 1, 1) + timedelta(seconds=int(name[-1]))
        return JobRecord(
            name, "scan", name, status, name, {}, after, moment, None, None, what, None, {}
        )

    failed = job("scan1", "failed", [], "The folder is empty")
    chain = [
        failed,
        job("embed2", "failed", ["scan1"], "A job before it did not finish: The folder is empty"),
        job("compare3", "failed", ["embed2"], "A job before it did not finish: …"),
    ]
    alone = job("scan4", "running", [])
    newest, older = works.group([*chain, alone])
    assert newest.head == alone and newest.active
    assert [step.id for step in older.steps] == ["scan1", "embed2", "compare3"]
    assert older.cause == failed and older.status == "failed"


# --- names and numbers ----------------------------------------------------------------------------


def test_names_are_shown_letter_by_letter(
    home: Path, tmp_path: Path, show: Callable[[str], AppTest]
) -> None:
    name = "<img src=x onerror=alert(1)>*a*"
    ws = session.open_shared(session.Place(session.default_path()))
    ws.datasets.submit_scan(ws.add_dataset(pictures(tmp_path / "photos"), domain="real", name=name))
    for page in ("datasets", "jobs", "home"):
        said = told(show(page))
        assert "<img src=x" not in said
        assert "&lt;img src=x" in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "under 1 s"), (8, "8 s"), (125, "2 min 5 s"), (4800, "1 h 20 min"), (None, "")],
)
def test_durations_in_words(seconds: float | None, words: str) -> None:
    assert style.duration(seconds) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.333, "33 %"), (0.008, "0.8 %"), (0.0, "0 %"), (None, "–"), (1.0, "100 %")],
)
def test_shares_in_per_cent(share: float | None, words: str) -> None:
    assert style.percent(share) == words


def test_the_pages_do_not_import_what_the_worker_is_for() -> None:
    code = (
        "import sys; import core, core.workspace; "
        "from pages.parts.datasets import add_form, compare_form, dataset_card; "
        "from pages.parts.home import comparison_list; "
        "from pages.parts.shared import joblist, session; "
        "bad = {'torch', 'umap', 'hdbscan', 'sklearn', 'numba', 'torchvision', 'timm', "
        "'open_clip'} & set(sys.modules); "
        "assert not bad, bad"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_worker_ends_with_its_server_even_when_that_is_killed() -> None:
    code = (
        "import os, time; from core.jobs.engines import WorkerEngine; engine = WorkerEngine(); "
        "print(engine._pool.schedule(os.getpid).result(), flush=True); "
        "engine._pool.schedule(time.sleep, args=[600]); time.sleep(600)"
    )
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert server.stdout is not None
    worker = int(server.stdout.readline())
    os.kill(worker, 0)  # it is there
    server.kill()
    server.communicate()
    deadline = time.monotonic() + 30
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(worker)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return (
        not stat.exists() or stat.read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    )  # ended, not yet reaped


def _button(app: AppTest, label: str) -> object:
    return next(button for button in app.button if button.label == label)
