"""Batch norms in two vectors: the same numbers, fewer bytes, and only where it is the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown.shipping.batch_norms import merge_batch_norms
from onnx import helper, numpy_helper

from .conftest import cnn


def norm(model: onnx.ModelProto) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.op_type == "BatchNormalization")


def values(model: onnx.ModelProto, node: onnx.NodeProto) -> list[np.ndarray]:
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return [stored[name] for name in node.input[1:]]


@pytest.mark.parametrize("epsilon", [None, 0.01])
def test_factor_and_summand_are_those_of_the_four_vectors(epsilon: float | None) -> None:
    model = cnn()
    if epsilon is not None:
        norm(model).attribute.append(helper.make_attribute("epsilon", epsilon))
    gamma, beta, mean, variance = values(model, norm(model))
    merge_batch_norms(model)
    factor, summand, zero, one = values(model, norm(model))
    wanted = gamma / np.sqrt(variance + (epsilon or 1e-5))
    np.testing.assert_allclose(factor, wanted, rtol=1e-6)
    np.testing.assert_allclose(summand, beta - wanted * mean, rtol=1e-5, atol=1e-7)
    assert not zero.any()
    assert (one == 1).all()
    assert [a.f for a in norm(model).attribute if a.name == "epsilon"] == [0]


def changed(change: Callable[[onnx.ModelProto], object]) -> onnx.ModelProto:
    model = cnn()
    change(model)
    return model


def trains(model: onnx.ModelProto) -> None:
    norm(model).attribute.append(helper.make_attribute("training_mode", 1))


def is_computed(model: onnx.ModelProto) -> None:
    norm(model).input[2] = "somewhere"


def is_double(model: onnx.ModelProto) -> None:
    name = norm(model).input[1]
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    wide = numpy_helper.to_array(tensor).astype(np.float64)
    tensor.CopyFrom(numpy_helper.from_array(wide, name))


def is_old(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 8


@pytest.mark.parametrize("change", [trains, is_computed, is_double, is_old])
def test_a_batch_norm_that_means_something_else_is_left_alone(
    change: Callable[[onnx.ModelProto], object],
) -> None:
    model, before = changed(change), norm(changed(change))
    merge_batch_norms(model)
    assert norm(model) == before
