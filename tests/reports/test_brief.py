"""The render brief: what to render more of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError
from core.reports.brief import brief, brief_html, brief_markdown, self_test_sentence
from core.reports.html import report_html
from core.workspace import Comparison, Workspace
from tests import example_workspace


def test_the_brief_says_what_to_render_and_how_much(comparison: Comparison) -> None:
    page = brief(comparison)
    (want,) = page.wants
    assert (page.version, page.absent, want.name, want.absent, want.short_by) == (
        "1.1",
        20,
        "cross at night",
        20,
        14,
    )
    for example in want.examples:
        assert example.picture.startswith("data:image/webp;base64,") and example.nearest_picture
    words = brief_markdown(comparison, "1.0")
    assert "Render more of this: square at night" in words
    assert "Render more of this: cross at night" in words
    assert "Of 20 gaps injected into this data the list finds 17" in words
    assert comparison.absent("1.0").column("path")[0].as_py() in words


def test_both_forms_of_the_brief_say_the_same(comparison: Comparison) -> None:
    page = brief(comparison, "1.0")
    markdown, html = brief_markdown(comparison, "1.0"), brief_html(comparison, "1.0")
    for want in page.wants:
        for words in (want.name, *want.counts):
            assert words in markdown and words in html


def test_the_markdown_is_laid_out_line_by_line(comparison: Comparison) -> None:
    lines = brief_markdown(comparison).splitlines()
    assert lines[:5] == [
        "# Render brief for version 1.1",
        "",
        "20 of 120 real images (Drawn photographs) are absent from version 1.1. Encoder lite0.",
        "",
        "Of 20 gaps injected into this data the list finds 17; false alarms 1.0 %.",
    ]
    assert lines[6] == "## 1. Render more of this: cross at night"
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
    assert row is not None and self_test_sentence(row)
    told = replace(row, verdict=f"Of 20 gaps {word} in your data this list finds 17.")
    assert self_test_sentence(told) == ""


def test_a_version_that_is_not_there_is_refused(comparison: Comparison) -> None:
    with pytest.raises(InputError, match=r"no version '9.9'"):
        brief(comparison, "9.9")
