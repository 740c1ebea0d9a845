"""Dynamic int8: products and LSTM in integers, in a real ONNX file; convolutions stay."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from boildown import Quantize, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from torch import nn

from .jobs import decibels, kernels, normalised, run, shipped

DYNAMIC = Quantize(activations="dynamic")


class Reader(nn.Module):
    """A recurrent layer and a classifier of its last state."""

    def __init__(self, kind: str, *, bidirectional: bool) -> None:
        super().__init__()
        self.layer = getattr(nn, kind)(16, 32, batch_first=True, bidirectional=bidirectional)
        self.fc = nn.Linear(32 * (1 + bidirectional), 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.layer(x)[0][:, -1])


def recurrent(folder: Path, kind: str, *, bidirectional: bool = False) -> Path:
    torch.manual_seed(0)
    module = Reader(kind, bidirectional=bidirectional).eval()
    with torch.no_grad(), pytest.warns():
        torch.onnx.export(
            module, (torch.randn(2, 7, 16),), folder / "given.onnx", dynamo=False, opset_version=17,
            input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "b"}, "y": {0: "b"}},
        )  # fmt: skip
    return normalised(onnx.load(folder / "given.onnx"), folder)


def bits(result: JobResult) -> dict[str, float]:
    return {state.layer: state.bits for state in result.layers or []}


@pytest.mark.parametrize("granularity", [None, "tensor", "channel"])
@pytest.mark.parametrize("directions", [1, 2])
def test_an_lstm_computes_in_integers(
    granularity: str | None, directions: int, tmp_path: Path
) -> None:
    source = recurrent(tmp_path, "LSTM", bidirectional=directions == 2)
    result = run(source, DYNAMIC.model_copy(update={"granularity": granularity}))
    assert kernels(shipped(result))["DynamicQuantizeLSTM"] == 1
    assert set(bits(result).values()) == {8}
    assert decibels(source, shipped(result)) > 35


@pytest.mark.parametrize("kind", ["GRU", "RNN"])
def test_a_layer_without_integer_kernel_is_stored_in_int8_and_says_so(
    kind: str, tmp_path: Path
) -> None:
    source = recurrent(tmp_path, kind)
    result = run(source, DYNAMIC)
    assert [warning.code for warning in result.steps[0].warnings] == ["PARTIAL"]
    assert kernels(shipped(result))[kind] == 1
    assert set(bits(result).values()) == {8}
    assert decibels(source, shipped(result)) > 35


def test_products_compute_in_integers(tmp_path: Path) -> None:
    source = normalised(GRAPHS["attention"](), tmp_path)
    found = kernels(shipped(run(source, DYNAMIC)))
    assert found["DynamicQuantizeMatMul"] + found["MatMulIntegerToFloat"] == 7
    assert decibels(source, shipped(run(source, DYNAMIC))) > 30


def test_a_network_of_convolutions_stays_and_the_reason_is_told(tmp_path: Path) -> None:
    g = Graph(0)
    hidden = g.relu(g.conv("x", "first", 8, 3, 3, 3))
    model = g.model({"x": (3, 8, 8)}, g.conv(hidden, "last", 4, 8, 1, 1))
    report = run(normalised(model, tmp_path), DYNAMIC).steps[0]
    assert [warning.code for warning in report.warnings] == ["NOTE"]
    assert "none of the selected layers is one (convolutions are not" in report.warnings[0].text
    assert report.artifact.path.read_bytes() == (tmp_path / "source.onnx").read_bytes()


def test_half_an_lstm_is_refused_by_name(tmp_path: Path) -> None:
    source = recurrent(tmp_path, "LSTM")
    step = DYNAMIC.model_copy(update={"layers": Layers(include=("*.W",))})
    with pytest.raises(UnsupportedError, match=r"LSTM\.R"):
        run(source, step)
