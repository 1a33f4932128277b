"""The gate: rules that hold, rules that do not, and rules that cannot be read."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.reports.comparison_json import comparison_json
from core.reports.gate import parse_rule
from core.reports.gate_numbers import GateNumbers, gate_numbers
from core.reports.junit import junit_xml
from core.workspace import Comparison


def version(absent: int, rate: float, fd: float | None) -> dict:
    """A version as ``compare --json`` writes it."""
    return {
        "images": 100,
        "unreadable": 0,
        "absent": [f"{i}.png" for i in range(absent)],
        "absent_by_cluster": [],
        "absent_rate": rate,
        "floor_rate": 0.01,
        "verdict": "fine",
        "metrics": {"fd": {"value": fd, "low": 1.0, "high": 9.0, "n": 100, "floor": 0.5}},
    }


RESULT = {
    "real": {"images": 200},
    "seconds": {"map": 1.5, "coverage": 0.5},
    "versions": {"1.0": version(30, 0.15, 4.0), "1.1": version(8, 0.04, 5.0)},
    "changes": [
        {
            "from": "1.0",
            "to": "1.1",
            "closed": ["a"] * 22,
            "opened": [],
            "open": ["b"] * 8,
            "regressed": [],
        }
    ],
}

NUMBERS = gate_numbers(RESULT)


def with_versions(**versions: dict) -> GateNumbers:
    """The numbers of a comparison of these versions, between which nothing was judged."""
    return gate_numbers({**RESULT, "versions": versions, "changes": []})


@pytest.mark.parametrize(
    ("rule", "fails"),
    [
        ("absent_rate > 0.10", False),
        ("absent_rate > 0.03", True),
        ("fd > 1.1 * previous.fd", True),
        ("fd > 1.5 * previous.fd", False),
        ("absent_rate > 0.10 or regressed > 20 or fd > 1.1 * previous.fd", True),
        ("absent_rate > 0.03 and closed < 10", False),
        ("not (closed >= 22)", False),
        ("0 < absent_rate < 0.05", True),
        ("fd.high - fd.low > 7.5", True),
        ("fd > fd.floor + -1", True),
        ("absent == 8 and previous.absent == 30", True),
    ],
)
def test_a_rule_is_judged_on_the_newest_version(rule: str, fails: bool) -> None:
    assert parse_rule(rule).check(NUMBERS).failed is fails


def test_the_sentence_names_the_rule_that_held_and_the_values_it_saw() -> None:
    outcome = parse_rule("absent_rate > 0.10 or fd > 1.1 * previous.fd").check(NUMBERS)
    assert (
        outcome.sentence
        == "gate: version 1.1 fails: fd > 1.1 * previous.fd (fd = 5, previous.fd = 4)"
    )
    assert parse_rule("absent > 100").check(NUMBERS).sentence == "gate: version 1.1 passes"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("", "rule is empty"),
        ("absent_rate >", "cannot be read near character"),
        ("absent_rate", "must be a comparison"),
        ("absent_rate + 1", "must be a comparison"),
        ("(absent_rate > 0.1) + 1 > 0", "must be a comparison"),
        ("__import__('os').system('true') > 0", "may not hold"),
        ("(lambda: 1)() > 0", "may not hold"),
        ("[1][0] > 0", "may not hold"),
        ("absent_rate > 'x'", "may not hold"),
        ("fd ** 99 > 1", "may not hold"),
        ("fd is 1", "may not hold"),
        ("True > 0", "may not hold"),
        ("absent > 1" + " or absent > 1" * 500, "longer than 2000"),
    ],
)
def test_a_malformed_or_foreign_rule_is_refused_before_anything_runs(
    rule: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parse_rule(rule)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("absentrate > 0.1", "absentrate, which is no number.*absent_rate"),
        ("previous.regressed > 1", "previous.regressed, which is no number"),
        ("fd > 1 / (absent - 8)", "divides by zero"),
    ],
)
def test_a_rule_that_cannot_be_judged_says_why(rule: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_rule(rule).check(NUMBERS)


def test_without_a_version_before_previous_is_an_error_and_not_a_pass() -> None:
    alone = with_versions(only=version(8, 0.04, 5.0))
    with pytest.raises(InputError, match="only one version"):
        parse_rule("fd > previous.fd").check(alone)


def test_a_metric_that_could_not_be_measured_is_an_error_and_not_a_pass() -> None:
    unknown = with_versions(only=version(8, 0.04, None))
    with pytest.raises(InputError, match="could not be measured"):
        parse_rule("fd > 3").check(unknown)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_crash(text: str) -> None:
    try:
        parse_rule(text)
    except InputError as error:
        assert "\n" not in str(error)


def test_junit_has_a_case_for_each_clause_and_counts_failures() -> None:
    outcome = parse_rule("absent_rate > 0.10 or fd > 1.1 * previous.fd").check(NUMBERS)
    suite = ElementTree.fromstring(junit_xml(NUMBERS, outcome))
    assert (suite.get("tests"), suite.get("failures"), suite.get("time")) == ("4", "1", "2.000")
    failures = suite.findall("testcase/failure")
    assert [failure.get("message") for failure in failures] == [
        "fd > 1.1 * previous.fd holds: fd = 5, previous.fd = 4"
    ]


def test_a_comparison_is_judged_by_the_numbers_of_its_tables(comparison: Comparison) -> None:
    numbers = gate_numbers(comparison_json(comparison))
    seconds = sum(comparison.record.seconds.values())
    assert (numbers.real_images, numbers.seconds) == (120, seconds)
    rule = "absent == 20 and opened == 0 and closed == 20 and previous.absent == 40"
    assert parse_rule(rule).check(numbers).failed
    regressed = sum(row.regressed for row in comparison.change_rows("1.0", "1.1"))
    assert parse_rule(f"regressed == {regressed}").check(numbers).failed
    assert parse_rule("fd < previous.fd and fd == frechet_distance").check(numbers).failed
    assert parse_rule("auc.floor == classifier_auc.floor").check(numbers).failed
    assert not parse_rule("floor_rate > 0.01").check(numbers).failed


def test_junit_of_a_comparison_without_a_rule_tells_the_verdicts(comparison: Comparison) -> None:
    suite = ElementTree.fromstring(junit_xml(gate_numbers(comparison_json(comparison)), None))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")
    output = suite.findtext("testcase/system-out") or ""
    assert output.startswith("40 absent of 120 real images; absent_rate 0.333")
