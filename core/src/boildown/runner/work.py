"""First pass over a cell of the grid: compress, decode, judge. Nothing here is timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..comparison.schema import Parity, Quality
from ..measuring.parity import SAME_FILE, parity
from ..measuring.quality import quality
from ..measuring.requests import Failure, Outputs, Target
from .facts import NOT_ASKED, Facts, deployable_facts, plain_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..artifact import Artifact
    from ..plugins.values import Warned
    from ..recipe.recipe import Recipe
    from ..recipe.steps import Step
    from .baseline import Measured
    from .carry_out import Done
    from .endpoints import Endpoint

COMPRESSED, TWIN, ONNX_FORM = "compressed", "float twin", "ONNX form"


@dataclass(frozen=True)
class Judged:
    """One job with everything known of its files but time and memory."""

    done: Done
    facts: Facts
    target: Target
    native: bool
    outputs: Outputs | Failure
    quality: Quality | None
    parity: Parity | None
    #: Why a file for another device is not timed: its runtime does not run on this computer.
    absent: str = ""


@dataclass(frozen=True)
class Worked:
    """One cell of the grid after the first pass."""

    recipe: Recipe
    place: Endpoint
    measured: Measured
    done: Done
    judged: Judged | None = None
    twin: Judged | None = None
    control: Judged | None = None
    #: Why there is no twin or no control though there should be one.
    lacks: tuple[Warned, ...] = ()


def judge(
    name: str,
    done: Done,
    place: Endpoint,
    measured: Measured,
    *,
    steps: tuple[Step, ...] = (),
    settings: Mapping[str, Any] | None = None,
    twin: Judged | None = None,
) -> Judged | None:
    """Decode and judge what a job made; None where it made nothing.

    `settings` are those with which the job has deployed.
    """
    result, measures = done.result, measured.measures
    if result.status != "ok" or result.deployable is None:
        return None
    before = twin.facts.states if twin is not None else None
    before = measured.facts.states if before is None else before
    facts = deployable_facts(measured.subject, result, before, measures.store, steps)
    runs = place if place.python else None
    target = measures.target(name, result.deployable, runs, steps, settings)
    native = place.python is not None
    runtime = place.info.runtime_of(result.deployable.format)
    outputs: Outputs | Failure = Failure(status="unsupported", reason="there is no runtime")
    if native:
        outputs = measures.outputs(target, place, steps)
    absent = ""
    # Without data nothing is run here, and whether there is a runtime is seen when it is timed.
    tried = not native or measures.has_test
    if tried and isinstance(outputs, Failure) and outputs.status == "unsupported" and result.onnx:
        if not place.info.is_for_here(result.deployable.format):
            absent = outputs.reason
        # No native runtime on this computer: the ONNX form speaks for the file, and says so.
        native = False
        target = measures.target(name, result.onnx)
        outputs = measures.outputs(target, None, steps)
    return Judged(
        done=done,
        facts=facts,
        target=target,
        native=native,
        outputs=outputs,
        quality=_quality(outputs, measured, runtime if native else place.info.stand_in),
        parity=_parity(result.onnx, result.deployable, outputs, measured, steps)
        if native
        else None,
        absent=absent,
    )


def unjudged(done: Done, measured: Measured) -> Judged | None:
    """Take what a job made as it is, for runs that measure nothing; None where it made nothing."""
    deployable = done.result.deployable
    if done.result.status != "ok" or deployable is None:
        return None
    return Judged(
        done=done,
        facts=plain_facts(deployable),
        target=measured.measures.target(COMPRESSED, deployable),
        native=False,
        outputs=Failure(status="unsupported", reason=NOT_ASKED),
        quality=None,
        parity=None,
    )


def _quality(outputs: Outputs | Failure, measured: Measured, measured_on: str) -> Quality:
    task = measured.subject.entry.task
    if isinstance(outputs, Failure):
        return Quality(task=task, measured_on=measured_on, metrics=(), reason=outputs.reason)
    return quality(outputs, measured.outputs, task=task, measured_on=measured_on)


def _parity(
    onnx: Artifact | None,
    deployable: Artifact,
    outputs: Outputs | Failure,
    measured: Measured,
    steps: tuple[Step, ...],
) -> Parity | None:
    """Hold the native outputs against those of the ONNX form."""
    if onnx is None or isinstance(outputs, Failure):
        reason = "there is no ONNX form" if onnx is None else outputs_reason(outputs)
        return Parity(max_abs_difference=None, top1_agreement=None, reason=reason)
    if onnx.path == deployable.path or onnx.digest == deployable.digest:
        return SAME_FILE
    measures = measured.measures
    form = measures.outputs(measures.target(ONNX_FORM, onnx), None, steps)
    if isinstance(form, Failure):
        return Parity(max_abs_difference=None, top1_agreement=None, reason=form.reason)
    return parity(outputs, form, task=measured.subject.entry.task)


def outputs_reason(outputs: Outputs | Failure) -> str:
    """Return why there are no outputs; empty where there are."""
    return outputs.reason if isinstance(outputs, Failure) else ""
