from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import ModelError
from boildown.model.inspect import inspect
from onnx import helper

Save = Callable[..., Path]
Build = Callable[..., onnx.ModelProto]
Normal = Callable[..., np.ndarray]
N = helper.make_node
#: conv 8x8x8 outputs of 27 products, fc 10 of 8, mm 4 of 10.
TINY_MACS = 512 * 27 + 80 + 40
#: Weights 216 + 80 + 40, batch norm 8 + 8, bias 10.
TINY_PARAMETERS = 336 + 16 + 10


def macs(path: Path) -> list[int | None]:
    return [layer.macs for layer in inspect(path).layers]


def test_a_source_model_is_described(tiny: onnx.ModelProto, save: Save) -> None:
    path = save(tiny)
    facts = inspect(path)
    assert (facts.macs, facts.parameters, facts.uncounted) == (TINY_MACS, TINY_PARAMETERS, ())
    assert (facts.inputs, facts.outputs) == ({"x": ("N", 3, 8, 8)}, {"y": ("N", 4)})
    assert (facts.opset, facts.bytes) == (17, path.stat().st_size)
    assert facts.deflated_bytes == len(zlib.compress(path.read_bytes(), 6))
    first = facts.layers[0]
    assert (first.name, first.op, first.shape, first.dtype) == (
        "conv",
        "Conv",
        (8, 3, 3, 3),
        "float32",
    )
    assert (first.parameters, first.bits, first.sparsity) == (216, 32, 0)


@pytest.mark.parametrize("how", ["qdq", "qoperator", "dynamic"])
def test_a_compressed_model_keeps_its_macs_and_parameters(
    tiny: onnx.ModelProto, save: Save, how: str
) -> None:
    from onnxruntime import quantization as q

    path = save(tiny)
    target = path.with_name("q.onnx")
    if how == "dynamic":
        q.quantize_dynamic(path, target)
    else:
        form = q.QuantFormat.QDQ if how == "qdq" else q.QuantFormat.QOperator
        batches = iter([{"x": np.ones((1, 3, 8, 8), np.float32)}])
        reader = type("Reader", (), {"get_next": lambda _self: next(batches, None)})()
        q.quantize_static(path, target, reader, quant_format=form)
    facts = inspect(target)
    assert facts.macs == TINY_MACS
    assert facts.parameters == TINY_PARAMETERS
    assert {layer.dtype for layer in facts.layers} <= {"int8", "uint8"}
    assert [layer.bits for layer in facts.layers] == [8, 8, 8]


def test_zeros_are_counted(build: Build, save: Save, normal: Normal) -> None:
    weight = normal(6, 5)
    weight[:3] = 0
    path = save(build([N("MatMul", ["x", "w"], ["y"])], {"w": weight}, ("N", 6), ("N", 5)))
    assert inspect(path).layers[0].sparsity == 0.5


@pytest.mark.parametrize(
    ("attributes", "channels", "side", "expected"),
    [
        ({"pads": [1] * 4}, 3, 8, 64 * 8 * 27),
        ({"strides": [2, 2], "pads": [1] * 4}, 3, 4, 16 * 8 * 27),
        ({"dilations": [2, 2]}, 3, 4, 16 * 8 * 27),
        ({"group": 3, "pads": [1] * 4}, 1, 8, 64 * 8 * 9),
    ],
)
def test_convolutions_count_kernel_times_outputs(
    build: Build,
    save: Save,
    normal: Normal,
    *,
    attributes: dict,
    channels: int,
    side: int,
    expected: int,
) -> None:
    outputs = 8 if channels == 3 else 9
    weight = {"w": normal(outputs, channels, 3, 3)}
    node = N("Conv", ["x", "w"], ["y"], **attributes)
    path = save(build([node], weight, out=("N", outputs, side, side)))
    assert macs(path) == [expected // 8 * outputs]


def test_transposed_convolutions_count_kernel_times_inputs(
    build: Build, save: Save, normal: Normal
) -> None:
    node = N("ConvTranspose", ["x", "w"], ["y"], group=3, strides=[2, 2])
    path = save(build([node], {"w": normal(3, 2, 2, 2)}, out=("N", 6, 16, 16)))
    # Each of 3 x 8 x 8 inputs takes part in 2 output channels of a 2 x 2 kernel.
    assert macs(path) == [192 * 2 * 4]


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_nodes_count_each_step(
    build: Build, save: Save, normal: Normal, op: str, gates: int
) -> None:
    node = N(op, ["x", "W", "R"], ["y"], "r", hidden_size=2, direction="bidirectional")
    tensors = {"W": normal(2, gates * 2, 3), "R": normal(2, gates * 2, 2)}
    path = save(build([node], tensors, (5, 1, 3), (5, 2, 1, 2)))
    facts = inspect(path)
    assert facts.macs == 5 * 2 * gates * 2 * (3 + 2)
    assert [layer.name for layer in facts.layers] == ["r.W", "r.R"]


def test_products_of_two_activations_count_but_are_no_layers(build: Build, save: Save) -> None:
    nodes = [
        N("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
        N("MatMul", ["x", "t"], ["s"]), N("Softmax", ["s"], ["p"]), N("MatMul", ["p", "x"], ["y"]),
    ]  # fmt: skip
    facts = inspect(save(build(nodes, {}, ("N", 7, 4), ("N", 7, 4))))
    assert (facts.macs, facts.layers, facts.parameters) == (7 * 7 * 4 * 2, (), 0)


def test_gemms_count_along_the_turned_side(build: Build, save: Save, normal: Normal) -> None:
    path = save(
        build([N("Gemm", ["x", "w"], ["y"], transA=1)], {"w": normal(6, 5)}, (6, 3), (3, 5))
    )
    assert macs(path) == [3 * 5 * 6]


def test_work_that_is_not_counted_is_named_instead_of_guessed(
    build: Build, save: Save, normal: Normal
) -> None:
    nodes = [N("Einsum", ["x", "w"], ["y"], equation="bi,io->bo")]
    facts = inspect(save(build(nodes, {"w": normal(6, 5)}, ("N", 6), ("N", 5))))
    assert (facts.macs, facts.uncounted) == (None, ("Einsum",))


def test_unknown_shapes_make_unknown_macs(build: Build, save: Save, normal: Normal) -> None:
    nodes = [
        N("Magic", ["x"], ["a"], domain="acme"),
        N("MatMul", ["a", "w"], ["y"]),
    ]
    model = build(nodes, {"w": normal(6, 5)}, ("N", 6), ("N", "M"), domains={"acme": 1})
    facts = inspect(save(model))
    assert (facts.macs, facts.uncounted) == (None, ("MatMul",))
    assert facts.layers[0].name == "y"


def test_blocks_of_bits_count_as_the_weights_that_they_are(
    build: Build, save: Save, normal: Normal
) -> None:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    nodes = [N("Gather", ["e", "x"], ["g"], "emb"), N("MatMul", ["g", "w"], ["y"], "mm")]
    tensors = {"e": normal(20, 32), "w": normal(32, 6)}
    path = save(build(nodes, tensors, (4,), (4, 6), kind=7))
    quantizer = MatMulNBitsQuantizer(
        onnx.load(path), block_size=16, op_types_to_quantize=("MatMul", "Gather")
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(path.with_name("bits.onnx")))
    facts = inspect(path.with_name("bits.onnx"))
    assert (facts.macs, facts.parameters) == (4 * 32 * 6, 20 * 32 + 32 * 6)
    assert [layer.bits for layer in facts.layers] == [4, 4]


def test_palettized_weights_are_decoded(build: Build, save: Save) -> None:
    nodes = [N("Gather", ["t", "i"], ["w"]), N("MatMul", ["x", "w"], ["y"], "mm")]
    tensors = {"t": np.linspace(0, 1, 16).astype(np.float32), "i": np.ones((6, 5), np.int32)}
    facts = inspect(save(build(nodes, tensors, ("N", 6), ("N", 5))))
    assert (facts.macs, facts.parameters) == (30, 30)
    (layer,) = facts.layers
    assert (layer.name, layer.dtype, layer.shape) == ("mm", "int32", (6, 5))


def test_a_shared_weight_is_counted_once(build: Build, save: Save, normal: Normal) -> None:
    nodes = [N("MatMul", ["x", "w"], ["a"]), N("MatMul", ["a", "w"], ["y"])]
    facts = inspect(save(build(nodes, {"w": normal(4, 4)}, ("N", 4), ("N", 4))))
    assert (facts.parameters, facts.macs) == (16, 32)


def test_indices_and_epsilons_are_no_parameters(build: Build, save: Save) -> None:
    nodes = [
        N("Add", ["x", "eps"], ["a"]), N("Add", ["a", "shift"], ["b"]), N("Shape", ["b"], ["s"]),
        N("Concat", ["s", "tail"], ["c"], axis=0), N("Reshape", ["b", "c"], ["y"]),
    ]  # fmt: skip
    small = {"eps": np.float32(1e-5), "shift": np.ones(3, np.float32), "tail": np.array([1])}
    facts = inspect(save(build(nodes, small, ("N", 3), ("N", 3, 1))))
    assert facts.parameters == 3


def test_a_broken_weight_is_a_model_error(build: Build, save: Save, normal: Normal) -> None:
    nodes = [N("Reshape", ["c", "to"], ["w"], "bad"), N("MatMul", ["x", "w"], ["y"])]
    path = save(build(nodes, {"c": normal(5), "to": np.array([-1, 3])}), check=False)
    with pytest.raises(ModelError, match=r"model\.onnx: cannot be read"):
        inspect(path)


def test_a_model_error_says_which_file(build: Build, save: Save) -> None:
    nodes = [N("ConstantOfShape", ["big"], ["w"], "grow"), N("MatMul", ["x", "w"], ["y"])]
    path = save(build(nodes, {"big": np.array([1 << 20, 1 << 20])}), check=False)
    with pytest.raises(ModelError, match=r"model\.onnx: node 'grow'"):
        inspect(path)


def test_a_product_of_two_quantized_activations_is_no_layer(build: Build, save: Save) -> None:
    nodes = [
        N("QuantizeLinear", ["x", "s", "z"], ["q"], "q"),
        N("QLinearMatMul", ["q", "s", "z", "q", "s", "z", "s", "z"], ["p"], "att"),
        N("DequantizeLinear", ["p", "s", "z"], ["y"], "d"),
    ]
    model = build(nodes, {"s": np.float32(0.1), "z": np.uint8(128)}, (4, 4), (4, 4))
    assert inspect(save(model)).layers == ()


def test_a_table_of_whole_numbers_is_no_layer(build: Build, save: Save) -> None:
    nodes = [
        N("MatMul", ["x", "w"], ["f"], "fc"),
        N("ArgMax", ["f"], ["i"], "best", axis=1, keepdims=0),
        N("Gather", ["ids", "i"], ["n"], "ids_of"),
        N("Cast", ["n"], ["y"], "as_real", to=onnx.TensorProto.FLOAT),
    ]
    weights = {"w": np.ones((8, 3), np.float32), "ids": np.arange(6, dtype=np.int64).reshape(3, 2)}
    model = build(nodes, weights, ("N", 8), ("N", 2))
    assert [layer.name for layer in inspect(save(model)).layers] == ["fc"]


def test_codes_that_are_read_twice_are_parameters_once(build: Build, save: Save) -> None:
    nodes = [
        N("DequantizeLinear", ["c", "s"], ["w1"], "one"),
        N("DequantizeLinear", ["c", "s"], ["w2"], "two"),
        N("MatMul", ["x", "w1"], ["h"], "first"),
        N("MatMul", ["h", "w2"], ["y"], "second"),
    ]
    codes = np.arange(-32, 32, dtype=np.int8).reshape(8, 8)
    model = build(nodes, {"c": codes, "s": np.float32(0.1)}, ("N", 8), ("N", 8))
    assert inspect(save(model)).parameters == 64


def test_constant_sides_of_products_by_letters_are_parameters(build: Build, save: Save) -> None:
    nodes = [N("Einsum", ["x", "w"], ["y"], "e", equation="nc,cd->nd")]
    model = build(nodes, {"w": np.ones((8, 4), np.float32)}, ("N", 8), ("N", 4))
    assert inspect(save(model)).parameters == 32
