"""A `.pte` file runs natively, and its ONNX form is the same network."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Artifact, Quantize, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS

from .formats import agreement, by_onnx, native
from .jobs import normalised, run

PTE = {"format": "pte"}
STATIC = Quantize(activations="int8")
AWARE = Quantize(activations="int8", train=Train(epochs=1, batch_size=16))
#: What the tests below look at, each made once: network, step.
JOBS: dict[str, tuple[str, Quantize | None]] = {
    "float": ("residual", None),
    "static": ("residual", STATIC),
    "left out": ("depthwise", STATIC.model_copy(update={"layers": Layers(exclude=("fc",))})),
    "weights": ("plain", Quantize(weights="int4")),
}
Made = tuple[Path, JobResult]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Return what makes a job of the table once."""
    kept: dict[str, Made] = {}

    def make(name: str) -> Made:
        if name not in kept:
            network, step = JOBS[name]
            source = normalised(GRAPHS[network](), tmp_path_factory.mktemp("pte"))
            kept[name] = source, run(source, *([step] if step else []), settings=PTE)
        return kept[name]

    return make


@pytest.mark.parametrize("name", ["float", "weights"])
def test_a_float_file_computes_what_its_onnx_form_does(
    name: str, made: Callable[[str], Made]
) -> None:
    source, result = made(name)
    wanted = by_onnx(result, source)
    assert np.abs(native(result, source) - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_int8_gives_the_class_that_its_onnx_form_gives(made: Callable[[str], Made]) -> None:
    source, result = made("static")
    found, wanted = native(result, source, 400), by_onnx(result, source, 400)
    assert agreement(found, wanted) >= 0.995


def test_int8_is_not_the_float_network(made: Callable[[str], Made]) -> None:
    """Negative control of the parity above: the outputs are rounded."""
    source, result = made("static")
    gap = np.abs(native(result, source) - by_onnx(made("float")[1], source)).max()
    assert gap > 1e-3


def test_int8_makes_the_file_smaller_and_a_packed_form_does_not(
    made: Callable[[str], Made],
) -> None:
    bytes_of = {name: made(name)[1].deployable.bytes for name in JOBS}  # type: ignore[union-attr]
    assert bytes_of["static"] < 0.6 * bytes_of["float"]
    (warning,) = made("weights")[1].steps[0].warnings
    assert "plain float32" in warning.text
    assert bytes_of["weights"] > made("weights")[1].onnx.bytes  # type: ignore[union-attr]
    assert not made("static")[1].steps[0].warnings


def test_layers_that_were_left_out_stay_float(made: Callable[[str], Made]) -> None:
    source, result = made("left out")
    assert result.onnx is not None
    stored = {t.name: t.data_type for t in onnx.load(result.onnx.path).graph.initializer}
    assert onnx.TensorProto.INT8 in stored.values()
    found, wanted = native(result, source), by_onnx(result, source)
    assert agreement(found, wanted) >= 0.95


def test_a_batch_of_any_size_is_the_samples_one_by_one(made: Callable[[str], Made]) -> None:
    source, result = made("static")
    whole = native(result, source, 5)
    assert whole.shape[0] == 5
    np.testing.assert_array_equal(whole[:3], native(result, source, 3))


def test_the_row_says_that_the_onnx_form_is_audited(made: Callable[[str], Made]) -> None:
    result = made("static")[1]
    assert result.layers is None
    assert "ONNX form is audited" in result.layers_reason
    assert not result.onnx_reason


def test_training_with_rounding_ends_in_a_file_too(tmp_path: Path) -> None:
    source = normalised(GRAPHS["concat"](), tmp_path)
    result = run(source, AWARE, settings=PTE)
    assert agreement(native(result, source), by_onnx(result, source)) >= 0.95
    assert result.steps[0].cost.epochs == 1


@pytest.mark.parametrize("step", [STATIC, AWARE], ids=["calibrated", "trained"])
def test_nothing_is_rounded_before_a_clamp(step: Quantize, tmp_path: Path) -> None:
    """Beyond the bounds there is much that needs no codes."""
    graph = Graph(3)
    x = graph.norm(graph.conv("x", "stem", 16, 3, 3, 3), "norm", 16)
    x = graph.node("Clip", [x, graph.constant("least", 0), graph.constant("most", 6)], "clip")
    source = normalised(graph.model({"x": (3, 16, 16)}, graph.head(x, 16)), tmp_path)
    result = run(source, step, settings=PTE)
    assert result.onnx is not None
    nodes = onnx.load(result.onnx.path).graph.node
    made = {name: node.op_type for node in nodes for name in node.output}
    assert [made[node.input[0]] for node in nodes if node.op_type in ("Clip", "Relu")] == ["Conv"]
    assert agreement(native(result, source), by_onnx(result, source)) >= 0.95


def test_dynamic_int8_is_refused_before_any_work(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match=r"format 'pte'.*for each row"):
        run(source, Quantize(activations="dynamic"), settings=PTE)


def test_without_executorch_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "executorch" else there(n)
    )
    source = normalised(GRAPHS["plain"](), tmp_path)
    for steps in ([STATIC], []):
        with pytest.raises(UnsupportedError, match=r"pip install 'boildown-torch\[executorch\]'"):
            run(source, *steps, settings=PTE)


def test_without_its_onnx_form_a_file_cannot_be_read(tmp_path: Path) -> None:
    from boildown_torch.deploy import to_onnx

    with pytest.raises(UnsupportedError, match=r"model\.onnx.*not there"):
        to_onnx(Artifact(path=tmp_path / "model.pte", format="pte"))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_thread_pool_has_the_threads_that_were_asked_for(
    threads: int, made: Callable[[str], Made], capfd: pytest.CaptureFixture[str]
) -> None:
    source, result = made("float")
    native(result, source, 1, threads=threads)
    from boildown_torch.runtime_pte import portable_lib

    assert portable_lib._threadpool_get_thread_count() == threads
    assert capfd.readouterr() == ("", "")
