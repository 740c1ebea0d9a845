"""A named model takes and gives what the source does, under the source's names."""

from __future__ import annotations

import onnx
import pytest
from boildown import UnsupportedError, fitted_to
from boildown.testing.graphs import GRAPHS


def test_several_inputs_are_told_apart_by_their_names() -> None:
    model = GRAPHS["two_inputs"]()
    source, turned = onnx.ModelProto(), onnx.ModelProto()
    source.CopyFrom(model)
    turned.CopyFrom(model)
    del turned.graph.input[:]
    turned.graph.input.extend(reversed(source.graph.input))
    assert [item.name for item in fitted_to(source, turned, "t").graph.input] == ["x", "extra"]
    turned.graph.input[1].name = "more"
    with pytest.raises(UnsupportedError, match="several must bear the same names"):
        fitted_to(source, turned, "t")
