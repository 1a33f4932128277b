"""JUnit XML of a comparison and its gate, which continuous-integration systems display as test
results.
"""

from __future__ import annotations

from xml.etree import ElementTree

from core.contracts.judgement_words import doubt_sentence, unjudged_sentence
from core.reports.gate import Clause, GateOutcome
from core.reports.gate_numbers import GateNumbers, VersionNumbers


def junit_xml(numbers: GateNumbers, outcome: GateOutcome | None) -> str:
    """One test case for each clause of the rule, which fails with the words of the gate's sentence,
    and one for each version's verdict, which never fails. ``outcome`` None where there was no rule.
    """
    suite = ElementTree.Element("testsuite", name="gapscope", time=f"{numbers.seconds:.3f}")
    for version in numbers.versions:
        _case(suite, "version", f"version {version.name}", _version(version, numbers.real_images))
    clauses = outcome.clauses if outcome else ()
    for clause in clauses:
        _clause(suite, clause)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(clause.failed for clause in clauses)))
    suite.set("errors", "0")
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _version(version: VersionNumbers, real_images: int) -> str:
    if not version.judged:
        return unjudged_sentence(version.name, version.obstacle)
    counts = f"{version.absent} absent of {real_images} real images"
    if version.absent_rate is None:
        return counts
    said = f"{counts}; absent_rate {version.absent_rate}; {version.verdict}"
    doubt = doubt_sentence(version.cannot_tell, real_images)
    return f"{said} {doubt}." if doubt else said


def _clause(suite: ElementTree.Element, clause: Clause) -> None:
    """A clause with the words of the gate's sentence."""
    if not clause.failed:
        _case(suite, "gate", clause.text, clause.words)
        return
    case = _case(suite, "gate", clause.text)
    failure = ElementTree.SubElement(case, "failure", message=clause.words)
    failure.text = clause.words


def _case(
    suite: ElementTree.Element, kind: str, name: str, output: str | None = None
) -> ElementTree.Element:
    case = ElementTree.SubElement(suite, "testcase", classname=f"gapscope.{kind}", name=name)
    if output is not None:
        ElementTree.SubElement(case, "system-out").text = output
    return case
