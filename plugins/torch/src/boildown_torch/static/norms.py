"""Write out the batch norms that PT2E would fold wrongly.

It multiplies a convolution's weight in place: one that several convolutions share would be
multiplied once for each of their batch norms, and the groups of a transposed convolution are not
what it takes them for. A product and a sum compute the same and are folded into nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from boildown import batch_norm_line, initializers, node_attribute, replace_nodes
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto, NodeProto, TensorProto

_CONVOLUTIONS = ("Conv", "ConvTranspose")


def write_out_batch_norms(model: ModelProto) -> None:
    """Replace in place those behind shared weights and behind grouped transposed convolutions."""
    tensors = initializers(model)
    made = {name: node for node in model.graph.node for name in node.output}
    uses = Counter(name for node in model.graph.node for name in node.input)
    nodes = []
    for node in model.graph.node:
        line = batch_norm_line(node, tensors)
        before = made.get(node.input[0]) if line is not None else None
        if line is None or before is None or not _is_folded_wrongly(before, tensors, uses):
            nodes.append(node)
            continue
        spread = (-1, *[1] * (len(tensors[before.input[1]].dims) - 2))
        names = [f"{node.output[0]}/{part}" for part in ("factor", "summand")]
        model.graph.initializer.extend(
            numpy_helper.from_array(part.astype(np.float32).reshape(spread), name)
            for part, name in zip(line, names, strict=True)
        )
        product = f"{node.output[0]}/product"
        nodes += [
            helper.make_node("Mul", [node.input[0], names[0]], [product], f"{node.name}/mul"),
            helper.make_node("Add", [product, names[1]], [*node.output], f"{node.name}/add"),
        ]
    replace_nodes(model, nodes)


def _is_folded_wrongly(
    before: NodeProto, tensors: Mapping[str, TensorProto], uses: Counter[str]
) -> bool:
    if before.op_type not in _CONVOLUTIONS or before.input[1] not in tensors:
        return False
    grouped = before.op_type == "ConvTranspose" and node_attribute(before, "group", 1) != 1
    return grouped or uses[before.input[1]] > 1
