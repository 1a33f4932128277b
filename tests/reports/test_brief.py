"""The render brief: what to render, how much of it, and what it cannot tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import mode

import pytest
from markupsafe import escape

from core.contracts.words import Tier
from core.errors import InputError
from core.reports.brief import (
    Brief,
    brief,
    brief_html,
    brief_json,
    brief_markdown,
    self_test_sentence,
)
from core.reports.html import report_html
from core.reports.members import members
from core.reports.rendering import escape_markdown
from core.workspace import Comparison, Workspace
from tests.pages import example_workspace

KIND = {"label_counts": "TRUE", "groups": "kind = 'label'"}
REASON = "Two of three re-runs say absent."


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    """The example as :func:`opened`, read by tests that change nothing."""
    with opened(tmp_path_factory.mktemp("brief")) as (_, comparison):
        yield comparison


@pytest.fixture
def told(tmp_path: Path) -> Iterator[tuple[Workspace, Comparison]]:
    """The same, in which a test may say other things of the groups."""
    with opened(tmp_path) as both:
        yield both


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Workspace, Comparison]]:
    """A copy of the example with what is said in it set by hand, whatever the judgement makes of
    so few images: no labels, every cluster covered but those that were not rendered.
    """
    built = example_workspace.build(folder / "gapscope.duckdb")
    with Workspace(built.path, progress=False) as ws:
        comparison = ws.comparisons.get(built.comparison_id)
        for table in ("label_counts", "groups"):
            ws.db.execute(f"DELETE FROM {table} WHERE {KIND[table]}")
        ws.db.execute("UPDATE versions SET judged = TRUE, obstacle = NULL, singles = 0")
        ws.db.execute("UPDATE groups SET tier = 'covered', decided_by = 'vectors'")
        for version, modes in example_workspace.LACKING.items():
            if version in built.version_ids:
                for kind in modes:
                    ws.db.execute(
                        """UPDATE groups SET tier = 'absent', rendered = 0, reason = ?
                        WHERE group_id = ? AND version_id = ?""",
                        [REASON, cluster_of(comparison, kind), built.version_ids[version]],
                    )
        yield ws, comparison


def say(ws: Workspace, group_id: str, **changed: object) -> None:
    """Change what is said of a group of every version."""
    for column, value in changed.items():
        ws.db.execute(f'UPDATE groups SET "{column}" = ? WHERE group_id = ?', [value, group_id])


def add_label(
    ws: Workspace, version_id: int, value: str, tier: Tier, *, size: int, rendered: float
) -> None:
    """A class as a group that counts have judged."""
    ws.db.execute(
        """INSERT INTO groups BY NAME SELECT g.* REPLACE (? AS group_id, 'label' AS kind,
            NULL AS cluster, 'class' AS "column", ? AS "value", ? AS tier, 'counts' AS decided_by,
            ? AS reason, ? AS size, ? AS rendered, 0.0 AS expected, ? AS "name")
        FROM groups g WHERE version_id = ? LIMIT 1""",
        [
            f"class:{value}",
            value,
            tier,
            f"{rendered:.0f} rendered.",
            size,
            rendered,
            value,
            version_id,
        ],
    )


def cluster_of(comparison: Comparison, folder: str) -> str:
    """The group id of the cluster that most of a folder's real images are in."""
    rows = [row for row in comparison.coverage_rows("1.1") if row.path.startswith(folder)]
    return f"cluster:{mode(row.cluster for row in rows)}"


def names(page: Brief) -> list[str]:
    """The names of the gaps on the page."""
    return [want.name for want in page.wants]


# --- what is ordered ------------------------------------------------------------------------------


def test_the_brief_says_what_to_render_and_how_much(comparison: Comparison) -> None:
    """120 real images of six kinds, 20 each, and 100 rendered of five of them: 20 of the sixth."""
    page = brief(comparison)
    (want,) = page.wants
    (gap,) = [row for row in comparison.group_rows("1.1") if row.tier == Tier.ABSENT]
    assert (page.version, want.name, want.real, want.wanted) == ("1.1", gap.name, 20, 20)
    assert page.order == (
        "Render 20 images in all: the version then has 120 instead of 100, and each gap below has "
        "as large a share of it as of the real images."
    )
    assert len(want.examples) == 4
    for example in want.examples:
        assert example.path.startswith("cross/night/")
        assert example.picture.startswith("data:image/webp;base64,") and example.nearest_picture
    assert want.class_ == "cross"
    assert "Labels: class cross (20 of 20), bias night (20 of 20)" in want.hints
    dark = want.attributes["brightness"]
    assert dark.low < dark.typical < dark.high < 0.2
    words = brief_markdown(brief(comparison, "1.0"))
    assert "gaps injected into" in words
    assert comparison.absent("1.0").column("path")[0].as_py() in words


def test_gaps_are_filled_together_and_the_numbers_add_up(comparison: Comparison) -> None:
    """80 rendered of four kinds: 20 of each of the two others, not the 13 of each alone."""
    page = brief(comparison, "1.0")
    assert [want.wanted for want in page.wants] == [20, 20] and page.total == 40
    for want in page.wants:
        share = (want.rendered + want.wanted) / (page.size + page.total)
        assert share == want.real / page.images


def test_nothing_is_ordered_of_what_is_covered_or_cannot_be_told(
    told: tuple[Workspace, Comparison],
) -> None:
    """The brief once ordered all seven classes, six of them covered."""
    ws, comparison = told
    crosses = cluster_of(comparison, "cross/night")
    circles = cluster_of(comparison, "circle/day")
    say(ws, crosses, tier=Tier.CANNOT_TELL, reason=REASON, name="crosses at night")
    page = brief(comparison)
    assert names(page) == [] and page.total == 0 and page.order == ""
    for text in (brief_markdown(page), brief_html(page)):
        assert "There is nothing to render more of: no group is absent or thin." in text
        assert "Cannot tell" in text and "crosses at night" in text and REASON in text
        assert "Render 2" not in text
    say(ws, circles, tier=Tier.THIN, rendered=5.0, expected=16.7, reason="Few are rendered.")
    page = brief(comparison)
    (want,) = page.wants
    assert want.heading == f"Render {want.wanted}: circle (thin)"
    assert (want.rendered + want.wanted) / (page.size + page.total) == pytest.approx(
        20 / 120, abs=0.005
    )


def test_what_comes_nearest_to_an_absent_group_is_not_called_rendered(
    told: tuple[Workspace, Comparison],
) -> None:
    """It once said that 30 synthetic giraffes are here when there were none."""
    ws, comparison = told
    say(ws, cluster_of(comparison, "cross/night"), rendered=30.0)
    (want,) = brief(comparison).wants
    assert (want.rendered, want.look_alikes, want.wanted) == (0, 30, 20)
    assert want.counts == [
        "20 real images, 0 rendered",
        "30 synthetic images come nearest to them, too far to show them",
    ]


def test_a_cluster_has_no_more_rendered_than_its_labels(
    told: tuple[Workspace, Comparison],
) -> None:
    ws, comparison = told
    crosses = cluster_of(comparison, "cross/night")
    say(ws, crosses, tier=Tier.THIN, rendered=15.0)
    assert [want.rendered for want in brief(comparison).wants] == [15]
    newest = comparison.version_id("1.1")
    ws.db.execute(
        """INSERT INTO label_counts (comparison_id, version_id, "column", "value", real, rendered,
            share_real, share_rendered, expected, low, high, tier, reason)
        VALUES (?, ?, 'class', 'cross', 40, 4, 0.33, 0.04, 33, 0, 0.1, 'thin', '')""",
        [comparison.id, newest],
    )
    (want,) = brief(comparison).wants
    assert (want.rendered, want.wanted) == (4, 16)


def test_a_label_and_its_clusters_are_said_once_as_the_label(
    told: tuple[Workspace, Comparison],
) -> None:
    ws, comparison = told
    newest = comparison.version_id("1.1")
    night = cluster_of(comparison, "cross/night")
    say(ws, night, name="crosses at night")
    add_label(ws, newest, "cross", Tier.ABSENT, size=40, rendered=0.0)
    page = brief(comparison)
    assert names(page) == ["cross"] and page.wants[0].real == 40 and page.wants[0].shared == 0
    assert page.total == 50  # 40 of 120 real images beside 100: a third of 150
    assert members(comparison, newest).same_as[night] == "class:cross"


def test_images_of_two_gaps_are_counted_once(told: tuple[Workspace, Comparison]) -> None:
    """Crosses are thin, those at night absent: half of the crosses stand with the smaller gap."""
    ws, comparison = told
    newest = comparison.version_id("1.1")
    say(ws, cluster_of(comparison, "cross/night"), name="crosses at night")
    add_label(ws, newest, "cross", Tier.THIN, size=40, rendered=10.0)
    page = brief(comparison)
    night, cross = page.wants
    assert (night.name, night.shared, cross.name, cross.shared) == (
        "crosses at night",
        0,
        "cross",
        20,
    )
    assert "20 of the real ones are counted with another gap" in cross.counts
    size = page.size + page.total
    for want in page.wants:
        share = (want.real - want.shared) / page.images
        assert (want.rendered + want.wanted) / size == pytest.approx(share, abs=1 / size)


def test_the_engineers_word_takes_gaps_off_and_puts_others_on(
    told: tuple[Workspace, Comparison],
) -> None:
    ws, comparison = told
    crosses = cluster_of(comparison, "cross/night")
    circles = cluster_of(comparison, "circle/day")
    say(ws, circles, tier=Tier.CANNOT_TELL, reason=REASON, name="round things", rendered=3.0)
    without = brief(comparison, open_groups=())
    assert names(without) == [] and without.left_out == 1
    assert without.nothing == "There is nothing to render more of: no gap is left that matters."
    assert "1 gap is left out, as you marked them." in brief_markdown(without)
    with_both = brief(comparison, open_groups=(crosses, circles))
    assert names(with_both)[1] == "round things" and not with_both.cannot_tell


# --- a version that cannot be judged --------------------------------------------------------------


def test_of_a_version_that_cannot_be_judged_only_counts_speak(
    told: tuple[Workspace, Comparison],
) -> None:
    ws, comparison = told
    newest = comparison.version_id("1.1")
    obstacle = "It has 30 images for 7 groups."
    ws.db.execute("UPDATE versions SET judged = FALSE, obstacle = ?", [obstacle])
    page = brief(comparison)
    assert names(page) == [] and page.judgement == ""
    assert page.nothing == "Counts of labels show no gap, and nothing else can be told."
    for text in (brief_markdown(page), brief_html(page)):
        assert f"Version 1.1 cannot be judged: {obstacle}" in text
        assert text.index("cannot be judged") < text.lower().index("no group absent or thin")
    add_label(ws, newest, "cross", Tier.ABSENT, size=40, rendered=0.0)
    assert names(brief(comparison)) == ["cross"]
    assert json.loads(brief_json(brief(comparison)))["obstacle"].endswith(obstacle)


def test_the_report_of_an_unjudged_version_says_so(told: tuple[Workspace, Comparison]) -> None:
    """And shows every group with its explanation: doubt is a mark on a group."""
    ws, comparison = told
    ws.db.execute(
        """UPDATE versions SET judged = FALSE, obstacle = 'It is small.', absent = 0,
        absent_rate = 0, cannot_tell = 120"""
    )
    ws.db.execute("UPDATE groups SET tier = 'cannot tell', reason = 'It has few images.'")
    page = report_html(comparison)
    assert "Version 1.1 cannot be judged: It is small." in page
    assert "Version 1.0 cannot be judged: It is small." in page
    assert "<b>cannot be judged</b>" in page and "absent from 1.1" not in page.split("<table>")[0]
    for group in comparison.group_rows("1.1"):
        assert escape(group.explanation) in page
    assert page.count("<p>It has few images.</p>") == 6


# --- its forms ------------------------------------------------------------------------------------


def test_all_forms_of_the_brief_say_the_same(comparison: Comparison) -> None:
    page = brief(comparison, "1.0")
    markdown, html = brief_markdown(page), brief_html(page)
    written = json.loads(brief_json(page))
    assert len(page.wants) == len(written["gaps"]) == 2
    assert page.order in markdown and escape(page.order) in html
    for want, gap in zip(page.wants, written["gaps"], strict=True):
        for words in (want.heading, want.why, *want.counts, *want.hints):
            assert escape_markdown(words) in markdown and escape(words) in html
        assert (gap["name"], gap["wanted"], gap["tier"]) == (want.name, want.wanted, "absent")


def test_a_script_can_render_from_the_json(comparison: Comparison) -> None:
    written = json.loads(brief_json(brief(comparison)))
    assert (written["version"], written["images"], written["images_after"]) == ("1.1", 100, 120)
    assert written["real"]["images"] == 120 and written["judged"] and not written["cannot_tell"]
    (gap,) = written["gaps"]
    assert (gap["class"], gap["real"], gap["rendered"], gap["wanted"]) == ("cross", 20, 0, 20)
    assert written["total_wanted"] == 20
    assert gap["labels"] == {"class": {"cross": 20}, "bias": {"night": 20}}
    assert set(gap["attributes"]["brightness"]) == {"low", "typical", "high"}
    for example in gap["examples"]:
        assert (Path(written["real"]["folder"]) / example["real"]).is_file()
        assert (Path(written["folder"]) / example["nearest"]).is_file()


def test_the_markdown_is_laid_out_line_by_line(comparison: Comparison) -> None:
    page = brief(comparison)
    lines = brief_markdown(page).splitlines()
    assert lines[:9] == [
        "# Render brief for version 1.1",
        "",
        "120 real images (Drawn photographs) against 100 of version 1.1: 1 group absent. "
        "Encoder lite0.",
        "",
        escape_markdown(page.judgement),
        "",
        f"**{page.order}**",
        "",
        f"## 1. Render 20: {escape_markdown(page.wants[0].name)} (absent)",
    ]
    table = lines.index("| real image | nearest today | distance |")
    assert lines[table - 1] == "" and lines[table + 1] == "|---|---|---|"
    assert all(line.count("|") == 4 for line in lines[table:]) and len(lines[table:]) == 6


@pytest.mark.parametrize("word", ["injected", "planted"])
def test_what_the_verdict_tells_is_not_told_twice(comparison: Comparison, word: str) -> None:
    """Verdicts of earlier versions called injected gaps planted."""
    row = comparison.version_row("1.1")
    assert row is not None
    silent = replace(row, injected=20, recovered=17, false_alarm_share=0.01, verdict="Fine.")
    sentence = "Of 20 gaps injected into this data the list finds 17; false alarms 1.0 %."
    assert self_test_sentence(silent) == sentence
    telling = replace(silent, verdict=f"Of 20 gaps {word} in your data this list finds 17.")
    assert self_test_sentence(telling) == ""


def test_a_version_that_is_not_there_is_refused(comparison: Comparison) -> None:
    with pytest.raises(InputError, match=r"no version '9.9'"):
        brief(comparison, "9.9")
