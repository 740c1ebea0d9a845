"""Batch norms that are folded into convolutions compute what they did before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from boildown import fold_batch_norms
from boildown.model.normalize import normalize
from boildown.testing.bench import onnx_outputs, seeded_inputs
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS


def made(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "given.onnx")
    return normalize(folder / "given.onnx", folder / "source.onnx").path


def test_folded_batch_norms_compute_what_they_did(tmp_path: Path) -> None:
    graph = Graph(0)
    x = graph.norm(graph.conv("x", "stem", 16, 3, 3, 3), "stem_norm", 16)
    up = graph.node("ConvTranspose", [x, graph.weight("up.weight", 16, 8, 2, 2)], "up",
                    strides=[2, 2])  # fmt: skip
    x = graph.norm(graph.relu(graph.norm(up, "up_norm", 8)), "alone", 8)
    source = made(graph.model({"x": (3, 12, 12)}, graph.head(x, 8)), tmp_path)
    model = onnx.load(source)
    assert fold_batch_norms(model) == ["stem", "up"]
    onnx.save(model, tmp_path / "folded.onnx")
    assert [n.name for n in model.graph.node if n.op_type == "BatchNormalization"] == ["alone"]
    inputs = seeded_inputs(source, 4, seed=0)
    one, other = (
        next(iter(onnx_outputs(path, inputs).values()))
        for path in (source, tmp_path / "folded.onnx")
    )
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_weight_that_two_convolutions_share_is_not_folded(tmp_path: Path) -> None:
    model = GRAPHS["batch_norm"]()
    (stem,) = (node for node in model.graph.node if node.name == "stem")
    twin = onnx.NodeProto()
    twin.CopyFrom(stem)
    twin.name, twin.output[0] = "twin", "twin_out"
    model.graph.node.insert(0, twin)
    assert fold_batch_norms(model) == ["deep"]
