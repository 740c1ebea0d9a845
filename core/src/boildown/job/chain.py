"""Carry out one job in this process: the chain of steps, the deployable and its ONNX form.

Finished steps are kept below the job's folder with a digest; a job that is run again after it was
cut off goes on behind the last of them.
"""

from __future__ import annotations

import contextlib
import logging
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..artifact import Artifact
from ..errors import ModelError, PluginError, UnsupportedError
from ..files import write_atomically
from ..model.ports import onnx_ports
from ..plugins.registry import Backend
from ..plugins.values import Context
from .protocol import PROTOCOL, Cost, Job, JobResult, StepReport
from .resident import resident_bytes

_LOG = logging.getLogger(__name__)
Say = Callable[[dict[str, Any]], None]


def run_chain(job: Job, backend: Backend, say: Say) -> JobResult:
    """Run `job`; raises what the backend raises.

    `say` hears `{"step": i, "op": …}` when a part begins and `{"done", "total", "text"}` within.
    """
    if job.protocol != PROTOCOL:
        raise UnsupportedError(f"the job speaks protocol {job.protocol}, this worker {PROTOCOL}")
    clock = _Clock()
    artifact, reports, spent = job.model, list[StepReport](), Cost()
    for index, step in enumerate(job.steps):
        say({"step": index, "op": step.op})
        kept = _kept(job, index, artifact)
        spent = spent if kept is None else _together(spent, kept.cost)
        reports.append(kept or _step(job, backend, index, artifact, say))
        artifact = reports[-1].artifact
    for index, settings in enumerate(job.train):
        say({"step": index, "op": "train"})
        context = _context(job, f"train/{index}", index, say)
        artifact = _made(backend.train(artifact, settings, context), context, "train")
    say({"step": len(job.steps), "op": "deploy"})
    context = _context(job, "deploy", len(job.steps), say)
    deployable = _made(backend.deploy(artifact, context), context, "deploy")
    result = JobResult(status="ok", steps=tuple(reports), deployable=deployable)
    result = _decoded(result, deployable, backend, job, say)
    cost = _together(spent, clock.cost(_epochs(job, reports) - spent.epochs))
    return result.model_copy(update={"cost": cost})


def _decoded(
    result: JobResult, deployable: Artifact, backend: Backend, job: Job, say: Say
) -> JobResult:
    """Add what can be read back from the deployable, or the reason why it cannot."""
    found: dict[str, object] = {}
    say({"step": len(job.steps), "op": "to_onnx"})
    context = _context(job, "onnx", len(job.steps), say)
    try:
        found["onnx"] = backend.to_onnx(deployable, context)
    except UnsupportedError as error:
        found["onnx_reason"] = str(error)
    context = _context(job, "layers", len(job.steps), say)
    try:
        found["layers"] = tuple(backend.layers(deployable, context))
    except UnsupportedError as error:
        found["layers_reason"] = str(error)
    if deployable.format == "onnx":
        found["ports"] = onnx_ports(deployable.path)
    elif backend.implements("ports"):
        # What its runtime cannot load here is measured, and told, as such; facts say what lacks.
        with contextlib.suppress(UnsupportedError, ModelError):
            found["ports"] = backend.ports(deployable, context)
    if not backend.implements("open_runtime"):
        found["runtime_reason"] = f"backend {backend.name!r} has no native runtime"
    return result.model_copy(update=found)


def _step(job: Job, backend: Backend, index: int, model: Artifact, say: Say) -> StepReport:
    step, clock = job.steps[index], _Clock()
    settings = job.settings[index] if index < len(job.settings) else {}
    context = _context(job, f"steps/{index}/files", index, say, settings)
    before = model.digest
    outcome = backend.run(step, model, context)
    _made(outcome.artifact, context, step.op)
    if model.digest != before:
        raise PluginError(f"backend {backend.name!r} changed its input in step {index + 1}")
    report = StepReport(
        op=step.op,
        settings=step.model_dump(mode="json", by_alias=True, exclude={"op"}),
        artifact=outcome.artifact,
        approximations=outcome.approximations,
        warnings=outcome.warnings,
        cost=clock.cost(outcome.epochs),
        input_digest=before,
        digest=outcome.artifact.digest,
    )
    write_atomically(_report_of(job, index), report.model_dump_json(indent=1))
    return report


def _report_of(job: Job, index: int) -> Path:
    return job.workdir / "steps" / str(index) / "report.json"


def _kept(job: Job, index: int, model: Artifact) -> StepReport | None:
    """Return the report of a step that an earlier run finished, if its files are untouched.

    In a copy of a cache a report speaks of the files of the other.
    """
    try:
        report = StepReport.model_validate_json(_report_of(job, index).read_bytes())
        intact = (
            report.artifact.path.is_relative_to(job.workdir)
            and report.input_digest == model.digest
            and report.artifact.digest == report.digest
        )
    except (OSError, ValidationError):
        return None
    if not intact:
        return None
    _LOG.info("step %d is done already: %s", index + 1, report.artifact.path)
    return report


def _made(artifact: Artifact, context: Context, what: str) -> Artifact:
    """Check that a hook wrote what it says, where it may write."""
    if not artifact.path.exists():
        raise PluginError(f"{what} returned {artifact.path.name}, which does not exist")
    if not artifact.path.resolve().is_relative_to(context.workdir.resolve()):
        raise PluginError(f"{what} wrote outside its folder: {artifact.path}")
    return artifact


def _context(
    job: Job, folder: str, index: int, say: Say, settings: dict[str, Any] | None = None
) -> Context:
    workdir = job.workdir / folder
    workdir.mkdir(parents=True, exist_ok=True)
    return Context(
        workdir=workdir,
        seed=job.seed,
        threads=job.threads,
        device=job.device,
        data=job.data,
        original=job.model,
        models=job.models,
        preprocessing=job.preprocessing,
        labels=job.labels,
        steps=job.steps,
        index=index,
        settings={**job.deploy, **(settings or {})},
    ).reporting_to(lambda done, total, text: say({"done": done, "total": total, "text": text}))


def _epochs(job: Job, reports: list[StepReport]) -> int:
    return sum(report.cost.epochs for report in reports) or sum(t.epochs for t in job.train)


def _together(one: Cost, other: Cost) -> Cost:
    """Return what two processes have cost that ran one after the other."""
    return Cost(
        wall_seconds=one.wall_seconds + other.wall_seconds,
        cpu_seconds=one.cpu_seconds + other.cpu_seconds,
        peak_rss_bytes=max(one.peak_rss_bytes, other.peak_rss_bytes),
        epochs=one.epochs + other.epochs,
    )


class _Clock:
    """Wall and CPU seconds since it was made, children that have ended included."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), self._cpu_now()

    def cost(self, epochs: int) -> Cost:
        return Cost(
            wall_seconds=time.perf_counter() - self._wall,
            cpu_seconds=self._cpu_now() - self._cpu,
            peak_rss_bytes=resident_bytes()[1],
            epochs=epochs,
        )

    @staticmethod
    def _cpu_now() -> float:
        usage = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(u.ru_utime + u.ru_stime for u in usage)
