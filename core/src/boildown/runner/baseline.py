"""The float32 source in ONNX Runtime: measured once, before any job, and held against `expect`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..comparison.schema import Baseline, ModelRecord, Quality, Speed
from ..measuring.checks import check_expectation, near_chance
from ..measuring.judging import classes_of
from ..measuring.machine import machine
from ..measuring.quality import not_finite, quality
from ..measuring.requests import Failure, Outputs, Target
from ..measuring.speedup import no_speed, speed
from ..plugins.values import CLASSIFICATION, Warned
from .facts import NOT_ASKED, SourceFacts, plain_source_facts, source_facts
from .measures import BASELINE, Measures

if TYPE_CHECKING:
    from ..job.process import Progress
    from .subjects import Subject

RUNTIME = "ONNX Runtime"


@dataclass(frozen=True)
class Measured:
    """A subject with what was measured on it before any compression."""

    subject: Subject
    measures: Measures
    facts: SourceFacts
    outputs: Outputs | Failure
    quality: Quality | None
    #: Warnings that every row of this subject carries.
    warnings: tuple[Warned, ...]

    def told(self, on_progress: Progress) -> Measured:
        """Return the same, with the progress of later measurements going to `on_progress`."""
        return replace(self, measures=replace(self.measures, on_progress=on_progress))

    @property
    def target(self) -> Target:
        """The float32 source as a target."""
        return self.measures.target(BASELINE, self.subject.model)


def unmeasured_baseline(measures: Measures) -> Measured:
    """Take the source as it is, for runs that measure nothing."""
    subject = measures.subject
    outputs = Failure(status="unsupported", reason=NOT_ASKED)
    return Measured(subject, measures, plain_source_facts(subject), outputs, None, subject.notes)


def measure_baseline(measures: Measures) -> Measured:
    """Decode the source and judge it; DataError where it misses `expect`, or cannot be judged."""
    subject = measures.subject
    outputs = measures.outputs(measures.target(BASELINE, subject.model))
    warnings = list(subject.notes)
    if isinstance(outputs, Outputs):
        found = quality(outputs, None, task=subject.entry.task, measured_on=RUNTIME)
        warnings += doubts(found, outputs)
    else:
        found = Quality(
            task=subject.entry.task, measured_on=RUNTIME, metrics=(), reason=outputs.reason
        )
    if subject.entry.expect is not None:
        check_expectation(found, subject.entry.expect)
    facts = source_facts(subject, measures.store)
    return Measured(subject, measures, facts, outputs, found, tuple(warnings))


def doubts(found: Quality, outputs: Outputs) -> tuple[Warned, ...]:
    """Warn where a float model hardly guesses, or gives no numbers; `found` is its quality."""
    if outputs.non_finite:
        return (Warned(code="NOTE", text=f"the float model: {not_finite(outputs)}"),)
    if found.task != CLASSIFICATION:
        return ()
    warning = near_chance(found, classes_of(outputs))
    return () if warning is None else (warning,)


def model_record(measured: Measured, *, path: str, timed: bool) -> ModelRecord:
    """Return the model's record, its file at `path`; speed and memory are measured now, alone."""
    subject, facts = measured.subject, measured.facts
    memory = measured.measures.memory(measured.target, None) if timed else None
    return ModelRecord(
        uri=subject.entry.uri,
        sha256=subject.normalized.sha256,
        parameters=facts.parameters,
        macs=facts.macs,
        preprocessing=subject.entry.preprocessing,
        baseline=Baseline(
            size=facts.size,
            quality=measured.quality,
            speed=baseline_speed(measured.measures, measured.target) if timed else None,
            memory=memory,
            reason="" if timed else NOT_ASKED,
        ),
        path=path,
        test_sha256=subject.digests.test,
    )


def baseline_speed(measures: Measures, target: Target) -> Speed:
    """Time the float32 source by itself."""
    threads = measures.threads
    sets = machine(threads).instruction_sets
    times = measures.speed([target], None)
    if isinstance(times, Failure):
        return no_speed(times.reason, runtime=RUNTIME, threads=threads, instruction_sets=sets)
    return speed(
        times,
        BASELINE,
        runtime=RUNTIME,
        device_verified=True,
        instruction_sets=sets,
        threads=threads,
    )
