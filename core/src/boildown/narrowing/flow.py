"""Where the channels of layers flow in a graph: for each tensor, the axis on which they lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..model.folding import Constants
from ..model.layers import source_layers
from .classes import Classes, Ids
from .settling import BATCHES, known_at

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

    from .writing import Writing

#: What is left to change in a graph when it is known which channels stay.
Edit = Callable[["Writing"], None]


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of a tensor: one id for each place on one of its axes."""

    axis: int
    ids: Ids


@dataclass(frozen=True, slots=True)
class Cut:
    """A constant that has a place for each channel on one of its axes."""

    node: int
    input: int
    name: str
    axis: int
    ids: Ids
    #: Whether its numbers say of how much use a channel is (weights and the factors of norms).
    weighs: bool


@dataclass(frozen=True, slots=True)
class Lengths:
    """Integers computed from the shape of a tensor whose channels can go."""

    #: 1 where an integer follows from the number of channels, 0 elsewhere; in the tensor's shape.
    marks: np.ndarray
    ids: Ids


@dataclass(slots=True)
class Flow:
    """What is known of a graph while its nodes are followed."""

    opset: int
    constants: Constants
    #: Of tensors, at batch 1.
    shapes: dict[str, tuple[int, ...]]
    #: Axes whose length depends on the batch.
    open: dict[str, set[int]]
    #: Layers of each node.
    layers_of: dict[str, list[str]]
    #: Initializers that are weights of layers.
    weights: set[str]
    classes: Classes = field(default_factory=Classes)
    channels: dict[str, Channels] = field(default_factory=dict)
    lengths: dict[str, Lengths] = field(default_factory=dict)
    #: Layer -> its output channels.
    layers: dict[str, Ids] = field(default_factory=dict)
    #: Channels of which some must stay: what a slice or a split takes.
    pieces: list[Ids] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)


def begin(model: ModelProto) -> Flow:
    """Return what is known of a graph before its nodes are followed."""
    one, *others = (known_at(model, batch).shapes() for batch in BATCHES)
    shapes = {name: shape for name, shape in one.items() if all(name in other for other in others)}
    layers_of: dict[str, list[str]] = {}
    layers = source_layers(model)
    for layer in layers:
        layers_of.setdefault(layer.node, []).append(layer.name)
    return Flow(
        opset=next(item.version for item in model.opset_import if item.domain in {"", "ai.onnx"}),
        constants=Constants(model),
        shapes=shapes,
        open={
            name: {axis for other in others for axis in _differing(shape, other[name])}
            for name, shape in shapes.items()
        },
        layers_of=layers_of,
        weights={layer.weight for layer in layers},
    )


def _differing(one: tuple[int, ...], other: tuple[int, ...]) -> list[int]:
    return [
        axis for axis, lengths in enumerate(zip(one, other, strict=True)) if len({*lengths}) > 1
    ]
