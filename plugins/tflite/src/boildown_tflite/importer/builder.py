"""Build a functional tf_keras model node by node from an ONNX graph: names, values, layers.

Each operator is translated by one function, registered under its name. Constants stay numpy
arrays until a layer needs them; lengths that follow the batch are `Lengths`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..keras import tf_keras
from .layout import Laid, Shape, channels_last, moves_nothing, onnx_order
from .lengths import Length, Lengths, decoded
from .operation import Operation

#: A value of the graph: computed at run time, constant, made of lengths, or left out.
Value = Laid | np.ndarray | Lengths | None
#: Turns the numbers of a Keras variable into those of the initializer that it is.
Turn = Callable[[np.ndarray], np.ndarray]


class Refused(Exception):  # noqa: N818 - what happened, not an error of ours
    """One node cannot be imported exactly; `import_onnx` collects them all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An initializer of the source, and the variable of a Keras layer that it became."""

    initializer: str
    layer: str
    #: The layer's attribute: `kernel`, `bias`, `gamma`, `constant_1`, …
    variable: str
    #: Keras's numbers -> ONNX's.
    back: Turn


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant operand of an `Operation`: its numbers as they lie in memory."""

    values: np.ndarray
    initializer: str
    back: Turn


def same(values: np.ndarray) -> np.ndarray:
    """Leave numbers as they are."""
    return values


@dataclass(slots=True)
class Builder:
    """What is known while one graph is imported."""

    graph: onnx.GraphProto
    opset: int
    batch_norms_after: bool = False
    values: dict[str, Value] = field(default_factory=dict)
    #: Keras layer -> the node of the source that it came of.
    layers: dict[str, str] = field(default_factory=dict)
    #: Initializers of the source; other constants were computed from them.
    own: frozenset[str] = frozenset()
    kept: list[Kept] = field(default_factory=list)
    #: Additions that a dense layer has taken in as its bias: node -> what the layer gives.
    absorbed: dict[str, Laid] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _turned: dict[tuple[str, tuple[int, ...]], Laid] = field(default_factory=dict)

    def free(self, name: str) -> str:
        """Return a name for a layer that is not taken; Keras compares them without case."""
        plain = re.sub(r"[^A-Za-z0-9_.]", "_", name).strip("_.") or "node"
        found, number = plain, 1
        while found.lower() in self._names:
            found, number = f"{plain}_{number}", number + 1
        self._names.add(found.lower())
        return found

    def users(self, name: str) -> list[onnx.NodeProto]:
        """Return the nodes that take a value."""
        return [node for node in self.graph.node if name in node.input]

    def is_output(self, name: str) -> bool:
        """Tell whether a value leaves the graph."""
        return any(item.name == name for item in self.graph.output)

    def producer(self, name: str) -> onnx.NodeProto | None:
        """Return the node that makes a value."""
        return next((node for node in self.graph.node if name in node.output), None)

    def keep(self, kept: Kept) -> None:
        """Note what an initializer became; nothing, where it is a constant that was computed."""
        if kept.initializer in self.own:
            self.kept.append(kept)

    def turned(self, laid: Laid, order: tuple[int, ...], name: str) -> Laid:
        """Return a tensor with its axes in this order in memory."""
        if laid.order == order:
            return laid
        key = (laid.tensor.name, order)
        if key not in self._turned:
            self._turned[key] = replace(laid, tensor=self._move(laid, order, name), order=order)
        return self._turned[key]

    def _move(self, laid: Laid, order: tuple[int, ...], name: str) -> Any:
        axes = [laid.at(axis) for axis in order]
        lengths = [laid.tensor.shape[axis] for axis in axes]
        name = self.free(f"{name}_turned")
        if axes[0] != 0:
            return Operation("transpose", {"axes": axes}, name=name)(laid.tensor)
        if moves_nothing(laid.shape, laid.order, order):
            return tf_keras.layers.Reshape(lengths[1:], name=name)(laid.tensor)
        return tf_keras.layers.Permute(axes[1:], name=name)(laid.tensor)


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the source, with what its translation asks for."""

    proto: onnx.NodeProto
    builder: Builder

    @property
    def name(self) -> str:
        """Its name, unique in a normalised graph."""
        return self.proto.name

    @property
    def op(self) -> str:
        """Its operator."""
        return self.proto.op_type

    @property
    def inputs(self) -> list[Value]:
        """Its inputs; None for those left out."""
        return [self.builder.values[name] if name else None for name in self.proto.input]

    def input(self, index: int) -> Value:
        """Return an input, None where it is left out."""
        names = self.proto.input
        return self.inputs[index] if index < len(names) and names[index] else None

    def laid(self, index: int) -> Laid:
        """Return an input that is computed at run time, however it lies in memory."""
        value = self.input(index)
        if not isinstance(value, Laid):
            self.refuse(f"its input {index} is constant or made of lengths")
        return value

    def image(self, index: int = 0) -> Laid:
        """Return an input with its channels last in memory."""
        laid = self.laid(index)
        return self.builder.turned(laid, channels_last(laid.rank), self.proto.input[index])

    def plain(self, index: int = 0) -> Laid:
        """Return an input whose axes lie in ONNX's order."""
        laid = self.laid(index)
        return self.builder.turned(laid, onnx_order(laid.rank), self.proto.input[index])

    def constant(self, index: int, what: str) -> np.ndarray | None:
        """Return an input that must be constant, None where it is left out."""
        value = self.input(index)
        if value is not None and not isinstance(value, np.ndarray):
            self.refuse(f"{what} is computed, not constant")
        return value

    def needed(self, index: int, what: str) -> np.ndarray:
        """Return an input that must be there and constant."""
        value = self.constant(index, what)
        if value is None:
            self.refuse(f"{what} is missing")
        return value

    def lengths(self, index: int, what: str) -> list[Length] | None:
        """Return an input that is made of numbers and of lengths that follow the batch."""
        value = self.input(index)
        if isinstance(value, Laid):
            self.refuse(f"{what} depends on the data")
        found = None if value is None else decoded(value)
        if value is not None and found is None:
            self.refuse(f"{what} does not simply follow the batch")
        return found

    def shape(self, index: int = 0) -> Shape:
        """Return the shape of an input in ONNX's order, None for the open axis."""
        value = self.input(index)
        if isinstance(value, np.ndarray):
            return value.shape
        return self.laid(index).shape

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute; texts as `str`."""
        for attribute in self.proto.attribute:
            if attribute.name == name:
                value = helper.get_attribute_value(attribute)
                if attribute.type == onnx.AttributeProto.TENSOR:
                    return numpy_helper.to_array(value)
                return value.decode() if isinstance(value, bytes) else value
        return default

    def expect(self, **attributes: Any) -> None:
        """Refuse the node unless these attributes have these values, or are left out."""
        for name, wanted in attributes.items():
            found = self.attribute(name, wanted)
            found = found if isinstance(found, (int, float, str)) else list(found)
            if found != wanted:
                self.refuse(f"{name} = {found} (only {wanted} is exact in TensorFlow)")

    def layer(
        self,
        kind: Callable[..., Any],
        tensor: Any,
        *arguments: Any,
        suffix: str = "",
        **settings: Any,
    ) -> Any:
        """Call a new layer that bears the name of this node; return what it gives."""
        layer = kind(*arguments, name=self.builder.free(self.name + suffix), **settings)
        self.builder.layers[layer.name] = self.name
        return layer(tensor)

    def helper(self, kind: Callable[..., Any], tensor: Any, suffix: str, *arguments: Any) -> Any:
        """Call a layer that only prepares: a pad or a cut, which no node stands for."""
        return kind(*arguments, name=self.builder.free(self.name + suffix))(tensor)

    def operate(
        self,
        function: str,
        *operands: Any,
        suffix: str = "",
        **settings: Any,
    ) -> Any:
        """Call a registered function on tensors and constants, as a layer of this node's name."""
        places = {str(i): op for i, op in enumerate(operands) if isinstance(op, Constant)}
        forms = {place: self._form(constant) for place, constant in places.items()}
        tensors = [operand for operand in operands if not isinstance(operand, Constant)]
        layer = Operation(function, settings, forms, name=self.builder.free(self.name + suffix))
        self.builder.layers[layer.name] = self.name
        result = layer(tensors[0] if len(tensors) == 1 else tensors)
        for place, constant in places.items():
            getattr(layer, f"constant_{place}").assign(constant.values)
            if forms[place]["trainable"]:
                kept = Kept(constant.initializer, layer.name, f"constant_{place}", constant.back)
                self.builder.keep(kept)
        return result

    def _form(self, constant: Constant) -> dict[str, Any]:
        values = constant.values
        trains = constant.initializer in self.builder.own and values.dtype == np.float32
        return {
            "shape": list(values.shape),
            "dtype": values.dtype.name,
            "trainable": trains and values.size > 1,
        }

    def set(self, output: Any, **weights: tuple[int, np.ndarray, Turn]) -> None:
        """Give the layer that made `output` its weights, (input, numbers, way back) each."""
        layer = output._keras_history.layer  # noqa: SLF001 - Keras has no public way
        for variable, (index, values, back) in weights.items():
            getattr(layer, variable).assign(values)
            self.builder.keep(Kept(self.proto.input[index], layer.name, variable, back))

    def refuse(self, reason: str) -> NoReturn:
        """Give the node up with a reason."""
        op = f"{self.proto.domain}.{self.proto.op_type}".lstrip(".")
        raise Refused(f"node {self.name!r} ({op}, opset {self.builder.opset}): {reason}")


Translate = Callable[[Node], "Value | list[Laid]"]
OPERATORS: dict[str, Translate] = {}


def operator(*names: str) -> Callable[[Translate], Translate]:
    """Register the translation of operators of the standard domain."""

    def register(translate: Translate) -> Translate:
        OPERATORS.update(dict.fromkeys(names, translate))
        return translate

    return register
