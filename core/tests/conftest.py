"""A tiny model with data, and a tiny backend that is really installed, for tests of the host."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

BACKEND = Path(__file__).parent / "rounding_backend.py"


def tiny_model(seed: int = 0) -> onnx.ModelProto:
    """Return a 3x8x8 -> 4 classifier: Conv, Relu, global pooling, Gemm; the batch is dynamic."""
    rng = np.random.default_rng(seed)
    weights = {
        "conv.weight": rng.standard_normal((5, 3, 3, 3)),
        "conv.bias": rng.standard_normal(5),
        "fc.weight": rng.standard_normal((4, 5)),
        "fc.bias": rng.standard_normal(4),
    }
    nodes = [
        helper.make_node("Conv", ["x", "conv.weight", "conv.bias"], ["c"], name="conv"),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "fc.weight", "fc.bias"], ["y"], name="fc", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


@pytest.fixture
def tiny() -> onnx.ModelProto:
    """Return the tiny model."""
    return tiny_model()


@pytest.fixture
def model_path(tiny: onnx.ModelProto, tmp_path: Path) -> Path:
    """Write the tiny model to a file."""
    path = tmp_path / "tiny.onnx"
    onnx.save(tiny, path)
    return path


@pytest.fixture
def rounding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install the rounding backend where this process and its children find it; return its name."""
    site = tmp_path / "site"
    info = site / "boildown_rounding-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "boildown_rounding").mkdir()
    (site / "boildown_rounding" / "__init__.py").write_bytes(b"")
    (site / "boildown_rounding" / "hooks.py").write_bytes(BACKEND.read_bytes())
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: boildown-rounding\nVersion: 1.0\nRequires-Dist: boildown\n"
    )
    (info / "entry_points.txt").write_text(
        "[boildown.backends]\nrounding = boildown_rounding.hooks\n"
    )
    (info / "top_level.txt").write_text("boildown_rounding\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setitem(sys.modules, "boildown_rounding", None)
    monkeypatch.delitem(sys.modules, "boildown_rounding")
    monkeypatch.delitem(sys.modules, "boildown_rounding.hooks", raising=False)
    return "rounding"


@pytest.fixture
def data(tiny: onnx.ModelProto, tmp_path: Path) -> str:
    """Write labelled samples that the tiny model classifies without a fault."""
    rng = np.random.default_rng(0)
    evaluator = ReferenceEvaluator(tiny)
    arrays = {}
    for split, count in (("train", 40), ("test", 30)):
        samples = rng.standard_normal((count, 3, 8, 8)).astype(np.float32)
        arrays[f"{split}_x"] = samples
        arrays[f"{split}_y"] = evaluator.run(None, {"x": samples})[0].argmax(1)
    np.savez(tmp_path / "data.npz", **arrays)
    return f"npz:{tmp_path / 'data.npz'}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the cache of a test to itself."""
    monkeypatch.setenv("BOILDOWN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
