"""A layer of the network, with what its translation asks for, and the table of translations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from boildown import UnsupportedError
from onnx import TensorProto, helper, shape_inference

from ..translator.builder import OPSET, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..translator.builder import Graph


#: Larger constants count by their shape alone where shapes are inferred.
_SMALL = 1024


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
    def params(self) -> Any:
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

    def emit(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node named after this layer and return its one output."""
        return self.graph.node(kind, inputs, str(self.message.name), **attributes)[0]

    def layer(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add the node that uses the weight of a layer of the source, under its name."""
        output = self.emit(kind, *inputs, **attributes)
        if self.source is not None:
            self.graph.nodes[-1].name = self.source
        return output

    def constant(self, value: Any) -> str:
        """Return a constant; real numbers are float32."""
        return self.graph.constant(value, str(self.message.name))

    def number(self, value: float) -> str:
        """Return one real number."""
        return self.constant(np.float32(value))

    def lengths(self, values: Iterable[int]) -> str:
        """Return a constant of lengths, axes or places (int64)."""
        return self.constant(np.array(list(values), np.int64))

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a value, which the file does not say; refuse where it is open."""
        found = _inferred(self.graph, name)
        if found is None:
            self.refuse("the shape of its input is not known")
        return found

    def refuse(self, reason: str) -> NoReturn:
        """Give the layer up with a reason."""
        raise Refused(f"{self.message.name} ({self.kind}): {reason}")


def _inferred(graph: Graph, name: str) -> tuple[int, ...] | None:
    """Let ONNX infer the shape of a value from all that stands in the graph so far."""
    small = [tensor for tensor in graph.initializers if math.prod(tensor.dims) <= _SMALL]
    large = {t.name: tuple(t.dims) for t in graph.initializers if math.prod(t.dims) > _SMALL}
    ports = [
        helper.make_tensor_value_info(port, TensorProto.FLOAT, shape)
        for port, shape in {**graph.shapes, **large}.items()
    ]
    end = helper.make_empty_tensor_value_info(name)
    body = helper.make_graph(graph.nodes, "so far", ports, [end], small)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)])
    known = shape_inference.infer_shapes(model, data_prop=True).graph
    for value in (*known.input, *known.value_info, *known.output):
        lengths = value.type.tensor_type.shape.dim
        if value.name == name and value.type.tensor_type.HasField("shape"):
            fixed = all(length.HasField("dim_value") for length in lengths)
            return tuple(length.dim_value for length in lengths) if fixed else None
    return None


LAYERS: dict[str, Callable[[NetLayer], str | list[str]]] = {}


def refuse_unknown(messages: Iterable[Any], file: str) -> None:
    """Raise UnsupportedError naming every layer of a network that has no translation."""
    found = [
        f"{message.name} ({message.WhichOneof('layer')})"
        for message in messages
        if message.WhichOneof("layer") not in LAYERS
    ]
    if found:
        raise UnsupportedError(
            f"{file} has layers that cannot be said in ONNX, so that nothing of it could be"
            f" measured: {', '.join(found)}"
        )


def layer(*names: str) -> Callable[[Callable[[NetLayer], Any]], Callable[[NetLayer], Any]]:
    """Register the translation of layers."""

    def register(translate: Callable[[NetLayer], Any]) -> Callable[[NetLayer], Any]:
        LAYERS.update(dict.fromkeys(names, translate))
        return translate

    return register
