"""Write a ResNet50 of any size with random weights, for jobs that take as long as real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = (3, 4, 6, 3)
CLASSES = 1000
_EXPANSION = 4


class _Graph:
    """Collects nodes and weights; every method appends a layer and returns its output's name."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, op: str, name: str, inputs: list[str], **attributes: Any) -> str:  # noqa: ANN401
        self.nodes.append(helper.make_node(op, inputs, [f"{name}.out"], name=name, **attributes))
        return f"{name}.out"

    def weight(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(self, name: str, x: str, shape: tuple[int, int, int], stride: int = 1) -> str:
        """Add Conv and BatchNormalization; `shape` is (out, in, kernel), weights after He."""
        out, into, kernel = shape
        scale = np.sqrt(2 / (into * kernel * kernel))
        values = self.rng.standard_normal((out, into, kernel, kernel)) * scale
        pads = [kernel // 2] * 4
        weight = self.weight(f"{name}.weight", values)
        y = self.node("Conv", name, [x, weight], pads=pads, strides=[stride] * 2)
        # Channels differ in scale, as in a trained network.
        spread = self.rng.uniform(0.5, 1.5, (4, out))
        kinds = ("scale", "bias", "mean", "var")
        parts = [self.weight(f"{name}.bn.{k}", v) for k, v in zip(kinds, spread, strict=True)]
        return self.node("BatchNormalization", f"{name}.bn", [y, *parts])

    def block(self, name: str, x: str, into: int, width: int, stride: int) -> str:
        out = width * _EXPANSION
        y = self.node("Relu", f"{name}.1.relu", [self.conv(f"{name}.1", x, (width, into, 1))])
        y = self.conv(f"{name}.2", y, (width, width, 3), stride)
        y = self.conv(f"{name}.3", self.node("Relu", f"{name}.2.relu", [y]), (out, width, 1))
        if into != out:
            x = self.conv(f"{name}.short", x, (out, into, 1), stride)
        return self.node("Relu", f"{name}.relu", [self.node("Add", f"{name}.add", [y, x])])


def write_resnet50(path: Path, *, side: int = 224, width: int = 64, seed: int = 0) -> Path:
    """Write the network (He et al., CVPR 2016, stride in the 3x3 layer) with a dynamic batch.

    Args:
        path: the file to write.
        side: pixels of the square input, named `input`, of shape (N, 3, side, side).
        width: channels of the stem; 64 is the original, with 25.6 million parameters.
        seed: of the weights.
    """
    graph = _Graph(seed)
    x = graph.node("Relu", "stem.relu", [graph.conv("stem", "input", (width, 3, 7), 2)])
    x = graph.node("MaxPool", "pool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    into = width
    for stage, blocks in enumerate(BLOCKS):
        for number in range(blocks):
            stride = 2 if stage and not number else 1
            x = graph.block(f"{stage}.{number}", x, into, width << stage, stride)
            into = (width << stage) * _EXPANSION
    x = graph.node("Flatten", "flat", [graph.node("GlobalAveragePool", "mean", [x])])
    values = graph.rng.standard_normal((CLASSES, into)) / np.sqrt(into)
    weights = [graph.weight("fc.weight", values), graph.weight("fc.bias", np.zeros(CLASSES))]
    graph.nodes.append(helper.make_node("Gemm", [x, *weights], ["logits"], name="fc", transB=1))
    infos = [
        helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, side, side]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES]),
    ]
    made = helper.make_graph(graph.nodes, "resnet50", infos[:1], infos[1:], graph.weights)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(made, opset_imports=opsets, ir_version=10), path)
    return path
