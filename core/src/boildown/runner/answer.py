"""Read what a worker answers, which may be anybody's program, and hold it against the protocol."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ..job.protocol import JobResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..artifact import Artifact
    from ..job.protocol import Job


def answer(path: Path, job: Job) -> JobResult:
    """Return the result that a worker has written, or a failed one that says what is wrong."""
    try:
        result = JobResult.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return JobResult(status="failed", reason="the worker ended well but wrote no result")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return JobResult(
            status="failed", reason=f"the worker's result.json is broken: {where}: {first['msg']}"
        )
    failed = result.status != "ok"
    wrong = [] if failed else [*_wrong_steps(result, job), *_wrong_files(result, job)]
    if wrong:
        said = "; ".join(wrong)
        return JobResult(status="failed", reason=f"the worker's result.json is wrong: {said}")
    return result


def _wrong_steps(result: JobResult, job: Job) -> Iterator[str]:
    told, asked = [step.op for step in result.steps], [step.op for step in job.steps]
    if told != asked:
        yield f"steps reports {told}, and {asked} were asked for"
    for place, (one, after) in enumerate(pairwise(result.steps), start=1):
        if one.digest != after.input_digest:
            yield f"step {place + 1} did not begin with what step {place} made (their digests)"


def _wrong_files(result: JobResult, job: Job) -> Iterator[str]:
    if result.deployable is None:
        yield "there is no deployable"
    named = [("deployable", result.deployable), ("onnx", result.onnx)]
    named += [(f"steps.{place}.artifact", step.artifact) for place, step in enumerate(result.steps)]
    for name, artifact in named:
        if artifact is not None and (problem := _problem(artifact, job)):
            yield f"{name}: {artifact.path} {problem}"


def _problem(artifact: Artifact, job: Job) -> str:
    """Say what is wrong with where a file lies."""
    if not artifact.path.is_absolute():
        return "is no full path"
    if not artifact.path.exists():
        return "does not exist"
    mine = artifact.path.resolve().is_relative_to(job.workdir.resolve())
    return "" if mine else f"lies outside of {job.workdir}"
