"""Exit statuses by real processes: 0 done, 1 a rule held, 2 bad input, 3 a fault; one line on
stderr for each.

A continuous-integration job reads nothing else, so each is asked of `python -m core` itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from core.contracts.study import MIXTURES, OBJECTIVES

REPOSITORY = Path(__file__).resolve().parents[2]


def core(*arguments: object, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "GAPSCOPE_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=280,
    )


def draw(folder: Path, count: int, seed: int) -> Path:
    """Noisy pictures in two colours."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for number in range(count):
        colour = np.array([200, 40, 40] if number % 2 else [40, 40, 200])
        picture = np.clip(colour + rng.normal(0, 30, (48, 48, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{number:03d}.png")
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say what to do"),
        (("no-such-command",), "No such command 'no-such-command'"),
        (("compare",), "Missing option '--real'"),
        (("compare", "--real", "."), "Missing option '--synthetic'"),
        (("compare", "--nonsense"), "No such option: --nonsense"),
        (("compare", "--real", ".", "--synthetic", "renders"), "--synthetic wants NAME=DIR"),
        (("compare", "--real", "/nowhere", "--synthetic", "1=/nowhere"), "does not exist"),
        (
            ("compare", "--real", ".", "--synthetic", "1=.", "--fail-if", "absent >"),
            "cannot be read",
        ),
        (
            ("compare", "--real", ".", "--synthetic", "1=.", "--fail-if", "absentrate > 0.1"),
            "absentrate, which is no number of a comparison. Did you mean absent_rate",
        ),
        (
            ("compare", "--real", ".", "--synthetic", "1=.", "--fail-if", "closed > opened"),
            "closed, but there is only one version",
        ),
        (
            ("compare", "--real", ".", "--synthetic", "1=.", "--fail-if", 'class["a"].size > 1'),
            'class["a"].size, which is no number of a label. Did you mean real, rendered, expected',
        ),
        (("scan", "/nowhere"), "does not exist"),
        (("encoders", "--real", "."), "both sides are needed"),
        (("finetune", "--real", ".", "--synthetic", "."), "The test needs labels"),
    ],
)
def test_wrong_usage_is_2_and_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = core(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_help_offers_the_names_that_are_taken(tmp_path: Path) -> None:
    """It once offered biased-ffr, where only ffr_biased is known."""
    done = core("finetune", "--help", home=tmp_path, COLUMNS="200")
    assert done.returncode == 0
    assert all(name in done.stdout for name in (*MIXTURES, *OBJECTIVES))


def test_a_scan_of_a_folder_is_0_and_of_an_empty_one_2(tmp_path: Path) -> None:
    assert core("scan", draw(tmp_path / "real", 3, 0), home=tmp_path).returncode == 0
    (tmp_path / "empty").mkdir()
    done = core("scan", tmp_path / "empty", home=tmp_path)
    assert done.returncode == 2 and "has no images" in done.stderr


def test_a_scan_counts_every_label_and_names_the_columns_that_are_none(tmp_path: Path) -> None:
    rows = [f"{n:03d}.png,car,{'fog' if n % 3 else 'sun'},f{n}" for n in range(6)]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["path,class,weather,frame", *rows]))
    done = core("scan", draw(tmp_path / "real", 6, 0), "--labels", labels, home=tmp_path)
    assert done.returncode == 0
    assert "weather      fog 4, sun 2" in done.stdout
    assert "frame        left out: 6 different values in 6 images" in done.stdout


@pytest.mark.parametrize("content", [b"milk, eggs", b"\0" * 20_000])
def test_a_workspace_that_is_no_database_is_a_fault(tmp_path: Path, content: bytes) -> None:
    database = tmp_path / "notes.duckdb"
    database.write_bytes(content)
    folder = draw(tmp_path / "real", 3, 0)
    done = core(
        "compare", "--real", folder, "--synthetic", f"1={folder}", "--db", database, home=tmp_path
    )
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1 and str(database) in done.stderr
    assert database.read_bytes() == content


def test_bad_input_that_only_a_job_can_see_is_2_too(tmp_path: Path) -> None:
    """The folder is scanned by a job; that it holds no image is still the user's to mend."""
    (tmp_path / "empty").mkdir()
    folder = draw(tmp_path / "real", 3, 0)
    done = core(
        "compare", "--real", folder, "--synthetic", f"1={tmp_path / 'empty'}", home=tmp_path
    )
    assert done.returncode == 2
    assert "has no images" in done.stderr.strip().splitlines()[-1]


@pytest.mark.slow
def test_the_gate_stops_a_bad_render_and_lets_a_good_one_through(tmp_path: Path) -> None:
    """`--fail-if` once printed "fails" and exited 0."""
    real, renders = draw(tmp_path / "real", 24, 0), draw(tmp_path / "renders", 16, 1)
    options = ("compare", "--real", real, "--synthetic", f"v2={renders}", "--encoder", "lite0")
    stopped = core(*options, "--fail-if", "images > 10", home=tmp_path)
    assert stopped.returncode == 1
    assert stopped.stderr.strip().splitlines()[-1] == (
        "gate: version v2 fails: images > 10 (images = 16)"
    )
    written = tmp_path / "result.json"
    passed = core(*options, "--fail-if", "images > 100", "--json", written, home=tmp_path)
    assert passed.returncode == 0 and "gate: version v2 passes" in passed.stdout
    seconds = json.loads(written.read_text())["seconds"]
    assert seconds["scan"] > 0 and seconds["embed"] > 0 and seconds["maps"] > 0


@pytest.mark.slow
def test_a_version_that_cannot_be_judged_does_not_pass_a_rule_about_its_list(
    tmp_path: Path,
) -> None:
    """Two dozen photographs and eight renders are too few to say that nothing is absent. It once
    said 0 % and exited 0.
    """
    real, renders = draw(tmp_path / "real", 24, 0), draw(tmp_path / "renders", 8, 1)
    options = ("compare", "--real", real, "--synthetic", f"v2={renders}", "--encoder", "lite0")
    files = {name: tmp_path / f"out{name}" for name in (".xml", ".json", "-brief.json")}
    stopped = core(
        *options,
        *("--fail-if", "absent_rate > 0.10"),
        *("--junit", files[".xml"], "--json", files[".json"], "--brief", files["-brief.json"]),
        home=tmp_path,
    )
    assert stopped.returncode == 1
    version = json.loads(files[".json"].read_text())["versions"]["v2"]
    assert version["judged"] is False and version["obstacle"]
    said = stopped.stderr.strip().splitlines()[-1]
    words = "absent_rate > 0.10 cannot be told. Version v2 cannot be judged: "
    assert said == f"gate: version v2 fails: {words}{version['obstacle']}"
    (failure,) = ElementTree.parse(files[".xml"]).findall("testcase/failure")
    assert failure.get("message") == f"{words}{version['obstacle']}"
    written = json.loads(files["-brief.json"].read_text())
    assert written["judged"] is False and written["total_wanted"] == 0

    allowed = core(*options, "--fail-if", "absent_rate > 0.10", "--allow-unjudged", home=tmp_path)
    assert allowed.returncode == 0
    assert "gate: version v2 passes (Version v2 cannot be judged" in allowed.stdout
    nowhere = core(*options, "--fail-if", 'class["horse"].rendered < 5', home=tmp_path)
    assert nowhere.returncode == 2
    assert "both sides know no label 'class'" in nowhere.stderr.strip().splitlines()[-1]
