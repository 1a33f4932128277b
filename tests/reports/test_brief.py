"""The render brief: what to render more of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import escape

from core.errors import InputError
from core.reports.brief import brief, brief_html, brief_markdown, self_test_sentence
from core.reports.html import report_html
from core.reports.rendering import escape_markdown
from core.workspace import Comparison, Workspace
from tests.pages import example_workspace


def test_the_brief_says_what_to_render_and_how_much(comparison: Comparison) -> None:
    page = brief(comparison)
    (want,) = page.wants
    (gap,) = [row for row in comparison.group_rows("1.1") if row.absent]
    assert (page.version, page.absent, want.name, want.absent) == ("1.1", 20, gap.name, 20)
    assert want.short_by == round(gap.expected - gap.rendered) > 0
    assert len(want.examples) == 4
    for example in want.examples:
        assert example.path.startswith("cross/night/")
        assert example.picture.startswith("data:image/webp;base64,") and example.nearest_picture
    words = brief_markdown(comparison, "1.0")
    for name in (row.name for row in comparison.group_rows("1.0") if row.absent):
        assert f"Render more of this: {name}" in words
    assert "gaps injected into" in words
    assert comparison.absent("1.0").column("path")[0].as_py() in words


def test_both_forms_of_the_brief_say_the_same(comparison: Comparison) -> None:
    page = brief(comparison, "1.0")
    markdown, html = brief_markdown(comparison, "1.0"), brief_html(comparison, "1.0")
    assert len(page.wants) == 2
    for want in page.wants:
        for words in (want.name, *want.counts):
            assert escape_markdown(words) in markdown and escape(words) in html


def test_the_markdown_is_laid_out_line_by_line(comparison: Comparison) -> None:
    page, lines = brief(comparison), brief_markdown(comparison).splitlines()
    assert lines[:5] == [
        "# Render brief for version 1.1",
        "",
        "20 of 120 real images (Drawn photographs) are absent from version 1.1. Encoder lite0.",
        "",
        escape_markdown(page.judgement),
    ]
    assert lines[6] == f"## 1. Render more of this: {escape_markdown(page.wants[0].name)}"
    table = lines.index("| real image | nearest today | distance |")
    assert lines[table - 1] == "" and lines[table + 1] == "|---|---|---|"
    assert all(line.count("|") == 4 for line in lines[table:]) and len(lines[table:]) == 6


def test_the_brief_of_an_untrusted_list_says_so(tmp_path: Path) -> None:
    built = example_workspace.build(tmp_path / "gapscope.duckdb", absolute=False)
    with Workspace(built.path, progress=False) as ws:
        comparison = ws.comparisons.get(built.comparison_id)
        assert "Only the order can be trusted" in brief_markdown(comparison)
        assert "Only the order" in brief_html(comparison)
        assert "Only the ranking can be trusted" in report_html(comparison)


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
