"""Whatever form a constant is stored in, ONNX Runtime reads the very same numbers back."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from boildown.shipping.packing import pack, packed_bytes
from boildown.shipping.storage import smallest_form, store_compactly
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from onnx import TensorProto, helper, numpy_helper

TYPES = {
    "float32": np.dtype(np.float32),
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "int8": np.dtype(np.int8),
    "uint8": np.dtype(np.uint8),
}


def holding(values: np.ndarray, opset: int = 17) -> onnx.ModelProto:
    """Return a model whose output y is the constant w in float32."""
    graph = helper.make_graph(
        [helper.make_node("Cast", ["w"], ["y"], to=TensorProto.FLOAT)],
        "g",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, values.shape)],
        [numpy_helper.from_array(values, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def read_back(model: onnx.ModelProto) -> np.ndarray:
    import onnxruntime

    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    value: np.ndarray = session.run(None, {})[0]
    return value


def drawn(count: int, distinct: int, zeros: float = 0.0, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    table = random.standard_normal(distinct).astype(np.float32)
    values = table[random.integers(0, distinct, count)]
    return np.where(random.random(count) < zeros, np.float32(0), values)


def rowed(channels: int = 16, width: int = 300, distinct: int = 4) -> np.ndarray:
    return np.stack([drawn(width, distinct, seed=row) for row in range(channels)])


@pytest.mark.parametrize("opset", range(13, 22))
@pytest.mark.parametrize("bits", range(1, 9))
def test_indices_of_any_width_give_the_numbers_back(bits: int, opset: int) -> None:
    values = drawn(4001, 2**bits).reshape(1, 4001)
    stored = store_compactly(holding(values, opset), {})
    assert [function.name for function in stored.functions] == [f"lookup{bits}"]
    assert stored.ByteSize() < values.nbytes / (32 / bits) + 2**bits * 4 + 1500
    assert np.array_equal(read_back(stored), values)


@pytest.mark.parametrize("kind", TYPES)
def test_codes_and_half_precision_are_stored_as_exactly_as_floats(kind: str) -> None:
    values = np.random.default_rng(0).integers(-3, 4, (70, 90)).astype(TYPES[kind])
    stored = store_compactly(holding(values), {})
    assert [function.name for function in stored.functions] == ["lookup3"]
    assert np.array_equal(read_back(stored), values.astype(np.float32))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("distinct", [2, 3, 16, 33])
def test_channels_with_values_of_their_own_get_a_table_each(axis: int, distinct: int) -> None:
    values = np.moveaxis(rowed(24, 30 * 40, distinct).reshape(24, 30, 40), 0, axis)
    stored = store_compactly(holding(np.ascontiguousarray(values)), {"w": axis})
    assert [function.name[:4] for function in stored.functions] == ["rows"]
    assert np.array_equal(read_back(stored), values)


def test_without_the_axis_of_its_channels_no_weight_gets_tables_of_rows() -> None:
    values = rowed(100, 300)
    assert smallest_form(values) is None
    assert smallest_form(values, 0) is not None


@pytest.mark.parametrize("zeros", [0.3, 0.7, 0.97])
def test_a_weight_with_zeros_is_stored_without_them(zeros: float) -> None:
    values = np.random.default_rng(0).standard_normal((60, 50)).astype(np.float32)
    values[np.random.default_rng(1).random(values.shape) < zeros] = 0
    stored = store_compactly(holding(values), {})
    assert [function.name for function in stored.functions] == ["sparse"]
    assert stored.ByteSize() < values.nbytes * (1 - zeros) + values.size / 8 + 1200
    assert np.array_equal(read_back(stored), values)


def test_zeros_and_few_values_together_are_stored_in_least_bytes() -> None:
    values = drawn(20_000, 16, zeros=0.9).reshape(200, 100)
    stored = store_compactly(holding(values), {})
    assert [function.name for function in stored.functions] == ["sparse_lookup5"]
    assert stored.ByteSize() < 20_000 / 8 + 2_000 * 5 / 8 + 1800
    assert np.array_equal(read_back(stored), values)


def test_zeros_of_both_signs_are_one_value() -> None:
    values = np.where(np.arange(4000) % 2, np.float32(-0.0), np.float32(0.0)).reshape(40, 100)
    form = smallest_form(values)
    assert form is not None
    assert (form.function, form.bits, form.inputs()[1].size) == ("lookup", 1, 1)


@pytest.mark.parametrize("whole", [0.0, 2.5])
def test_a_constant_tensor_is_stored_and_read_back(whole: float) -> None:
    values = np.full((50, 40), whole, np.float32)
    assert np.array_equal(read_back(store_compactly(holding(values), {})), values)


@pytest.mark.parametrize("values", [np.arange(900, dtype=np.float32), drawn(10, 2)])
def test_what_would_not_shrink_stays_plain(values: np.ndarray) -> None:
    model = holding(values)
    before = model.SerializeToString()
    assert store_compactly(model, {}).SerializeToString() == before


def test_shapes_and_axes_are_left_alone() -> None:
    assert store_compactly(holding(np.ones(4000, np.int64)), {}).functions == []


def test_a_definition_that_costs_more_than_it_saves_is_left_out() -> None:
    values = drawn(160, 16)
    assert smallest_form(values) is not None
    assert not store_compactly(holding(values), {}).functions


def test_many_small_weights_share_one_definition() -> None:
    model = holding(drawn(160, 16))
    several = [numpy_helper.from_array(drawn(160, 16, seed=n), f"v{n}") for n in range(20)]
    model.graph.initializer.extend(several)
    stored = store_compactly(model, {})
    assert [function.name for function in stored.functions] == ["lookup4"]
    assert sum(node.domain == "boildown" for node in stored.graph.node) == 21


def test_the_size_that_a_form_promises_is_nearly_the_size_of_the_file() -> None:
    values = drawn(50_000, 16).reshape(500, 100)
    form = smallest_form(values)
    assert form is not None
    stored = store_compactly(holding(values), {}).ByteSize()
    assert form.bytes <= stored <= form.bytes + form.definition(17).ByteSize() + 200


@pytest.mark.parametrize("opset", [13, 17, 21])
@pytest.mark.parametrize("form", ["lookup", "rows", "sparse", "sparse_lookup"])
def test_nothing_of_the_unpacking_is_left_once_the_model_is_loaded(
    form: str, opset: int, tmp_path: Path
) -> None:
    import onnxruntime

    values = {
        "lookup": drawn(30_000, 16).reshape(300, 100),
        "rows": rowed(32, 1000, 16),
        "sparse": np.diag(np.arange(1.0, 201.0)).astype(np.float32),
        "sparse_lookup": drawn(30_000, 16, zeros=0.9).reshape(300, 100),
    }[form]
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    stored = store_compactly(holding(values, opset), {"w": 0})
    onnxruntime.InferenceSession(stored.SerializeToString(), options)
    assert stored.functions[0].name.rstrip("12345678") == form
    assert not onnx.load(tmp_path / "optimized.onnx").graph.node


def test_the_check_above_sees_what_is_not_folded(tmp_path: Path) -> None:
    """Negative control: without the optimizer the unpacking is still there."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "plain.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    stored = store_compactly(holding(drawn(30_000, 16)), {})
    onnxruntime.InferenceSession(stored.SerializeToString(), options)
    left = {node.op_type for node in onnx.load(tmp_path / "plain.onnx").graph.node}
    assert {"Gather", "BitShift", "Mod", "Cast"} <= left


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("count", [1, 7, 8, 9, 21, 64, 1000])
def test_packing_takes_no_more_bytes_than_it_says(bits: int, count: int) -> None:
    packed = pack(np.arange(count) % 2**bits, bits)
    assert packed.nbytes == packed_bytes(count, bits)
    assert packed.nbytes < count * bits / 8 * (64 / (64 // bits * bits)) + 8


@settings(max_examples=60, deadline=None)
@given(
    values=arrays.arrays(
        some.sampled_from([np.float32, np.float16, np.int8, np.uint8]),
        arrays.array_shapes(min_dims=1, max_dims=4, max_side=9),
        elements=some.integers(0, 20),
    ),
    axis=some.integers(0, 3),
)
def test_any_constant_is_read_back_exactly(values: np.ndarray, axis: int) -> None:
    large = np.tile(values, (40, *[1] * (values.ndim - 1)))
    stored = store_compactly(holding(large), {"w": axis % large.ndim})
    assert np.array_equal(read_back(stored), large.astype(np.float32))
