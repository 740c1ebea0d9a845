"""Tiny seeded models, built in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

Build = Callable[..., onnx.ModelProto]
Save = Callable[..., Path]


def weights(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def make(
    nodes: Sequence[onnx.NodeProto],
    tensors: dict[str, np.ndarray],
    shape: Sequence[int | str | None] = ("N", 3, 8, 8),
    out: Sequence[int | str | None] = ("N", 4),
    *,
    opset: int = 17,
    domains: dict[str, int] | None = None,
    kind: int = 1,
) -> onnx.ModelProto:
    """A model from `x` of `shape` to `y` of `out`."""
    graph = helper.make_graph(
        list(nodes),
        "made",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info("y", 1, list(out))],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    opsets = {"": opset, **(domains or {})}
    imports = [helper.make_opsetid(name, version) for name, version in opsets.items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def tiny_model(**names: str) -> onnx.ModelProto:
    """Conv, BatchNormalization, Relu, pooling, Gemm, MatMul; every weight seeded."""
    n = helper.make_node
    return make(
        [
            n("Conv", ["x", "c.weight"], ["a"], names.get("conv", "conv"), pads=[1, 1, 1, 1]),
            n("BatchNormalization", ["a", "s", "b", "m", "v"], ["bn"], "bn"),
            n("Relu", ["bn"], ["r"], "relu"),
            n("GlobalAveragePool", ["r"], ["p"], "pool"),
            n("Flatten", ["p"], ["f"], "flat"),
            n("Gemm", ["f", "fc.weight", "fc.bias"], ["g"], names.get("fc", "fc"), transB=1),
            n("MatMul", ["g", "mm"], ["y"], names.get("mm", "mm")),
        ],
        {
            "c.weight": weights(8, 3, 3, 3),
            "s": np.ones(8, np.float32),
            "b": np.zeros(8, np.float32),
            "m": np.zeros(8, np.float32),
            "v": np.ones(8, np.float32),
            "fc.weight": weights(10, 8, seed=1),
            "fc.bias": weights(10, seed=2),
            "mm": weights(10, 4, seed=3),
        },
    )


@pytest.fixture
def tiny() -> onnx.ModelProto:
    return tiny_model()


@pytest.fixture
def build() -> Build:
    return make


@pytest.fixture
def normal() -> Callable[..., np.ndarray]:
    return weights


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save a model, checked unless told otherwise, and return its path."""

    def write(model: onnx.ModelProto, name: str = "model.onnx", *, check: bool = True) -> Path:
        if check:
            onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(tmp_path / name))
        return tmp_path / name

    return write


@pytest.fixture
def run() -> Callable[..., dict[str, Any]]:
    """Run a model file in ONNX Runtime, to prove that numbers did not change."""

    def outputs(path: Path, value: np.ndarray) -> dict[str, Any]:
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        names = [item.name for item in session.get_outputs()]
        return dict(zip(names, session.run(None, {name: value}), strict=True))

    return outputs
