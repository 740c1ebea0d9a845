"""Weights behind tables, packed codes, sparse storage and moves, as palettizers write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import ModelError, onnx_layer_states
from boildown.model.codes import packed_bits
from boildown.model.decoding import Decoded, decode_layers
from boildown.model.layers import Layer
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

Save = Callable[..., Path]
Build = Callable[..., onnx.ModelProto]
N = helper.make_node
LAYER = Layer(name="mm", node="mm", op="MatMul", weight="w", shape=(6, 5), axis=1)
CODES = np.random.default_rng(0).integers(0, 16, size=30).astype(np.uint8)
BOOK = np.linspace(-1, 1, 16).astype(np.float32)
SHAPE = {"shape": np.array([6, 5])}


def decode(
    build: Build,
    save: Save,
    nodes: list[onnx.NodeProto],
    tensors: dict[str, np.ndarray],
    more: list[onnx.TensorProto] | None = None,
    **settings: Any,
) -> Decoded:
    node = N("MatMul", ["x", "w"], ["y"], "mm")
    model = build([*nodes, node], tensors, ("N", 6), ("N", 5), **settings)
    model.graph.initializer.extend(more or [])
    (found,) = decode_layers(save(model), [LAYER])
    return found


def test_bytes_that_index_a_table_take_eight_bits(build: Build, save: Save) -> None:
    nodes = [N("Cast", ["i"], ["j"], to=TensorProto.INT32), N("Gather", ["t", "j"], ["w"])]
    found = decode(build, save, nodes, {"i": CODES.reshape(6, 5), "t": BOOK})
    assert (found.values == BOOK[CODES].reshape(6, 5)).all()
    assert (found.bits, found.payload_bytes) == (8, 30 + 64)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_codes_packed_into_bytes_count_their_own_bits(build: Build, save: Save, bits: int) -> None:
    per_byte, codes = 8 // bits, CODES % 2**bits
    shifts = np.arange(per_byte) * bits
    rows = np.pad(codes, (0, -30 % per_byte)).reshape(-1, per_byte)
    packed = np.bitwise_or.reduce(rows << shifts, axis=1).astype(np.uint8)
    table = BOOK[: 2**bits][(np.arange(256)[:, None] >> shifts) & (2**bits - 1)]
    nodes = [
        N("Cast", ["i"], ["j"], to=TensorProto.INT32),
        N("Gather", ["t", "j"], ["g"], axis=0),
        N("Reshape", ["g", "flat"], ["f"]),
        N("Slice", ["f", "zero", "count"], ["s"]),
        N("Reshape", ["s", "shape"], ["w"]),
    ]
    ends = {"flat": np.array([-1]), "zero": np.array([0]), "count": np.array([30])}
    found = decode(build, save, nodes, {"i": packed, "t": table, **ends, **SHAPE})
    assert (found.values.ravel() == BOOK[codes]).all()
    assert found.bits == bits


def test_four_bit_codes_are_cast_or_dequantized(build: Build, save: Save) -> None:
    four = helper.make_tensor("i", TensorProto.UINT4, [6, 5], CODES)
    nodes = [N("Cast", ["i"], ["j"], to=TensorProto.INT32), N("Gather", ["t", "j"], ["w"])]
    found = decode(build, save, nodes, {"t": BOOK}, [four], opset=21)
    assert (found.bits, found.payload_bytes) == (4, 15 + 64)
    nodes = [N("DequantizeLinear", ["i", "scale"], ["w"], axis=0, block_size=3)]
    scale = np.arange(1, 11).reshape(2, 5).astype(np.float32)
    found = decode(build, save, nodes, {"scale": scale}, [four], opset=21)
    assert (found.values == CODES.reshape(6, 5) * scale.repeat(3, axis=0)).all()
    assert found.bits == 4


def test_signs_times_channel_scales_are_one_bit(build: Build, save: Save) -> None:
    flags = CODES[:24] % 2
    packed = np.packbits(flags, bitorder="little")
    table = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    scale = np.arange(1, 5, dtype=np.float32)
    nodes = [
        N("Cast", ["i"], ["j"], to=TensorProto.INT64),
        N("Gather", ["t", "j"], ["g"]),
        N("Reshape", ["g", "to"], ["signs"]),
        N("Mul", ["signs", "scale"], ["w"]),
        N("MatMul", ["x", "w"], ["y"], "mm"),
    ]
    tensors = {"i": packed, "t": table * 2.0 - 1, "to": np.array([6, 4]), "scale": scale}
    tensors["t"] = tensors["t"].astype(np.float32)
    path = save(build(nodes, tensors, ("N", 6)))
    (found,) = decode_layers(path, [LAYER.model_copy(update={"shape": (6, 4)})])
    assert (found.values == (flags * 2.0 - 1).reshape(6, 4) * scale).all()
    assert found.bits == 1


def test_codes_unpacked_with_shifts_are_decoded(build: Build, save: Save) -> None:
    packed = (CODES[:15] | (CODES[15:] << 4)).astype(np.uint8)
    nodes = [
        N("Mod", ["i", "sixteen"], ["low"]),
        N("BitShift", ["i", "four"], ["high"], direction="RIGHT"),
        N("Concat", ["low", "high"], ["codes"], axis=0),
        N("Cast", ["codes"], ["j"], to=TensorProto.INT32),
        N("Gather", ["t", "j"], ["g"]),
        N("Reshape", ["g", "shape"], ["w"]),
    ]
    small = {"sixteen": np.array(16, np.uint8), "four": np.array(4, np.uint8)}
    found = decode(build, save, nodes, {"i": packed, "t": BOOK, **small, **SHAPE})
    assert (found.values.ravel() == BOOK[CODES]).all()
    assert found.bits == 4


@pytest.mark.parametrize("linear", [True, False])
def test_sparse_initializers_count_values_and_indices(
    build: Build, save: Save, *, linear: bool
) -> None:
    model = build([N("MatMul", ["x", "w"], ["y"], "mm")], {}, ("N", 6), ("N", 5))
    values = numpy_helper.from_array(np.array([1, 2, 3], np.float32), "w")
    places = np.array([0, 7, 29]) if linear else np.array([[0, 0], [1, 2], [5, 4]])
    sparse = helper.make_sparse_tensor(values, numpy_helper.from_array(places, "p"), [6, 5])
    model.graph.sparse_initializer.append(sparse)
    (state,) = onnx_layer_states(save(model, check=False), [LAYER])
    assert (state.bits, state.sparsity, state.distinct_values) == (32, 0.9, 4)
    assert state.payload_bytes == 3 * 4 + places.size * 8


def test_values_scattered_into_zeros_count_as_stored(build: Build, save: Save) -> None:
    nodes = [
        N("ConstantOfShape", ["length"], ["zeros"]),
        N("ScatterElements", ["zeros", "places", "values"], ["flat"]),
        N("Reshape", ["flat", "shape"], ["w"]),
    ]
    tensors = {"length": np.array([30]), "places": np.array([3, 29])}
    values = np.array([1, 2], np.float32)
    found = decode(build, save, nodes, {**tensors, "values": values, **SHAPE})
    assert np.flatnonzero(found.values).tolist() == [3, 29]
    assert (found.bits, found.payload_bytes) == (32, 8 + 16 + 8 + 16)


MASK = (CODES > 7).astype(np.int32)
SPREAD = [
    N("CumSum", ["mask", "axis"], ["place"]),
    N("Mul", ["place", "mask"], ["index"]),
    N("Gather", ["values", "index"], ["g"]),
    N("Reshape", ["g", "shape"], ["w"]),
]
MASKED = {"mask": MASK, "axis": np.array(0), **SHAPE}


def test_a_mask_that_spreads_values_leaves_them_as_the_code(build: Build, save: Save) -> None:
    values = np.concatenate([np.zeros(1, np.float32), BOOK[CODES][MASK == 1]])
    found = decode(build, save, SPREAD, {"values": values, **MASKED})
    assert (found.values.ravel() == BOOK[CODES] * MASK).all()
    assert (found.bits, found.payload_bytes) == (32, MASK.nbytes + values.nbytes + 8 + 16)


@pytest.mark.parametrize("bits", [4, 8])
def test_indices_behind_a_mask_count_per_value_that_is_kept(
    build: Build, save: Save, bits: int
) -> None:
    index = np.concatenate([[0], 1 + CODES[MASK == 1] % 15]).astype(np.uint8)
    table = np.concatenate([np.zeros(1, np.float32), BOOK[:15]])
    kind = TensorProto.UINT4 if bits == 4 else TensorProto.UINT8
    words = helper.make_tensor("i", kind, index.shape, index)
    lookup = [N("Cast", ["i"], ["j"], to=TensorProto.INT32), N("Gather", ["t", "j"], ["values"])]
    found = decode(build, save, [*lookup, *SPREAD], {"t": table, **MASKED}, [words], opset=21)
    assert np.count_nonzero(found.values) == MASK.sum()
    assert found.bits == bits


@pytest.mark.parametrize("move", ["Transpose", "Identity", "Where"])
def test_moves_before_the_weight_keep_its_bits(build: Build, save: Save, move: str) -> None:
    values = BOOK[CODES].reshape(6, 5).astype(np.float16)
    tensors = {"h": values.T.copy() if move == "Transpose" else values}
    inputs = ["c", "h", "h"] if move == "Where" else ["h"]
    if move == "Where":
        tensors["c"] = np.ones((6, 5), bool)
    nodes = [N(move, inputs, ["m"]), N("Cast", ["m"], ["w"], to=TensorProto.FLOAT)]
    found = decode(build, save, nodes, tensors)
    assert (found.values == values).all()
    assert found.bits == 16


@pytest.mark.parametrize("transposed", [0, 1])
def test_a_gemm_that_became_a_matmul_is_turned_back(
    build: Build, save: Save, transposed: int
) -> None:
    shape = (5, 6) if transposed else (6, 5)
    wanted = LAYER.model_copy(update={"shape": shape, "axis": 1 - transposed, "op": "Gemm"})
    model = build(
        [N("MatMul", ["x", "w"], ["y"], "mm")], {"w": BOOK[CODES].reshape(6, 5)}, ("N", 6), ("N", 5)
    )
    (found,) = decode_layers(save(model), [wanted])
    assert found.values.shape == shape


def test_a_table_that_layers_share_is_counted_once_in_total(build: Build, save: Save) -> None:
    nodes = [
        N("Gather", ["t", "i"], ["a"]), N("Gather", ["t", "j"], ["b"]),
        N("MatMul", ["x", "a"], ["m"], "first"), N("MatMul", ["m", "b"], ["y"], "second"),
    ]  # fmt: skip
    codes = CODES[:25].reshape(5, 5).astype(np.int32)
    tensors = {"t": BOOK[:15], "i": codes % 15, "j": codes % 15}
    layers = [
        Layer(name=name, node=name, op="MatMul", weight=name, shape=(5, 5), axis=1)
        for name in ("first", "second")
    ]
    states = onnx_layer_states(save(build(nodes, tensors, ("N", 5), ("N", 5))), layers)
    assert [state.payload_bytes for state in states] == [100 + 30, 100 + 30]


def test_constants_in_nodes_are_stored_tensors_too(build: Build, save: Save) -> None:
    book = numpy_helper.from_array(BOOK)
    nodes = [N("Constant", [], ["t"], value=book), N("Gather", ["t", "i"], ["w"])]
    found = decode(build, save, nodes, {"i": CODES.reshape(6, 5).astype(np.int32)})
    assert found.payload_bytes == 30 * 4 + 64


def test_a_constant_that_grows_without_bound_is_refused(build: Build, save: Save) -> None:
    nodes = [N("ConstantOfShape", ["big"], ["w"]), N("MatMul", ["x", "w"], ["y"], "mm")]
    path = save(build(nodes, {"big": np.array([1 << 20, 1 << 20])}), check=False)
    with pytest.raises(ModelError, match="computes a constant of 1,099,511,627,776 elements"):
        decode_layers(path, [LAYER])


@pytest.mark.parametrize("op", ["Add", "Expand", "Gather"])
def test_small_files_cannot_ask_for_gigantic_constants(build: Build, save: Save, op: str) -> None:
    tall, wide = np.zeros((1 << 16, 1), np.float32), np.zeros((1, 1 << 16), np.float32)
    inputs = {"Add": wide, "Expand": np.array([1 << 16, 1 << 16]), "Gather": np.zeros(1 << 15, int)}
    data = np.zeros((2, 1 << 16), np.float32) if op == "Gather" else tall
    nodes = [N(op, ["a", "b"], ["w"]), N("MatMul", ["x", "w"], ["y"], "mm")]
    path = save(build(nodes, {"a": data, "b": inputs[op]}), check=False)
    with pytest.raises(ModelError, match="more than the 1,073,741,824"):
        decode_layers(path, [LAYER])


def test_a_dequantization_without_scale_is_refused(build: Build, save: Save) -> None:
    nodes = [N("DequantizeLinear", ["i", ""], ["w"], "dq"), N("MatMul", ["x", "w"], ["y"], "mm")]
    path = save(build(nodes, {"i": CODES.reshape(6, 5)}), check=False)
    with pytest.raises(ModelError, match=r"node 'dq' \(DequantizeLinear\) lacks its codes"):
        decode_layers(path, [LAYER])


@given(st.integers(17, 5000), st.sampled_from([1, 2, 4, 8]))
def test_padding_of_the_last_byte_is_no_bit(count: int, bits: int) -> None:
    assert packed_bits(-(-count * bits // 8), count) == bits


def test_odd_packings_have_fractions_of_bits() -> None:
    assert packed_bits(375, 1000) == 3
    assert packed_bits(200, 1000) == 1.6
