from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boildown.job.process import Limits
from boildown.measuring import __main__ as process
from boildown.measuring.bench import Bench, wrong_answer
from boildown.measuring.inputs import model_io, write_sample
from boildown.measuring.measure import measure_energy, measure_memory, measure_outputs
from boildown.measuring.requests import Answer, Ask, Failure, MemoryPeak, MemoryRequest, Outputs

Make = Callable[..., Any]
HEAVY = ("typer", "rich", "ruamel", "onnx", "PIL", "jsonschema", "boildown.cli", "boildown.runner")


@pytest.fixture
def request_(make_tower: Make, mimic: Make, tmp_path: Path) -> Callable[..., MemoryRequest]:
    path = make_tower()
    sample = write_sample(tmp_path / "sample.npz", model_io(path), None)
    return lambda **how: MemoryRequest(target=mimic(path, **how), sample=sample)


def test_a_hang_ends_at_the_limit(request_: Make, bench: Bench) -> None:
    hurried = Bench(**{**vars(bench), "limits": Limits(seconds=1.5)})
    found = hurried.ask(request_(open="hang"))
    assert isinstance(found, Failure)
    assert found.status == "timeout"
    assert "1.5 s" in found.reason


def test_an_interpreter_without_boildown_is_a_result(request_: Make, bench: Bench) -> None:
    found = Bench(**{**vars(bench), "python": "/bin/false"}).ask(request_())
    assert found == Failure(
        status="failed", reason="while measuring: the process ended with exit code 1"
    )


def test_a_process_that_leaves_no_answer_is_a_result(request_: Make, bench: Bench) -> None:
    found = Bench(**{**vars(bench), "python": "/bin/true"}).ask(request_())
    assert isinstance(found, Failure)
    assert "left no answer" in found.reason


@pytest.mark.parametrize("text", ["{}", "[]", '{"value": null}'])
def test_an_answer_without_value_is_a_result(
    request_: Make, bench: Bench, tmp_path: Path, text: str
) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\necho '{text}' > \"$4\"\n")
    script.chmod(0o755)
    found = Bench(**{**vars(bench), "python": str(script)}).ask(request_())
    assert isinstance(found, Failure)
    assert "answer" in found.reason


def test_nothing_but_the_log_is_left_behind(request_: Make, bench: Bench) -> None:
    assert isinstance(bench.ask(request_()), MemoryPeak)
    bench.ask(request_(open="raise"))
    assert list(bench.workdir.iterdir()) == []
    assert "ZeroDivisionError" in bench.log.read_text()


def test_an_answer_of_another_kind_is_a_failure(
    make_tower: Make, make_data: Make, onnx_target: Make, bench: Bench, tmp_path: Path
) -> None:
    class Confused(Bench):
        def ask(self, request: object) -> Any:
            return (
                MemoryPeak(peak_rss_bytes=1, model_rss_bytes=1)
                if "io" in vars(request)
                else NOTHING
            )

    path, data = make_tower(), make_data()
    io = model_io(path)
    sample = write_sample(tmp_path / "s.npz", io, data)
    confused, target = Confused(**vars(bench)), onnx_target(path)
    found = measure_outputs(target, io=io, data=data, folder=tmp_path, bench=confused)
    assert found == wrong_answer(MemoryPeak(peak_rss_bytes=1, model_rss_bytes=1))
    assert "Outputs" in measure_memory(target, sample=sample, bench=confused).reason


NOTHING = Outputs(folder=Path(), names=(), n=0, labelled=False, non_finite=0, batch=1)


def test_the_process_imports_only_what_measuring_needs() -> None:
    code = (
        "import sys, boildown.measuring.__main__, boildown.measuring.speed, "
        "boildown.measuring.memory, boildown.measuring.energy\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {*HEAVY, "onnxruntime", "torch"}


def test_the_command_reads_a_request_and_writes_an_answer(
    request_: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "request.json", tmp_path / "answer.json"
    source.write_text(Ask(request=request_()).model_dump_json(by_alias=True))
    monkeypatch.setattr(sys, "argv", ["measuring", str(source), str(target)])
    monkeypatch.setattr(process, "die_with_the_host", lambda: None)
    monkeypatch.setattr(process, "forbid_network", lambda: None)
    process.main()
    assert isinstance(Answer.model_validate_json(target.read_bytes()).value, MemoryPeak)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"open": "refuse"}, "unsupported"),
        ({"open": "raise"}, "failed"),
        ({"run": "memory", "runs": 0}, "out_of_memory"),
    ],
)
def test_every_failure_in_the_process_is_an_answer(request_: Make, how: Any, status: str) -> None:
    failure = process.answer(request_(**how)).failure
    assert failure is not None
    assert failure.status == status


def test_a_wrong_request_is_an_answer_too(request_: Make) -> None:
    unknown = request_()
    target = unknown.target.model_copy(update={"backend": "mimik"})
    failure = process.answer(unknown.model_copy(update={"target": target})).failure
    assert failure is not None
    assert failure.reason.startswith("no backend 'mimik'")


def test_energy_without_a_counter_needs_no_process(tmp_path: Path, bench: Bench) -> None:
    found = measure_energy(None, sample=None, bench=bench, root=tmp_path)  # type: ignore[arg-type]
    assert found.joules is None
    assert "offers no energy counter" in found.reason
