"""Carry out a case: which network and layers it takes, and what its last step has left undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..recipe.steps import Distill, Layers
from . import reading
from .channels import changed_elsewhere, missing_removal
from .distilled import unlike_the_student
from .effects import missing_effect, touched_elsewhere
from .patterns import broken_patterns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model.layers import Layer
    from ..model.state import LayerState
    from ..recipe.steps import Step
    from .bench import Bench, Outcome, Subject
    from .matrix import Case


def fail_with(*problems: str) -> None:
    """Fail with all problems, one a line; empty ones are none."""
    if found := [problem for problem in problems if problem]:
        pytest.fail("\n".join(found), pytrace=False)


def network_of(case: Case) -> str:
    """Name the network that a case is tried on."""
    if getattr(case.steps[-1], "criterion", "") == "slim":
        return "batch_norm"  # whose factors this criterion judges by
    operators = case.offer.operators
    return "plain" if operators is None or "Conv" in operators else "attention"


def steps_of(case: Case, subject: Subject) -> tuple[Step, ...]:
    """Return the steps of a case on a network, limited to its second layer where they are."""
    if not case.one_layer:
        return case.steps
    limited = Layers(include=(offered_layers(case, subject)[1].name,))
    return tuple(step.model_copy(update={"layers": limited}) for step in case.steps)


def offered_layers(case: Case, subject: Subject) -> list[Layer]:
    """List the layers of a network that the offer of a case concerns."""
    operators = case.offer.operators
    return [layer for layer in subject.layers if operators is None or layer.op in operators]


def outcome_of(case: Case, bench: Bench) -> Outcome:
    """Run the job of a case, once however often it is asked for."""
    subject = bench.subject(network_of(case))
    return bench.outcome(subject, steps_of(case, subject))


def worked(case: Case, bench: Bench) -> Outcome:
    """Return the outcome of a case; skip where `test_an_offer_works` fails for it already."""
    outcome = outcome_of(case, bench)
    if reading.failure(outcome):
        # One fault is told once, by the test of its own.
        pytest.skip(f"test_an_offer_works[{case.label}] fails")
    return outcome


def refused_or_worked(outcome: Outcome) -> None:
    """Skip where a job was refused with the name of a node, fail where it did not end well."""
    result = outcome.result
    if result.status == "unsupported" and reading.names_the_node(
        result.reason, outcome.subject.model.path
    ):
        pytest.skip(result.reason)  # an honest refusal is as good as the work
    fail_with(reading.failure(outcome))


def missing(case: Case, outcome: Outcome, bench: Bench) -> list[str]:
    """Say what the last step of a case should have done and has not."""
    subject, steps = outcome.subject, steps_of(case, outcome.subject)
    twin = bench.outcome(subject)
    fail_with(reading.failure(twin))
    old, new = reading.states(twin), reading.states(outcome)
    offered, step = offered_layers(case, subject), steps[-1]
    chosen = offered[1:2] if case.one_layer else offered
    others = [layer for layer in offered if layer not in chosen]
    report = outcome.result.steps[-1]
    untrained = len(steps) == 1 and step.train is None
    found = missing_effect(
        step,
        chosen,
        old,
        new,
        reading.source_weights(subject.model.path) if untrained else {},
        approximated=bool(report.approximations),
        sparse_before=any(earlier.op == "prune" for earlier in steps[:-1]),
    )
    if step.op == "prune" and step.structure == "channel":
        # What an earlier step has narrowed counts from there.
        given = reading.states(bench.outcome(subject, steps[:-1]))
        chosen, others = (_as_given(part, given) for part in (chosen, others))
        found += missing_removal(step, chosen, new)
        elsewhere = changed_elsewhere(others, new)
    else:
        elsewhere = touched_elsewhere(others, old, new, trained=step.train is not None)
    if step.op == "prune" and step.pattern is not None:
        found += broken_patterns(step.pattern, reading.values(outcome, chosen))
    if isinstance(step, Distill) and step.student is not None and len(steps) == 1:
        found += unlike_the_student(outcome, bench)
    if any(warning.code == "PARTIAL" for warning in report.warnings):
        # That excuses doing less, not doing something elsewhere.
        found = [problem for problem in found if problem.startswith("nothing")]
    return [
        *found,
        *elsewhere,
        *reading.not_smaller(step, outcome, twin),
        *reading.activations_left_alone(step, outcome),
    ]


def _as_given(layers: Sequence[Layer], states: Mapping[str, LayerState]) -> list[Layer]:
    return [layer.model_copy(update={"shape": states[layer.name].shape}) for layer in layers]
