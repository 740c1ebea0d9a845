"""Static int8: codes in the file, integer kernels in ONNX Runtime, and what NNI simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from boildown import Prune, Quantize, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS, ending_in
from boildown_nni import static
from onnx import numpy_helper

from .jobs import decibels, kernels, loss, normalised, outputs, run, samples, session, shipped

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)
#: Of codes of 7 bits; noise as loud as a bit less would be below.
_CLEAR = 30


def int8(source: Path, with_: dict[str, Any] | None = None, **settings: Any) -> JobResult:
    step = Quantize.model_validate({"activations": "int8", **settings})
    return run(source, step, settings=with_)


@pytest.mark.parametrize(
    ("network", "products"),
    [
        ("plain", {"QLinearConv": 3, "QGemm": 1, "NhwcMaxPool": 1}),
        ("batch_norm", {"QLinearConv": 2, "QGemm": 1, "QLinearGlobalAveragePool": 1}),
        ("residual", {"QLinearConv": 3, "QLinearAdd": 1, "QGemm": 1}),
        ("concat", {"QLinearConv": 3, "QLinearConcat": 1, "QGemm": 1}),
        ("depthwise", {"QLinearConv": 3, "QGemm": 1}),
        ("grouped", {"QLinearConv": 2, "QGemm": 1}),
        ("two_inputs", {"QLinearConv": 1, "QLinearConcat": 1, "QGemm": 2}),
        ("asymmetric_padding", {"QLinearConv": 2, "QGemm": 1}),
    ],
)
def test_onnx_runtime_runs_integer_kernels(
    network: str, products: dict[str, int], tmp_path: Path
) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    file = shipped(int8(source))
    ran = kernels(file)
    assert products.items() <= ran.items()
    assert not {"Conv", "FusedConv", "Gemm", "FusedGemm", "BatchNormalization"} & set(ran)
    assert decibels(source, file) > _CLEAR


def test_weights_are_bytes_in_the_file(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    file = shipped(int8(source))
    assert file.stat().st_size < 0.4 * source.stat().st_size
    large = [tensor for tensor in onnx.load(file).graph.initializer if np.prod(tensor.dims) > 64]
    assert {onnx.TensorProto.DataType.Name(tensor.data_type) for tensor in large} == {"INT8"}


def test_scores_behind_a_softmax_are_not_rounded(tmp_path: Path) -> None:
    """Rounded ones are often equal, which makes wrong winners."""
    source = normalised(ending_in("Softmax"), tmp_path)
    file = shipped(int8(source))
    session(file, tmp_path / "optimized.onnx")
    nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
    softmax = next(node for node in nodes if node.op_type == "Softmax")
    (maker,) = [node.op_type for node in nodes if softmax.input[0] in node.output]
    assert maker == "QGemm"


@pytest.mark.parametrize("network", ["batch_norm", "residual", "concat", "two_inputs"])
@pytest.mark.parametrize("train", [None, TRAIN])
def test_the_file_computes_what_nni_simulated(
    network: str, train: Train | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen through the network as it is just before NNI's wrappers come off."""
    source, seen = normalised(GRAPHS[network](), tmp_path), []
    arrays = [torch.from_numpy(array) for array in samples(source).values()]
    unwrap = static._unwrap

    def look_first(module: Any) -> None:
        with torch.no_grad():
            seen.append(module(*arrays).numpy())
        unwrap(module)

    monkeypatch.setattr(static, "_unwrap", look_first)
    found = outputs(source, shipped(int8(source, train=train)))
    (simulated,) = seen
    # A tie that is rounded the other way moves an output by a step; most are nearly the same.
    assert np.abs(found - simulated).max() < 0.01 * np.abs(simulated).max()
    assert np.median(np.abs(found - simulated)) < 0.001 * np.abs(simulated).max()


def test_reduce_range_is_the_default_and_told(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    narrow, whole = int8(source), int8(source, {"reduce_range": False})
    assert "7 of the 8 bits" in narrow.steps[0].approximations[0]
    assert "may saturate" in whole.steps[0].warnings[0].text
    most = [
        max(
            int(np.abs(numpy_helper.to_array(tensor).astype(int)).max())
            for tensor in onnx.load(result.steps[0].artifact.path).graph.initializer
            if tensor.name.endswith("weight/codes")
        )
        for result in (narrow, whole)
    ]
    assert most == [63, 127]
    assert decibels(source, shipped(whole)) > decibels(source, shipped(narrow)) + 2


def test_training_with_rounding_makes_the_loss_small(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = int8(source, train=TRAIN)
    assert loss(source, shipped(result)) < 0.8 * loss(source, shipped(int8(source)))
    assert result.steps[0].cost.epochs == 4


def test_zeros_of_a_pruning_step_stay(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    for train in (None, TRAIN):
        step = Quantize(activations="int8", train=train)
        result = run(source, Prune(sparsity=0.6, structure="element"), step)
        assert all(state.sparsity >= 0.59 for state in result.layers or ())


def test_a_pruned_channel_with_a_bias_does_not_overflow(tmp_path: Path) -> None:
    """Its weights are all 0, so its step would be too small for a bias of 32 bits."""
    g = Graph(0)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    model = g.model({"x": (3, 12, 12)}, g.head(x, 16))
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor).copy()
        if tensor.name == "stem.weight":
            values[::2] = 0
        if tensor.name == "stem.bias":
            values[::2] = 1000
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    source = normalised(model, tmp_path)
    assert decibels(source, shipped(int8(source))) > _CLEAR


def test_a_batch_norm_that_nothing_can_take_in_stays_exact(tmp_path: Path) -> None:
    g = Graph(0)
    stem = g.conv("x", "stem", 16, 3, 3, 3)
    joined = g.node("Concat", [stem, g.relu(stem)], "joined", axis=1)
    x = g.conv(g.relu(g.norm(joined, "norm", 32)), "last", 12, 32, 3, 3)
    source = normalised(g.model({"x": (3, 12, 12)}, g.head(x, 12)), tmp_path)
    assert decibels(source, shipped(int8(source))) > _CLEAR


def test_what_symmetric_activations_cost_is_told(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = int8(source, symmetric=True)
    assert any("computed apart" in warning.text for warning in result.steps[0].warnings)
    assert "FusedConv" in kernels(shipped(result))


def test_one_layer_alone_can_be_quantized(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = int8(source, layers={"include": ["wide"]})
    assert {state.layer: state.bits for state in result.layers or ()} == {
        "stem": 32, "wide": 8, "deep": 32, "fc": 32,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"activations": "dynamic"}, "at run time"),
        ({"activations": "int8", "observer": "mse"}, "least and the greatest"),
        ({"weights": "float16"}, "integers only"),
        ({"weights": "int1", "granularity": "channel", "train": TRAIN}, "for a whole weight"),
    ],
)
def test_what_nni_cannot_do_is_a_gap_with_the_reason(
    settings: dict[str, Any], told: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match=told):
        run(source, Quantize.model_validate(settings))
