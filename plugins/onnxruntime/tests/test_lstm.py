"""Dynamic quantization of LSTM nodes: names, numbers, saturation, shared weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import Cluster, Quantize, UnsupportedError
from boildown.recipe.steps import Layers
from onnx import helper, numpy_helper

from .conftest import Kit, shipped, states
from .graphs import Graph

DYNAMIC = Quantize(activations="dynamic")


def lstm(
    *, directions: int = 1, calls: int = 1, op: str = "LSTM", scale: float = 0.3
) -> onnx.ModelProto:
    """Return 6 steps of 20 numbers -> the state of 24, by nodes with the very same weights."""
    g, gates = Graph(0), {"LSTM": 4, "GRU": 3}[op] * 24
    parts = [
        g.weight("w", directions, gates, 20, scale=scale),
        g.weight("r", directions, gates, 24, scale=scale),
        g.weight("b", directions, 2 * gates),
    ]
    steps = g.node("Transpose", ["x"], "turn", perm=[1, 0, 2])
    direction = "bidirectional" if directions == 2 else "forward"
    for call in range(calls):
        node = helper.make_node(
            op, [steps, *parts], ["", f"state{call}"], f"rnn{call}",
            hidden_size=24, direction=direction,
        )  # fmt: skip
        g.nodes.append(node)
        steps = g.node("Mul", [steps, g.constant(f"c{call}", np.float32([0.5]))], f"next{call}")
    total = g.node("Sum", [f"state{call}" for call in range(calls)], "total")
    return g.model({"x": (6, 20)}, total, 17)


def error(kit: Kit, other: np.ndarray) -> float:
    """Return the squared error of outputs over their squares."""
    source = kit.output(kit.source)
    return float(((other - source) ** 2).sum() / (source**2).sum())


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("calls", [1, 2, 3])
def test_weights_are_signed_multiples_of_the_greatest_of_their_direction(
    directions: int, calls: int, kit: Callable[..., Kit]
) -> None:
    made = kit(lstm(directions=directions, calls=calls))
    result = made.run(DYNAMIC)
    found = made.weights(shipped(result))
    for name, weight in made.weights().items():
        scale = np.abs(weight).max(axis=(1, 2), keepdims=True) / 127
        np.testing.assert_allclose(found[name], np.rint(weight / scale) * scale, rtol=0, atol=1e-6)
    assert len(found) == 2 * calls
    assert {state.bits for state in states(result).values()} == {8}


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("calls", [1, 3])
def test_the_network_computes_nearly_the_same_from_a_quarter_of_the_bytes(
    directions: int, calls: int, kit: Callable[..., Kit]
) -> None:
    made = kit(lstm(directions=directions, calls=calls))
    path = shipped(made.run(DYNAMIC))
    ops = [node.op_type for node in onnx.load(path).graph.node]
    assert ops.count("DynamicQuantizeLSTM") == calls
    assert error(made, made.output(path)) < 0.01
    assert path.stat().st_size < 0.4 * made.source.stat().st_size


def test_the_largest_codes_do_not_saturate(kit: Callable[..., Kit]) -> None:
    model = lstm()
    for tensor in model.graph.initializer[:2]:
        signs = np.sign(numpy_helper.to_array(tensor)).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(np.float32(0.02) * signs, tensor.name))
    made = kit(model)
    assert error(made, made.output(shipped(made.run(DYNAMIC)))) < 0.001


def test_an_lstm_beside_other_layers_is_quantized_where_it_is_selected(
    kit: Callable[..., Kit],
) -> None:
    made = kit("recurrent")
    step = Quantize(activations="dynamic", layers=Layers(include=("type:LSTM",)))
    found = states(made.run(step))
    assert {name for name, state in found.items() if state.bits == 8} == {"lstm.W", "lstm.R"}


@pytest.mark.parametrize("pattern", ["rnn0.W", "rnn0.R"])
def test_half_an_lstm_is_refused(pattern: str, kit: Callable[..., Kit]) -> None:
    other = "rnn0.R" if pattern.endswith("W") else "rnn0.W"
    step = Quantize(activations="dynamic", layers=Layers(include=(pattern,)))
    with pytest.raises(UnsupportedError, match=f"include '{other}' as well as '{pattern}'"):
        kit(lstm()).run(step)


def test_shared_values_survive(kit: Callable[..., Kit]) -> None:
    result = kit(lstm()).run(Cluster(bits=4), DYNAMIC)
    assert max(state.distinct_values for state in states(result).values()) <= 16


def test_a_gru_has_no_integer_kernel_and_stays_with_a_note(kit: Callable[..., Kit]) -> None:
    made = kit(lstm(op="GRU"))
    result = made.run(DYNAMIC)
    assert [warning.code for warning in result.steps[0].warnings] == ["NOTE"]
    np.testing.assert_array_equal(made.output(shipped(result)), made.output(made.source))


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_weight_only_codes_are_for_both_kinds(bits: int, op: str, kit: Callable[..., Kit]) -> None:
    made = kit(lstm(op=op))
    result = made.run(Quantize.model_validate({"weights": f"int{bits}"}))
    # Of two bits so many codes are zero that what is left of them takes less.
    assert {0.5 < state.bits <= bits for state in states(result).values()} == {True}
    assert np.isfinite(made.output(shipped(result))).all()
