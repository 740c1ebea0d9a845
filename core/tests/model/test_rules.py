"""What is no source model is refused in the user's words, everything at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import ModelError
from boildown.model.normalize import normalize
from onnx import helper, numpy_helper

Save = Callable[..., Path]
Build = Callable[..., onnx.ModelProto]
Normal = Callable[..., np.ndarray]
N = helper.make_node


def refused(path: Path, *texts: str) -> None:
    with pytest.raises(ModelError) as caught:
        normalize(path, path.with_name("n.onnx"))
    assert [text for text in texts if text not in str(caught.value)] == [], str(caught.value)


def test_control_flow_is_refused_by_name(build: Build, save: Save) -> None:
    out = helper.make_tensor_value_info("o", 1, None)
    branch = helper.make_graph([N("Identity", ["x"], ["o"])], "branch", [], [out])
    nodes = [
        N("Constant", [], ["c"], value=numpy_helper.from_array(np.array(True))),  # noqa: FBT003
        N("If", ["c"], ["y"], "choose", then_branch=branch, else_branch=branch),
    ]
    path = save(build(nodes, {}, ("N", 3), ("N", 3)), check=False)
    refused(path, "node 'choose' (If) is control flow")


def test_sequences_are_refused(build: Build, save: Save) -> None:
    nodes = [
        N("SequenceConstruct", ["x", "x"], ["s"], "pack"),
        N("ConcatFromSequence", ["s"], ["y"], axis=0),
    ]
    path = save(build(nodes, {}, (2, 3), (4, 3)))
    refused(path, "node 'pack' (SequenceConstruct) works on sequences", "'ConcatFromSequence'")


def test_inputs_that_are_no_tensors_are_refused(build: Build, save: Save) -> None:
    model = build([N("ConcatFromSequence", ["x"], ["y"], axis=0)], {}, (2, 3), (4, 3))
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, [2, 3]))
    model.graph.input[0].type.CopyFrom(kind)
    refused(save(model), "input 'x' is no tensor")


def test_custom_domains_are_refused_by_name(build: Build, save: Save) -> None:
    node = N("Magic", ["x"], ["y"], "m", domain="acme")
    path = save(build([node], {}, ("N", 3), ("N", 3), domains={"acme": 1}))
    refused(path, "node 'm' (Magic) is of the custom domain 'acme'")


def test_open_axes_beside_the_batch_are_named_with_input_and_axis(build: Build, save: Save) -> None:
    shape = ("N", 3, "height", None)
    path = save(build([N("Relu", ["x"], ["y"])], {}, shape, shape))
    refused(path, "input 'x' has no fixed length on axis 2 ('height')", "on axis 3;")


def test_an_input_without_any_shape_is_refused(build: Build, save: Save) -> None:
    model = build([N("Relu", ["x"], ["y"])], {}, ("N", 3), ("N", 3))
    model.graph.input[0].type.tensor_type.ClearField("shape")
    with pytest.raises(ModelError, match=r"input 'x' has no shape|not a valid ONNX model"):
        normalize(save(model, check=False), Path("n.onnx"))


def test_a_model_without_inputs_is_refused(build: Build, save: Save) -> None:
    model = build([N("Relu", ["c"], ["y"])], {"c": np.ones((2, 3), np.float32)}, out=(2, 3))
    del model.graph.input[:]
    refused(save(model), "it has no inputs")


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_other_floats_are_refused_with_what_to_do(
    build: Build, save: Save, normal: Normal, kind: type
) -> None:
    number = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    model = build([N("MatMul", ["x", "w"], ["y"])], {"w": normal(6, 5).astype(kind)}, ("N", 6),
                  ("N", 5), kind=number)  # fmt: skip
    model.graph.output[0].type.tensor_type.elem_type = number
    refused(save(model), f"input 'x' is of type {np.dtype(kind).name}", "output 'y' is of type")


def test_half_precision_weights_inside_are_refused_by_name(
    build: Build, save: Save, normal: Normal
) -> None:
    nodes = [
        N("Cast", ["x"], ["h"], to=10),
        N("MatMul", ["h", "w"], ["m"]),
        N("Cast", ["m"], ["y"], to=1),
    ]
    path = save(build(nodes, {"w": normal(6, 5).astype(np.float16)}, ("N", 6), ("N", 5)))
    refused(path, "the weight 'w' is float16", "model.float()")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(
    build: Build, save: Save, normal: Normal, bad: float
) -> None:
    weight = normal(6, 5)
    weight[0, :2] = bad
    path = save(build([N("MatMul", ["x", "w"], ["y"])], {"w": weight}, ("N", 6), ("N", 5)))
    refused(path, "the tensor 'w' holds 2 numbers that are not finite")


def test_infinite_bounds_are_normal_but_nan_is_not(build: Build, save: Save) -> None:
    for value, fine in ((np.inf, True), (np.nan, False)):
        tensors = {"low": np.float32(0), "high": np.float32(value)}
        path = save(build([N("Clip", ["x", "low", "high"], ["y"])], tensors, ("N", 3), ("N", 3)))
        if fine:
            assert normalize(path, path.with_name("n.onnx"))
        else:
            refused(path, "the tensor 'high' holds 1 numbers")


def test_quantized_models_are_refused(build: Build, save: Save, normal: Normal) -> None:
    nodes = [N("QuantizeLinear", ["x", "s"], ["q"], "q"), N("DequantizeLinear", ["q", "s"], ["y"])]
    path = save(build(nodes, {"s": np.float32(0.1)}, ("N", 3), ("N", 3)))
    refused(path, "it is quantized already (node 'q' (QuantizeLinear))")


@pytest.mark.parametrize("opset", [6, 999])
def test_opsets_that_nothing_reads_are_refused(build: Build, save: Save, opset: int) -> None:
    path = save(build([N("Relu", ["x"], ["y"])], {}, ("N", 3), ("N", 3), opset=opset))
    refused(path, f"its opset {opset} is outside 7 to")


def test_everything_wrong_is_told_at_once_but_not_without_end(build: Build, save: Save) -> None:
    nodes = [
        N("Magic", ["x" if i == 0 else f"t{i}"], [f"t{i + 1}"], f"m{i}", domain="acme")
        for i in range(12)
    ]
    nodes.append(N("Relu", ["t12"], ["y"]))
    path = save(build(nodes, {}, ("N", "w"), ("N", "w"), domains={"acme": 1}))
    refused(path, "'m0'", "'m7'", "and 5 more")
