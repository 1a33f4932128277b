"""Intervals hold what they say: a small, seeded part of ``benchmarks/intervals.py``."""

from __future__ import annotations

import pytest

from benchmarks.intervals import FAMILIES, Case, simulate, wilson_held

REPEATS = 80


@pytest.mark.parametrize(
    ("family", "case"),
    [
        ("kid", Case(60, 60, 16, 0.0)),
        ("kid of subsets", Case(105, 105, 16, 0.4)),
        ("kid of subsets", Case(150, 150, 16, 0.0)),
        ("kid of subsets", Case(195, 195, 16, 0.4)),
        ("cmmd, mmd", Case(60, 60, 16, 0.4)),
        ("equal", Case(60, 60, 16, 0.0)),
        ("equal", Case(200, 60, 16, 0.4)),
        ("copies", Case(120, 60, 16, 0.4)),
    ],
)
def test_intervals_hold_the_truth(family, case):
    for held in simulate(FAMILIES[family][0], case, REPEATS):
        assert held.held >= 0.87, held  # 95 % of 80, less three standard errors
        if held.name != "near_copies":  # too rare to have a spread
            assert held.width < 2.2, held


@pytest.mark.parametrize("total", [20, 100, 400])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_wilson_holds_the_share(total, share):
    assert 0.92 <= wilson_held(share, total) <= 0.98
