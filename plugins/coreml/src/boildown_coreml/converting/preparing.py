"""Make a normalised graph ready for the converter: one sample, and layers known by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import fold_batch_norms, source_layers, with_opset

from ..names import operator_name, weight_name

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

#: From here on Softmax goes over one axis, and the converter's rules were written for it.
_LEAST_OPSET = 13


def prepare(source: ModelProto) -> ModelProto:
    """Return a copy with batch norms folded, one sample a batch and weights named by layer.

    The tensors that a layer gives are named after it too, unless they are outputs of the graph:
    the operators of the program are named after them. Raises UnsupportedError where the
    graph's version of the operators is too old and cannot be lifted.
    """
    model = folded(source)
    _fix_batch(model)
    _name_layers(model)
    del model.graph.value_info[:]
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def folded(source: ModelProto) -> ModelProto:
    """Return a copy in an operator version that the rules know, with batch norms folded."""
    model = type(source).FromString(source.SerializeToString())
    model = with_opset(model, _LEAST_OPSET)
    fold_batch_norms(model)
    return model


def _fix_batch(model: ModelProto) -> None:
    for value in (*model.graph.input, *model.graph.output):
        for length in value.type.tensor_type.shape.dim[:1]:
            if length.dim_value <= 0:
                length.dim_value = 1


def _name_layers(model: ModelProto) -> None:
    graph, renamed = model.graph, dict[str, str]()
    outputs = {item.name for item in graph.output}
    results = layer_results(model)
    products = {node.name: node.output[0] for node in graph.node}
    for place, layer in enumerate(source_layers(model)):
        renamed.setdefault(layer.weight, weight_name(place, layer.name))
        for result, end in ((results[place], ""), (products[layer.node], "_product")):
            if result not in outputs:
                renamed.setdefault(result, operator_name(place, layer.name) + end)
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    for tensor in graph.initializer:
        tensor.name = renamed.get(tensor.name, tensor.name)


def layer_results(model: ModelProto) -> dict[int, str]:
    """Return the tensor that each layer gives, by the layer's place."""
    nodes = {node.name: node for node in model.graph.node}
    return {
        place: _result(model.graph, nodes[layer.node].output[0])
        for place, layer in enumerate(source_layers(model))
    }


def _result(graph: GraphProto, output: str) -> str:
    """Return what a layer gives in the end: the sum with its bias, under its last name."""
    rows = {tensor.name for tensor in graph.initializer if len(tensor.dims) == 1}
    for kind in ("Add", "Identity"):
        readers = [node for node in graph.node if output in node.input]
        found = readers[0] if len(readers) == 1 and readers[0].op_type == kind else None
        if found is not None and (kind == "Identity" or rows.intersection(found.input)):
            output = str(found.output[0])
    return output
