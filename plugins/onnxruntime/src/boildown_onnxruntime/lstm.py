"""LSTM nodes before and after ONNX Runtime's dynamic quantizer, which treats them unlike others.

It turns their weights round in place, however many nodes share them, and gives them signed codes,
whose products may saturate on CPUs without VNNI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import initializers, store_values
from onnx import numpy_helper

if TYPE_CHECKING:
    from onnx import ModelProto

#: Inputs of LSTM that are weights, and those of DynamicQuantizeLSTM that are codes or code zero.
_WEIGHTS = (1, 2)
_CODES = (1, 2, 9, 11)


def separate_weights(model: ModelProto) -> None:
    """Give every LSTM weights of its own, in place; equal ones are stored once when deployed."""
    seen: set[str] = set()
    for node in model.graph.node:
        for index in _WEIGHTS if node.op_type == "LSTM" else ():
            name = node.input[index]
            if name in seen and name in initializers(model):
                copy = f"{name}/{node.name}"
                model.graph.initializer.add().CopyFrom(initializers(model)[name])
                model.graph.initializer[-1].name = node.input[index] = copy
            seen.add(name)


def use_unsigned_codes(model: ModelProto) -> None:
    """Move signed codes of quantized LSTM nodes, and their zero, up by 128, in place."""
    tensors = initializers(model)
    names = {
        node.input[index]
        for node in model.graph.node
        if node.op_type == "DynamicQuantizeLSTM"
        for index in _CODES
    }
    for name in names:
        codes = numpy_helper.to_array(tensors[name])
        if codes.dtype == np.int8:
            store_values(model, {name: (codes.astype(np.int16) + 128).astype(np.uint8)})
