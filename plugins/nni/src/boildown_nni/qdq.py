"""Write codes and rounding into an ONNX graph: QuantizeLinear and DequantizeLinear."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from boildown import Codes, initializers, replace_nodes
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Layer
    from onnx import ModelProto, NodeProto

_BIAS, _BIAS_BITS = 2, 30


class Rounded(NamedTuple):
    """How an activation is rounded to unsigned bytes: what a code is worth, and which is 0."""

    scale: float
    zero: int


def store_weights(
    model: ModelProto,
    weights: Mapping[str, tuple[Codes, Layer]],
    tensors: Mapping[str, Rounded],
) -> None:
    """Replace weights, by name, by their codes and a DequantizeLinear, in place.

    Every output channel has a scale where the codes have several. A channel of tiny weights gets
    coarser codes where its bias would not fit the 32 bits that ONNX Runtime gives it.
    """
    made: list[NodeProto] = []
    for name, (given, layer) in weights.items():
        codes = _coarse(given, layer, _least(model, name, tensors))
        scale = codes.scale.reshape(-1 if codes.scale.size > 1 else ())
        parts = {"codes": codes.codes, "scale": scale.astype(np.float32)}
        readers = [node for node in model.graph.node if name in node.input]
        if any(node.op_type != "Conv" for node in readers):  # Gemm must have it, Conv better not
            parts["zero"] = np.zeros(scale.shape, np.int8)
        model.graph.initializer.remove(initializers(model)[name])
        model.graph.initializer.extend(
            numpy_helper.from_array(array, f"{name}/{part}") for part, array in parts.items()
        )
        names = [f"{name}/{part}" for part in parts]
        node = helper.make_node("DequantizeLinear", names, [name], name=f"{name}/widen")
        if scale.ndim:
            node.attribute.append(helper.make_attribute("axis", layer.axis))
        made.append(node)
    replace_nodes(model, [*made, *model.graph.node])


def write_rounding(model: ModelProto, tensors: Mapping[str, Rounded]) -> None:
    """Round these tensors for all that read them, in place; outputs keep their names."""
    outputs = {item.name for item in model.graph.output}
    renamed: dict[str, str] = {}
    for name, (scale, zero) in tensors.items():
        model.graph.initializer.extend(
            [
                numpy_helper.from_array(np.array(scale, np.float32), f"{name}/rounding/scale"),
                numpy_helper.from_array(np.array(zero, np.uint8), f"{name}/rounding/zero"),
            ]
        )
        if name not in outputs:
            renamed[name] = f"{name}/rounding/real"
    nodes: list[NodeProto] = []
    for item in model.graph.input:
        nodes += _pair(item.name, item.name, renamed) if item.name in tensors else []
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = renamed.get(name, name)
        nodes.append(node)
        for place, name in enumerate(node.output):
            if name in tensors:
                if name in outputs:
                    node.output[place] = f"{name}/rounding/before"
                nodes += _pair(name, node.output[place], renamed)
    replace_nodes(model, nodes)


def _pair(name: str, source: str, renamed: Mapping[str, str]) -> list[NodeProto]:
    grid = [f"{name}/rounding/scale", f"{name}/rounding/zero"]
    codes, rounded = f"{name}/rounding/codes", renamed.get(name, name)
    return [
        helper.make_node("QuantizeLinear", [source, *grid], [codes], name=f"{name}/narrow"),
        helper.make_node("DequantizeLinear", [codes, *grid], [rounded], name=f"{name}/widen"),
    ]


def _coarse(codes: Codes, layer: Layer, least: np.ndarray) -> Codes:
    """Return codes of the same weight whose scales are at least these."""
    if not (least > codes.scale.reshape(-1)).any():
        return codes
    axes = [-1 if axis == layer.axis else 1 for axis in range(codes.codes.ndim)]
    scale = np.maximum(codes.scale, least.reshape(axes)).astype(np.float32)
    return Codes(np.rint(codes.real / scale).astype(np.int8), scale)


def _least(model: ModelProto, name: str, tensors: Mapping[str, Rounded]) -> np.ndarray:
    """Return the sizes of a weight's scales below which the code of its bias would not fit."""
    constants, least = initializers(model), np.zeros(1)
    for node in model.graph.node:
        if name not in node.input or len(node.input) <= _BIAS or node.input[0] not in tensors:
            continue
        if node.input[_BIAS] in constants:
            bias = np.abs(numpy_helper.to_array(constants[node.input[_BIAS]])).reshape(-1)
            least = np.maximum(least, bias / (tensors[node.input[0]].scale * 2.0**_BIAS_BITS))
    return least
