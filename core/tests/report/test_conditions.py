"""What a condition of `diff --fail-if` may say, and what it means."""

from __future__ import annotations

import re
from typing import Any

import pytest
from boildown.comparison.schema import Comparison
from boildown.errors import UsageError
from boildown.report.changes import changes, fields_of
from boildown.report.conditions import condition
from boildown.report.verdicts import verdicts


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("top1", "is no condition; write for example"),
        ("__import__('os').system('x') < 1", "is no condition"),
        ("top1_diference < 0", "did you mean 'top1_difference'"),
        ("top1 < high", "'high' is no number"),
        ("status == error", "status is never 'error' (it can be ok, no_effect"),
        ("status == Failed", "did you mean 'failed'"),
        ("pareto != best", "pareto is never 'best'"),
        ("warnings == SLOW", "did you mean 'SLOWER'"),
        ("limits_missed == deflated_byte", "did you mean 'deflated_bytes'"),
        ("status == ''", "status is never ''"),
        *(
            (f"top1 > {bound}", "is no number")
            for bound in ("nan", "-inf", "1e999", "1_0", "\u0661", "1e")
        ),
    ],
)
def test_what_is_no_condition_is_refused(comparison: Comparison, text: str, why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)):
        condition(text, fields_of(changes(comparison, comparison)))


def test_text_and_numbers_are_not_ordered(comparison: Comparison) -> None:
    found = changes(comparison, comparison)
    with pytest.raises(UsageError, match="status is text here"):
        verdicts(found, [condition("status < 1", fields_of(found))])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("device_verified == true", True),
        ("device_verified == false", False),
        ("device_verified != False", True),
        ("recipe == 50", True),
        ("n == 10", True),
    ],
)
def test_a_bound_is_meant_as_what_the_field_holds(text: str, *, holds: bool) -> None:
    values: dict[str, Any] = {"device_verified": True, "recipe": "50", "n": 10}
    asked = condition(text, values)
    assert asked.holds(values[asked.field]) == holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("warnings == SLOWER", True),
        ("warnings != SLOWER", False),
        ("warnings == PARITY", False),
        ("limits_missed == top1", True),
        ("limits_missed != bytes", True),
    ],
)
def test_of_several_words_one_is_asked_for(text: str, *, holds: bool) -> None:
    values = {"warnings": "NOTE, SLOWER", "limits_missed": "top1, bits"}
    asked = condition(text, values)
    assert asked.holds(values[asked.field]) == holds


@pytest.mark.parametrize("field", ["warnings", "limits_missed"])
def test_of_several_words_there_may_be_none(field: str) -> None:
    for held, none in (("", True), ("SLOWER", False)):
        assert condition(f"{field} == ''", [field]).holds(held) == none
        assert condition(f'{field} != ""', [field]).holds(held) != none


@pytest.mark.parametrize(
    "text", ["device_verified == yes", "device_verified > 0", "n == many", "n != nan", "n == 1_0"]
)
def test_a_bound_that_the_field_can_never_have_is_refused(text: str) -> None:
    values: dict[str, Any] = {"device_verified": True, "n": 10}
    asked = condition(text, values)
    with pytest.raises(UsageError, match="is for others"):
        asked.holds(values[asked.field])
