"""A student that the recipe names: it is what ships, and it has learnt something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import reading

if TYPE_CHECKING:
    from .bench import Bench, Outcome


def unlike_the_student(outcome: Outcome, bench: Bench) -> list[str]:
    """Say where a distilled file is not the student, or the student as it was."""
    student = bench.outcome(bench.student(outcome.subject))
    if problem := reading.failure(student):
        return [f"the student's float twin: {problem}"]
    wanted, found = reading.states(student), reading.states(outcome)
    problems = [
        f"layer {name!r} has shape {found[name].shape}; the student's has {state.shape}"
        for name, state in wanted.items()
        if found[name].shape != state.shape
    ]
    if not problems and all(
        found[name].values_digest == state.values_digest for name, state in wanted.items()
    ):
        problems.append("nothing has changed: the student has the weights that it had before")
    return problems
