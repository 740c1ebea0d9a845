"""Weights of few bits that are trained: few values, less loss than without training, zeros kept."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from boildown import Quantize, Train, UnsupportedError
from boildown.testing.graphs import GRAPHS
from boildown_torch.zeros import keep_zeros
from torch import nn

from .jobs import loss, normalised, run, shipped

TRAIN = Train(epochs=8, batch_size=8, learning_rate=3e-3)


@pytest.mark.parametrize(("weights", "values"), [("int1", 2), ("int2", 3), ("int4", 15)])
@pytest.mark.parametrize("network", ["plain", "batch_norm"])
def test_training_lowers_the_loss_and_leaves_few_values(
    weights: str, values: int, network: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    plain = Quantize.model_validate({"weights": weights, "granularity": "tensor"})
    result = run(source, plain.model_copy(update={"train": TRAIN}))
    assert loss(source, shipped(result)) < 0.9 * loss(source, shipped(run(source, plain)))
    assert all(state.distinct_values <= values for state in result.layers or [])
    assert result.steps[0].cost.epochs == 8


def test_each_channel_has_a_step_of_its_own_on_the_right_axis(tmp_path: Path) -> None:
    source = normalised(GRAPHS["attention"](), tmp_path)
    step = Quantize(weights="int2", granularity="channel", train=TRAIN.model_copy())
    model = onnx.load(run(source, step).steps[0].artifact.path)
    scales = {
        tensor.name.split("/")[0]: tuple(tensor.dims)
        for tensor in model.graph.initializer
        if tensor.name.endswith("/scale")
    }
    assert scales["up.weight"] == (1, 192)  # a MatMul: inputs, then outputs


def test_a_fixed_batch_is_refused_by_the_name_of_the_node(tmp_path: Path) -> None:
    source = normalised(GRAPHS["fixed_batch"](), tmp_path)
    with pytest.raises(UnsupportedError, match="'stem' takes batches of 1 only"):
        run(source, Quantize(weights="int2", train=TRAIN))


def test_zeros_of_matrices_come_back_and_those_of_vectors_do_not() -> None:
    layer = nn.Linear(4, 4)
    nn.init.zeros_(layer.bias)
    nn.init.eye_(layer.weight)
    put_back = keep_zeros(layer)
    for parameter in layer.parameters():
        nn.init.ones_(parameter)
    put_back(0)
    assert layer.weight.count_nonzero() == layer.bias.count_nonzero() == 4
