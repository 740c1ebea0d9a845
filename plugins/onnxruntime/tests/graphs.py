"""Tiny seeded networks, built in memory, with the shapes that trip compression tools.

Channels that a batch norm turns round (negative gamma) or silences (gamma 0), depthwise and grouped
convolutions, a residual, a concatenation, both layouts of Gemm, an open batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE, TOKENS = (3, 8, 8), (6, 32)


class Graph:
    """Collects nodes and seeded weights; every call returns the name of the new tensor."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def weight(self, name: str, *shape: int, scale: float = 0.2) -> str:
        return self.constant(name, self.random.standard_normal(shape) * scale)

    def constant(self, name: str, values: np.ndarray, kind: type = np.float32) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: object) -> str:
        made = helper.make_node(op, inputs, [f"{name}.out"], name=name, **attributes)
        self.nodes.append(made)
        return f"{name}.out"

    def conv(self, x: str, name: str, *shape: int, group: int = 1) -> str:
        pads = [shape[-1] // 2] * 4
        return self.node(
            "Conv", [x, self.weight(f"{name}.w", *shape)], name, pads=pads, group=group
        )

    def norm(self, x: str, name: str, channels: int) -> str:
        gamma = self.random.uniform(0.5, 1.5, channels)
        gamma[1], gamma[2] = -gamma[1], 0
        parts = [
            self.constant(f"{name}.gamma", gamma),
            self.weight(f"{name}.beta", channels),
            self.weight(f"{name}.mean", channels),
            self.constant(f"{name}.var", self.random.uniform(0.5, 2, channels)),
        ]
        return self.node("BatchNormalization", [x, *parts], name)

    def model(self, inputs: dict[str, tuple[int, ...]], output: str, opset: int) -> onnx.ModelProto:
        kinds = dict.fromkeys(inputs, TensorProto.FLOAT) | {"ids": TensorProto.INT64}
        values = [
            helper.make_tensor_value_info(name, kinds[name], ["N", *shape])
            for name, shape in inputs.items()
        ]
        self.nodes.append(helper.make_node("Identity", [output], ["y"], name="y"))
        result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "g", values, [result], self.tensors)
        imports = [helper.make_opsetid("", opset)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8)


def cnn(opset: int = 17, seed: int = 0) -> onnx.ModelProto:
    """Return 3x8x8 -> 10 with every kind of convolution that real networks have."""
    g = Graph(seed)
    stem = g.node("Relu", [g.norm(g.conv("x", "stem", 16, 3, 3, 3), "bn1", 16)], "relu1")
    deep = g.norm(g.conv(stem, "depthwise", 16, 1, 3, 3, group=16), "bn2", 16)
    deep = g.node("Relu", [deep], "relu2")
    both = g.norm(g.conv(deep, "grouped", 16, 8, 3, 3, group=2), "bn3", 16)
    added = g.node("Relu", [g.node("Add", [both, stem], "residual")], "relu3")
    joined = g.node("Concat", [added, g.conv(added, "side", 16, 16, 1, 1)], "join", axis=1)
    pooled = g.node("MaxPool", [joined], "pool", kernel_shape=[2, 2], strides=[2, 2])
    wide = g.node("Relu", [g.norm(g.conv(pooled, "wide", 32, 32, 3, 3), "bn4", 32)], "relu4")
    flat = g.node("Flatten", [g.node("GlobalAveragePool", [wide], "mean")], "flat")
    hidden = g.node(
        "Gemm", [flat, g.weight("h.w", 48, 32), g.weight("h.b", 48)], "hidden", transB=1
    )
    hidden = g.node("Relu", [hidden], "relu5")
    head = g.node("Gemm", [hidden, g.weight("head.w", 48, 10), g.weight("head.b", 10)], "head")
    return g.model({"x": IMAGE}, head, opset)


def transformer(opset: int = 17, seed: int = 0) -> onnx.ModelProto:
    """Return 6 tokens of 32 -> 10: one attention block whose products of activations are MatMul."""
    g = Graph(seed)
    q, k, v = (
        g.node("MatMul", ["x", g.weight(f"{part}.w", 32, 32)], part) for part in ("q", "k", "v")
    )
    turned = g.node("Transpose", [k], "turn", perm=[0, 2, 1])
    score = g.node("Softmax", [g.node("MatMul", [q, turned], "scores")], "soft", axis=-1)
    mixed = g.node("MatMul", [score, v], "mix")
    out = g.node("MatMul", [mixed, g.weight("o.w", 32, 32)], "o")
    added = g.node("Add", [out, "x"], "residual")
    up = g.node("Relu", [g.node("MatMul", [added, g.weight("up.w", 32, 96)], "up")], "relu")
    down = g.node("MatMul", [up, g.weight("down.w", 96, 32)], "down")
    first = g.node("Gather", [down, g.constant("zero", np.array(0), np.int64)], "first", axis=1)
    head = g.node("MatMul", [first, g.weight("c.w", 32, 10)], "c")
    return g.model({"x": TOKENS}, g.node("Add", [head, g.weight("c.b", 10)], "bias"), opset)


def two_inputs(opset: int = 17, seed: int = 0) -> onnx.ModelProto:
    """Return an image and a vector of 4 numbers -> 5."""
    g = Graph(seed)
    seen = g.node("Relu", [g.conv("x", "eye", 16, 3, 3, 3)], "relu")
    flat = g.node("Flatten", [g.node("GlobalAveragePool", [seen], "mean")], "flat")
    joined = g.node("Concat", [flat, "extra"], "join", axis=1)
    parts = [joined, g.weight("f.w", 64, 20), g.weight("f.b", 64)]
    hidden = g.node("Relu", [g.node("Gemm", parts, "full", transB=1)], "relu2")
    last = g.node("Gemm", [hidden, g.weight("l.w", 64, 5)], "last")
    return g.model({"x": IMAGE, "extra": (4,)}, last, opset)


def recurrent(opset: int = 17, seed: int = 0) -> onnx.ModelProto:
    """Return 5 words -> 7: an embedding and an LSTM, for which there are no integer kernels."""
    g = Graph(seed)
    words = g.node("Gather", [g.weight("table", 40, 16), "ids"], "embedding")
    steps = g.node("Transpose", [words], "turn", perm=[1, 0, 2])
    g.nodes.append(
        helper.make_node(
            "LSTM",
            [steps, g.weight("lstm.w", 1, 96, 16), g.weight("lstm.r", 1, 96, 24)],
            ["", "last"],
            name="lstm",
            hidden_size=24,
        )
    )
    state = g.node("Squeeze", ["last", g.constant("axis", np.array([0]), np.int64)], "state")
    return g.model({"ids": (5,)}, g.node("Identity", [state], "copy"), opset)


def scaled_gemm(opset: int = 17, seed: int = 0) -> onnx.ModelProto:
    """Return 32 -> 24 -> 10 by Gemm nodes with alpha and beta, one with its weight transposed."""
    g = Graph(seed)
    first = [("x"), g.weight("a.w", 24, 32), g.weight("a.b", 24)]
    hidden = g.node("Gemm", first, "a", transB=1, alpha=0.5, beta=2.0)
    second = [g.node("Relu", [hidden], "relu"), g.weight("b.w", 24, 10), g.weight("b.b", 10)]
    return g.model({"x": (32,)}, g.node("Gemm", second, "b", alpha=-1.5, beta=0.25), opset)


def shared(opset: int = 17, seed: int = 0) -> onnx.ModelProto:
    """Return 3x8x8 -> 16 whose convolution and Gemm are each applied twice."""
    g = Graph(seed)
    x = g.node("Relu", [g.conv("x", "stem", 16, 3, 3, 3)], "relu1")
    w = g.weight("twice.w", 16, 16, 3, 3)
    for name in ("once", "again"):
        x = g.node("Relu", [g.node("Conv", [x, w], name, pads=[1] * 4)], f"{name}.relu")
    x = g.node("Flatten", [g.node("GlobalAveragePool", [x], "mean")], "flat")
    w = g.weight("square.w", 16, 16)
    x = g.node("Relu", [g.node("Gemm", [x, w], "left", transB=1)], "relu2")
    return g.model({"x": IMAGE}, g.node("Gemm", [x, w], "right", transB=1), opset)


NETWORKS = {
    "shared": shared,
    "cnn": cnn,
    "transformer": transformer,
    "two_inputs": two_inputs,
    "recurrent": recurrent,
    "scaled_gemm": scaled_gemm,
}


def samples(model: onnx.ModelProto, count: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Return seeded inputs by name; numbers are normal, words are below 40."""
    random = np.random.default_rng(seed)
    made = {}
    for value in model.graph.input:
        shape = (count, *(d.dim_value for d in value.type.tensor_type.shape.dim[1:]))
        whole = value.type.tensor_type.elem_type == TensorProto.INT64
        made[value.name] = random.integers(0, 40, shape) if whole else random.standard_normal(shape)
    return {name: x if x.dtype.kind == "i" else x.astype(np.float32) for name, x in made.items()}
