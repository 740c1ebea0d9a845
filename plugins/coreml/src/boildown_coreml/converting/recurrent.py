"""LSTM, GRU and RNN in Core ML's order of gates, their weights named after their layers.

ONNX stacks the gates of an LSTM as i o f c and of a GRU as z r h, Core ML as i f o z and r o z.
What runs backwards runs forwards over a reversed series: in which order Core ML gives the results
of direction `reverse` is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..toolkit import silently
from .lowering import Inexact, attribute, rule
from .rules import constant

with silently():
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - its usual name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import NodeProto
    from onnx2coreml._lowering import LoweringContext as Context

_GATES = {"LSTM": (0, 2, 1, 3), "GRU": (1, 2, 0), "RNN": (0,)}
_FUNCTIONS = {
    "LSTM": ["Sigmoid", "Tanh", "Tanh"],
    "GRU": ["Sigmoid", "Tanh"],
    "RNN": ["Tanh"],
}
_LENGTHS, _H, _C, _PEEPHOLES = 4, 5, 6, 7


@rule("LSTM", "GRU", "RNN")
def _recurrent(context: Context, node: NodeProto) -> list[Any]:
    kind, direction = node.op_type, attribute(node, "direction", "forward")
    both = direction == "bidirectional"
    settings = _settings(node, both=both)
    x = context.values_map[node.input[0]]
    backwards = direction == "reverse"
    if backwards:
        x = mb.reverse(x=x, axes=[0])
    steps, batch, hidden = x.shape[0], x.shape[1], int(attribute(node, "hidden_size", 0))
    directions = 2 if both else 1
    settings |= _weights(context, node, directions)
    settings["initial_h"] = _state(context, node, _H, batch, directions * hidden)
    if kind == "LSTM":
        settings["initial_c"] = _state(context, node, _C, batch, directions * hidden)
        settings["direction"] = direction if both else "forward"
    lower = {"LSTM": mb.lstm, "GRU": mb.gru, "RNN": mb.rnn}[kind]
    series, *states = lower(x=x, output_sequence=True, **settings)
    if backwards:
        series = mb.reverse(x=series, axes=[0])
    results = []
    for place, name in enumerate(node.output):
        named = {"name": name} if name else {}
        if place == 0:
            apart = mb.reshape(x=series, shape=[steps, batch, directions, hidden])
            results.append(mb.transpose(x=apart, perm=[0, 2, 1, 3], **named))
        else:
            apart = mb.reshape(x=states[place - 1], shape=[batch, directions, hidden])
            results.append(mb.transpose(x=apart, perm=[1, 0, 2], **named))
    return results


def _settings(node: NodeProto, *, both: bool) -> dict[str, Any]:
    """Return the activations and the bound, or say what Core ML has not."""
    kind, given = node.op_type, [*node.input, "", "", "", ""]
    refused = {
        "lengths of its series": given[_LENGTHS],
        "peepholes": kind == "LSTM" and given[_PEEPHOLES],
        "input_forget": attribute(node, "input_forget", 0),
        "layout = 1": attribute(node, "layout", 0),
        "both directions": both and kind != "LSTM",
        "a bound (clip)": kind != "LSTM" and attribute(node, "clip", None),
        "a reset before the product (linear_before_reset = 0)": (
            kind == "GRU" and not attribute(node, "linear_before_reset", 0)
        ),
        "slopes of activations": attribute(node, "activation_alpha", None)
        or attribute(node, "activation_beta", None),
    }
    if found := [text for text, is_so in refused.items() if is_so]:
        raise Inexact(f"Core ML's {kind} has no {', '.join(found)}")
    names = [
        name.decode() if isinstance(name, bytes) else name
        for name in attribute(node, "activations", _FUNCTIONS[kind] * (2 if both else 1))
    ]
    single = names[: len(_FUNCTIONS[kind])]
    allowed = {"Sigmoid", "Tanh", "Relu"}
    if names != single * (2 if both else 1) or not allowed.issuperset(single):
        raise Inexact(f"activations {names}")
    keys = {
        "LSTM": ("recurrent_activation", "cell_activation", "activation"),
        "GRU": ("recurrent_activation", "activation"),
        "RNN": ("activation",),
    }[kind]
    found_settings: dict[str, Any] = {
        key: name.lower() for key, name in zip(keys, single, strict=True)
    }
    if (bound := attribute(node, "clip", None)) is not None:
        found_settings["clip"] = float(bound)
    return found_settings


def _reordered(stacked: np.ndarray, gates: Sequence[int]) -> np.ndarray:
    parts = np.split(stacked, len(gates))
    return np.ascontiguousarray(np.concatenate([parts[place] for place in gates]))


def _weights(context: Context, node: NodeProto, directions: int) -> dict[str, Any]:
    gates, found = _GATES[node.op_type], dict[str, Any]()
    arrays = [constant(context, node, place) for place in (1, 2)]
    bias = constant(context, node, 3) if len(node.input) > 3 else None  # noqa: PLR2004
    for direction, end in zip(range(directions), ("", "_back"), strict=False):
        for place, key in ((1, "weight_ih"), (2, "weight_hh")):
            array = arrays[place - 1]
            if array is None:
                raise Inexact("its weights are not given")
            name = f"{context.values_map[node.input[place]].name}{end}"
            turned = _reordered(array[direction], gates)
            found[key + end] = mb.const(val=turned, name=name)
        if bias is not None:
            found["bias" + end] = _bias(node, bias[direction], gates)
    return found


def _bias(node: NodeProto, stacked: np.ndarray, gates: Sequence[int]) -> np.ndarray:
    """Return the sum of both biases; in a GRU one of them would be multiplied by the reset gate."""
    ours, theirs = np.split(stacked, 2)
    if node.op_type == "GRU" and np.split(theirs, 3)[2].any():
        raise Inexact("Core ML's GRU has no bias within the reset (the last third of Rb is not 0)")
    return _reordered(ours + theirs, gates)


def _state(context: Context, node: NodeProto, place: int, batch: int, width: int) -> Any:
    if len(node.input) <= place or not node.input[place]:
        return np.zeros((batch, width), np.float32)
    turned = mb.transpose(x=context.values_map[node.input[place]], perm=[1, 0, 2])
    return mb.reshape(x=turned, shape=[batch, width])
