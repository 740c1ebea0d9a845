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
    from collections.abc import Mapping

    from onnx import ModelProto, NodeProto, TensorProto

#: What the operator takes where its attribute is missing.
_EPSILON = 1e-5
#: Before this version the operator could mean something else (`spatial`).
_OPSET = 9


def merge_batch_norms(model: ModelProto) -> None:
    """Rewrite in place the batch norms whose four vectors are float32 constants."""
    if opset(model) < _OPSET:
        return
    tensors = initializers(model)
    for node in model.graph.node:
        line = batch_norm_line(node, tensors)
        if line is not None:
            factor, summand = (part.astype(np.float32) for part in line)
            zero = np.zeros(len(factor), np.float32)
            parts = (factor, summand, zero, zero + np.float32(1))
            names = [f"{node.output[0]}/{part}" for part in ("factor", "summand", "zero", "one")]
            model.graph.initializer.extend(
                numpy_helper.from_array(part, name) for part, name in zip(parts, names, strict=True)
            )
            node.input[1:] = names
            _without_epsilon(node)


def batch_norm_line(
    node: NodeProto, tensors: Mapping[str, TensorProto]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return factor and summand of each channel, float64 of shape (channels,).

    None where the node is no batch norm, its four vectors are no float32 constants, or it trains.
    """
    if node.op_type != "BatchNormalization" or not _is_constant(node, tensors):
        return None
    gamma, beta, mean, variance = (
        numpy_helper.to_array(tensors[name]).astype(np.float64) for name in node.input[1:]
    )
    factor = gamma / np.sqrt(variance + node_attribute(node, "epsilon", _EPSILON))
    return factor, beta - factor * mean


def _is_constant(node: NodeProto, tensors: Mapping[str, TensorProto]) -> bool:
    known = all(name in tensors for name in node.input[1:])
    return (
        known
        and not node_attribute(node, "training_mode", 0)
        and len(node.output) == 1
        and all(tensors[n].data_type == tensors[n].FLOAT for n in node.input[1:])
    )


def _without_epsilon(node: NodeProto) -> None:
    for attribute in node.attribute:
        if attribute.name == "epsilon":
            attribute.f = 0.0
            return
    node.attribute.add(name="epsilon", type=1, f=0.0)


def trained_momentum(written: float) -> float:
    """Return the share of old statistics that a batch norm keeps while it is trained.

    1 would keep them for ever: exporters write it of norms that take plain means, so it stands
    for ONNX's own 0.9.
    """
    return written if written < 1 else 0.9
