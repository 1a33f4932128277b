"""JUnit XML of a comparison and its gate, which continuous-integration systems display as test
results.
"""

from __future__ import annotations

from xml.etree import ElementTree

from core.reports.gate import Clause, GateOutcome
from core.reports.gate_numbers import GateNumbers, VersionNumbers


def junit_xml(numbers: GateNumbers, outcome: GateOutcome | None) -> str:
    """One test case for each clause of the rule, and one for each version's verdict (which never
    fails). ``outcome`` None where there was no rule.
    """
    suite = ElementTree.Element("testsuite", name="gapscope", time=f"{numbers.seconds:.3f}")
    for version in numbers.versions:
        _case(suite, "version", f"version {version.name}", _version(version, numbers.real_images))
    clauses = outcome.clauses if outcome else ()
    for clause in clauses:
        _clause(suite, clause)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(clause.held for clause in clauses)))
    suite.set("errors", "0")
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _version(version: VersionNumbers, real_images: int) -> str:
    counts = f"{version.absent} absent of {real_images} real images"
    if version.absent_rate is None:
        return counts
    return f"{counts}; absent_rate {version.absent_rate}; {version.verdict}"


def _clause(suite: ElementTree.Element, clause: Clause) -> None:
    values = ", ".join(f"{name} = {value:.6g}" for name, value in clause.values.items())
    if not clause.held:
        _case(suite, "gate", clause.text, values)
        return
    case = _case(suite, "gate", clause.text)
    failure = ElementTree.SubElement(case, "failure", message=f"{clause.text} holds: {values}")
    failure.text = values


def _case(
    suite: ElementTree.Element, kind: str, name: str, output: str | None = None
) -> ElementTree.Element:
    case = ElementTree.SubElement(suite, "testcase", classname=f"gapscope.{kind}", name=name)
    if output is not None:
        ElementTree.SubElement(case, "system-out").text = output
    return case
