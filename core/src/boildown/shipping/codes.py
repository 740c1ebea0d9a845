"""Integer codes and a scale in place of weights, which the graph computes from them.

`Cast` and `Mul` (and `Sub`, for a zero point) are folded by ONNX Runtime when it loads the file,
so the model computes as before and only the file is small. `DequantizeLinear` would not be folded
but computed at every inference. The codes of less than 8 bits are packed when the file is deployed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import TensorProto, helper, numpy_helper

from .graph import initializers, replace_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto, NodeProto

    from ..encoding.integers import Codes


def store_codes(model: ModelProto, weights: Mapping[str, Codes]) -> None:
    """Replace initializers, by name, with what rebuilds them from their codes, in place.

    Codes have the shape of the weight, scale and zero one that spreads over it. Each weight keeps
    its name, now that of a computed float32 tensor. Raises KeyError for a name that is no dense
    initializer.
    """
    tensors = initializers(model)
    nodes: list[NodeProto] = []
    for weight, parts in weights.items():
        nodes += _rebuilt(weight, has_zero=parts.zero is not None)
        model.graph.initializer.remove(tensors[weight])
        model.graph.initializer.extend(
            numpy_helper.from_array(values, name)
            for values, name in zip(parts, _names(weight), strict=True)
            if values is not None
        )
    replace_nodes(model, [*nodes, *model.graph.node])


def _names(weight: str) -> tuple[str, str, str]:
    return f"{weight}/codes", f"{weight}/scale", f"{weight}/zero"


def _rebuilt(weight: str, *, has_zero: bool) -> list[NodeProto]:
    """Return the nodes that compute the weight under its old name."""
    codes, scale, zero = _names(weight)
    real, moved = f"{weight}/real", f"{weight}/moved"
    nodes = [helper.make_node("Cast", [codes], [real], to=TensorProto.FLOAT)]
    if has_zero:
        nodes.append(helper.make_node("Sub", [real, zero], [moved]))
    return [*nodes, helper.make_node("Mul", [moved if has_zero else real, scale], [weight])]
