"""The layers of a normalised ONNX model: the nodes that hold a constant weight."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import onnx

RECURRENT = ("LSTM", "GRU", "RNN")
_MATRIX = 2


class Layer(Frozen):
    """One constant weight of one node; `name` is its identity in every toolkit and report.

    A node with one weight gives its name to the layer; the weights of an LSTM, GRU or RNN are
    the layers `<node>.W` and `<node>.R`. Two layers may hold the same `weight` (the same filter
    applied twice); it is stored once.
    """

    name: str
    node: str
    op: str
    #: Name of the initializer.
    weight: str
    shape: tuple[int, ...]
    #: Axis of the weight that counts output channels.
    axis: int

    @property
    def size(self) -> int:
        """Number of weights."""
        size = 1
        for length in self.shape:
            size *= length
        return size


def source_layers(model: Path | onnx.ModelProto) -> list[Layer]:
    """List the layers of a normalised model, in the order of its nodes.

    A layer is a constant float weight of Conv, ConvTranspose, Gemm, MatMul (of rank 2 or more,
    on either side), LSTM, GRU, RNN (`W` and `R`) or Gather (a table of rank 2). Raises ModelError
    where the file cannot be read.
    """
    import onnx

    if isinstance(model, onnx.ModelProto):
        return _layers(model.graph)
    stat = model.stat() if model.exists() else None
    return list(_layers_of_file(model, stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns)))


@lru_cache(maxsize=8)
def _layers_of_file(path: Path, _state: tuple[int, ...] | None) -> tuple[Layer, ...]:
    """Read a file once: every hook of a backend asks for the layers of the same source."""
    from .check import read_onnx

    return tuple(_layers(read_onnx(path).graph))


def _layers(graph: onnx.GraphProto) -> list[Layer]:
    shapes = float_shapes(graph)
    return [layer for node in graph.node for _index, layer in layers_of_node(node, shapes)]


def float_shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the initializers that hold real numbers, by name."""
    from onnx import TensorProto

    floats = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE}
    return {
        tensor.name: tuple(tensor.dims)
        for tensor in graph.initializer
        if tensor.data_type in floats
    }


def weight_positions(node: onnx.NodeProto, constants: Iterable[str]) -> list[tuple[int, int]]:
    """Return (index of the input, output-channel axis counted from the end) of each weight.

    `constants` are the names of the constant tensors; the weight of a MatMul or Gemm is its
    constant side, and where both are constant there is none.
    """
    known = [name != "" and name in constants for name in node.input]
    if node.op_type not in _POSITIONS:
        return []
    positions = _POSITIONS[node.op_type](node, known)
    return [(index, axis) for index, axis in positions if index < len(known) and known[index]]


def flag(node: onnx.NodeProto, name: str, default: int = 0) -> int:
    """Return an integer attribute of the node."""
    return next((int(item.i) for item in node.attribute if item.name == name), default)


def layers_of_node(
    node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]
) -> list[tuple[int, Layer]]:
    """Return (index of the input, layer) of each weight; `shapes` of float initializers by name."""
    if node.domain not in {"", "ai.onnx"}:
        return []
    found = []
    for index, axis in weight_positions(node, shapes):
        shape = shapes[node.input[index]]
        # A vector is no weight matrix, and only a table of two axes is an embedding.
        if len(shape) < _MATRIX or (node.op_type == "Gather" and len(shape) != _MATRIX):
            continue
        part = f".{'WR'[index - 1]}" if node.op_type in RECURRENT else ""
        layer = Layer(
            name=node.name + part,
            node=node.name,
            op=node.op_type,
            weight=node.input[index],
            shape=shape,
            axis=axis % len(shape),
        )
        found.append((index, layer))
    return found


def _one_side(known: list[bool], left: int, right: int) -> list[tuple[int, int]]:
    """Choose the constant side of a product; `left` and `right` are the axes of each."""
    if known[:2] == [True, False]:
        return [(0, left)]
    return [(1, right)] if known[:2] == [False, True] else []


def _gemm(node: onnx.NodeProto, known: list[bool]) -> list[tuple[int, int]]:
    return _one_side(known, 1 if flag(node, "transA") else 0, 0 if flag(node, "transB") else 1)


def _matmul(node: onnx.NodeProto, known: list[bool]) -> list[tuple[int, int]]:
    return _one_side(known, -1 if flag(node, "transA") else -2, -2 if flag(node, "transB") else -1)


_POSITIONS: dict[str, Callable[[onnx.NodeProto, list[bool]], list[tuple[int, int]]]] = {
    "Conv": lambda _node, _known: [(1, 0)],
    "ConvTranspose": lambda _node, _known: [(1, 1)],
    "FusedConv": lambda _node, _known: [(1, 0)],
    **dict.fromkeys(("Gemm", "FusedGemm"), _gemm),
    **dict.fromkeys(("MatMul", "FusedMatMul"), _matmul),
    "Gather": lambda node, _known: [(0, 1 - flag(node, "axis") % 2)],
    **dict.fromkeys(RECURRENT, lambda _node, _known: [(1, 1), (2, 1)]),
}
