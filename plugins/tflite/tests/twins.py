"""Small networks made twice, in tf_keras and in ONNX, with the same seeded numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import onnx
from boildown_tflite.keras import tf_keras
from onnx import TensorProto, helper, numpy_helper

L = tf_keras.layers
Pair = tuple[Any, str]


class Made(NamedTuple):
    """A Keras model, the ONNX nodes of its layers by their names, and the ONNX model."""

    keras: Any
    layers: dict[str, str]
    onnx: onnx.ModelProto


class Twins:
    """Adds each layer to both networks; a value is a pair of Keras tensor and ONNX name."""

    def __init__(self, seed: int = 0, side: int = 12, channels: int = 3) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.layers: dict[str, str] = {}
        self.weights: list[tuple[Any, list[np.ndarray]]] = []
        self.image = (channels, side, side)
        self.start: Pair = (L.Input((side, side, channels), name="x"), "x")

    def normal(self, *shape: int, scale: float | None = None) -> np.ndarray:
        fan = int(np.prod(shape[1:])) or 1
        return self.random.normal(0, scale or 1.4 / fan**0.5, shape).astype(np.float32)

    def constant(self, name: str, array: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [f"{name}:0"], name=name, **attributes))
        return f"{name}:0"

    def apply(self, layer: Any, value: Any, weights: list[np.ndarray]) -> Any:
        result = layer(value)
        layer.set_weights(weights)
        return result

    def conv(
        self, x: Pair, name: str, out: int, k: int = 3, *, stride: int = 1, group: int = 1,
        weight: np.ndarray | None = None,
    ) -> Pair:  # fmt: skip
        given = x[0].shape[-1]
        w = self.normal(out, given // group, k, k) if weight is None else weight
        b = self.normal(out, scale=0.1)
        pad, keras = k // 2, name.replace("/", "_")
        padded = L.ZeroPadding2D(pad, name=f"{keras}_pad")(x[0]) if pad else x[0]
        if group > 1 and group == given:
            layer = L.DepthwiseConv2D(k, stride, depth_multiplier=out // given, name=keras)
            kernel = w.reshape(given, out // given, k, k).transpose(2, 3, 0, 1)
        else:
            layer = L.Conv2D(out, k, stride, groups=group, name=keras)
            kernel = w.transpose(2, 3, 1, 0)
        self.layers[keras] = name
        made = self.apply(layer, padded, [kernel, b])
        names = [self.constant(f"{name}.w", w), self.constant(f"{name}.b", b)]
        attributes = {"strides": [stride] * 2, "pads": [pad] * 4, "group": group}
        return made, self.node("Conv", [x[1], *names], name, **attributes)

    def transposed(self, x: Pair, name: str, out: int) -> Pair:
        w, b = self.normal(x[0].shape[-1], out, 2, 2, scale=0.3), self.normal(out, scale=0.1)
        self.layers[name] = name
        made = self.apply(
            L.Conv2DTranspose(out, 2, 2, name=name), x[0], [w.transpose(2, 3, 1, 0), b]
        )
        names = [self.constant(f"{name}.w", w), self.constant(f"{name}.b", b)]
        return made, self.node("ConvTranspose", [x[1], *names], name, strides=[2, 2])

    def norm(self, x: Pair, name: str) -> Pair:
        count = x[0].shape[-1]
        parts = [
            self.random.uniform(0.5, 2, count), self.random.normal(0, 0.2, count),
            self.random.normal(0, 0.2, count), self.random.uniform(0.5, 2, count),
        ]  # fmt: skip
        parts = [part.astype(np.float32) for part in parts]
        made = self.apply(L.BatchNormalization(epsilon=1e-5, name=name), x[0], parts)
        names = [self.constant(f"{name}.{i}", part) for i, part in enumerate(parts)]
        return made, self.node("BatchNormalization", [x[1], *names], name)

    def relu6(self, x: Pair, name: str) -> Pair:
        ends = [
            self.constant(f"{name}.{i}", np.array(end, np.float32)) for i, end in enumerate((0, 6))
        ]
        return L.ReLU(6.0, name=name)(x[0]), self.node("Clip", [x[1], *ends], name)

    def relu(self, x: Pair, name: str) -> Pair:
        return L.ReLU(name=name)(x[0]), self.node("Relu", [x[1]], name)

    def add(self, x: Pair, y: Pair, name: str) -> Pair:
        return L.Add(name=name)([x[0], y[0]]), self.node("Add", [x[1], y[1]], name)

    def concat(self, x: Pair, y: Pair, name: str) -> Pair:
        joined = self.node("Concat", [x[1], y[1]], name, axis=1)
        return L.Concatenate(name=name)([x[0], y[0]]), joined

    def pool(self, x: Pair, name: str, op: str) -> Pair:
        layer = L.MaxPooling2D if op == "MaxPool" else L.AveragePooling2D
        attributes = {"kernel_shape": [2, 2], "strides": [2, 2]}
        return layer(2, name=name)(x[0]), self.node(op, [x[1]], name, **attributes)

    def mean(self, x: Pair, name: str) -> Pair:
        pooled = self.node("GlobalAveragePool", [x[1]], f"{name}_pool")
        return L.GlobalAveragePooling2D(name=name)(x[0]), self.node("Flatten", [pooled], name)

    def flatten(self, x: Pair, name: str) -> Pair:
        first = L.Permute((3, 1, 2), name=f"{name}_permute")(x[0])
        return L.Flatten(name=name)(first), self.node("Flatten", [x[1]], name)

    def dense(self, x: Pair, name: str, out: int) -> Pair:
        w, b = self.normal(out, x[0].shape[-1]), self.normal(out, scale=0.1)
        self.layers[name] = name
        made = self.apply(L.Dense(out, name=name), x[0], [w.T, b])
        names = [self.constant(f"{name}.w", w), self.constant(f"{name}.b", b)]
        return made, self.node("Gemm", [x[1], *names], name, transB=1)

    def softmax(self, x: Pair, name: str) -> Pair:
        return L.Softmax(name=name)(x[0]), self.node("Softmax", [x[1]], name, axis=-1)

    def finished(self, **outputs: Pair) -> Made:
        """Return both networks."""
        keras = tf_keras.Model(self.start[0], [value[0] for value in outputs.values()])
        renamed = {value[1]: name for name, value in outputs.items()}
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [renamed.get(name, name) for name in names]
        ports = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *_onnx_shape(value)])
            for name, value in outputs.items()
        ]
        image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *self.image])
        graph = helper.make_graph(self.nodes, "twins", [image], ports, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        return Made(keras, self.layers, model)


def _onnx_shape(value: Pair) -> list[int]:
    shape = list(value[0].shape[1:])
    return [shape[-1], *shape[:-1]] if len(shape) == 3 else shape


def everything(seed: int = 0) -> Made:
    """Return a network with what trips converters: folded norms, shared filters, two outputs."""
    g = Twins(seed)
    x = g.relu6(g.norm(g.conv(g.start, "stem/conv", 8, stride=2), "stem_norm"), "stem_act")
    side = g.relu(g.conv(x, "depthwise", 8, group=8), "depthwise_act")
    x = g.add(x, g.conv(side, "pointwise", 8, 1), "sum")
    extra = g.conv(x, "extra", 4, 1)
    x = g.pool(g.concat(x, extra, "joined"), "pooled", "MaxPool")
    x = g.relu(g.conv(x, "grouped", 24, group=3), "grouped_act")
    x = g.conv(x, "doubled", 48, group=24)
    x = g.pool(g.transposed(x, "up", 6), "averaged", "AveragePool")
    first = g.dense(g.flatten(x, "flat"), "fc", 10)
    second = g.dense(g.mean(x, "mean"), "fc_2", 10)
    return g.finished(scores=g.softmax(g.add(first, second, "both"), "softmax"), map=extra)


def same_filter_twice() -> Made:
    """Return a network whose two layers hold equal numbers, which the converter stores once."""
    g = Twins(1)
    x = g.relu(g.conv(g.start, "stem", 8), "act")
    weight = g.normal(8, 8, 3, 3)
    x = g.relu(g.conv(x, "first", 8, weight=weight), "first_act")
    x = g.relu(g.conv(x, "second", 8, weight=weight), "second_act")
    return g.finished(scores=g.dense(g.mean(x, "mean"), "fc", 10))
