"""Give the ONNX file that PyTorch wrote the names of layers, in the form that runs in integers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np
from boildown import UnsupportedError, initializers, replace_nodes
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Layer
    from onnx import ModelProto, NodeProto

#: Where the exporter of PyTorch says which modules a node lies in, the innermost but one.
_SCOPES = "pkg.torch.onnx.name_scopes"
_BIAS, _ZERO = 2, 2
_WIDEN = "DequantizeLinear"


def name_layers(model: ModelProto, modules: Mapping[str, str], layers: list[Layer]) -> None:
    """Give nodes that hold weights the names of their layers, in place.

    `modules` says which node of the source a module is. Raises UnsupportedError naming the layers
    that are not found again.
    """
    operators = {layer.node: _same_operators(layer.op) for layer in layers}
    taken = set()
    for node in model.graph.node:
        name = next((modules[path] for path in _scopes(node) if path in modules), "")
        if name in operators and node.op_type in operators[name]:
            node.name = name
            taken.add(name)
    lost = sorted(operators.keys() - taken)
    if lost:
        raise UnsupportedError(
            f"layers {', '.join(map(repr, lost[:5]))} do not stand in the file that PyTorch wrote;"
            " exclude nothing but them to find out which, and report it"
        )


def _same_operators(op: str) -> tuple[str, ...]:
    return ("Gemm", "MatMul") if op in {"Gemm", "MatMul"} else (op,)


def _scopes(node: NodeProto) -> list[str]:
    for entry in node.metadata_props:
        if entry.key == _SCOPES:
            return [str(path) for path in ast.literal_eval(entry.value)]
    return []


def drop_zeros(model: ModelProto) -> None:
    """Leave out zero points of weights that are all 0, which is what nothing means, in place."""
    tensors = initializers(model)
    for node in model.graph.node:
        given = {node.input[0], *node.input[_ZERO:]} if node.op_type == _WIDEN else {""}
        if given <= tensors.keys():
            zeros = [numpy_helper.to_array(tensors[name]) for name in node.input[_ZERO:]]
            if not any(zero.any() for zero in zeros):
                del node.input[_ZERO:]


def quantize_last_bias(model: ModelProto) -> None:
    """Store the bias of Gemm nodes with float outputs as int32, in place.

    Only so does ONNX Runtime compute them in integers.
    """
    made = {name: node for node in model.graph.node for name in node.output}
    narrowed = {n.input[0] for n in model.graph.node if n.op_type == "QuantizeLinear"}
    readers = {name: node for node in model.graph.node for name in node.input}
    for node in [node for node in model.graph.node if node.op_type == "Gemm"]:
        output = node.output[0]
        bounded = output in readers and readers[output].op_type in {"Relu", "Clip"}
        widened = [made.get(name) for name in node.input[:2]]
        integer = all(w is not None and w.op_type == _WIDEN for w in widened)
        if integer and output not in narrowed and not bounded and len(node.input) > _BIAS:
            _quantize_bias(model, node, made)


def _quantize_bias(model: ModelProto, gemm: NodeProto, made: dict[str, NodeProto]) -> None:
    tensors = initializers(model)
    if gemm.input[_BIAS] not in tensors:
        return
    steps = [numpy_helper.to_array(tensors[made[name].input[1]]) for name in gemm.input[:2]]
    bias = numpy_helper.to_array(tensors[gemm.input[_BIAS]]).ravel()
    scale = np.broadcast_to(steps[0] * steps[1], bias.shape).astype(np.float32)
    # A channel of tiny weights has a step so small that its bias would not fit 32 bits.
    scale = np.maximum(scale, np.abs(bias) / np.float32(2**30))
    scale = np.where(scale > 0, scale, np.float32(1))
    codes = np.rint(bias / scale).astype(np.int32)
    names = [f"{gemm.input[_BIAS]}/{part}" for part in ("codes", "scale", "real")]
    model.graph.initializer.extend(
        numpy_helper.from_array(values, name)
        for values, name in zip((codes, scale), names[:2], strict=True)
    )
    widen = helper.make_node(_WIDEN, names[:2], names[2:], axis=0)
    gemm.input[_BIAS] = names[2]
    replace_nodes(model, [widen, *model.graph.node])
