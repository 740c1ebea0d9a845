"""One node as the rules of its operator see it: shapes, channels, and what they may do to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from .classes import FIXED
from .flow import Channels, Cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import NodeProto

    from .classes import Ids
    from .flow import Edit, Flow


class Stay(Exception):  # noqa: N818 - what follows, not an error of ours
    """The channels that a node takes in must stay; the text says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a graph that is followed."""

    proto: NodeProto
    #: Its place in the graph.
    index: int
    flow: Flow

    @property
    def op(self) -> str:
        """Its operator."""
        return self.proto.op_type

    @property
    def inputs(self) -> list[str]:
        """The tensors that it takes; empty texts for those left out."""
        return list(self.proto.input)

    @property
    def layers(self) -> list[str]:
        """The names of the layers that it holds."""
        return self.flow.layers_of.get(self.proto.name, [])

    def has(self, index: int) -> bool:
        """Tell whether an input is there."""
        return index < len(self.proto.input) and bool(self.proto.input[index])

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - ONNX's own
        """Return an attribute, else `default`."""
        for attribute in self.proto.attribute:
            if attribute.name == name:
                value = helper.get_attribute_value(attribute)
                return value.decode() if isinstance(value, bytes) else value
        return default

    def shape(self, index: int = 0) -> tuple[int, ...]:
        """Return the shape of an input at batch 1."""
        return self._shape(self.proto.input[index])

    def out_shape(self, index: int = 0) -> tuple[int, ...]:
        """Return the shape of an output at batch 1."""
        return self._shape(self.proto.output[index])

    def channels(self, index: int = 0) -> Channels | None:
        """Return the channels of an input, None where they can only stay."""
        return self.flow.channels.get(self.proto.input[index]) if self.has(index) else None

    def along(self, index: int, axis: int) -> Ids:
        """Return the channels along an axis of an input, FIXED where none lie along that one."""
        found, shape = self.channels(index), self.shape(index)
        if found is None or found.axis != axis % len(shape):
            return np.full(shape[axis], FIXED)
        return found.ids

    def ids(self, index: int, axis: int) -> Ids:
        """Return the channels along an axis of an input; they must not lie along another."""
        found = self.channels(index)
        if found is not None and found.axis != axis % len(self.shape(index)):
            raise Stay("takes them along another axis")
        return self.along(index, axis)

    def is_stored(self, index: int) -> bool:
        """Tell whether an input is an initializer."""
        return self.has(index) and self.proto.input[index] in self.flow.constants.stored

    def value(self, index: int) -> np.ndarray | None:
        """Return the numbers of an input, None where they are not constant."""
        name = self.proto.input[index]
        return self.flow.constants.value(name) if name in self.flow.constants.names else None

    def give(self, axis: int, ids: Ids, output: int = 0) -> None:
        """Say which channels lie along which axis of an output."""
        self.out_shape(output)
        name = self.proto.output[output]
        if axis in self.flow.open[name]:
            raise Stay("joins them with the batch")
        if (ids != FIXED).any():
            self.flow.channels[name] = Channels(axis, ids)

    def give_all(self, full: np.ndarray, axis: int | None = None) -> None:
        """Say which channel every element of the output belongs to.

        Channels can only go along one axis, else the longest along which they differ: those that
        lie side by side on others go together.
        """
        full = self.flow.classes.roots(full)
        varying = [a for a, n in enumerate(full.shape) if n > 1 and np.ptp(full, a).any()]
        if not varying:
            self.keep(full, "couples all of them to each other")
            return
        if axis is None:
            axis = max(varying, key=lambda a: (full.shape[a], a))
        rows = np.unique(np.moveaxis(full, axis, -1).reshape(-1, full.shape[axis]), axis=0)
        for row in rows[1:]:
            self.couple(rows[0], row)
        self.give(axis, rows[0])

    def born(self, count: int) -> Ids:
        """Return new channels, those that the layer in this node puts out."""
        ids = self.flow.classes.fresh(count)
        self.puts_out(ids)
        return ids

    def puts_out(self, ids: Ids) -> None:
        """Say which channels the layer in this node puts out."""
        self.flow.layers |= dict.fromkeys(self.layers, ids)

    def cut(self, index: int, axis: int, ids: Ids, *, weighs: bool = False) -> None:
        """Say that a constant input has a place for each of these channels along an axis.

        Layers that share a weight share its channels.
        """
        name = self.proto.input[index]
        if name in self.flow.weights:
            for cut in self.flow.cuts:
                if (cut.name, cut.axis) == (name, axis):
                    self.couple(cut.ids, ids)
        self.flow.cuts.append(Cut(self.index, index, name, axis, ids, weighs))

    def couple(self, one: Ids, other: Ids) -> None:
        """Let the channels in the same places go together."""
        self.flow.classes.couple(one, other, self._reason("brings them together with some that do"))

    def keep(self, ids: Ids, why: str) -> None:
        """Let these channels stay."""
        self.flow.classes.keep(ids, self._reason(why))

    def later(self, edit: Edit | Callable[..., None]) -> None:
        """Change the node when it is known which channels stay."""
        self.flow.edits.append(edit)

    def stay(self, why: str) -> None:
        """Let all channels stay that the node takes in or puts out."""
        for name in self.inputs:
            for found in (self.flow.channels.get(name), self.flow.lengths.get(name)):
                if found is not None:
                    self.keep(found.ids, why)
        for layer in self.layers:
            self.keep(self.flow.layers.setdefault(layer, self.flow.classes.fresh(1)), why)
        for index, name in enumerate(self.inputs):
            if name in self.flow.weights:
                for axis, length in enumerate(self.shape(index)):
                    self.cut(index, axis, np.full(length, FIXED))

    def _shape(self, name: str) -> tuple[int, ...]:
        if name not in self.flow.shapes:
            raise Stay(f"has {name!r}, whose shape is not known")
        return self.flow.shapes[name]

    def _reason(self, why: str) -> str:
        return f"keeps its channels for node {self.proto.name!r} ({self.op}), which {why}"
