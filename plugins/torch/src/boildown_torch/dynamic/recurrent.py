"""LSTM as DynamicQuantizeLSTM, the integer kernel that ONNX Runtime has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import initializers
from onnx import helper, numpy_helper

from .codes import ZERO, unsigned

if TYPE_CHECKING:
    from boildown import Quantize
    from onnx import ModelProto, NodeProto

DOMAIN = "com.microsoft"
#: Inputs of LSTM; behind them DynamicQuantizeLSTM takes scale and zero of W and of R.
_LSTM_INPUTS = 8


def integer_lstm(node: NodeProto, model: ModelProto, step: Quantize) -> list[NodeProto]:
    """Return the node that computes an LSTM with integer weights, under the same name.

    Its weights are (directions, inputs, 4 hidden), ONNX's turned round. There is one scale a
    direction, or one for each of its 4 hidden outputs.
    """
    tensors = initializers(model)
    stored, given = [], [*node.input, *[""] * (_LSTM_INPUTS - len(node.input))]
    for place, part in ((1, "W"), (2, "R")):
        weight = numpy_helper.to_array(tensors[node.input[place]]).swapaxes(1, 2)
        made = [unsigned(own, step, own.ndim - 1) for own in weight]
        scale = np.stack([own.scale for own in made])
        codes = np.stack([own.codes for own in made])
        values = {"codes": codes, "scale": scale, "zero": np.full(scale.shape, ZERO)}
        names = {key: f"{node.name}/{part}/{key}" for key in values}
        stored += [numpy_helper.from_array(array, names[key]) for key, array in values.items()]
        given[place] = names["codes"]
        given += [names["scale"], names["zero"]]
    model.graph.initializer.extend(stored)
    made_node = helper.make_node(
        "DynamicQuantizeLSTM", given, list(node.output), name=node.name, domain=DOMAIN
    )
    made_node.attribute.extend(a for a in node.attribute if a.name != "layout")
    if all(entry.domain != DOMAIN for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return [made_node]
