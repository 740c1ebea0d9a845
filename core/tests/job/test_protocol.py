"""The two files that host and worker share are documented key by key, and survive JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boildown import Artifact, Quantize
from boildown.job.info import Described
from boildown.job.protocol import Cost, Job, JobResult, StepReport
from boildown.model.state import LayerState

DOCUMENT = Path(__file__).parents[3] / "docs" / "protocol.md"


@pytest.mark.parametrize("model", [Job, JobResult, StepReport, LayerState, Cost, Described])
def test_every_key_stands_in_the_document(model: Any) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = [name for name in model.model_fields if f"`{name}`" not in text]
    assert missing == []


def test_the_test_of_the_document_can_fail() -> None:
    assert "`no_such_key`" not in DOCUMENT.read_text(encoding="utf-8")


def test_a_job_survives_json() -> None:
    job = Job(
        backend="x",
        model=Artifact(path=Path("model.onnx")),
        steps=(Quantize(activations="int8"),),
        settings=({"fast": True},),
        workdir=Path("work"),
    )
    assert Job.model_validate_json(job.model_dump_json()) == job


def test_a_result_survives_json() -> None:
    result = JobResult(status="failed", reason="why", cost=Cost(cpu_seconds=1.5, epochs=2))
    assert JobResult.model_validate_json(result.model_dump_json()) == result
