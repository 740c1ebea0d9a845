from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import DataError, DataManifest, Quantize
from boildown.errors import PluginError, UnsupportedError
from boildown.measuring.bench import Bench
from boildown.measuring.inputs import model_io
from boildown.measuring.measure import batch_size_for, measure_outputs
from boildown.measuring.onnxruntime import OnnxRuntime
from boildown.measuring.outputs import bound_inputs, run_outputs
from boildown.measuring.requests import Failure, ModelIO, Outputs, OutputsRequest, Port, Target

Make = Callable[..., Any]


@pytest.fixture
def run(make_tower: Make, make_data: Make, tmp_path: Path) -> Callable[..., Outputs]:
    def run_it(target: Target, *, data: DataManifest | None = None, **more: Any) -> Outputs:
        io = model_io(target.artifact.path)
        settings = {"io": io, "batch_size": 32, "outputs": io.outputs, **more}
        request = OutputsRequest(
            target=target, data=data or make_data(), folder=tmp_path / "out", **settings
        )
        return run_outputs(request, lambda _message: None)

    return run_it


def test_all_outputs_and_labels_are_stored_in_order(
    run: Make, make_tower: Make, onnx_target: Make, make_data: Make
) -> None:
    path, data = make_tower(), make_data()
    found = run(onnx_target(path), data=data)
    stored = np.load(data.splits["test"].path)
    expected = OnnxRuntime(path).run({"x": stored["test_x"]})["y"]
    assert np.allclose(np.load(found.path()), expected, atol=1e-6)
    assert np.array_equal(np.load(found.labels), stored["test_y"])
    assert (found.n, found.non_finite, found.batch, found.names) == (70, 0, 32, ("y",))


def test_files_are_float32_and_int64_and_nothing_more(
    run: Make, make_tower: Make, onnx_target: Make
) -> None:
    found = run(onnx_target(make_tower()))
    assert np.load(found.path()).dtype == np.float32
    assert np.load(found.labels).dtype == np.int64
    assert sorted(p.name for p in found.folder.iterdir()) == ["labels.npy", "output0.npy"]


@pytest.mark.parametrize("size", [1, 7, 70, 1000])
def test_the_batch_size_does_not_change_the_outputs(
    run: Make, make_tower: Make, onnx_target: Make, size: int
) -> None:
    target = onnx_target(make_tower())
    expected = np.load(run(target).path())
    assert np.allclose(np.load(run(target, batch_size=size).path()), expected, atol=1e-6)


def test_a_fixed_batch_wins_and_its_last_batch_is_filled_and_cut(
    run: Make, make_tower: Make, onnx_target: Make
) -> None:
    free = run(onnx_target(make_tower("free.onnx")))
    expected = np.load(free.path())
    fixed = run(onnx_target(make_tower("fixed.onnx", batch=16)))
    assert (fixed.batch, fixed.n) == (16, 70)
    assert np.allclose(np.load(fixed.path()), expected, atol=1e-6)


def test_a_backend_gets_the_batch_that_the_source_fixes(
    run: Make, make_tower: Make, mimic: Make
) -> None:
    assert run(mimic(make_tower(batch=16))).batch == 16


def test_a_limit_cuts_the_split(run: Make, make_tower: Make, onnx_target: Make) -> None:
    found = run(onnx_target(make_tower()), limit=33)
    assert found.n == 33
    assert np.load(found.path()).shape == (33, 10)
    assert np.load(found.labels).shape == (33,)


def test_unlabelled_data_has_no_labels(
    run: Make, make_tower: Make, onnx_target: Make, make_data: Make
) -> None:
    found = run(onnx_target(make_tower()), data=make_data(labelled=False))
    assert (found.labelled, found.labels) == (False, None)


def test_samples_with_nan_are_counted(run: Make, make_tower: Make, mimic: Make) -> None:
    assert run(mimic(make_tower(), nan=True)).non_finite == 70


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"output": "scores"}, PluginError, r"outputs \['scores'\] but the source calls them"),
        ({"flat": True}, DataError, "first axis must be the batch"),
        ({"growing": True}, DataError, "changes its shape from sample to sample"),
        ({"open": "refuse"}, UnsupportedError, "needs a phone"),
    ],
)
def test_a_runtime_that_breaks_the_contract_is_named(  # noqa: PLR0917 - fixtures
    run: Make, make_tower: Make, mimic: Make, settings: Any, error: Any, text: str
) -> None:
    with pytest.raises(error, match=text):
        run(mimic(make_tower(), **settings), batch_size=9)


def test_a_backend_without_context_is_an_error(run: Make, make_tower: Make, mimic: Make) -> None:
    with pytest.raises(PluginError, match="without context"):
        run(mimic(make_tower()).model_copy(update={"context": None}))


def test_too_few_samples_are_an_error(
    run: Make, make_tower: Make, onnx_target: Make, make_data: Make, monkeypatch: Any
) -> None:
    short = make_data(n=5)
    monkeypatch.setattr("boildown.measuring.outputs.batches", lambda *_, **__: iter(()))
    with pytest.raises(DataError, match="5 test samples were announced but 0 came"):
        run(onnx_target(make_tower()), data=short)


def test_inputs_are_bound_by_name() -> None:
    ports = [Port(name=name, shape=(None,), dtype="float32") for name in "ab"]
    two, one = (ModelIO(inputs=tuple(p), outputs=("y",)) for p in (ports, ports[:1]))
    x = np.zeros(1)
    assert [*bound_inputs({"b": x, "a": x}, two)] == ["a", "b"]
    assert [*bound_inputs({"*": x}, one)] == ["a"]
    with pytest.raises(DataError, match=r"inputs \['a', 'b'\], the data gives \['\*'\]"):
        bound_inputs({"*": x}, two)


def test_the_host_gets_outputs_from_a_fresh_process(
    make_tower: Make, make_data: Make, mimic: Make, bench: Bench, tmp_path: Path
) -> None:
    path, folder = make_tower(), tmp_path / "host"
    found = measure_outputs(
        mimic(path), io=model_io(path), data=make_data(), folder=folder, bench=bench
    )
    assert isinstance(found, Outputs)
    assert (found.n, found.folder, found.names) == (70, folder, ("y",))


def test_progress_reaches_the_host(
    make_tower: Make, make_data: Make, onnx_target: Make, bench: Bench, tmp_path: Path
) -> None:
    said: list[dict[str, Any]] = []
    listening = Bench(**{**vars(bench), "on_progress": said.append})
    path = make_tower()
    measure_outputs(
        onnx_target(path), io=model_io(path), data=make_data(), folder=tmp_path / "o",
        bench=listening,
    )  # fmt: skip
    assert said[-1] == {"done": 70, "total": 70, "text": "float32"}


@pytest.mark.parametrize(
    ("settings", "status", "reason"),
    [
        ({"open": "crash"}, "failed", "while measuring: the process was killed by SIGSEGV"),
        ({"run": "crash", "runs": 1}, "failed", "while measuring: the process was killed by SIGS"),
        ({"open": "raise"}, "failed", "ZeroDivisionError: the runtime divided by zero"),
        ({"open": "refuse"}, "unsupported", "needs a phone"),
        ({"run": "memory", "runs": 0}, "out_of_memory", "no memory left: no room"),
        ({"output": "scores"}, "failed", "the runtime of 'deployable' gave the outputs"),
    ],
)
def test_a_runtime_that_breaks_is_a_result(  # noqa: PLR0917 - fixtures
    make_tower: Make, make_data: Make, mimic: Make, bench: Bench, tmp_path: Path,
    settings: Any, status: str, reason: str,
) -> None:  # fmt: skip
    path = make_tower()
    found = measure_outputs(
        mimic(path, **settings), io=model_io(path), data=make_data(), folder=tmp_path / "o",
        bench=bench,
    )  # fmt: skip
    assert isinstance(found, Failure)
    assert found.status == status
    assert found.reason.startswith(reason)


def test_dynamic_quantization_is_judged_one_sample_at_a_time() -> None:
    assert batch_size_for([Quantize(activations="int8")]) == 32
    assert batch_size_for([Quantize(activations="dynamic")]) == 1
