"""Networks as the host hands them to the backend, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from boildown import Artifact, Context
from boildown.model.normalize import normalize
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(4)


def noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def node(kind: str, inputs: list[str], name: str, output: str = "", **more: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output or f"{name}_out"], name, **more)


def normalised(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "given.onnx")
    normalize(folder / "given.onnx", folder / "source.onnx")
    return folder / "source.onnx"


def context_of(source: Path, **settings: Any) -> Context:
    workdir = source.parent / f"work{len(list(source.parent.iterdir()))}"
    workdir.mkdir()
    return Context(workdir=workdir, original=Artifact(path=source), settings=settings)


def samples(source: Path, count: int = 3) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    arrays = []
    for item in onnx.load(source).graph.input:
        first, *rest = item.type.tensor_type.shape.dim
        shape = (first.dim_value or count, *(length.dim_value for length in rest))
        if item.type.tensor_type.elem_type == TensorProto.INT64:
            arrays.append(random.integers(0, 5, shape))
        else:
            arrays.append(random.standard_normal(shape).astype(np.float32))
    return arrays


def graph(
    nodes: list[onnx.NodeProto],
    shape: tuple[int, ...],
    weights: dict[str, np.ndarray] | None = None,
    *,
    kind: int = TensorProto.FLOAT,
    opset: int = 20,
) -> onnx.ModelProto:
    """Make a model with the input `x` of an open batch and the output `y`."""
    body = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["n", *shape])],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def difference(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the largest difference, relative to the largest number that is wanted."""
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    gap = np.abs(found.astype(np.float64) - wanted)
    return float(gap.max() / np.abs(wanted.astype(np.float64)).max())
