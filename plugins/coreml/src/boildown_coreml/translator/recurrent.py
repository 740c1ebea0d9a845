"""Recurrent layers: LSTM, GRU and plain.

Core ML stacks gates in another order than ONNX, adds the two biases beforehand and lays the
directions side by side in one axis: (s, b, I) gives (s, b, D·H), with states (b, D·H).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .builder import operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .builder import Op

#: Order of the gates in ONNX, as places in Core ML's: i f o z -> i o f c; r o z -> z r h.
_LSTM, _GRU, _RNN = (0, 2, 1, 3), (2, 0, 1), (0,)
_FUNCTIONS = {
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "softsign": "Softsign",
}


def _reordered(stacked: np.ndarray, gates: Sequence[int]) -> np.ndarray:
    parts = np.split(stacked, len(gates))
    return np.concatenate([parts[place] for place in gates])


def _weights(op: Op, gates: Sequence[int], ends: Sequence[str]) -> list[str]:
    """Return ONNX's W, R and B, with a direction for each end of the names of the inputs.

    The second half of B, the bias of the recurrent product, is 0: Core ML has the sum of both.
    """
    rows: list[list[np.ndarray]] = [[], [], []]
    for end in ends:
        given, old, bias = (op.array(name + end) for name in ("weight_ih", "weight_hh", "bias"))
        if given is None or old is None:
            op.refuse("its weights are not given")
        bias = np.zeros(len(given), np.float32) if bias is None else _reordered(bias, gates)
        parts = (_reordered(given, gates), _reordered(old, gates), np.pad(bias, (0, len(bias))))
        for kept, part in zip(rows, parts, strict=True):
            kept.append(part)
    names = (op.var("weight_ih").name, op.var("weight_hh").name, op.name)
    return [op.graph.constant(np.stack(r), name) for r, name in zip(rows, names, strict=True)]


def _functions(op: Op, *names: str) -> list[str]:
    """Return ONNX's names of the activations; gates are sigmoids unless they say otherwise."""
    found = []
    for name in names:
        given = op.value(name, "sigmoid" if name == "recurrent_activation" else "tanh")
        if given not in _FUNCTIONS:
            op.refuse(f"activation {given!r} is not translated")
        found.append(_FUNCTIONS[given])
    return found


def _run(op: Op, kind: str, gates: Sequence[int], functions: list[str], **more: Any) -> list[str]:
    """Emit the layer, its states as ONNX wants them and its results as Core ML gives them."""
    direction = op.value("direction", "forward")
    if direction not in {"forward", "bidirectional"}:
        op.refuse(f"the order of results with direction {direction!r} is not documented")
    ends = ("",) if direction == "forward" else ("", "_back")
    hidden = op.shape("weight_hh")[1]
    state_names = ["initial_h", *(["initial_c"] if kind == "LSTM" else [])]
    states = [_split_state(op, name, len(ends), hidden) for name in state_names]
    inputs = [op.tensor(), *_weights(op, gates, ends), "", *states]
    outputs = op.graph.node(
        kind,
        inputs,
        op.name,
        1 + len(states),
        hidden_size=hidden,
        direction=direction,
        activations=functions * len(ends),
        **more,
    )
    layer = op.graph.layers(op.var("weight_ih").name)
    if layer is not None:
        op.graph.nodes[-1].name = layer.removesuffix(".W")
    joined = (0, 0, len(ends) * hidden)
    sequence = op.emit(
        "Reshape", op.emit("Transpose", outputs[0], perm=[0, 2, 1, 3]), op.lengths(joined)
    )
    last = [
        op.emit("Reshape", op.emit("Transpose", state, perm=[1, 0, 2]), op.lengths(joined[1:]))
        for state in outputs[1:]
    ]
    if not op.value("output_sequence", default=False):
        sequence = op.emit("Unsqueeze", last[0], op.lengths([0]))
    return [sequence, *last]


def _split_state(op: Op, name: str, directions: int, hidden: int) -> str:
    """Turn (b, D·H) into (D, b, H)."""
    apart = op.emit("Reshape", op.tensor(name), op.lengths((0, directions, hidden)))
    return op.emit("Transpose", apart, perm=[1, 0, 2])


@operator("lstm")
def _lstm(op: Op) -> list[str]:
    """Gates i, f, o and the cell's candidate z."""
    if op.has("peephole") or op.has("peephole_back"):
        op.refuse("it has peepholes")
    functions = _functions(op, "recurrent_activation", "cell_activation", "activation")
    clip = op.value("clip")
    return _run(op, "LSTM", _LSTM, functions, clip=None if clip is None else float(clip))


@operator("gru")
def _gru(op: Op) -> list[str]:
    """Gates r, o and z; the reset gate multiplies the product of the old state alone."""
    functions = _functions(op, "recurrent_activation", "activation")
    return _run(op, "GRU", _GRU, functions, linear_before_reset=1)


@operator("rnn")
def _rnn(op: Op) -> list[str]:
    return _run(op, "RNN", _RNN, _functions(op, "activation"))
