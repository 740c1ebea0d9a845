"""Remove output channels of convolutions in networks that are a chain."""

from __future__ import annotations

import math

import numpy as np
import onnx
from boildown import UnsupportedError
from onnx import numpy_helper

_PASSES = ("Relu", "MaxPool", "GlobalAveragePool", "Flatten", "Identity")


def remove_channels(proto: onnx.ModelProto, names: set[str], share: float) -> None:
    """Remove this share of the channels of the named Conv nodes, the smallest first, in place."""
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    del proto.graph.value_info[:]
    stays: np.ndarray | None = None
    for before, node in zip([None, *proto.graph.node], proto.graph.node, strict=False):
        if before is not None and node.input[0] != before.output[0]:
            raise UnsupportedError(f"node {node.name!r}: the network is no chain")
        if node.op_type in ("Conv", "Gemm"):
            if any(item.name == "group" and item.i != 1 for item in node.attribute):
                raise UnsupportedError(f"node {node.name!r} has groups")
            if stays is not None:
                _keep(tensors[node.input[1]], stays, axis=1)
            stays = None
            if node.op_type == "Conv" and node.name in names:
                stays = _strongest(numpy_helper.to_array(tensors[node.input[1]]), share)
                for name in node.input[1:]:
                    _keep(tensors[name], stays, axis=0)
        elif node.op_type not in _PASSES:
            raise UnsupportedError(f"node {node.name!r}: {node.op_type} between channels")


def _strongest(values: np.ndarray, share: float) -> np.ndarray:
    norms = np.abs(values).reshape(len(values), -1).mean(1)
    left = max(len(norms) - math.floor(share * len(norms)), 1)
    return np.sort(np.argsort(-norms, kind="stable")[:left])


def _keep(tensor: onnx.TensorProto, places: np.ndarray, axis: int) -> None:
    values = np.take(numpy_helper.to_array(tensor), places, axis)
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))
