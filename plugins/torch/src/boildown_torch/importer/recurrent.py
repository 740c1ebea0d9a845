"""RNN, LSTM and GRU as the layers of `torch.nn`, in all directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, fx, nn

from .builder import Kept, Node, operator
from .shaping import item

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Gates in PyTorch's order, as places in ONNX's: i o f c -> i f g o; z r h -> r z n.
_ORDER = {"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2], "RNN": [0]}
_ACTIVATIONS = {
    "LSTM": ["Sigmoid", "Tanh", "Tanh"],
    "GRU": ["Sigmoid", "Tanh"],
    "RNN": ["Tanh"],
}


class Recurrent(nn.Module):
    """A recurrent layer of PyTorch that takes and gives ONNX's shapes.

    Input (time, batch, features) and initial states (directions, batch, hidden); outputs
    Y (time, directions, batch, hidden) and the last states.
    """

    def __init__(self, core: nn.RNNBase, *, backwards: bool) -> None:
        """Keep the layer; `backwards` where its only direction is from the last step on."""
        super().__init__()
        self.core, self.backwards = core, backwards
        self.directions = 2 if core.bidirectional else 1

    def forward(
        self, x: Tensor, h: Tensor | None = None, c: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Run over all steps."""
        x = x.flip(0) if self.backwards else x
        if h is None:
            h = x.new_zeros(self.directions, x.shape[1], self.core.hidden_size)
        if isinstance(self.core, nn.LSTM):
            y, (last, cell) = self.core(x, (h, torch.zeros_like(h) if c is None else c))
        else:
            (y, last), cell = self.core(x, h), None
        y = y.flip(0) if self.backwards else y
        y = y.reshape(y.shape[0], y.shape[1], self.directions, -1).permute(0, 2, 1, 3)
        return (y, last) if cell is None else (y, last, cell)


@operator("LSTM", "GRU", "RNN")
def recurrent(node: Node) -> Sequence[fx.Node]:
    """Weights W (directions, gates · hidden, input), R likewise, B both biases in a row."""
    kind = node.proto.op_type
    _expect(node, kind)
    w, r = node.constant(1, "its weight"), node.constant(2, "its recurrent weight")
    b = node.constant(3, "its bias")
    assert w is not None and r is not None  # noqa: S101, PT018 - the checker wants both
    direction = node.attribute("direction", "forward")
    settings = {"bias": b is not None, "bidirectional": direction == "bidirectional"}
    core = _core(node, kind, w, settings)
    pieces = {"weight_ih": (1, w), "weight_hh": (2, r)}
    if b is not None:
        half = b.shape[1] // 2
        pieces |= {"bias_ih": (3, b[:, :half]), "bias_hh": (3, b[:, half:])}
    for name, (index, values) in pieces.items():
        trains = node.proto.input[index] in node.builder.own
        for number, own in enumerate(values):
            turned = _ordered(own, _ORDER[kind])
            attribute = f"{name}_l0" + ("_reverse" if number else "")
            tensor = torch.from_numpy(np.array(turned))
            setattr(core, attribute, nn.Parameter(tensor, requires_grad=trains))
    layer = Recurrent(core, backwards=direction == "reverse")
    states = [node.tensor(index) for index in (5, 6) if node.input(index) is not None]
    if node.input(5) is None and node.input(6) is not None:
        node.refuse("an initial cell without an initial state")
    call = node.module(layer, node.tensor(0), *states)
    _own(node, call, kind, bias=b is not None)
    return [node.call(item, call, index) for index in range(3 if kind == "LSTM" else 2)]


def _core(node: Node, kind: str, w: np.ndarray, settings: dict[str, bool]) -> nn.RNNBase:
    hidden, features = node.attribute("hidden_size"), w.shape[2]
    if kind == "LSTM":
        return nn.LSTM(features, hidden, **settings)
    if kind == "GRU":
        return nn.GRU(features, hidden, **settings)
    names = node.attribute("activations", [b"Tanh"])
    nonlinearity = {b"Tanh": "tanh", b"Relu": "relu"}[names[0]]
    return nn.RNN(features, hidden, nonlinearity=nonlinearity, **settings)


def _expect(node: Node, kind: str) -> None:
    node.expect(layout=0, input_forget=0)
    if node.attribute("clip") is not None:
        node.refuse("clip is set")
    if node.input(4) is not None:
        node.refuse("sequences of different lengths")
    if node.input(7) is not None:
        node.refuse("peepholes")
    if kind == "GRU" and not node.attribute("linear_before_reset", 0):
        node.refuse("linear_before_reset = 0 (PyTorch resets after the product)")
    given = node.attribute("activations")
    directions = 2 if node.attribute("direction", "forward") == "bidirectional" else 1
    names = None if given is None else [name.decode() for name in given]
    wanted = [_ACTIVATIONS[kind] * directions]
    if kind == "RNN":
        wanted.append(["Relu"] * directions)
    if names is not None and names not in wanted:
        node.refuse(f"activations = {names}")


def _ordered(values: np.ndarray, order: list[int]) -> np.ndarray:
    return np.concatenate([np.split(values, len(order))[place] for place in order])


def _own(node: Node, call: fx.Node, kind: str, *, bias: bool) -> None:
    """Say which parameters make up each initializer: directions, and for B both halves."""
    back = [_ORDER[kind].index(place) for place in range(len(_ORDER[kind]))]
    parts = {1: ["weight_ih"], 2: ["weight_hh"]} | ({3: ["bias_ih", "bias_hh"]} if bias else {})
    both = node.attribute("direction", "forward") == "bidirectional"
    for index, names in parts.items():
        paths = [
            f"{call.target}.core.{name}_l0{suffix}"
            for suffix in (["", "_reverse"] if both else [""])
            for name in names
        ]
        back_again = _Assemble(tuple(back), len(names))
        node.builder.keep(Kept(node.proto.input[index], tuple(paths), back_again))


class _Assemble:
    """Put the parameters of all directions back into one initializer."""

    def __init__(self, order: tuple[int, ...], parts: int) -> None:
        self.order, self.parts = list(order), parts

    def __call__(self, *values: np.ndarray) -> np.ndarray:
        """Take the parameters direction by direction, within one in the order of their parts."""
        turned = [_ordered(own, self.order) for own in values]
        whole = [
            np.concatenate(turned[start : start + self.parts])
            for start in range(0, len(turned), self.parts)
        ]
        return np.stack(whole)
