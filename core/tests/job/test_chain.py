"""One job in this process: the chain, resuming by step, and what breaks the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from boildown import Artifact, Context, Ports, Quantize, UnsupportedError
from boildown.errors import PluginError
from boildown.job.chain import run_chain
from boildown.job.protocol import Job
from boildown.plugins.registry import Backend, Registry

TWO = (Quantize(weights="float16"), Quantize(weights="float16"))


@pytest.fixture
def backend(rounding: str) -> Backend:
    return Registry().get(rounding)


def job(model: Path, workdir: Path, *, steps: tuple[Quantize, ...] = TWO, **settings: Any) -> Job:
    return Job(
        backend="rounding",
        model=Artifact(path=model),
        steps=steps,
        settings=tuple(settings for _ in steps),
        workdir=workdir,
    )


def test_a_chain_ends_in_a_deployable_with_its_layers(
    backend: Backend, model_path: Path, tmp_path: Path
) -> None:
    result = run_chain(job(model_path, tmp_path / "job"), backend, lambda _: None)
    assert result.status == "ok"
    assert [report.op for report in result.steps] == ["quantize", "quantize"]
    assert result.deployable is not None
    assert onnx.load(result.deployable.path).graph.node[0].name == "conv"
    assert [state.layer for state in result.layers or ()] == ["conv", "fc"]


def test_every_part_is_announced(backend: Backend, model_path: Path, tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    run_chain(job(model_path, tmp_path / "job"), backend, heard.append)
    parts = [message["op"] for message in heard if "op" in message]
    assert parts == ["quantize", "quantize", "deploy", "to_onnx"]
    assert {"done": 1, "total": 1, "text": "fc.bias"} in heard


def test_a_job_that_was_cut_off_goes_on_behind_the_last_finished_step(
    backend: Backend, model_path: Path, tmp_path: Path
) -> None:
    first = job(model_path, tmp_path / "job")
    run_chain(first, backend, lambda _: None)
    again = first.model_copy(update={"settings": ({"behave": "raise"}, {"behave": "raise"})})
    assert run_chain(again, backend, lambda _: None).status == "ok"


def test_a_job_that_goes_on_costs_what_its_earlier_steps_have_cost(
    backend: Backend, model_path: Path, tmp_path: Path
) -> None:
    asked = job(model_path, tmp_path / "job")
    run_chain(asked, backend, lambda _: None)
    path = tmp_path / "job/steps/0/report.json"
    report = json.loads(path.read_text())
    report["cost"] |= {"wall_seconds": 1000, "peak_rss_bytes": 1 << 40}
    path.write_text(json.dumps(report))
    cost = run_chain(asked, backend, lambda _: None).cost
    assert cost.wall_seconds > 1000
    assert cost.peak_rss_bytes == 1 << 40


def test_a_finished_step_whose_file_was_changed_is_done_again(
    backend: Backend, model_path: Path, tmp_path: Path
) -> None:
    first = job(model_path, tmp_path / "job")
    result = run_chain(first, backend, lambda _: None)
    result.steps[0].artifact.path.write_bytes(b"other")
    again = first.model_copy(update={"settings": ({"behave": "raise"}, {})})
    with pytest.raises(ZeroDivisionError):
        run_chain(again, backend, lambda _: None)


def test_a_backend_that_edits_its_input_is_caught(
    backend: Backend, model_path: Path, tmp_path: Path
) -> None:
    edits = job(model_path, tmp_path / "job", behave="edit")
    with pytest.raises(PluginError, match="changed its input in step 1"):
        run_chain(edits, backend, lambda _: None)


def test_no_steps_make_the_float_twin(backend: Backend, model_path: Path, tmp_path: Path) -> None:
    twin = job(model_path, tmp_path / "job", steps=())
    result = run_chain(twin, backend, lambda _: None)
    assert result.deployable is not None
    assert result.deployable.path.read_bytes() == model_path.read_bytes()


def test_another_protocol_is_refused(backend: Backend, model_path: Path, tmp_path: Path) -> None:
    future = job(model_path, tmp_path / "job").model_copy(update={"protocol": 9})
    with pytest.raises(UnsupportedError, match="protocol 9"):
        run_chain(future, backend, lambda _: None)


def test_a_file_written_outside_its_folder_is_caught(
    backend: Backend, model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "deploy", lambda *_: Artifact(path=model_path))
    with pytest.raises(PluginError, match="wrote outside its folder"):
        run_chain(job(model_path, tmp_path / "job"), backend, lambda _: None)
    monkeypatch.setattr(backend, "deploy", lambda *_: Artifact(path=tmp_path / "nowhere"))
    with pytest.raises(PluginError, match="does not exist"):
        run_chain(job(model_path, tmp_path / "job"), backend, lambda _: None)


def test_what_ships_is_told_to_every_hook(
    backend: Backend, model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[dict[str, Any]] = []
    for hook in ("run", "deploy", "to_onnx", "layers"):
        called = getattr(backend, hook)

        def told(*given: Any, called: Any = called) -> Any:
            heard.append(given[-1].settings)
            return called(*given)

        monkeypatch.setattr(backend, hook, told)
    asked = job(model_path, tmp_path / "job", steps=TWO[:1], own=1)
    run_chain(asked.model_copy(update={"deploy": {"format": "x"}}), backend, lambda _: None)
    assert heard == [{"format": "x", "own": 1}, *[{"format": "x"}] * 3]


def test_the_ports_of_an_onnx_file_are_read_from_it(
    backend: Backend, model_path: Path, tmp_path: Path
) -> None:
    ports = run_chain(job(model_path, tmp_path / "job"), backend, lambda _: None).ports
    assert ports is not None
    assert [(p.name, p.dtype, p.shape) for p in ports.inputs] == [("x", "float32", ("N", 3, 8, 8))]
    assert [(p.name, p.dtype, p.shape) for p in ports.outputs] == [("y", "float32", ("N", 4))]


def test_the_ports_of_another_file_are_its_backends_to_tell(
    backend: Backend, model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deploy(_: Artifact, context: Context) -> Artifact:
        (context.workdir / "model.bin").write_bytes(b"weights")
        return Artifact(path=context.workdir / "model.bin", format="bin")

    asked, told = job(model_path, tmp_path / "job"), Ports(inputs=(), outputs=())
    monkeypatch.setattr(backend, "deploy", deploy)
    monkeypatch.setattr(backend, "layers", lambda *_: [])
    assert run_chain(asked, backend, lambda _: None).ports is None
    monkeypatch.setattr(backend, "implements", lambda _: True)
    monkeypatch.setattr(backend, "ports", lambda *_: told)
    assert run_chain(asked, backend, lambda _: None).ports == told
