"""Model-local ONNX functions that rebuild a weight from packed indices, a table and a bit mask.

They consist of standard operators only. ONNX Runtime inlines them and folds them when it loads the
model, so that what runs is the plain graph: a small file costs nothing at run time. A function is
defined once in a file however many weights use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import AttributeProto, FunctionProto, NodeProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

DOMAIN = "boildown"
#: Version of the standard operators that the functions need (`value_ints` of Constant is of 12).
LEAST_OPSET = 13

#: Bits of an index -> type of the words that hold as many whole indices as fit.
_WORDS: dict[int, type[np.unsignedinteger]] = {
    **dict.fromkeys((1, 2, 4, 8), np.uint8),
    **dict.fromkeys((3, 5, 6, 7), np.uint64),
}


def pack(indices: np.ndarray, bits: int) -> np.ndarray:
    """Pack indices below 2**bits into words of shape (n, 1), the first in the lowest bits."""
    word = np.dtype(_WORDS[bits])
    each = word.itemsize * 8 // bits
    flat = indices.reshape(-1).astype(word)
    rows = np.pad(flat, (0, -flat.size % each)).reshape(-1, each)
    shifts = (np.arange(each) * bits).astype(word)
    shifted: np.ndarray = np.left_shift(rows, shifts)
    packed: np.ndarray = np.bitwise_or.reduce(shifted, axis=1)
    return packed.reshape(-1, 1)


def packed_bytes(count: int, bits: int) -> int:
    """Return how many bytes `pack` makes of `count` indices."""
    size = np.dtype(_WORDS[bits]).itemsize
    return -(-count // (size * 8 // bits)) * size


def lookup(bits: int, opset: int) -> FunctionProto:
    """Define words, table (values,) -> weight of `shape`, made of `count` table entries."""
    nodes = [
        *_unpacked("words", bits, "count", "index"),
        helper.make_node("Gather", ["table", "index"], ["flat"]),
        *_reshaped("flat", "shape", "weight"),
    ]
    return _function(f"lookup{bits}", ["words", "table"], ["count", "shape"], nodes, opset)


def rows(bits: int, opset: int) -> FunctionProto:
    """Define words, tables (channels, values) -> weight, each channel with a table of its own.

    `matrix` is (channels, weights of each), `front` the weight's shape with the channels first
    and `order` the permutation that puts the axes back in their places.
    """
    order = _attribute("perm", "order")
    moved = helper.make_node("Transpose", ["channels_first"], ["weight"])
    moved.attribute.append(order)
    nodes = [
        *_unpacked("words", bits, "count", "index"),
        *_reshaped("index", "matrix", "index_rows"),
        helper.make_node("GatherElements", ["table", "index_rows"], ["flat"], axis=1),
        *_reshaped("flat", "front", "channels_first"),
        moved,
    ]
    attributes = ["count", "matrix", "front", "order"]
    return _function(f"rows{bits}", ["words", "table"], attributes, nodes, opset)


def sparse(opset: int) -> FunctionProto:
    """Define mask, values (0 and then what stands where the mask is 1) -> weight of `shape`."""
    nodes = _spread("values")
    return _function("sparse", ["mask", "values"], ["count", "shape"], nodes, opset)


def sparse_lookup(bits: int, opset: int) -> FunctionProto:
    """Define mask, words, table -> weight: `sparse` whose `kept` values are looked up."""
    nodes = [
        *_unpacked("words", bits, "kept", "index"),
        helper.make_node("Gather", ["table", "index"], ["values"]),
        *_spread("values"),
    ]
    attributes = ["count", "kept", "shape"]
    return _function(f"sparse_lookup{bits}", ["mask", "words", "table"], attributes, nodes, opset)


def _spread(values: str) -> list[NodeProto]:
    """Put the n-th value where the mask has its n-th 1, and the value at 0 where it has 0."""
    return [
        *_unpacked("mask", 1, "count", "present"),
        _constant("first_axis", np.array(0, np.int32)),
        helper.make_node("CumSum", ["present", "first_axis"], ["rank"]),
        helper.make_node("Mul", ["present", "rank"], ["place"]),
        helper.make_node("Gather", [values, "place"], ["flat"]),
        *_reshaped("flat", "shape", "weight"),
    ]


def _unpacked(words: str, bits: int, count: str, result: str) -> list[NodeProto]:
    """Unpack the first `count` indices of `words` as int32; the inverse of `pack`."""
    word = np.dtype(_WORDS[bits])
    shifts = np.arange(word.itemsize * 8 // bits, dtype=word) * word.type(bits)
    own = [f"{words}_{part}" for part in ("shifts", "base", "start", "moved", "grid", "flat")]
    shifts_name, base, start, moved, grid, flat = own
    codes = [helper.make_node("Identity", [words], [grid])]
    if bits < word.itemsize * 8:
        codes = [
            _constant(shifts_name, shifts),
            _constant(base, np.array(2**bits, word)),
            helper.make_node("BitShift", [words, shifts_name], [moved], direction="RIGHT"),
            helper.make_node("Mod", [moved, base], [grid]),
        ]
    return [
        *codes,
        _constant(f"{words}_all", np.array([-1])),
        helper.make_node("Reshape", [grid, f"{words}_all"], [flat]),
        _constant(start, np.array([0])),
        _given(f"{words}_stop", count),
        helper.make_node("Slice", [flat, start, f"{words}_stop"], [f"{words}_cut"]),
        helper.make_node("Cast", [f"{words}_cut"], [result], to=TensorProto.INT32),
    ]


def _reshaped(data: str, shape: str, result: str) -> list[NodeProto]:
    return [
        _given(f"{shape}_of", shape),
        helper.make_node("Reshape", [data, f"{shape}_of"], [result]),
    ]


def _constant(name: str, value: np.ndarray) -> NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))


def _given(name: str, attribute: str) -> NodeProto:
    """Make a constant of what the calling node has as an attribute."""
    node = helper.make_node("Constant", [], [name])
    node.attribute.append(_attribute("value_ints", attribute))
    return node


def _attribute(name: str, given: str) -> AttributeProto:
    return AttributeProto(name=name, ref_attr_name=given, type=AttributeProto.INTS)


def _function(
    name: str,
    inputs: Sequence[str],
    attributes: Sequence[str],
    nodes: Sequence[NodeProto],
    opset: int,
) -> FunctionProto:
    imports = [helper.make_opsetid("", opset)]
    return helper.make_function(DOMAIN, name, inputs, ["weight"], nodes, imports, attributes)
