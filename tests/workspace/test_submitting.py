"""Asking for long work: what is refused at once, what comes back, what a comparison continues."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.contracts.words import JobStatus
from core.errors import InputError, JobCancelled
from core.settings import Settings
from core.store import comparison_table
from core.workspace import Workspace
from tests.conftest import draw_images


class NeverEngine:
    """An engine that never begins: whatever is submitted waits."""

    capacity = 0

    def close(self) -> None:
        """Nothing to stop."""


@pytest.fixture
def waiting(tmp_path: Path, home: Settings):
    """A workspace whose jobs wait for ever, so that a submit that blocks would never come back."""
    with Workspace(
        tmp_path / "waiting.duckdb",
        settings=home,
        progress=False,
        engine=NeverEngine(),  # type: ignore[arg-type]
    ) as ws:
        yield ws


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("real", "renders"):
        for label in ("red", "green"):
            draw_images(tmp_path / name / label / "day", 3, hue=0)
    return tmp_path / "real", tmp_path / "renders"


def test_a_comparison_that_is_submitted_says_what_it_made(
    waiting: Workspace, sides: tuple[Path, Path]
) -> None:
    real = waiting.add_dataset(sides[0], domain="real")
    version = waiting.add_dataset(sides[1], domain="synthetic", version="1.0")
    submitted = waiting.comparisons.submit(real, [version], encoder="lite0", injected=4)
    record = waiting.comparisons.list()[0]
    assert (record.id, record.job_id) == (submitted.comparison_id, submitted.job_id)
    assert record.parameters["injected"] == 4 and record.parameters["n_neighbors"] == 15
    plan = waiting.jobs.get(submitted.job_id).plan
    assert plan["parameters"] == record.parameters and plan["version_ids"] == [version.id]


def test_a_study_of_folders_that_were_never_scanned_does_not_wait_for_the_scan(
    waiting: Workspace, sides: tuple[Path, Path]
) -> None:
    """A click once stood still until both folders were read."""
    real = waiting.add_dataset(sides[0], domain="real", labels="{class}/{bias}/*")
    version = waiting.add_dataset(
        sides[1], domain="synthetic", version="1.0", labels="{class}/{bias}/*"
    )
    submitted = waiting.studies.submit(real, version, backbone="lite0", mixtures=("none", "ffr"))
    assert waiting.studies.list()[0].id == submitted.study_id
    kinds = [job.kind for job in waiting.jobs.list()]
    assert sorted(kinds) == ["embed", "finetune", "scan", "scan"]


def test_an_unknown_parameter_is_refused_before_anything_is_submitted(
    waiting: Workspace, sides: tuple[Path, Path]
) -> None:
    real = waiting.add_dataset(sides[0], domain="real")
    version = waiting.add_dataset(sides[1], domain="synthetic", version="1.0")
    with pytest.raises(InputError, match=r"'injcted'.*Did you mean injected"):
        waiting.compare(real, [version], encoder="lite0", injcted=4)
    assert waiting.jobs.list() == [] and waiting.comparisons.list() == []


def test_waiting_for_a_job_that_was_cancelled_says_so(
    waiting: Workspace, sides: tuple[Path, Path]
) -> None:
    job_id = waiting.datasets.submit_scan(waiting.add_dataset(sides[0], domain="real"))
    waiting.jobs.cancel(job_id)
    with pytest.raises(JobCancelled, match=r"cancelled before it began. Resume it"):
        waiting.jobs.wait(job_id)
    assert waiting.jobs.get(job_id).status == JobStatus.CANCELLED


def test_a_map_continues_the_newest_comparison_of_some_of_its_versions(
    waiting: Workspace, sides: tuple[Path, Path], tmp_path: Path
) -> None:
    """Any proper subset will do, in whatever order; never the same versions again, never others."""
    real = waiting.add_dataset(sides[0], domain="real")
    versions = []
    for name in ("1.0", "1.1", "1.2"):
        draw_images(tmp_path / name, 2, hue=0)
        versions.append(waiting.add_dataset(tmp_path / name, domain="synthetic", version=name))
    first, second, third = versions

    def finished(*chosen) -> int:
        submitted = waiting.comparisons.submit(real, chosen, encoder="lite0")
        with waiting.db.transaction() as cursor:
            comparison_table.set_done(cursor, submitted.comparison_id, {}, {})
        return submitted.comparison_id

    def continues(*chosen) -> int | None:
        submitted = waiting.comparisons.submit(real, chosen, encoder="lite0")
        return waiting.jobs.get(submitted.job_id).plan["previous"]

    assert continues(first) is None
    of_third = finished(third)
    assert continues(first, third) == of_third
    of_two = finished(second, first)
    assert continues(first, second, third) == of_two
    assert continues(first, second) is None
