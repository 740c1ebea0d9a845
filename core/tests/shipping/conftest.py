"""A small seeded network with a batch norm, and a job's folder to compress it in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Artifact, Context
from boildown.model.normalize import normalize
from onnx import TensorProto, helper, numpy_helper


def cnn(seed: int = 0) -> onnx.ModelProto:
    """Return 3x8x8 -> 10: Conv, BatchNormalization, Relu, Conv, Gemm; the batch is open."""
    random = np.random.default_rng(seed)
    shapes = {"stem.w": (16, 3, 3, 3), "wide.w": (32, 16, 3, 3), "head.w": (10, 32)}
    shapes |= dict.fromkeys(("gamma", "beta", "mean"), (16,))
    arrays = {name: random.standard_normal(shape) * 0.2 for name, shape in shapes.items()}
    arrays["var"] = random.uniform(0.5, 2, 16)
    nodes = [
        helper.make_node("Conv", ["x", "stem.w"], ["c"], "stem", pads=[1] * 4),
        helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "var"], ["n"], "bn"),
        helper.make_node("Relu", ["n"], ["r"], "relu"),
        helper.make_node("Conv", ["r", "wide.w"], ["w"], "wide"),
        helper.make_node("GlobalAveragePool", ["w"], ["p"], "pool"),
        helper.make_node("Flatten", ["p"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "head.w"], ["y"], "head", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(a.astype(np.float32), name) for name, a in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Return the context of a step whose source is the network in its normal form."""
    onnx.save(cnn(), tmp_path / "given.onnx")
    normalize(tmp_path / "given.onnx", tmp_path / "source.onnx")
    (tmp_path / "step").mkdir()
    return Context(workdir=tmp_path / "step", original=Artifact(path=tmp_path / "source.onnx"))
