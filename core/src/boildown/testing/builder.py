"""Write small seeded ONNX graphs down in a few lines each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

_OPSET, _IR = 17, 8


class Graph:
    """Collects nodes and seeded weights; every method returns the name of the new tensor."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[onnx.TensorProto] = []

    def weight(self, name: str, *shape: int, scale: float = 0.2) -> str:
        """Add normal weights with this standard deviation."""
        return self.constant(name, self._random.standard_normal(shape) * scale)

    def constant(self, name: str, values: ArrayLike) -> str:
        """Add a float32 constant."""
        self._tensors.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:  # noqa: ANN401 - as onnx has it
        """Add a node with one output."""
        self._nodes.append(helper.make_node(op, inputs, [f"{name}_out"], name=name, **attributes))
        return f"{name}_out"

    def conv(self, x: str, name: str, *shape: int, scale: float = 0.2, **attributes: Any) -> str:  # noqa: ANN401 - as above
        """Add a convolution with bias; padding keeps the size unless attributes say otherwise."""
        if not {"pads", "auto_pad"} & set(attributes):
            attributes["pads"] = [shape[-1] // 2] * 4
        weights = [self.weight(f"{name}.weight", *shape, scale=scale)]
        weights.append(self.weight(f"{name}.bias", shape[0]))
        return self.node("Conv", [x, *weights], name, **attributes)

    def relu(self, x: str) -> str:
        """Add a ReLU."""
        return self.node("Relu", [x], f"{x}_relu")

    def norm(self, x: str, name: str, channels: int) -> str:
        """Add a batch norm, one of whose factors is negative."""
        gamma = self._random.uniform(0.5, 1.5, channels)
        gamma[1] *= -1
        parts = [
            self.constant(f"{name}.gamma", gamma),
            self.weight(f"{name}.beta", channels),
            self.weight(f"{name}.mean", channels),
            self.constant(f"{name}.var", self._random.uniform(0.5, 2, channels)),
        ]
        return self.node("BatchNormalization", [x, *parts], name)

    def head(self, x: str, channels: int, classes: int = 10) -> str:
        """Add global pooling and a classifier."""
        flat = self.node("Flatten", [self.node("GlobalAveragePool", [x], "mean")], "flat")
        return self.dense(flat, "fc", channels, classes)

    def dense(self, x: str, name: str, features: int, classes: int) -> str:
        """Add a Gemm with a weight of shape (classes, features)."""
        weights = [self.weight(f"{name}.weight", classes, features)]
        weights.append(self.weight(f"{name}.bias", classes))
        return self.node("Gemm", [x, *weights], name, transB=1)

    def model(
        self, inputs: Mapping[str, tuple[int, ...]], output: str, *, batch: str | int = "N"
    ) -> onnx.ModelProto:
        """Return the graph as a model with one output `y`; `inputs` are shapes without batch."""
        self._nodes.append(helper.make_node("Identity", [output], ["y"], name="y"))
        values = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *shape])
            for name, shape in inputs.items()
        ]
        result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        graph = helper.make_graph(self._nodes, "conformance", values, [result], self._tensors)
        imports = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(graph, opset_imports=imports, ir_version=_IR)
