"""Gemm nodes spelt out as products and sums, which is all that ONNX Runtime's quantizers know.

Of `alpha * A @ B + beta * C` the quantizers of ONNX Runtime 1.32 take A @ B + C only: the static
one loses beta without a word, the others leave a node with factors in float32. The product keeps
the node's name and its weight, so that the layer stays what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import UnsupportedError, initializers, node_attribute, replace_nodes
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto, NodeProto

#: Where a Gemm waits that must stay one: the same computation under ONNX Runtime's own name.
_HIDDEN = ("com.microsoft", "FusedGemm")


def spell_out_factors(model: ModelProto, chosen: set[str]) -> None:
    """Turn alpha and beta of the chosen Gemm nodes into nodes of their own, in place."""

    def spelt_out(node: NodeProto) -> list[NodeProto]:
        if all(node_attribute(node, name, 1.0) == 1 for name in ("alpha", "beta")):
            return [node]
        kept = {
            name: int(value)
            for name in ("transA", "transB")
            if (value := node_attribute(node, name, 0))
        }
        return _product_and_sum(model, node, "Gemm", node.input[:2], kept)

    _replace_gemm(model, chosen, spelt_out)


def gemm_to_matmul(model: ModelProto, chosen: set[str]) -> None:
    """Turn the chosen Gemm nodes, whose weight is B, into MatMul and Add, in place.

    Raises UnsupportedError naming a node that transposes its activations.
    """
    turned: dict[str, str] = {}

    def product(node: NodeProto) -> list[NodeProto]:
        if node_attribute(node, "transA", 0):
            raise UnsupportedError(
                f"node {node.name!r} is a Gemm that transposes its input (transA), which MatMul"
                " cannot; exclude it, or use granularity channel"
            )
        weight = node.input[1]
        if node_attribute(node, "transB", 0):
            weight = turned.setdefault(weight, f"{weight}/turned")
        return _product_and_sum(model, node, "MatMul", [node.input[0], weight], {})

    _replace_gemm(model, chosen, product)
    for old, new in turned.items():
        values = numpy_helper.to_array(initializers(model)[old]).T
        model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), new))


def hide_from_quantizer(model: ModelProto, excluded: set[str]) -> None:
    """Give the excluded Gemm nodes another operator's name, in place, until `show_again`.

    ONNX Runtime 1.32 turns every Gemm into `<name>_MatMul` before its dynamic quantizer looks at
    the names to leave out, and so quantizes what it was told to leave out.
    """
    for node in model.graph.node:
        if node.op_type == "Gemm" and node.name in excluded:
            node.domain, node.op_type = _HIDDEN
    if all(entry.domain != _HIDDEN[0] for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_HIDDEN[0], 1))


def show_again(model: ModelProto) -> None:
    """Turn the nodes that `hide_from_quantizer` has hidden back into Gemm, in place."""
    for node in model.graph.node:
        if (node.domain, node.op_type) == _HIDDEN:
            node.domain, node.op_type = "", "Gemm"


def _replace_gemm(
    model: ModelProto, chosen: set[str], replace: Callable[[NodeProto], list[NodeProto]]
) -> None:
    replace_nodes(
        model,
        [
            new
            for node in model.graph.node
            for new in (replace(node) if node.op_type == "Gemm" and node.name in chosen else [node])
        ],
    )


def _product_and_sum(
    model: ModelProto, node: NodeProto, op: str, inputs: list[str], attributes: dict[str, int]
) -> list[NodeProto]:
    """Return the product under the node's name, then Mul by alpha and Add of beta times C."""
    alpha, beta = (node_attribute(node, name, 1.0) for name in ("alpha", "beta"))
    summand = node.input[2] if len(node.input) > 2 else ""  # noqa: PLR2004 - A, B and perhaps C
    nodes = [helper.make_node(op, inputs, [f"{node.name}/product"], name=node.name)]
    nodes[0].attribute.extend(helper.make_attribute(*item) for item in attributes.items())
    if alpha != 1:
        factor = _constant(model, f"{node.name}/alpha", np.float32(alpha))
        made = nodes[-1].output[0]
        nodes.append(helper.make_node("Mul", [made, factor], [f"{node.name}/scaled"]))
    if summand and beta != 1:
        stored = initializers(model).get(summand)
        if stored is None:
            factor = _constant(model, f"{node.name}/beta", np.float32(beta))
            nodes.insert(0, helper.make_node("Mul", [summand, factor], [f"{node.name}/summand"]))
            summand = f"{node.name}/summand"
        else:
            values = numpy_helper.to_array(stored) * np.float32(beta)
            summand = _constant(model, f"{node.name}/summand", values)
    if summand:
        nodes.append(helper.make_node("Add", [nodes[-1].output[0], summand], [""]))
    nodes[-1].output[0] = node.output[0]
    return nodes


def _constant(model: ModelProto, name: str, values: np.ndarray | np.float32) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name
