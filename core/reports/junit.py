"""JUnit XML of a comparison and its gate, which continuous-integration systems display as test
results.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from core.reports.gate import Outcome


def junit_xml(result: dict[str, Any], outcome: Outcome | None) -> str:
    """One test case for each clause of the rule, and one for each version's verdict (which never
    fails).

    ``result`` is what ``compare --json`` writes; ``outcome`` None where there was no rule.
    """
    suite = ElementTree.Element(
        "testsuite", name="gapscope", time=f"{sum(result['seconds'].values()):.3f}"
    )
    for name, version in result["versions"].items():
        case = ElementTree.SubElement(
            suite, "testcase", classname="gapscope.version", name=f"version {name}"
        )
        rate = version["absent_rate"]
        told = f"{len(version['absent'])} absent of {result['real']['images']} real images"
        ElementTree.SubElement(case, "system-out").text = (
            f"{told}; absent_rate {rate}; {version['verdict'] or ''}" if rate is not None else told
        )
    failures = 0
    for clause in outcome.clauses if outcome else ():
        case = ElementTree.SubElement(
            suite, "testcase", classname="gapscope.gate", name=clause.text
        )
        seen = ", ".join(f"{name} = {value:.6g}" for name, value in clause.values.items())
        if clause.held:
            failures += 1
            ElementTree.SubElement(
                case, "failure", message=f"{clause.text} holds: {seen}"
            ).text = seen
        else:
            ElementTree.SubElement(case, "system-out").text = seen
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
