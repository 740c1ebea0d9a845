"""What only the batch leaves open is settled, and what the batch decides is not."""

from __future__ import annotations

import numpy as np
import onnx
from boildown import narrow
from boildown.narrowing.settling import known_at, settle_lengths

from .masking import distance, masked, outputs
from .networks import IMAGE, Wide


def counting(op: str, by: int) -> onnx.ModelProto:
    """Return a network that adds to each number one that is computed from the batch's size."""
    g = Wide(0)
    size = g.node("Gather", [g.node("Shape", ["x"], "shape"), g.whole("first", 0)], "size")
    part = g.node("Cast", [g.node(op, [size, g.whole("by", by)], "part")], "real", to=1)
    return g.model(IMAGE, g.head(g.node("Add", [g.stem(), part], "sum"), 8))


def test_a_length_behind_arithmetic_is_a_constant() -> None:
    g = Wide(0)
    stem = g.stem()
    shape = g.node("Shape", [stem], "shape")
    height = g.node("Gather", [shape, g.whole("third", [2])], "height")
    twice = g.node("Mul", [height, g.whole("two", [2])], "twice")
    rest = g.node("Concat", [g.whole("open", [-1, 8]), twice, g.whole("four", [4])], "rest", axis=0)
    x = g.node("Reshape", [stem, rest], "reshaped")
    source = g.model(IMAGE, g.head(x, 8))
    settled = settle_lengths(source)
    assert not {"Gather", "Mul", "Concat"} & {node.op_type for node in settled.graph.node}
    assert distance(source, settled) == 0
    assert known_at(source, 5).shape("reshaped_out") == (5, 8, 16, 4)
    found = narrow(source, 0.5)
    assert found.channels == {"stem": (8, 4)}
    assert distance(masked(source), found.model) < 1e-5


def test_what_follows_from_the_size_of_the_batch_is_no_constant() -> None:
    for op, by in (("Div", 4), ("Mod", 2), ("Mod", 250), ("Mul", 3)):
        source = counting(op, by)
        settled = settle_lengths(source)
        assert len(settled.graph.node) == len(source.graph.node)
        for batch in (1, 2, 6):
            one, other = (outputs(model, batch)[0] for model in (source, settled))
            np.testing.assert_array_equal(one, other)


def test_a_large_fill_is_not_computed() -> None:
    g = Wide(0)
    size = g.whole("size", [1 << 14, 1 << 14])
    filled = g.node("ConstantOfShape", [size], "filled")
    total = g.node("ReduceSum", [filled], "total", keepdims=0)
    source = g.model(IMAGE, g.head(g.node("Add", [g.stem(), total], "sum"), 8))
    assert "filled_out" not in known_at(source, 1).values
    assert known_at(source, 1).shape("filled_out") == (1 << 14, 1 << 14)
