"""Weights that a graph computes from codes, as plain tensors again."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from boildown import Quantize, encode_weight, initializers, store_codes, store_halves, store_plainly
from boildown.errors import ModelError
from boildown.model.folding import Constants
from onnx import numpy_helper

from .conftest import cnn


def coded() -> tuple[onnx.ModelProto, list[str]]:
    model = cnn()
    found = initializers(model)
    names = [name for name, tensor in found.items() if len(tensor.dims) > 1]
    arrays = {name: numpy_helper.to_array(found[name]) for name in names}
    store_halves(model, names[:1], "float16")
    step = Quantize(weights="int4", symmetric=False)
    store_codes(model, {n: encode_weight(arrays[n], step, 0) for n in names[1:]})
    return model, names


def test_weights_are_those_that_the_graph_computed() -> None:
    model, names = coded()
    constants = Constants(coded()[0])
    store_plainly(model, names)
    stored = initializers(model)
    for name in names:
        array = numpy_helper.to_array(stored[name])
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, constants.value(name))


def test_nothing_is_left_of_what_they_were_computed_from() -> None:
    model, names = coded()
    store_plainly(model, names)
    assert [n.op_type for n in model.graph.node] == [n.op_type for n in cnn().graph.node]
    assert initializers(model).keys() == initializers(cnn()).keys()
    onnx.checker.check_model(model, full_check=True)


def test_plain_weights_stay_as_they_are() -> None:
    model = cnn()
    store_plainly(model, initializers(model))
    assert model == cnn()


def test_what_is_not_constant_is_refused() -> None:
    model = cnn()
    with pytest.raises(ModelError, match="is not constant"):
        store_plainly(model, [model.graph.output[0].name])
