"""What Pad adds before Conv and MaxPool they add themselves, and the numbers stay the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from boildown_torch.static.pads import pad_inside
from onnx import TensorProto, helper, numpy_helper

_DRAW = np.random.default_rng(0)
CONV = helper.make_node("Conv", ["read", "w"], ["y"], pads=[1, 0, 1, 0])


def pad(mode: str = "constant", value: str = "") -> onnx.NodeProto:
    return helper.make_node(
        "Pad", ["x", "pads", *([value] if value else [])], ["padded"], mode=mode
    )


def pool(**attributes: Any) -> onnx.NodeProto:
    return helper.make_node("MaxPool", ["read"], ["y"], kernel_shape=[3, 3], **attributes)


def network(
    first: onnx.NodeProto,
    last: onnx.NodeProto,
    *,
    before: str = "",
    behind: str = "",
    pads: Sequence[int] = (0, 0, 0, 1, 0, 0, 1, 2),
    outputs: Sequence[str] = ("y",),
) -> onnx.ModelProto:
    """Return x → rounding by scale `before` → Pad → rounding by scale `behind` → last."""
    nodes = list[onnx.NodeProto]()

    def rounded(name: str, scale: str) -> str:
        if scale:
            inputs = [[name, scale, "zero"], [f"{name}_q", scale, "zero"]]
            nodes.append(helper.make_node("QuantizeLinear", inputs[0], [f"{name}_q"]))
            nodes.append(helper.make_node("DequantizeLinear", inputs[1], [f"{name}_dq"]))
        return f"{name}_dq" if scale else name

    first, last = (type(node).FromString(node.SerializeToString()) for node in (first, last))
    first.input[0] = rounded("x", before)
    nodes.append(first)
    last.input[0] = rounded("padded", behind)
    nodes.append(last)
    tensors = {
        "pads": np.array(pads, np.int64),
        "w": _DRAW.normal(size=(5, 3, 3, 3)).astype(np.float32),
        "one": np.float32(1),
        "nothing": np.float32(0),
        "fine": np.float32(0.02),
        "coarse": np.float32(0.1),
        "zero": np.uint8(128),
    }
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 7, 8])
    initializers = [numpy_helper.from_array(np.asarray(v), n) for n, v in tensors.items()]
    graph = helper.make_graph(nodes, "g", [image], ports, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def computed(model: onnx.ModelProto) -> Sequence[np.ndarray]:
    plainly = onnxruntime.SessionOptions()
    plainly.log_severity_level = 3
    # Optimized, two roundings in a row become one.
    plainly.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), plainly)
    return session.run(None, {"x": np.random.default_rng(1).normal(size=(2, 3, 7, 8)).astype("f4")})


_PAIR = ["QuantizeLinear", "DequantizeLinear"]
TAKEN = {
    "conv": (pad(), CONV, {}, ["Conv"]),
    "zero said": (pad(value="nothing"), CONV, {}, ["Conv"]),
    "rounded twice": (pad(), CONV, {"before": "fine", "behind": "fine"}, [*_PAIR, "Conv"]),
    "rounded behind": (pad(), CONV, {"behind": "fine"}, [*_PAIR, "Conv"]),
    "rounded otherwise": (
        pad(), CONV, {"before": "fine", "behind": "coarse"}, [*_PAIR, *_PAIR, "Conv"],
    ),
    "rounded before": (pad(), CONV, {"before": "fine"}, [*_PAIR, "Conv"]),
    "pool": (pad("edge"), pool(strides=[2, 2]), {}, ["MaxPool"]),
}  # fmt: skip
LEFT = {
    "other number": (pad(value="one"), CONV, {}),
    "channels": (pad(), CONV, {"pads": [0, 1, 0, 0, 0, 0, 0, 0]}),
    "edge of a convolution": (pad("edge"), CONV, {}),
    "zeros of a pool": (pad(), pool(), {}),
    "windows outside": (pad("edge"), pool(), {"pads": [0, 0, 3, 0, 0, 0, 0, 0]}),
    "dilations": (pad("edge"), pool(dilations=[2, 2]), {}),
    "read by others": (pad(), CONV, {"outputs": ["y", "padded"]}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_the_reader_pads_and_computes_the_same(name: str) -> None:
    first, last, more, wanted = TAKEN[name]
    model = network(first, last, **more)
    before = computed(model)
    pad_inside(model)
    assert operators(model) == wanted
    np.testing.assert_allclose(computed(model)[0], before[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LEFT)
def test_what_the_reader_would_not_do_stays(name: str) -> None:
    first, last, more = LEFT[name]
    model = network(first, last, **more)
    given = operators(model)
    pad_inside(model)
    assert operators(model) == given
