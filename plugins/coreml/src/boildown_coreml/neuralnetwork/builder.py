"""A layer of the network, with what its translation asks for, and the table of translations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..translator.builder import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..translator.builder import Graph


@dataclass(frozen=True, slots=True)
class NetLayer:
    """One layer of a neural network; its values bear the network's own names in ONNX."""

    message: Any
    graph: Graph
    #: Name of the layer of the source that it is, if it is one.
    source: str | None

    @property
    def kind(self) -> str:
        """The type of the layer."""
        return str(self.message.WhichOneof("layer"))

    @property
    def params(self) -> Any:  # noqa: ANN401 - a message
        """Its settings."""
        return getattr(self.message, self.kind)

    @property
    def inputs(self) -> list[str]:
        """Names of its inputs in ONNX."""
        return [self.graph.names.get(name, name) for name in self.message.input]

    @property
    def x(self) -> str:
        """Its first input."""
        return self.inputs[0]

    def emit(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX's own
        """Add a node named after this layer and return its one output."""
        return self.graph.node(kind, inputs, str(self.message.name), **attributes)[0]

    def layer(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX's own
        """Add the node that uses the weight of a layer of the source, under its name."""
        output = self.emit(kind, *inputs, **attributes)
        if self.source is not None:
            self.graph.nodes[-1].name = self.source
        return output

    def constant(self, value: Any) -> str:  # noqa: ANN401 - what numpy takes
        """Return a constant; real numbers are float32."""
        return self.graph.constant(value, str(self.message.name))

    def number(self, value: float) -> str:
        """Return one real number."""
        return self.constant(np.float32(value))

    def lengths(self, values: Iterable[int]) -> str:
        """Return a constant of lengths, axes or places (int64)."""
        return self.constant(np.array(list(values), np.int64))

    def refuse(self, reason: str) -> NoReturn:
        """Give the layer up with a reason."""
        raise Refused(f"{self.message.name} ({self.kind}): {reason}")


LAYERS: dict[str, Callable[[NetLayer], str | list[str]]] = {}


def layer(*names: str) -> Callable[[Callable[[NetLayer], Any]], Callable[[NetLayer], Any]]:
    """Register the translation of layers."""

    def register(translate: Callable[[NetLayer], Any]) -> Callable[[NetLayer], Any]:
        LAYERS.update(dict.fromkeys(names, translate))
        return translate

    return register
