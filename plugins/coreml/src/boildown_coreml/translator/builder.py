"""The ONNX graph while it grows, an operator of the program, and the table of translations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ..toolkit import mil_types
from .weights import constant_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import onnx

    from ..formats import Numbers

OPSET, IR_VERSION = 21, 10
#: MIL type -> the type its values have in ONNX: real numbers are float32 (see `Graph.bind`), and
#: whole ones of a type that ONNX Runtime can compute with.
TYPES: dict[str, int] = {
    "fp16": TensorProto.FLOAT,
    "fp32": TensorProto.FLOAT,
    "bool": TensorProto.BOOL,
    "int8": TensorProto.INT8,
    "uint8": TensorProto.UINT8,
    **dict.fromkeys(("int16", "uint16", "int32", "uint32"), TensorProto.INT32),
    **dict.fromkeys(("int64", "uint64"), TensorProto.INT64),
}


class Refused(Exception):  # noqa: N818 - a reason on its way to one UnsupportedError for all
    """One operator of the program cannot be said in ONNX."""


def type_of(var: Any) -> str:
    """Return the name of the MIL type of a value: `fp16`, `int32`, …."""
    return str(mil_types.builtin_to_string(var.dtype))


@dataclass(slots=True)
class Graph:
    """The ONNX graph under construction."""

    numbers: Numbers = "float32"
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    #: Value of the program -> its ONNX name.
    names: dict[str, str] = field(default_factory=dict)
    #: Name of a constant of the program -> names of the layers that it is the weight of.
    layers: Callable[[str], str | None] = lambda _constant: None
    #: Shapes of the inputs, where the file does not say those of other values.
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _count: int = 0

    def fresh(self, stem: str) -> str:
        """Return a name that nothing in the graph bears."""
        self._count += 1
        return f"{stem}~{self._count}"

    def constant(self, array: Any, stem: str = "constant") -> str:
        """Add an initializer and return its name; real numbers become float32."""
        array = np.asarray(array)
        if array.dtype.kind == "f":
            array = array.astype(np.float32)
        name = self.fresh(stem)
        self.initializers.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def node(
        self,
        kind: str,
        inputs: Iterable[str],
        stem: str,
        count: int = 1,
        **attributes: Any,
    ) -> list[str]:
        """Add a node with `count` outputs and return their names."""
        outputs = [self.fresh(stem) for _ in range(count)]
        attributes = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, outputs[0], **attributes))
        return outputs

    def tensor(self, var: Any) -> str:
        """Return the ONNX name of a value; a constant becomes an initializer on its first use."""
        if var.name not in self.names:
            array = constant_of(var)
            if array is None:
                raise Refused(f"the value {var.name!r} is computed by nothing")
            if array.dtype.kind in "iu" and type_of(var) not in {"int8", "uint8"}:
                array = array.astype(helper.tensor_dtype_to_np_dtype(TYPES[type_of(var)]))
            self.names[var.name] = self.constant(array, var.name)
        return self.names[var.name]

    def bind(self, var: Any, name: str) -> None:
        """Say which ONNX value an output of the program's operator is, rounded where asked."""
        if self.numbers == "float16" and type_of(var) == "fp16":
            # A tensor of type float16 would let ONNX Runtime compute wider between operators.
            (half,) = self.node("Cast", [name], var.name, to=TensorProto.FLOAT16)
            (name,) = self.node("Cast", [half], var.name, to=TensorProto.FLOAT)
        self.names[var.name] = name


@dataclass(frozen=True, slots=True)
class Op:
    """One operator of the program, with what its translation asks for."""

    mil: Any
    graph: Graph

    @property
    def name(self) -> str:
        """Its name in the program."""
        return str(self.mil.name)

    @property
    def outputs(self) -> list[Any]:
        """The values that it computes."""
        return list(self.mil.outputs)

    def var(self, name: str) -> Any:
        """Return an input as the program's value, None where it is left out."""
        return self.mil.inputs.get(name)

    def tensor(self, name: str = "x") -> str:
        """Return the ONNX name of an input."""
        return self.graph.tensor(self.var(name))

    def has(self, name: str) -> bool:
        """Tell whether an optional input is given."""
        return self.var(name) is not None

    def shape(self, name: str = "x") -> tuple[int, ...]:
        """Return the shape of an input; refuse where it is open."""
        return self._fixed(self.var(name).shape)

    def result_shape(self, place: int = 0) -> tuple[int, ...]:
        """Return the shape of an output; refuse where it is open."""
        return self._fixed(self.outputs[place].shape)

    def _fixed(self, shape: Iterable[Any]) -> tuple[int, ...]:
        lengths = tuple(shape)
        if not all(isinstance(length, (int, np.integer)) for length in lengths):
            self.refuse("a length of its shape is open")
        return tuple(int(length) for length in lengths)

    def is_real(self, name: str = "x") -> bool:
        """Tell whether an input holds real numbers."""
        return type_of(self.var(name)) in {"fp16", "fp32"}

    def array(self, name: str) -> np.ndarray | None:
        """Return a constant input, None where it is left out; refuse where it is computed."""
        var = self.var(name)
        if var is None:
            return None
        value = constant_of(var)
        if value is None:
            self.refuse(f"its {name} is computed, not constant")
        return value

    def value(self, name: str, default: Any = None) -> Any:
        """Return a constant input as plain Python values."""
        array = self.array(name)
        return default if array is None else array.tolist()

    def emit(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node named after this operator and return its one output."""
        return self.graph.node(kind, inputs, self.name, **attributes)[0]

    def layer(self, kind: str, weight: str, *inputs: str, **attributes: Any) -> str:
        """Add the node that uses the constant input `weight`, under the name of its layer."""
        output = self.emit(kind, *inputs, **attributes)
        found = self.graph.layers(self.var(weight).name)
        if found is not None:
            self.graph.nodes[-1].name = found
        return output

    def number(self, value: float, like: str = "x") -> str:
        """Return a constant of the same type as an input."""
        kind = helper.tensor_dtype_to_np_dtype(TYPES[type_of(self.var(like))])
        return self.graph.constant(np.asarray(value, kind), self.name)

    def lengths(self, values: Iterable[int]) -> str:
        """Return a constant of lengths, axes or places (int64)."""
        return self.graph.constant(np.array(list(values), np.int64), self.name)

    def refuse(self, reason: str) -> NoReturn:
        """Give the operator up with a reason."""
        raise Refused(f"{self.name} ({self.mil.op_type}): {reason}")


OPERATORS: dict[str, Callable[[Op], str | list[str]]] = {}


def operator(*names: str) -> Callable[[Callable[[Op], Any]], Callable[[Op], Any]]:
    """Register the translation of operators of MIL."""

    def register(translate: Callable[[Op], Any]) -> Callable[[Op], Any]:
        OPERATORS.update(dict.fromkeys(names, translate))
        return translate

    return register
