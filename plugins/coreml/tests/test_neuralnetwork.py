"""The layers of the older format against ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, source_layers
from boildown_coreml.deploy import deploy, to_onnx
from boildown_coreml.layers import layers
from boildown_coreml.toolkit import silently
from onnx import helper
from programs import run
from sources import context_of, difference, graph, node, noise, normalised, samples

with silently():
    pass


def single(kind: str, *inputs: str, **more: Any) -> list[onnx.NodeProto]:
    return [node(kind, ["x", *inputs], "one", "y", **more)]


ALL, ONE = np.array([2, 3], np.int64), np.array([1], np.int64)
CASES: dict[str, tuple[list[onnx.NodeProto], dict[str, np.ndarray]]] = {
    **{
        f"{kind}": (single(kind), {})
        for kind in (
            "Abs", "Atan", "Ceil", "Cos", "Erf", "Exp", "Floor", "GlobalAveragePool",
            "GlobalMaxPool", "HardSwish", "Neg", "Relu", "Round", "Sigmoid", "Sign", "Sin",
            "Softplus", "Tanh",
        )
    },
    "Clip": (single("Clip", "a", "b"), {"a": np.float32(-0.3), "b": np.float32(0.8)}),
    "Elu": (single("Elu", alpha=0.7), {}),
    "Gelu": (single("Gelu"), {}),
    "Gelu by tanh": (single("Gelu", approximate="tanh"), {}),
    "HardSigmoid": (single("HardSigmoid", alpha=0.3, beta=0.4), {}),
    "LeakyRelu": (single("LeakyRelu", alpha=0.2), {}),
    "PRelu": (single("PRelu", "s"), {"s": np.abs(noise(4, 1, 1))}),
    "Sqrt": ([node("Abs", ["x"], "a"), node("Sqrt", ["a_out"], "s", "y")], {}),
    "Log": ([node("Exp", ["x"], "e"), node("Log", ["e_out"], "l", "y")], {}),
    "Pow": (single("Pow", "p"), {"p": np.float32(2)}),
    "Add a number": (single("Add", "c"), {"c": np.float32(0.5)}),
    "Mul by channel": (single("Mul", "c"), {"c": noise(4, 1, 1)}),
    "Sub from a constant": ([node("Sub", ["c", "x"], "s", "y")], {"c": noise(4, 6, 8)}),
    "Div": (single("Div", "c"), {"c": np.abs(noise(6, 1)) + 1}),
    "Max": (single("Max", "c"), {"c": noise(4, 1, 8)}),
    "Min with itself": (
        [node("Neg", ["x"], "n"), node("Min", ["x", "n_out"], "m", "y")], {},
    ),
    "choice": (
        [node("Greater", ["x", "c"], "g"), node("Neg", ["x"], "n"),
         node("Where", ["g_out", "x", "n_out"], "w", "y")],
        {"c": np.float32(0.1)},
    ),
    "Softmax of channels": (single("Softmax", axis=1), {}),
    "Softmax of the last": (single("Softmax", axis=-1), {}),
    **{
        f"Reduce{kind}": (single(f"Reduce{kind}", "a", keepdims=0), {"a": ONE})
        for kind in ("L1", "L2", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
    },
    "mean of places": (single("ReduceMean", "a", keepdims=1), {"a": ALL}),
    "MaxPool": (single("MaxPool", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]), {}),
    "MaxPool of a started window": (
        single("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), {},
    ),
    "AveragePool with its margin": (
        single("AveragePool", kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1), {},
    ),
    "AveragePool without": (single("AveragePool", kernel_shape=[3, 3], pads=[1] * 4), {}),
    "AveragePool of same size": (
        single("AveragePool", kernel_shape=[2, 2], auto_pad="SAME_UPPER"), {},
    ),
    "Conv of same size": (
        single("Conv", "w", strides=[2, 2], auto_pad="SAME_UPPER"), {"w": noise(5, 4, 3, 3)},
    ),
    "Conv in groups with holes": (
        single("Conv", "w", group=2, dilations=[2, 1], pads=[2, 1, 2, 1]),
        {"w": noise(6, 2, 3, 3)},
    ),
    "ConvTranspose": (
        single("ConvTranspose", "w", "b", strides=[2, 2], pads=[1, 1, 1, 1],
               output_padding=[1, 0], group=2),
        {"w": noise(4, 3, 3, 3), "b": noise(6)},
    ),
    "BatchNormalization": (
        [node("Relu", ["x"], "r"),
         node("BatchNormalization", ["r_out", "g", "b", "m", "v"], "n", "y")],
        {"g": noise(4), "b": noise(4), "m": noise(4), "v": np.abs(noise(4)) + 0.1},
    ),
    "InstanceNormalization": (
        single("InstanceNormalization", "g", "b"), {"g": noise(4), "b": noise(4)},
    ),
    "LayerNormalization": (
        [node("Flatten", ["x"], "f", axis=1),
         node("LayerNormalization", ["f_out", "g", "b"], "n", "y", axis=-1)],
        {"g": noise(192), "b": noise(192)},
    ),
    "LayerNormalization of more": (
        single("LayerNormalization", "g", axis=2), {"g": noise(6, 8)},
    ),
    "Concat": ([node("Neg", ["x"], "n"), node("Concat", ["x", "n_out"], "c", "y", axis=2)], {}),
    "Split": (
        [helper.make_node("Split", ["x", "s"], ["a", "b"], "s", axis=1),
         node("Concat", ["b", "a"], "c", "y", axis=1)],
        {"s": np.array([1, 3], np.int64)},
    ),
    "Transpose": (single("Transpose", perm=[0, 2, 3, 1]), {}),
    "Reshape": (single("Reshape", "s"), {"s": np.array([0, 2, -1, 8], np.int64)}),
    "Flatten": (single("Flatten", axis=1), {}),
    "Squeeze": (
        [node("ReduceMean", ["x", "a"], "m"), node("Squeeze", ["m_out", "a"], "s", "y")],
        {"a": ALL},
    ),
    "Unsqueeze": (single("Unsqueeze", "a"), {"a": np.array([4], np.int64)}),
    "Slice": (
        single("Slice", "b", "e", "a", "s"),
        {"b": np.array([1, -1], np.int64), "e": np.array([3, -7], np.int64),
         "a": np.array([1, 3], np.int64), "s": np.array([1, -2], np.int64)},
    ),
    "Slice of one axis": (
        single("Slice", "b", "e", "a"),
        {"b": np.array([1], np.int64), "e": np.array([5], np.int64),
         "a": np.array([2], np.int64)},
    ),
    "Gather": (single("Gather", "i", axis=1), {"i": np.array([2, 0], np.int64)}),
    "Tile": (single("Tile", "r"), {"r": np.array([1, 2, 1, 3], np.int64)}),
    "Pad": (
        single("Pad", "p", "v"),
        {"p": np.array([0, 0, 1, 0, 0, 0, 2, 1], np.int64), "v": np.float32(0.5)},
    ),
    "Pad by reflection": (
        single("Pad", "p", mode="reflect"), {"p": np.array([0, 0, 1, 0, 0, 0, 2, 1], np.int64)},
    ),
    "ArgMax": (single("ArgMax", axis=1, keepdims=0), {}),
    "DepthToSpace": (single("DepthToSpace", blocksize=2), {}),
    "DepthToSpace, columns first": (single("DepthToSpace", blocksize=2, mode="CRD"), {}),
    "SpaceToDepth": (single("SpaceToDepth", blocksize=2), {}),
    "Resize to nearest": (
        single("Resize", "", "s", mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric"),
        {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "Resize with centred pixels": (
        single("Resize", "", "s", mode="linear"), {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "Resize with aligned corners": (
        single("Resize", "", "s", mode="linear",
               coordinate_transformation_mode="align_corners"),
        {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "MatMul of two": (
        [node("Transpose", ["x"], "t", perm=[0, 1, 3, 2]),
         node("MatMul", ["x", "t_out"], "m", "y")],
        {},
    ),
    "MatMul of four axes": (single("MatMul", "w"), {"w": noise(8, 5)}),
    "MatMul and a row": (
        [node("Flatten", ["x"], "f", axis=1), node("MatMul", ["f_out", "w"], "m"),
         node("Add", ["m_out", "b"], "a", "y")],
        {"w": noise(192, 5), "b": noise(5)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_layer_gives_what_its_source_gives(case: str, tmp_path: Path) -> None:
    nodes, weights = CASES[case]
    source = normalised(graph(nodes, (4, 6, 8), weights), tmp_path)
    context = context_of(source, format="mlmodel")
    made = onnx.load(to_onnx(deploy(Artifact(path=source), context), context).path)
    arrays = samples(source)
    if made.graph.input[0].type.tensor_type.shape.dim[0].dim_value:
        pytest.fail("the batch was not opened")
    wanted = run(onnx.load(source), *arrays)[0]
    assert difference(run(made, *arrays)[0], wanted) < 2e-5
    assert [state.layer for state in layers(Artifact(path=context.workdir / "model.mlmodel",
        format="mlmodel"), context)] == [layer.name for layer in source_layers(source)]  # fmt: skip
