"""Gemm and MatMul as MatMulInteger behind DynamicQuantizeLinear, which ONNX Runtime fuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import UnsupportedError, initializers, node_attribute
from onnx import TensorProto, helper, numpy_helper

from .codes import ZERO, unsigned

if TYPE_CHECKING:
    from boildown import Quantize
    from onnx import ModelProto, NodeProto


def integer_product(node: NodeProto, model: ModelProto, step: Quantize) -> list[NodeProto]:
    """Return the nodes that compute what a Gemm or MatMul computes, weights and sum in integers.

    The product bears the name of the node, and its factors alpha and beta stand in the scale and
    the bias. Raises UnsupportedError naming a node whose weight is its left side or whose
    activations are transposed.
    """
    weight = _weight(node, model)
    alpha, beta = (node_attribute(node, name, 1.0) for name in ("alpha", "beta"))
    made = unsigned(weight, step, weight.ndim - 1)
    names = {
        part: f"{node.name}/{part}"
        for part in ("codes", "scale", "zero", "input", "step", "shift", "sum", "real", "worth")
    }
    product = f"{node.name}/product"
    stored = {"codes": made.codes, "scale": made.scale * np.float32(alpha), "zero": ZERO}
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(values), names[part]) for part, values in stored.items()
    )
    rounded = [names["input"], names["step"], names["shift"]]
    integers = [names["input"], names["codes"], names["shift"], names["zero"]]
    nodes = [
        helper.make_node("DynamicQuantizeLinear", [node.input[0]], rounded),
        helper.make_node("MatMulInteger", integers, [names["sum"]], name=node.name),
        helper.make_node("Cast", [names["sum"]], [names["real"]], to=TensorProto.FLOAT),
        helper.make_node("Mul", [names["step"], names["scale"]], [names["worth"]]),
        helper.make_node("Mul", [names["real"], names["worth"]], [product]),
    ]
    if len(node.input) > 2 and node.input[2]:  # noqa: PLR2004 - A, B and perhaps C
        nodes += _sum(node, product, beta, model)
    nodes[-1].output[0] = node.output[0]
    return nodes


def _weight(node: NodeProto, model: ModelProto) -> np.ndarray:
    tensors = initializers(model)
    if node.input[1] not in tensors or node_attribute(node, "transA", 0):
        raise UnsupportedError(
            f"node {node.name!r} ({node.op_type}) has its weight on the left or transposes its"
            " input, which dynamic quantization cannot; exclude it from the step"
        )
    weight = numpy_helper.to_array(tensors[node.input[1]])
    turned = weight.T if node_attribute(node, "transB", 0) else weight
    return np.ascontiguousarray(turned)


def _sum(node: NodeProto, product: str, beta: float, model: ModelProto) -> list[NodeProto]:
    summand, nodes = node.input[2], []
    if beta != 1:
        factor, scaled = f"{node.name}/beta", f"{node.name}/summand"
        model.graph.initializer.append(numpy_helper.from_array(np.array(beta, np.float32), factor))
        nodes.append(helper.make_node("Mul", [summand, factor], [scaled]))
        summand = scaled
    return [*nodes, helper.make_node("Add", [product, summand], [""])]
