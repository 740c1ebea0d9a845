"""Give the layers of the ONNX file that PyTorch wrote the names that they have in the source."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from boildown import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Layer
    from onnx import ModelProto, NodeProto

#: Where the exporter of PyTorch says which modules a node lies in, the outermost first.
_SCOPES = "pkg.torch.onnx.name_scopes"


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
            f"PyTorch's exporter to ONNX takes {', '.join(map(repr, lost[:5]))} apart, so that no"
            " layer of the source is left; quantize the network dynamically or its weights only"
        )


def _same_operators(op: str) -> tuple[str, ...]:
    return ("Gemm", "MatMul") if op in {"Gemm", "MatMul"} else (op,)


def _scopes(node: NodeProto) -> list[str]:
    for entry in node.metadata_props:
        if entry.key == _SCOPES:
            return [str(path) for path in ast.literal_eval(entry.value)]
    return []
