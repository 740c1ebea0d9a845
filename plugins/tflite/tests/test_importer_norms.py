"""Batch norms as they are trained on."""

from __future__ import annotations

import pytest
from boildown.testing.graphs import GRAPHS
from boildown_tflite.importer import import_onnx
from onnx import helper


def test_statistics_that_a_file_would_keep_for_ever_are_trained() -> None:
    model = GRAPHS["batch_norm"]()
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            node.attribute.append(helper.make_attribute("momentum", 1.0))
    layers = import_onnx(model).model.layers
    momenta = [layer.momentum for layer in layers if hasattr(layer, "moving_mean")]
    assert momenta
    assert momenta == [pytest.approx(0.9)] * len(momenta)
