"""Which node of a compressed file is a layer of the source: by node name, else by weight name."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from ..errors import ModelError
from .quantized import READERS

if TYPE_CHECKING:
    import onnx

    from .folding import Constants
    from .layers import Layer

#: What ONNX Runtime's quantizers (1.32) append to a node's name; a Gemm becomes `<name>_MatMul`.
_SUFFIX = re.compile(r"(_MatMul)?(_quant|_matmul_Q\d+|_DQ_Q\d+|_Q\d+)?")


def find_node(graph: onnx.GraphProto, layer: Layer, constants: Constants) -> onnx.NodeProto:
    """Return the node that holds the layer's weight, or raise ModelError with the nearest name.

    A node of the very name comes first, then one with a quantizer's suffix, then the only node
    that is fed by an initializer with the weight's name (optimizers rename fused nodes).
    """
    holders: list[onnx.NodeProto] = [node for node in graph.node if node.op_type in READERS]
    named = [node for node in holders if _names(node, layer.node)]
    if named:
        return min(named, key=lambda node: len(node.name))
    fed = [
        node
        for node in holders
        if any(
            layer.weight in constants.sources(name)
            for name in node.input
            if name in constants.names
        )
    ]
    if len(fed) == 1:
        return fed[0]
    near = difflib.get_close_matches(layer.node, [node.name for node in holders], n=1, cutoff=0.4)
    hint = f"; the nearest node is {near[0]!r}" if near else ""
    raise ModelError(f"no node {layer.node!r} with a weight is in the file{hint}")


def _names(node: onnx.NodeProto, name: str) -> bool:
    return node.name.startswith(name) and bool(_SUFFIX.fullmatch(node.name.removeprefix(name)))
