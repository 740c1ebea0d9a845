"""Take the measurements of a run: each once per key, outputs in company, time and memory alone."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..comparison.schema import Energy, Memory
from ..job.environment import digest, environment
from ..measuring.bench import Bench
from ..measuring.inputs import model_io, write_sample
from ..measuring.machine import machine
from ..measuring.measure import (
    batch_size_for,
    measure_energy,
    measure_memory,
    measure_outputs,
    measure_speed,
)
from ..measuring.requests import Failure, ModelIO, Outputs, Sample, SpeedTimes, Target
from ..plugins.values import CLASSIFICATION, Context
from .cached import cached
from .lock import machine_lock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from ..artifact import Artifact
    from ..data.manifest import DataManifest
    from ..job.process import Limits, Progress
    from ..recipe.steps import Step
    from .endpoints import Endpoint
    from .store import Kind, Store
    from .subjects import Subject

#: Name of the float32 source in ONNX Runtime among the targets of a group.
BASELINE = "float32 ONNX"
#: Statuses of a target that another try would not change.
_SETTLED = ("ok", "unsupported")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Measures:
    """The measurements of one run, on one subject."""

    store: Store
    subject: Subject
    threads: int
    limits: Limits
    stop: threading.Event
    timing_seconds: float = 6.0
    on_progress: Progress | None = None

    @property
    def io(self) -> ModelIO:
        """Inputs and outputs of the source."""
        return model_io(self.subject.model.path)

    def target(
        self,
        name: str,
        artifact: Artifact,
        place: Endpoint | None = None,
        steps: Sequence[Step] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> Target:
        """Return what to run: natively through `place`, else in ONNX Runtime.

        `settings` are those of the recipe that say what ships and how it is run.
        """
        if place is None:
            return Target(name=name, artifact=artifact, threads=self.threads)
        context = Context(
            workdir=artifact.path.parent,
            threads=self.threads,
            original=self.subject.model,
            steps=tuple(steps),
            index=len(steps),
            settings=dict(settings or {}),
        )
        return Target(
            name=name,
            artifact=artifact,
            backend=place.name,
            context=context,
            threads=self.threads,
        )

    @property
    def has_test(self) -> bool:
        """Whether there are samples to judge on."""
        return self.subject.data is not None and "test" in self.subject.data.splits

    def outputs(
        self, target: Target, place: Endpoint | None = None, steps: Sequence[Step] = ()
    ) -> Outputs | Failure:
        """Run a target over the whole test split."""
        data = self.subject.data
        if data is None or "test" not in data.splits:
            return Failure(status="unsupported", reason="there are no test data")
        size = batch_size_for(steps)
        # A classifier is judged by its first output, other networks by all that metrics may read.
        judged = self.io.outputs[: 1 if self.subject.entry.task == CLASSIFICATION else None]
        key = self._key(
            "outputs",
            [target],
            place,
            batch=size,
            data=self.subject.digests.test,
            outputs=judged,
            path=str(self.store.root),  # where the arrays lie is told in the value
        )

        def run(folder: Path) -> Outputs | Failure:
            with machine_lock("shared"):
                return measure_outputs(
                    target,
                    io=self.io,
                    data=data,
                    folder=folder / "arrays",
                    bench=self._bench(folder, place),
                    batch_size=size,
                    outputs=judged,
                )

        return cached(self.store, "outputs", key, Outputs, run)

    def speed(
        self, targets: Sequence[Target], place: Endpoint | None, references: Sequence[str] = ()
    ) -> SpeedTimes | Failure:
        """Time the targets against each other until their ratios to `references` have settled."""
        return self._alone(
            "speed",
            targets,
            place,
            SpeedTimes,
            lambda sample, bench: measure_speed(
                targets,
                sample=sample,
                bench=bench,
                references=references,
                budget_seconds=self.timing_seconds,
            ),
            settled=lambda found: all(times.status in _SETTLED for times in found.targets),
        )

    def memory(self, target: Target, place: Endpoint | None) -> Memory:
        """Measure the peak resident memory of a target in a process of its own."""
        return self._alone(
            "memory",
            [target],
            place,
            Memory,
            lambda sample, bench: measure_memory(target, sample=sample, bench=bench),
            settled=lambda found: found.peak_rss_bytes is not None,
        )

    def energy(self, target: Target, place: Endpoint | None) -> Energy:
        """Measure joules per inference, where this computer counts them."""
        return self._alone(
            "energy",
            [target],
            place,
            Energy,
            lambda sample, bench: measure_energy(target, sample=sample, bench=bench),
            settled=lambda found: found.joules is not None,
        )

    def _alone(
        self,
        kind: Kind,
        targets: Sequence[Target],
        place: Endpoint | None,
        wanted: type[BaseModel],
        measure: Callable[[Sample, Bench], _Value],
        *,
        settled: Callable[[Any], bool],
    ) -> _Value:
        seconds = self.timing_seconds
        key = self._key(kind, targets, place, data=self.subject.digests.test, seconds=seconds)

        def run(folder: Path) -> _Value:
            with machine_lock("exclusive"):
                sample = write_sample(folder / "sample.npz", self.io, self._test_data())
                return measure(sample, self._bench(folder, place))

        return cached(self.store, kind, key, wanted, run, settled=settled)

    def _test_data(self) -> DataManifest | None:
        data = self.subject.data
        return data if data is not None and "test" in data.splits else None

    def _bench(self, folder: Path, place: Endpoint | None) -> Bench:
        return Bench(
            workdir=folder / "work",
            log=folder / "log.txt",
            limits=self.limits,
            threads=self.threads,
            python=(place.python if place else None) or sys.executable,
            on_progress=self.on_progress,
            stop=self.stop,
        )

    def _key(
        self, kind: str, targets: Sequence[Target], place: Endpoint | None, **more: object
    ) -> str:
        return digest(
            {
                "kind": kind,
                "targets": [_identity(target) for target in targets],
                "machine": machine(self.threads).model_dump(mode="json"),
                "environment": place.environment if place else environment(("onnxruntime",)),
                **more,
            }
        )


def _identity(target: Target) -> tuple[object, ...]:
    """Return what tells one target from another: its file, and what its runtime is told."""
    context, told = target.context, dict[str, object]()
    if context is not None:
        steps = [step.model_dump(mode="json", by_alias=True) for step in context.steps]
        told = {"steps": steps, "settings": context.settings}
    return target.name, target.backend, target.threads, target.artifact.digest, told
