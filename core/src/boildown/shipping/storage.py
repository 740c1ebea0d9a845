"""Store each constant in the fewest bytes, without changing one number.

What the steps have done shows in the numbers: shared values, codes of few bits, zeros. So the
smallest form is chosen here, once, from the numbers alone: dense, indices into a table of the
distinct values, one such table a channel, or a bit mask with what it leaves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from . import packing
from .graph import opset, with_opset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from onnx import FunctionProto, ModelProto

#: Types of weights and of their codes; integers of other types are shapes, axes and the like.
_TYPES = frozenset({
    TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16,
    TensorProto.INT8, TensorProto.UINT8,
})  # fmt: skip
#: Bytes that a call of a function and each tensor it reads take beside their numbers.
_CALL, _TENSOR = 90, 20
_MOST_BITS = 8
#: What reads integer codes as they are. Packing 8-bit codes of 7 used bits would save an eighth of
#: the file, and cost more than twice the memory while ONNX Runtime unpacks them at load.
_KERNELS = frozenset({"DequantizeLinear", "ConvInteger", "MatMulInteger", "DynamicQuantizeLSTM"})
_WORTH_UNPACKING = 0.75
#: Model-local functions exist since this version of the file format (ONNX 1.10).
_FUNCTIONS_SINCE_IR = 8


@dataclass(frozen=True, slots=True)
class Form:
    """One way to store one constant."""

    function: str
    bits: int
    bytes: int
    #: Makes the inputs of the function: only the form that is chosen is worth the work.
    inputs: Callable[[], tuple[np.ndarray, ...]]
    attributes: Mapping[str, list[int]]

    def definition(self, version: int) -> FunctionProto:
        """Return the function that rebuilds the constant."""
        if self.function == "sparse":
            return packing.sparse(version)
        define = {
            "lookup": packing.lookup,
            "rows": packing.rows,
            "sparse_lookup": packing.sparse_lookup,
        }[self.function]
        return define(self.bits, version)


def store_compactly(model: ModelProto, axes: Mapping[str, int]) -> ModelProto:
    """Return the same model with every constant in its smallest form.

    `axes` names the axis of the output channels of weights, by the name of the constant.
    """
    kernels = _codes_of_kernels(model)
    forms = {
        tensor.name: form
        for tensor in model.graph.initializer
        if tensor.data_type in _TYPES
        and (form := smallest_form(numpy_helper.to_array(tensor), axes.get(tensor.name)))
        and (tensor.name not in kernels or form.bytes <= _WORTH_UNPACKING * len(tensor.raw_data))
    }
    forms = _worth_their_definition(forms, model)
    if not forms:
        return model
    model = with_opset(model, packing.LEAST_OPSET)
    model.ir_version = max(model.ir_version, _FUNCTIONS_SINCE_IR)
    graph, version = model.graph, opset(model)
    definitions, nodes, kept, packed = {}, [], [], []
    for tensor in graph.initializer:
        form = forms.get(tensor.name)
        if form is None:
            kept.append(tensor)
            continue
        definition = form.definition(version)
        definitions[definition.name] = definition
        inputs = form.inputs()
        names = [f"{tensor.name}/{index}" for index in range(len(inputs))]
        packed += [
            numpy_helper.from_array(values, name)
            for values, name in zip(inputs, names, strict=True)
        ]
        node = helper.make_node(definition.name, names, [tensor.name], domain=packing.DOMAIN)
        node.attribute.extend(
            helper.make_attribute(name, numbers) for name, numbers in form.attributes.items()
        )
        nodes.append(node)
    initializers, graph_nodes = [*kept, *packed], [*nodes, *graph.node]
    for field, items in ((graph.initializer, initializers), (graph.node, graph_nodes)):
        copies = [type(item).FromString(item.SerializeToString()) for item in items]
        del field[:]
        field.extend(copies)
    model.functions.extend(definitions.values())
    model.opset_import.append(helper.make_opsetid(packing.DOMAIN, 1))
    return model


def _codes_of_kernels(model: ModelProto) -> set[str]:
    """Name the codes that integer kernels compute with, as they stand in the file."""
    return {name for node in model.graph.node if node.op_type in _KERNELS for name in node.input}


def smallest_form(values: np.ndarray, axis: int | None = None) -> Form | None:
    """Return the form that takes the fewest bytes, None where that is the plain one."""
    forms = sorted(_forms(values, axis), key=lambda form: form.bytes)
    return forms[0] if forms and forms[0].bytes < values.nbytes + _TENSOR else None


def _worth_their_definition(forms: dict[str, Form], model: ModelProto) -> dict[str, Form]:
    """Leave out the forms whose function takes more bytes than all its uses save."""
    saved: dict[str, int] = {}
    sizes = {tensor.name: len(tensor.raw_data) + _TENSOR for tensor in model.graph.initializer}
    for name, form in forms.items():
        key = f"{form.function}{form.bits}"
        start = -form.definition(packing.LEAST_OPSET).ByteSize()
        saved[key] = saved.get(key, start) + sizes[name] - form.bytes
    return {name: form for name, form in forms.items() if saved[f"{form.function}{form.bits}"] > 0}


def _forms(values: np.ndarray, axis: int | None) -> Iterator[Form]:
    count, shape = values.size, list(values.shape)
    if values.nbytes <= _CALL:
        return
    codes = _codes(values)
    table = _distinct(codes)
    bits = _bits(len(table))
    if bits <= _MOST_BITS:
        size = packing.packed_bytes(count, bits) + table.nbytes + _CALL + 2 * _TENSOR
        if size < values.nbytes:
            attributes = {"count": [count], "shape": shape}
            yield Form("lookup", bits, size, partial(_lookup, values, codes, table), attributes)
    if axis is not None and bits > 1:
        yield from _row_forms(values, codes, axis)
    yield from _sparse_forms(values, codes)


def _row_forms(values: np.ndarray, codes: np.ndarray, axis: int) -> Iterator[Form]:
    front = np.moveaxis(codes, axis, 0)
    matrix = front.reshape(len(front), -1)
    tables = [_distinct(row) for row in matrix]
    width = max(map(len, tables))
    bits = _bits(width)
    if bits > _MOST_BITS:
        return
    size = packing.packed_bytes(values.size, bits) + len(front) * width * values.itemsize
    size += _CALL + 2 * _TENSOR
    if size >= values.nbytes:
        return
    order = np.argsort([axis, *(i for i in range(values.ndim) if i != axis)])
    attributes = {
        "count": [values.size],
        "matrix": list(matrix.shape),
        "front": list(front.shape),
        "order": [int(place) for place in order],
    }
    yield Form("rows", bits, size, partial(_rows, values, matrix, tables), attributes)


def _sparse_forms(values: np.ndarray, codes: np.ndarray) -> Iterator[Form]:
    flat = codes.reshape(-1)
    present = flat != 0
    # The place 0 of what is kept holds the zero that stands everywhere else.
    kept = np.concatenate((flat[:0], np.zeros(1, flat.dtype), flat[present]))
    mask_bytes = packing.packed_bytes(values.size, 1) + _CALL + 2 * _TENSOR
    attributes = {"count": [values.size], "shape": list(values.shape)}
    if mask_bytes + kept.nbytes < values.nbytes:
        inputs = partial(_sparse, values, present, kept)
        yield Form("sparse", 0, mask_bytes + kept.nbytes, inputs, attributes)
    table = _distinct(kept)
    bits = _bits(len(table))
    if bits > _MOST_BITS:
        return
    size = mask_bytes + packing.packed_bytes(kept.size, bits) + table.nbytes + _TENSOR
    if size < values.nbytes:
        inputs = partial(_sparse_lookup, values, present, kept, table)
        yield Form("sparse_lookup", bits, size, inputs, {**attributes, "kept": [kept.size]})


def _lookup(values: np.ndarray, codes: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, ...]:
    index = packing.pack(_places(codes, table), _bits(len(table)))
    return index, _values(table, values)


def _rows(
    values: np.ndarray, matrix: np.ndarray, tables: list[np.ndarray]
) -> tuple[np.ndarray, ...]:
    width = max(map(len, tables))
    table = np.stack([np.pad(own, (0, width - len(own))) for own in tables])
    index = np.stack([_places(row, own) for row, own in zip(matrix, tables, strict=True)])
    return packing.pack(index, _bits(width)), _values(table, values)


def _sparse(values: np.ndarray, present: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, ...]:
    return packing.pack(present, 1), _values(kept, values)


def _sparse_lookup(
    values: np.ndarray, present: np.ndarray, kept: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, ...]:
    index = packing.pack(_places(kept, table), _bits(len(table)))
    return packing.pack(present, 1), index, _values(table, values)


def _distinct(codes: np.ndarray) -> np.ndarray:
    """Return the different codes in order; bytes are counted, which is faster than sorting."""
    if codes.itemsize == 1:
        return np.flatnonzero(np.bincount(codes.ravel(), minlength=256)).astype(codes.dtype)
    return np.unique(codes)


def _places(codes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return for each code its place in the ordered table."""
    if codes.itemsize == 1:
        places = np.zeros(256, np.uint8)
        places[table] = np.arange(len(table))
        found: np.ndarray = places[codes]
        return found
    return np.searchsorted(table, codes)


def _bits(count: int) -> int:
    """Return the bits of an index into `count` values, at least 1."""
    return max(1, math.ceil(math.log2(count)))


def _codes(values: np.ndarray) -> np.ndarray:
    """Return the numbers as integers of their width, in which 0 stands for both zeros."""
    codes = np.ascontiguousarray(values).view(f"u{values.itemsize}")
    return np.where(values == 0, codes.dtype.type(0), codes)


def _values(codes: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Undo `_codes`."""
    return codes.view(like.dtype)
