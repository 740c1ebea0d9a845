"""How the backend behaves in the process that runs it: quiet, and on as many threads as allowed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from boildown import Artifact, Context, Quantize

from .conftest import Kit

_PROGRAM = """
import sys
from boildown.job.chain import run_chain
from boildown.job.protocol import Job
from boildown.plugins.registry import Registry
job = Job.model_validate_json(sys.stdin.read())
run_chain(job, Registry().get("onnxruntime"), lambda _: None)
import logging
assert not logging.getLogger().handlers, logging.getLogger().handlers
"""
STEPS = [
    Quantize(activations="int8", observer="entropy"),
    Quantize(activations="int8", observer="percentile"),
    Quantize(activations="dynamic"),
    Quantize(granularity="block"),
    Quantize(weights="float16", activations="float16"),
]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_nothing_is_printed_and_logging_is_left_alone(
    step: Quantize, kit: Callable[..., Kit], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kit("cnn")
    job = made.job(step)
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=job.model_dump_json(by_alias=True),
        text=True,
        capture_output=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_program_that_prints_is_noticed() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "print(1)"], capture_output=True, text=True, check=True
    )
    assert run.stdout


def context(kit: Kit, threads: int) -> Context:
    return Context(workdir=kit.folder, original=Artifact(path=kit.source), threads=threads)


@pytest.mark.parametrize("network", ["cnn", "two_inputs", "recurrent"])
def test_the_runtime_gives_outputs_by_name(network: str, kit: Callable[..., Kit]) -> None:
    made = kit(network)
    twin = made.run().deployable
    runtime = made.backend.open_runtime(twin, context(made, 1))
    for count in (1, 3):
        inputs = made.inputs(count)
        outputs = runtime.run(inputs)
        assert list(outputs) == ["y"]
        np.testing.assert_allclose(
            outputs["y"], made.output(made.source, inputs), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("threads", [1, 3])
def test_the_runtime_starts_no_more_threads_than_allowed(
    threads: int, kit: Callable[..., Kit]
) -> None:
    made = kit("cnn")
    twin = made.run().deployable
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        pytest.skip("counts threads as Linux does")
    before = len(list(tasks.iterdir()))
    runtime = made.backend.open_runtime(twin, context(made, threads))
    assert len(list(tasks.iterdir())) - before == threads - 1
    assert runtime.run(made.inputs(1))


def test_the_deployable_is_its_own_onnx_form(kit: Callable[..., Kit]) -> None:
    result = kit("cnn").run(Quantize(weights="int4"))
    assert result.onnx == result.deployable
