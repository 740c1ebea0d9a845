"""Rows held against conditions, for people and as JUnit XML for CI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree as ET

from .text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .changes import Change
    from .conditions import Condition

Outcome = Literal["passed", "failed", "not known"]


@dataclass(frozen=True)
class Verdict:
    """One condition on one row."""

    change: Change
    condition: str
    outcome: Outcome
    message: str = ""


def verdicts(found: Sequence[Change], conditions: Sequence[Condition]) -> tuple[Verdict, ...]:
    """Hold every row against every condition.

    A row that is gone fails: nothing of it can be held against anything. A row without the figure
    is not known; where no row has it, all fail, for the condition has judged nothing.
    """
    rows = [change for change in found if change.new]
    gone = [
        Verdict(change, "the row is there", "failed", "the second run has no such row")
        for change in found
        if not change.new
    ]
    held = []
    for condition in conditions:
        judged = [_verdict(change, condition) for change in rows]
        if all(verdict.outcome == "not known" for verdict in judged):
            message = f"no row has a figure for {condition.text!r}"
            message += "".join(f": {verdict.message}" for verdict in judged[:1])
            judged = [Verdict(change, condition.text, "failed", message) for change in rows]
        held += judged
    return (*held, *gone) if conditions else ()


def _verdict(change: Change, condition: Condition) -> Verdict:
    value = condition.value(change)
    if value is None:
        return Verdict(change, condition.text, "not known", clean(condition.unknown(change)))
    if condition.holds(value):
        return Verdict(change, condition.text, "failed", clean(f"found {value}"))
    return Verdict(change, condition.text, "passed")


def junit(found: Sequence[Verdict]) -> str:
    """Return the verdicts as JUnit XML: a test case for each row and condition."""
    failed = sum(verdict.outcome == "failed" for verdict in found)
    skipped = sum(verdict.outcome == "not known" for verdict in found)
    counts = {"tests": str(len(found)), "failures": str(failed), "skipped": str(skipped)}
    suite = ET.Element("testsuite", {"name": "boildown diff", "errors": "0", **counts})
    for verdict in found:
        model, recipe, backend = map(clean, verdict.change.name)
        case = ET.SubElement(
            suite,
            "testcase",
            {"classname": f"{model}.{backend}", "name": f"{recipe}: {verdict.condition}"},
        )
        if verdict.outcome != "passed":
            kind = "failure" if verdict.outcome == "failed" else "skipped"
            ET.SubElement(case, kind, {"message": verdict.message})
        if verdict.change.not_the_same:
            ET.SubElement(case, "system-out").text = "\n".join(verdict.change.not_the_same)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
