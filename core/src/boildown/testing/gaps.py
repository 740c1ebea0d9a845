"""Known gaps of a backend: cases that fail today, each with a reason, and strict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def check_known_gaps(suite: str, gaps: Mapping[str, str], tests: Collection[str]) -> None:
    """Refuse gaps without a reason and gaps of tests that do not exist; pytest.UsageError."""
    problems = [f"{case!r} has no reason" for case, reason in gaps.items() if not reason.strip()]
    problems += [
        f"{case!r} names no test (there are {', '.join(sorted(tests))})"
        for case in gaps
        if case.partition("[")[0] not in tests
    ]
    if problems:
        raise pytest.UsageError(f"known_gaps of {suite}: " + "; ".join(problems))


def check_cases(suite: str, gaps: Mapping[str, str], test: str, labels: Collection[str]) -> None:
    """Refuse gaps of a test whose cases have other labels; pytest.UsageError."""
    wrong = [
        case
        for case in gaps
        if case.partition("[")[0] == test and case.partition("[")[2].removesuffix("]") not in labels
    ]
    if wrong:
        raise pytest.UsageError(
            f"known_gaps of {suite}: {', '.join(wrong)} is no case (any more); the cases of {test}"
            f" are {', '.join(labels) or 'without label'}"
        )
