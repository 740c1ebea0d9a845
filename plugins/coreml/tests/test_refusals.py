"""What Core ML cannot compute exactly is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Artifact, UnsupportedError
from boildown_coreml.deploy import deploy
from onnx import helper
from sources import context_of, graph, node, noise, normalised

IMAGE = (4, 6, 8)
REFUSED: dict[str, tuple[list[onnx.NodeProto], dict[str, np.ndarray], str]] = {
    "cubic": (
        [node("Resize", ["x", "", "s"], "odd", "y", mode="cubic")],
        {"s": np.array([1, 1, 2, 2], np.float32)},
        "cubic",
    ),
    "nearest between pixels": (
        [node("Resize", ["x", "", "s"], "odd", "y", mode="nearest", nearest_mode="ceil",
              coordinate_transformation_mode="asymmetric")],
        {"s": np.array([1, 1, 2, 2], np.float32)},
        "nearest",
    ),
    "holes in a pool": (
        [node("MaxPool", ["x"], "odd", "y", kernel_shape=[2, 2], dilations=[2, 2])],
        {},
        "dilations",
    ),
    "a remainder of real numbers": (
        [node("Mod", ["x", "c"], "odd", "y", fmod=1)], {"c": np.float32(0.7)}, "fmod",
    ),
    "bounds that are computed": (
        [node("ReduceMin", ["x"], "low", keepdims=0), node("Clip", ["x", "low_out"], "odd", "y")],
        {},
        "computed",
    ),
    "an unknown operator": ([node("Mish", ["x"], "odd", "y")], {}, "Mish"),
    "the usual gru of PyTorch": (
        [node("ReduceMean", ["x", "a"], "m", keepdims=0),
         node("Transpose", ["m_out"], "t", perm=[1, 0, 2]),
         helper.make_node("GRU", ["t_out", "w", "r", "b"], ["y"], "odd", hidden_size=2,
                          linear_before_reset=1)],
        {"a": np.array([2], np.int64), "w": noise(1, 6, 8), "r": noise(1, 6, 2),
         "b": noise(1, 12)},
        "bias within the reset",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_core_ml_cannot_compute_exactly_is_refused_by_node(case: str, tmp_path: Path) -> None:
    nodes, weights, reason = REFUSED[case]
    source = normalised(graph(nodes, IMAGE, weights), tmp_path)
    with pytest.raises(UnsupportedError, match=rf"'odd'.*{reason}|{reason}.*'odd'"):
        deploy(Artifact(path=source), context_of(source))
