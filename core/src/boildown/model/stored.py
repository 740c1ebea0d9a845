"""Tensors as they stand in an ONNX file: where they hide, how many bytes and bits they take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from ..errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BITS: dict[int, int] = {
    **dict.fromkeys((TensorProto.INT2, TensorProto.UINT2), 2),
    **dict.fromkeys((TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT4E2M1), 4),
    TensorProto.FLOAT6E2M3: 6,
    TensorProto.FLOAT6E3M2: 6,
    **dict.fromkeys((TensorProto.INT16, TensorProto.UINT16), 16),
    **dict.fromkeys((TensorProto.FLOAT16, TensorProto.BFLOAT16), 16),
    **dict.fromkeys((TensorProto.INT32, TensorProto.UINT32, TensorProto.FLOAT), 32),
    **dict.fromkeys((TensorProto.INT64, TensorProto.UINT64, TensorProto.DOUBLE), 64),
    TensorProto.COMPLEX64: 64,
    TensorProto.COMPLEX128: 128,
}
_DEFAULT_BITS = 8
#: No weight of a model below protobuf's 2 GB has more elements, however it is packed.
MAX_ELEMENTS = 1 << 30


class Stored(NamedTuple):
    """One constant of a graph as it stands in the file."""

    tensor: TensorProto | onnx.SparseTensorProto

    @property
    def dense(self) -> TensorProto:
        """The tensor itself, or the values of a sparse one."""
        return self.tensor if isinstance(self.tensor, TensorProto) else self.tensor.values

    @property
    def bits(self) -> int:
        """Bits of one stored number."""
        return tensor_bits(self.dense)

    @property
    def type(self) -> str:
        """Name of the number type, as in `float32` or `uint4`."""
        return type_name(self.dense.data_type)

    @property
    def is_sparse(self) -> bool:
        """Whether only the values beside zero are stored."""
        return not isinstance(self.tensor, TensorProto)

    @property
    def elements(self) -> int:
        """Number of elements that the tensor stands for, zeros of a sparse one included."""
        return int(math.prod(self.tensor.dims))

    @property
    def bytes(self) -> int:
        """Bytes in the file, of values and indices."""
        if isinstance(self.tensor, TensorProto):
            return tensor_bytes(self.tensor)
        return tensor_bytes(self.tensor.values) + tensor_bytes(self.tensor.indices)

    def array(self) -> np.ndarray:
        """Return the values, a sparse tensor filled with its zeros."""
        if isinstance(self.tensor, TensorProto):
            return numpy_helper.to_array(self.tensor)
        if self.elements > MAX_ELEMENTS:
            raise ModelError(
                f"the sparse tensor {self.tensor.values.name!r} stands for {self.elements:,}"
                f" elements, more than the {MAX_ELEMENTS:,} that a model can hold"
            )
        values = numpy_helper.to_array(self.tensor.values)
        indices = numpy_helper.to_array(self.tensor.indices)
        shape = tuple(self.tensor.dims)
        full = np.zeros(shape, values.dtype)
        if indices.ndim == 1:
            full.reshape(-1)[indices] = values
        else:
            full[tuple(indices.T)] = values
        return full


def type_name(data_type: int) -> str:
    """Return ONNX's number of a type as a word: `float32`, `uint8`, …."""
    if data_type not in TensorProto.DataType.values():
        return f"type {data_type}"
    name = str(TensorProto.DataType.Name(data_type)).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)


def tensor_bits(tensor: TensorProto) -> int:
    """Return the bits that one element takes in the file."""
    return _BITS.get(int(tensor.data_type), _DEFAULT_BITS)


def tensor_bytes(tensor: TensorProto) -> int:
    """Return the bytes that the elements take when stored raw; of text, its own length."""
    if tensor.data_type == TensorProto.STRING:
        return int(sum(len(text) for text in tensor.string_data))
    bits = tensor_bits(tensor) * math.prod(tensor.dims)
    return int(-(-bits // 8))


def constants_of(graph: onnx.GraphProto) -> dict[str, Stored]:
    """Return initializers, sparse initializers and the tensors of Constant nodes by name."""
    found = {tensor.name: Stored(tensor) for tensor in graph.initializer}
    found |= {sparse.values.name: Stored(sparse) for sparse in graph.sparse_initializer}
    for node in graph.node:
        if node.op_type == "Constant" and (stored := constant_value(node)) is not None:
            found[node.output[0]] = stored
    return found


def constant_value(node: onnx.NodeProto) -> Stored | None:
    """Return what a Constant node holds, None where it is text or nothing known."""
    name = node.output[0]
    for item in node.attribute:
        if item.name == "value":
            return Stored(item.t)
        if item.name == "sparse_value":
            return Stored(item.sparse_tensor)
        if item.name in {"value_float", "value_floats"}:
            numbers = item.f if item.name == "value_float" else list(item.floats)
            return Stored(numpy_helper.from_array(np.array(numbers, np.float32), name))
        if item.name in {"value_int", "value_ints"}:
            numbers = item.i if item.name == "value_int" else list(item.ints)
            return Stored(numpy_helper.from_array(np.array(numbers, np.int64), name))
    return None


def all_tensors(model: onnx.ModelProto) -> Iterator[TensorProto]:
    """Yield every tensor of the model: of its graph, subgraphs and functions, and attributes."""
    graphs = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            nodes.extend(graph.node)
            continue
        for item in nodes.pop().attribute:
            if item.HasField("t"):
                yield item.t
            yield from item.tensors
            for sparse in [
                *([item.sparse_tensor] if item.HasField("sparse_tensor") else []),
                *item.sparse_tensors,
            ]:
                yield from (sparse.values, sparse.indices)
            graphs.extend([*([item.g] if item.HasField("g") else []), *item.graphs])
