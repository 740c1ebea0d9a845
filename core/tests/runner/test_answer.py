"""A worker may be anybody's program: what it answers is held against the protocol."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from boildown import Artifact, Quantize
from boildown.job.protocol import Job, JobResult
from boildown.runner.answer import answer


@pytest.fixture
def job(tmp_path: Path) -> Job:
    for place in ("job/out.bin", "model.onnx"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(place)
    model = Artifact(path=tmp_path / "model.onnx")
    return Job(backend="npu", model=model, steps=(Quantize(),), workdir=tmp_path / "job")


def told(job: Job, **changes: Any) -> JobResult:
    """Return what is read where a worker wrote a good answer with changes."""
    made = {"path": str(job.workdir / "out.bin"), "format": "npu"}
    step = {"op": "quantize", "settings": {}, "artifact": made, "input_digest": "a", "digest": "b"}
    plain: dict[str, Any] = {"status": "ok", "steps": [step], "deployable": made, **changes}
    path = job.workdir / "result.json"
    path.write_text(JobResult.model_validate(plain).model_dump_json())
    return answer(path, job)


def test_a_good_answer_is_taken(job: Job) -> None:
    assert told(job).status == "ok"
    assert told(job, status="unsupported", deployable=None, steps=[]).status == "unsupported"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"deployable": None}, "there is no deployable"),
        ({"steps": []}, r"steps reports \[\], and \['quantize'\]"),
        ({"deployable": {"path": "out.bin", "format": "npu"}}, "is no full path"),
        ({"deployable": {"path": "/nowhere/out.bin", "format": "npu"}}, "does not exist"),
        ({"deployable": {"path": "/etc/hostname", "format": "npu"}}, "lies outside"),
        ({"onnx": {"path": "/nowhere/form.onnx", "format": "onnx"}}, "onnx: .* does not exist"),
    ],
)
def test_an_answer_that_breaks_the_protocol_is_a_failure(
    job: Job, changes: dict[str, Any], why: str
) -> None:
    result = told(job, **changes)
    assert result.status == "failed"
    assert re.search(why, result.reason)
    assert result.deployable is None


def test_a_step_begins_with_what_the_one_before_made(job: Job) -> None:
    two = job.model_copy(update={"steps": (Quantize(), Quantize())})
    made = {"path": str(job.workdir / "out.bin"), "format": "npu"}
    step = {"op": "quantize", "settings": {}, "artifact": made}
    first, second = step | {"input_digest": "a", "digest": "b"}, step | {"digest": "c"}
    assert told(two, steps=[first, second | {"input_digest": "b"}]).status == "ok"
    assert "step 2 did not begin" in told(two, steps=[first, second | {"input_digest": "x"}]).reason
