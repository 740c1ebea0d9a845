"""Networks in each of which channels flow in another way, and how wide half of each is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from boildown.testing.builder import Graph
from onnx import numpy_helper

IMAGE = {"x": (3, 8, 8)}


class Wide(Graph):
    """The builder of the suite, with whole numbers and several outputs as well."""

    def whole(self, name: str, values: Any) -> str:
        """Add an int64 constant."""
        self._tensors.append(numpy_helper.from_array(np.asarray(values, np.int64), name))
        return name

    def several(
        self, op: str, inputs: list[str], name: str, count: int, **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs."""
        outputs = [f"{name}_{index}" for index in range(count)]
        self._nodes.append(onnx.helper.make_node(op, inputs, outputs, name=name, **attributes))
        return outputs

    def reshape(self, x: str, name: str, *shape: int) -> str:
        """Add a Reshape by a constant."""
        return self.node("Reshape", [x, self.whole(f"{name}.shape", shape)], name)

    def stem(self, channels: int = 8, name: str = "stem") -> str:
        """Add the first convolution."""
        return self.relu(self.conv("x", name, channels, 3, 3, 3))


def image(build: Callable[[Wide, str], tuple[str, int]]) -> Callable[[], onnx.ModelProto]:
    """Return a network of a stem, what `build` adds (with its number of channels) and a head."""

    def make() -> onnx.ModelProto:
        g = Wide(3)
        return g.model(IMAGE, g.head(*build(g, g.stem())))

    return make


def _shuffle(g: Wide, x: str) -> tuple[str, int]:
    x = g.reshape(x, "apart", -1, 2, 4, 8, 8)
    x = g.node("Transpose", [x], "turned", perm=[0, 2, 1, 3, 4])
    x = g.reshape(x, "together", -1, 8, 8, 8)
    return g.conv(x, "next", 6, 8, 1, 1), 6


def _flattened(g: Wide, x: str) -> tuple[str, int]:
    x = g.node("MaxPool", [x], "pool", kernel_shape=[4, 4], strides=[4, 4])
    x = g.dense(g.reshape(x, "flattened", -1, 32), "hidden", 32, 6)
    return g.reshape(x, "back", -1, 6, 1, 1), 6


def _gated(g: Wide, x: str) -> tuple[str, int]:
    gate = g.relu(g.conv(g.node("GlobalAveragePool", [x], "seen"), "squeeze", 4, 8, 1, 1))
    gate = g.node("Sigmoid", [g.conv(gate, "excite", 8, 4, 1, 1)], "gate")
    return g.node("Mul", [x, gate], "scaled"), 8


def _sloped(g: Wide, x: str) -> tuple[str, int]:
    x = g.node("PRelu", [x, g.weight("slope", 8, 1, 1)], "prelu")
    return g.node("Add", [x, g.weight("shift", 1, 8, 1, 1)], "shifted"), 8


def _residual_of_concat(g: Wide, x: str) -> tuple[str, int]:
    both = [g.conv(x, "left", 6, 8, 1, 1), g.conv(x, "right", 4, 8, 3, 3)]
    joined = g.node("Concat", both, "joined", axis=1)
    return g.relu(g.node("Add", [joined, g.conv(x, "over", 10, 8, 1, 1)], "sum")), 10


def _split(g: Wide, x: str) -> tuple[str, int]:
    one, other = g.several("Split", [g.conv(x, "both", 12, 8, 1, 1)], "split", 2, axis=1)
    return g.node("Mul", [one, g.node("Sigmoid", [other], "open")], "glu"), 6


def _sliced(g: Wide, x: str) -> tuple[str, int]:
    wide = g.conv(x, "wide", 16, 8, 3, 3)
    bounds = [g.whole("begin", [4]), g.whole("end", [10]), g.whole("axis", [1])]
    return g.node("Slice", [wide, *bounds], "middle"), 6


def _picked(g: Wide, x: str) -> tuple[str, int]:
    return g.node("Gather", [x, g.whole("places", [6, 1, 3, 3, 0, -1])], "picked", axis=1), 6


def _padded(g: Wide, x: str) -> tuple[str, int]:
    return g.node("Pad", [x, g.whole("pads", [0, 2, 1, 0, 0, 1, 0, 0])], "padded"), 11


def _multiplied(g: Wide, x: str) -> tuple[str, int]:
    return g.conv(x, "depthwise", 16, 1, 3, 3, group=8), 16


def _grouped(g: Wide, x: str) -> tuple[str, int]:
    return g.conv(x, "grouped", 12, 4, 3, 3, group=2), 12


def _transposed(g: Wide, x: str) -> tuple[str, int]:
    weights = [g.weight("up.weight", 8, 6, 2, 2), g.weight("up.bias", 6)]
    return g.node("ConvTranspose", [x, *weights], "up", strides=[2, 2]), 6


def _transposed_groups(g: Wide, x: str) -> tuple[str, int]:
    x = g.node("ConvTranspose", [x, g.weight("of.weight", 8, 3, 2, 2)], "of", group=2)
    return g.node("ConvTranspose", [x, g.weight("each.weight", 6, 2, 2, 2)], "each", group=6), 12


def _normed(g: Wide, x: str) -> tuple[str, int]:
    x = g.node("Transpose", [g.norm(x, "batch", 8)], "last", perm=[0, 2, 3, 1])
    x = g.node("LayerNormalization", [x, g.weight("ln.w", 8), g.weight("ln.b", 8)], "ln", axis=-1)
    x = g.node("Transpose", [x], "first", perm=[0, 3, 1, 2])
    return g.node("InstanceNormalization", [x, g.weight("in.w", 8), g.weight("in.b", 8)], "in"), 8


def _resized(g: Wide, x: str) -> tuple[str, int]:
    return g.node("Resize", [x, "", g.constant("scales", [1, 1, 2, 2])], "resized"), 8


def _to_pixels(g: Wide, x: str) -> tuple[str, int]:
    return g.node("DepthToSpace", [x], "pixels", blocksize=2), 2


def _summed_up(g: Wide, x: str) -> tuple[str, int]:
    length = g.node("ReduceL2", [x], "length", axes=[1], keepdims=1)
    return g.node("Mul", [g.conv(x, "next", 6, 8, 1, 1), length], "by"), 6


def _one_channel(g: Wide, x: str) -> tuple[str, int]:
    seen = g.node("Sigmoid", [g.conv(x, "map", 1, 8, 1, 1)], "where")
    return g.node("Mul", [x, seen], "shown"), 8


def _shared(g: Wide, x: str) -> tuple[str, int]:
    once = g.relu(g.conv(x, "once", 8, 8, 3, 3))
    return g.node("Conv", [once, "once.weight"], "twice", pads=[1] * 4), 8


#: Name -> network, and the output channels that its layers have before and after, but for `fc`.
NETWORKS: dict[str, tuple[Callable[[], onnx.ModelProto], dict[str, tuple[int, int]]]] = {
    "shuffle": (image(_shuffle), {"next": (6, 3)}),
    "flattened": (image(_flattened), {"hidden": (6, 3)}),
    "gated": (image(_gated), {"squeeze": (4, 2), "excite": (8, 4)}),
    "sloped": (image(_sloped), {}),
    "residual_of_concat": (
        image(_residual_of_concat),
        {"left": (6, 3), "right": (4, 2), "over": (10, 5)},
    ),
    "split": (image(_split), {"both": (12, 6)}),
    "sliced": (image(_sliced), {"wide": (16, 8)}),
    "picked": (image(_picked), {}),
    "padded": (image(_padded), {}),
    "multiplied": (image(_multiplied), {"depthwise": (16, 8)}),
    "grouped": (image(_grouped), {"grouped": (12, 6)}),
    "transposed": (image(_transposed), {"up": (6, 3)}),
    "transposed_groups": (image(_transposed_groups), {"of": (6, 4), "each": (12, 8)}),
    "normed": (image(_normed), {}),
    "resized": (image(_resized), {}),
    "to_pixels": (image(_to_pixels), {}),
    "summed_up": (image(_summed_up), {"next": (6, 3)}),
    "one_channel": (image(_one_channel), {}),
    "shared": (image(_shared), {"once": (8, 4), "twice": (8, 4)}),
}


def _softmax(g: Wide, x: str) -> tuple[str, int]:
    return g.node("Softmax", [x], "soft", axis=1), 8


def _mean(g: Wide, x: str) -> tuple[str, int]:
    mean = g.node("ReduceMean", [x], "mean_of_all", axes=[1], keepdims=1)
    return g.node("Sub", [x, mean], "centred"), 8


def _unknown(g: Wide, x: str) -> tuple[str, int]:
    return g.node("LRN", [x], "lrn", size=3), 8


def _strided(g: Wide, x: str) -> tuple[str, int]:
    bounds = [("begin", 0), ("end", 8), ("axis", 1), ("step", 2)]
    return g.node("Slice", [x, *(g.whole(n, [v]) for n, v in bounds)], "strided"), 4


def _counted(g: Wide, x: str) -> tuple[str, int]:
    """Each sample is divided by how many channels there are, counted where the batch is too."""
    shape = g.node("Cast", [g.node("Shape", [x], "shape")], "real", to=1)
    root = g.node("ReduceMax", [shape], "count", keepdims=0)
    return g.node("Div", [x, root], "divided"), 8


def _recurrent() -> onnx.ModelProto:
    g = Wide(3)
    x = g.node("MatMul", ["x", g.weight("in.weight", 5, 8)], "in")
    x = g.node("Transpose", [x], "steps", perm=[1, 0, 2])
    weights = [g.weight("lstm.W", 1, 24, 8), g.weight("lstm.R", 1, 24, 6)]
    x = g.node("LSTM", [x, *weights], "lstm", hidden_size=6)
    last = g.node("Gather", [x, g.whole("last", -1)], "final", axis=0)
    return g.model(
        {"x": (4, 5)}, g.dense(g.node("Squeeze", [last, g.whole("a", [0])], "s"), "fc", 6, 3)
    )


def _mixed() -> onnx.ModelProto:
    """Tokens are mixed by a product from the left, whose result has channels on its other axis."""
    g = Wide(3)
    x = g.node("MatMul", ["x", g.weight("in.weight", 5, 8)], "in")
    x = g.node("MatMul", [g.weight("mix.weight", 6, 4), x], "mix")
    mean = g.node("ReduceMean", [x], "token_mean", axes=[1], keepdims=0)
    return g.model({"x": (4, 5)}, g.dense(mean, "fc", 8, 3))


#: Name -> network, and the layers that keep all of their channels, with words of the reason.
KEPT: dict[str, tuple[Callable[[], onnx.ModelProto], dict[str, str]]] = {
    "softmax": (image(_softmax), {"stem": "'soft' (Softmax), which takes all of them together"}),
    "mean": (image(_mean), {"stem": "'mean_of_all' (ReduceMean), which takes all of them"}),
    "unknown": (image(_unknown), {"stem": r"'lrn' (LRN), which has no rule .* (opset 17)"}),
    "strided": (
        image(_strided),
        {"stem": "'strided' (Slice), which computes its bounds or leaves"},
    ),
    "counted": (image(_counted), {"stem": "'count' (ReduceMax), which computes with their number"}),
    "recurrent": (
        _recurrent,
        dict.fromkeys(("lstm.W", "lstm.R"), "'lstm' (LSTM), which is recurrent"),
    ),
    "mixed": (_mixed, {"mix": "'mix' (MatMul), which takes in channels along another axis"}),
}
