"""The small networks of the conformance suite: what trips compression tools, one thing each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from .builder import Graph

if TYPE_CHECKING:
    from collections.abc import Callable

_IMAGE = {"x": (3, 12, 12)}


def _plain(width: int = 16) -> onnx.ModelProto:
    """Layers of 20,000 weights, of different magnitude in each, so that `scope` shows."""
    g = Graph(0)
    x = g.relu(g.conv("x", "stem", width, 3, 3, 3, scale=0.3))
    x = g.node("MaxPool", [x], "pool", kernel_shape=[2, 2], strides=[2, 2])
    x = g.relu(g.conv(x, "wide", 3 * width, width, 3, 3, scale=0.1))
    x = g.relu(g.conv(x, "deep", 2 * width, 3 * width, 3, 3, scale=0.05))
    return g.model(_IMAGE, g.head(x, 2 * width))


def _depthwise() -> onnx.ModelProto:
    g = Graph(1)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    x = g.relu(g.conv(x, "depthwise", 16, 1, 3, 3, group=16, strides=[2, 2]))
    return g.model(_IMAGE, g.head(g.relu(g.conv(x, "pointwise", 24, 16, 1, 1)), 24))


def _grouped() -> onnx.ModelProto:
    g = Graph(2)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    x = g.relu(g.conv(x, "grouped", 32, 4, 3, 3, group=4, dilations=[2, 2], pads=[2] * 4))
    return g.model(_IMAGE, g.head(x, 32))


def _batch_norm() -> onnx.ModelProto:
    g = Graph(3)
    x = g.relu(g.norm(g.conv("x", "stem", 16, 3, 3, 3), "stem_norm", 16))
    x = g.relu(g.norm(g.conv(x, "deep", 32, 16, 3, 3), "deep_norm", 32))
    return g.model(_IMAGE, g.head(x, 32))


def _residual() -> onnx.ModelProto:
    g = Graph(4)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    branch = g.conv(g.relu(g.conv(x, "left", 16, 16, 3, 3)), "right", 16, 16, 3, 3)
    return g.model(_IMAGE, g.head(g.relu(g.node("Add", [branch, x], "sum")), 16))


def _concat() -> onnx.ModelProto:
    g = Graph(5)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    both = [g.conv(x, "narrow", 8, 16, 1, 1), g.conv(x, "wide", 12, 16, 3, 3)]
    joined = g.node("Concat", [*both, x], "joined", axis=1)
    return g.model(_IMAGE, g.head(g.relu(joined), 36))


def _asymmetric_padding() -> onnx.ModelProto:
    """Padding as TensorFlow exports it: more at the bottom and right, or left to `auto_pad`."""
    g = Graph(6)
    x = g.relu(g.conv("x", "uneven", 16, 3, 3, 3, pads=[0, 0, 1, 1], strides=[2, 2]))
    x = g.relu(g.conv(x, "same", 24, 16, 4, 4, auto_pad="SAME_UPPER"))
    return g.model(_IMAGE, g.head(x, 24))


def _ceil_pooling() -> onnx.ModelProto:
    g = Graph(7)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    x = g.node("MaxPool", [x], "max", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = g.conv(x, "middle", 16, 16, 3, 3)
    x = g.node(
        "AveragePool", [x], "average", kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 0, 0]
    )
    return g.model(_IMAGE, g.head(g.relu(x), 16))


def _attention() -> onnx.ModelProto:
    """One block of a transformer, whose products of two activations are MatMul as well."""
    g = Graph(8)
    q, k, v = (
        g.node("MatMul", ["x", g.weight(f"{part}.weight", 64, 64, scale=0.1)], part)
        for part in ("query", "key", "value")
    )
    scores = g.node("MatMul", [q, g.node("Transpose", [k], "turned", perm=[0, 2, 1])], "scores")
    mixed = g.node("MatMul", [g.node("Softmax", [scores], "softmax", axis=-1), v], "mixed")
    out = g.node("MatMul", [mixed, g.weight("out.weight", 64, 64, scale=0.2)], "out")
    x = g.node("Add", [out, "x"], "sum")
    up = g.relu(g.node("MatMul", [x, g.weight("up.weight", 64, 192, scale=0.05)], "up"))
    x = g.node("MatMul", [up, g.weight("down.weight", 192, 64, scale=0.1)], "down")
    mean = g.node("ReduceMean", [x], "token_mean", axes=[1], keepdims=0)
    return g.model({"x": (6, 64)}, g.dense(mean, "fc", 64, 10))


def _two_inputs() -> onnx.ModelProto:
    g = Graph(9)
    seen = g.relu(g.conv("x", "eye", 16, 3, 3, 3))
    flat = g.node("Flatten", [g.node("GlobalAveragePool", [seen], "mean")], "flat")
    joined = g.node("Concat", [flat, "extra"], "joined", axis=1)
    hidden = g.relu(g.dense(joined, "hidden", 20, 48))
    return g.model({**_IMAGE, "extra": (4,)}, g.dense(hidden, "last", 48, 5))


def _fixed_batch() -> onnx.ModelProto:
    g = Graph(10)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    return g.model(_IMAGE, g.head(x, 16), batch=1)


def _odd(op: str, **attributes: object) -> onnx.ModelProto:
    """Return a network with a rare operator in the middle, in a node named `odd`."""
    g = Graph(11)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    extra = [g.weight("odd.weight", 16, 16)] if op == "Einsum" else []
    x = g.node(op, [x, *extra], "odd", **attributes)
    if op == "Det":
        return g.model(_IMAGE, g.dense(x, "fc", 16, 10))
    return g.model(_IMAGE, g.head(x, 16))


def ending_in(kind: str) -> onnx.ModelProto:
    """Return the plain network with one more operator, a node named `end`, at its end."""
    model = _plain()
    name = model.graph.output[0].name
    last = next(node for node in model.graph.node if name in node.output)
    last.output[:] = ["before the end"]
    model.graph.node.append(onnx.helper.make_node(kind, ["before the end"], [name], "end"))
    return model


#: Name -> network. All but `fixed_batch` take any batch size.
GRAPHS: dict[str, Callable[[], onnx.ModelProto]] = {
    "plain": _plain,
    "depthwise": _depthwise,
    "grouped": _grouped,
    "batch_norm": _batch_norm,
    "residual": _residual,
    "concat": _concat,
    "asymmetric_padding": _asymmetric_padding,
    "ceil_pooling": _ceil_pooling,
    "attention": _attention,
    "two_inputs": _two_inputs,
    "fixed_batch": _fixed_batch,
}
#: Operator -> network with it, which a backend may refuse by the name of the operator or node.
ODD_GRAPHS: dict[str, Callable[[], onnx.ModelProto]] = {
    "Det": lambda: _odd("Det"),
    "Einsum": lambda: _odd("Einsum", equation="nchw,kc->nkhw"),
    "Hardmax": lambda: _odd("Hardmax", axis=1),
    "LpPool": lambda: _odd("LpPool", kernel_shape=[3, 3], strides=[2, 2], p=2),
}
#: Network -> a narrower one of the same layers; the student of any other is a copy of itself.
STUDENTS: dict[str, Callable[[], onnx.ModelProto]] = {"plain": lambda: _plain(8)}
