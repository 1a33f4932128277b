"""The gate: rules that hold, rules that do not, and rules that cannot be read."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.reports.comparison_json import comparison_json
from core.reports.gate import parse_rule
from core.reports.gate_numbers import (
    CHANGE_NAMES,
    JUDGED_NAMES,
    NAMES,
    PLAIN_NAMES,
    GateNumbers,
    gate_numbers,
)
from core.reports.junit import junit_xml
from core.workspace import Comparison

OBSTACLE = "It has 30 images for 7 groups of real images."
COUNTS = {
    "class": {
        "horse": {"real": 68, "rendered": 124, "expected": 61.5, "tier": "covered"},
        "house": {"real": 80, "rendered": 0, "expected": 72.0, "tier": "absent"},
    },
    "time of day": {"dusk": {"real": 9, "rendered": 3, "expected": 8.1, "tier": "thin"}},
}


def group(tier: str, same_as: str | None = None) -> dict:
    """A group of real images as ``compare --json`` writes it, as far as the gate reads it."""
    return {"tier": tier, "same_as": same_as}


def version(absent: int, rate: float, fd: float | None, **changed: object) -> dict:
    """A version as ``compare --json`` writes it."""
    written = {
        "images": 100,
        "unreadable": 0,
        "absent": [f"{i}.png" for i in range(absent)],
        "absent_by_cluster": [],
        "absent_rate": rate,
        "floor_rate": 0.01,
        "verdict": "fine",
        "metrics": {"fd": {"value": fd, "low": 1.0, "high": 9.0, "n": 100, "floor": 0.5}},
        "judged": True,
        "obstacle": None,
        "thin": 12,
        "cannot_tell": 20,
        "singles": 3,
        "surplus": [f"render{number}.png" for number in range(40)],
        "groups": [
            group("absent"),
            group("absent"),
            group("absent", "class:house"),
            group("thin"),
            group("cannot tell"),
            group("covered"),
        ],
        "counts": COUNTS,
    }
    return {**written, **changed}


def unjudged(**changed: object) -> dict:
    """A version that cannot be judged: its list is empty for want of a judgement."""
    return version(0, 0.0, 5.0, judged=False, obstacle=OBSTACLE, groups=[], **changed)


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
        ("judged == 1 and absent_groups == 2 and thin_groups == 1", True),
        ("thin == 12 and cannot_tell == 20 and cannot_tell_groups == 1", True),
        ("singles == 3 and surplus == 40 and open_gaps_that_matter == 3", True),
        ('class["horse"].rendered < class["horse"].real', False),
        ("class['house'].rendered < 0.5 * class['house'].expected", True),
        ('previous.class["horse"].rendered == 124', True),
        ('label["time of day"]["dusk"].rendered == 3', True),
        ('label["class"]["horse"].expected == 61.5', True),
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
        ("class > 1", "cannot be read"),
        ('class["horse"] > 1', r"may not hold .class\["),
        ("class[0].rendered > 1", "may not hold"),
        ('class["a"]["b"].rendered > 1', "may not hold"),
        ('"class[" > 1', "may not hold"),
        ("absentrate > 0.1", "absentrate, which is no number.*absent_rate"),
        ("previous.absentrate > 0.1", r"no number.*previous\.absent_rate"),
        ("frechet.low > 0.1", "frechet.low, which is no number"),
        ('class["horse"].renderd > 1', r'class\["horse"\].renderd, which .* label.*rendered'),
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
        ("previous.regressed > 1", "previous.regressed, but there are only 2"),
        ("fd > 1 / (absent - 8)", "divides by zero"),
        ('class["hors"].real > 1', r'class\["hors"\].real, but no image.*of .class.: horse'),
        ('weather["fog"].real > 1', "no label 'weather'. There are class, time of day"),
        ("kid > 1", "kid, which could not be measured here"),
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


@pytest.mark.parametrize(
    ("rule", "versions", "known"),
    [
        ("absent > 1", 1, True),
        ("closed > 1", 1, False),
        ("previous.absent > 1", 1, False),
        ("closed > 1", 2, True),
        ("previous.closed > 1", 2, False),
        ("previous.closed > 1", 3, True),
        ('previous.class["x"].real > 1', 1, False),
    ],
)
def test_how_many_versions_a_rule_wants_is_known_before_the_work(
    rule: str, versions: int, known: bool
) -> None:
    read = parse_rule(rule)
    if known:
        read.check_versions(versions)
    else:
        with pytest.raises(InputError, match="earlier --synthetic"):
            read.check_versions(versions)


def test_every_name_that_a_version_has_is_known_before_the_work(comparison: Comparison) -> None:
    for one in (*NUMBERS.versions, *gate_numbers(comparison_json(comparison)).versions):
        assert set(one.named()) <= set(NAMES)
    every = {*PLAIN_NAMES, *JUDGED_NAMES, *CHANGE_NAMES}
    assert every <= set(NUMBERS.versions[-1].named())


# --- a version that cannot be judged --------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        "absent > 100",
        "absent_rate > 0.5",
        "absent_groups > 9",
        "thin > 100",
        "thin_groups > 9",
        "singles > 100",
        "open_gaps_that_matter > 9",
        "closed < 0",
        "opened > 100",
        "open > 100",
        "regressed > 20",
        "images > 1000 or absent > 100",
    ],
)
def test_a_rule_about_the_list_fails_where_there_is_none(rule: str) -> None:
    """A version of 30 dogs once passed: 0 % absent."""
    dogs = gate_numbers({**RESULT, "versions": {"1.0": version(30, 0.15, 4.0), "1.1": unjudged()}})
    outcome = parse_rule(rule).check(dogs)
    part = rule.split(" or ")[-1]
    said = f"{part} cannot be told. Version 1.1 cannot be judged: {OBSTACLE}"
    assert outcome.failed and outcome.sentence == f"gate: version 1.1 fails: {said}"
    failures = ElementTree.fromstring(junit_xml(dogs, outcome)).findall("testcase/failure")
    assert [failure.get("message") for failure in failures] == [said]


def test_clauses_with_one_obstacle_name_it_once() -> None:
    dogs = with_versions(only=unjudged())
    outcome = parse_rule("images > 10 or absent > 100 or thin > 3").check(dogs)
    assert outcome.sentence == (
        "gate: version only fails: images > 10 (images = 100); absent > 100, thin > 3 cannot be "
        f"told. Version only cannot be judged: {OBSTACLE}"
    )


@pytest.mark.parametrize(
    "rule",
    [
        "images > 1000",
        "fd > 9",
        "surplus > 100",
        "judged == 1",
        "cannot_tell < 0",
        'class["horse"].rendered < 50',
    ],
)
def test_other_rules_are_judged_although_the_version_is_not(rule: str) -> None:
    outcome = parse_rule(rule).check(with_versions(only=unjudged()))
    assert not outcome.failed and outcome.sentence == "gate: version only passes"


def test_whoever_lets_unjudged_versions_pass_is_told_so() -> None:
    dogs = with_versions(only=unjudged())
    outcome = parse_rule("absent_rate > 0.10").check(dogs, allow_unjudged=True)
    assert outcome.sentence == (
        f"gate: version only passes (Version only cannot be judged: {OBSTACLE})"
    )
    assert parse_rule("absent_rate > -1").check(dogs, allow_unjudged=True).failed


def test_what_is_said_of_two_versions_needs_both_judged() -> None:
    before = {"1.0": unjudged(), "1.1": version(8, 0.04, 5.0)}
    numbers = gate_numbers({**RESULT, "versions": before})
    for rule in ("closed < 0", "absent_rate > previous.absent_rate + 1"):
        sentence = parse_rule(rule).check(numbers).sentence
        assert sentence.endswith(f"Version 1.0 cannot be judged: {OBSTACLE}")
    assert not parse_rule("absent_rate > 0.10").check(numbers).failed


def test_much_doubt_is_said_and_fails_nothing_by_itself() -> None:
    doubtful = with_versions(only=version(8, 0.04, 5.0, cannot_tell=90))
    share = "45 % of the real images are in groups of which it cannot be told"
    passing = parse_rule("absent_rate > 0.10").check(doubtful)
    assert passing.sentence == f"gate: version only passes ({share})"
    failing = parse_rule("absent_rate > 0.01").check(doubtful)
    assert failing.sentence.endswith(f"(absent_rate = 0.04) ({share})")
    assert parse_rule("cannot_tell > 80").check(doubtful).failed
    assert parse_rule("fd > 9").check(doubtful).sentence == "gate: version only passes"


def test_the_engineers_word_counts_where_it_was_given() -> None:
    marked = with_versions(only=version(8, 0.04, 5.0, marks={"open_gaps_that_matter": 1}))
    assert parse_rule("open_gaps_that_matter == 1").check(marked).failed


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
        "fd > 1.1 * previous.fd (fd = 5, previous.fd = 4)"
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
