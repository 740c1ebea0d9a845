"""Say every batch norm with two numbers a channel instead of four.

y = gamma * (x - mean) / sqrt(variance + epsilon) + beta is factor * x + summand. Written as a batch
norm of mean 0 and variance 1, what is left of the others is the same for all and stored once. In a
file with weights of few bits the four vectors are a quarter of all bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import numpy_helper

from .graph import initializers, node_attribute, opset

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

#: What the operator takes where its attribute is missing.
_EPSILON = 1e-5
#: Before this version the operator could mean something else (`spatial`).
_OPSET = 9


def merge_batch_norms(model: ModelProto) -> None:
    """Rewrite in place the batch norms whose four vectors are float32 constants."""
    tensors = initializers(model)
    if opset(model) < _OPSET:
        return
    for node in model.graph.node:
        if node.op_type == "BatchNormalization" and _is_constant(node, tensors):
            values = [numpy_helper.to_array(tensors[name]) for name in node.input[1:]]
            parts = _merged(values, node_attribute(node, "epsilon", _EPSILON))
            names = [f"{node.output[0]}/{part}" for part in ("factor", "summand", "zero", "one")]
            model.graph.initializer.extend(
                numpy_helper.from_array(part, name) for part, name in zip(parts, names, strict=True)
            )
            node.input[1:] = names
            _without_epsilon(node)


def _is_constant(node: NodeProto, tensors: dict[str, TensorProto]) -> bool:
    known = all(name in tensors for name in node.input[1:])
    return (
        known
        and not node_attribute(node, "training_mode", 0)
        and len(node.output) == 1
        and all(tensors[n].data_type == tensors[n].FLOAT for n in node.input[1:])
    )


def _merged(values: list[np.ndarray], epsilon: float) -> tuple[np.ndarray, ...]:
    gamma, beta, mean, variance = (value.astype(np.float64) for value in values)
    factor = gamma / np.sqrt(variance + epsilon)
    zero = np.zeros(len(gamma), np.float32)
    summand = (beta - factor * mean).astype(np.float32)
    return factor.astype(np.float32), summand, zero, zero + np.float32(1)


def _without_epsilon(node: NodeProto) -> None:
    for attribute in node.attribute:
        if attribute.name == "epsilon":
            attribute.f = 0.0
            return
    node.attribute.add(name="epsilon", type=1, f=0.0)
