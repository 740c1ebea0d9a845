"""Fold batch norms into the convolutions before them, ahead of coremltools' own pass.

That pass makes new constants under new names; folded here, a weight keeps the name of its layer.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from boildown import batch_norm_line, initializers, node_attribute, replace_nodes, store_values
from onnx import numpy_helper

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_BIAS = 2
#: Axis of the weight that counts output channels.
_AXES = {"Conv": 0, "ConvTranspose": 1}


def fold_batch_norms(model: ModelProto) -> None:
    """Fold in place the batch norms of constants that alone read a convolution.

    A convolution whose weight another node reads as well keeps its batch norm.
    """
    pairs = _pairs(model)
    gone = {id(pair.norm) for pair in pairs}
    for pair in pairs:
        _fold(model, pair)
    replace_nodes(model, [node for node in model.graph.node if id(node) not in gone])
    read = {name for node in model.graph.node for name in node.input}
    for name, tensor in initializers(model).items():
        if name not in read:
            model.graph.initializer.remove(tensor)


class _Pair(NamedTuple):
    convolution: NodeProto
    norm: NodeProto


def _pairs(model: ModelProto) -> list[_Pair]:
    tensors = initializers(model)
    made = {name: node for node in model.graph.node for name in node.output}
    uses = Counter(name for node in model.graph.node for name in node.input)
    uses.update(item.name for item in model.graph.output)
    found = []
    for norm in [node for node in model.graph.node if node.op_type == "BatchNormalization"]:
        one = made.get(norm.input[0])
        if one is None or one.op_type not in _AXES or uses[norm.input[0]] != 1:
            continue
        grouped = one.op_type == "ConvTranspose" and node_attribute(one, "group", 1) != 1
        constant = batch_norm_line(norm, tensors) is not None and all(
            name in tensors for name in one.input[1:]
        )
        if constant and not grouped and uses[one.input[1]] == 1:
            found.append(_Pair(one, norm))
    return found


def _fold(model: ModelProto, pair: _Pair) -> None:
    tensors, (convolution, norm) = initializers(model), pair
    line = batch_norm_line(norm, tensors)
    assert line is not None  # noqa: S101 - looked at in `_pairs`
    factor, summand = line
    name = convolution.input[1]
    weight = numpy_helper.to_array(tensors[name])
    axis = _AXES[convolution.op_type]
    spread = factor.reshape([-1 if place == axis else 1 for place in range(weight.ndim)])
    store_values(model, {name: (weight * spread).astype(weight.dtype)})
    bias = summand
    if len(convolution.input) > _BIAS:
        old = numpy_helper.to_array(tensors[convolution.input[_BIAS]])
        bias = summand + factor * old.astype(np.float64)
    # Named after the norm's output, which no other tensor has: the old bias may have other users.
    folded = f"{norm.output[0]}_bias"
    model.graph.initializer.append(numpy_helper.from_array(bias.astype(weight.dtype), folded))
    convolution.input[_BIAS:] = [folded]
    convolution.output[0] = norm.output[0]
