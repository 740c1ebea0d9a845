"""Build a `torch.fx` graph node by node from an ONNX graph: names, values, modules, parameters.

Each operator is translated by one function, registered under its name. Constants stay numpy
arrays until a module or a tensor operand needs them; lengths (what `Shape` gives) are Python
integers at run time, so that an open batch stays open under `torch.export`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import fx, nn

DTYPES: dict[int, torch.dtype] = {
    TensorProto.FLOAT: torch.float32, TensorProto.DOUBLE: torch.float64,
    TensorProto.FLOAT16: torch.float16, TensorProto.BFLOAT16: torch.bfloat16,
    TensorProto.INT8: torch.int8, TensorProto.INT16: torch.int16, TensorProto.INT32: torch.int32,
    TensorProto.INT64: torch.int64, TensorProto.UINT8: torch.uint8, TensorProto.BOOL: torch.bool,
}  # fmt: skip
#: A value of the graph: computed at run time, constant, or left out.
Value = fx.Node | np.ndarray | None
#: Turns the numbers of parameters into those of the initializer that they make up.
Turn = Callable[..., np.ndarray]


class Refused(Exception):  # noqa: N818 - what happened, not an error of ours
    """One node cannot be imported exactly; `import_onnx` collects them all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An initializer of the source, and the parameters or buffers of the module that it became."""

    initializer: str
    #: Several where PyTorch keeps apart what ONNX keeps together (recurrent layers).
    paths: tuple[str, ...]
    #: PyTorch's numbers, one array a path, -> ONNX's.
    back: Turn


def same(values: np.ndarray) -> np.ndarray:
    """Leave numbers as they are."""
    return values


@dataclass(slots=True)
class Builder:
    """What is known while one graph is imported."""

    graph: onnx.GraphProto
    opset: int
    root: nn.Module = field(default_factory=nn.Module)
    flow: fx.Graph = field(default_factory=fx.Graph)
    values: dict[str, Value] = field(default_factory=dict)
    shapes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    #: Module -> the node of the source that it stands for.
    modules: dict[str, str] = field(default_factory=dict)
    #: Initializers of the source; other constants were computed from them.
    own: frozenset[str] = frozenset()
    kept: list[Kept] = field(default_factory=list)
    #: Computed values that are lengths: Python integers or lists of them.
    lengths: set[str] = field(default_factory=set)
    #: Additions that a linear layer has taken in as its bias: node -> what the layer gives.
    absorbed: dict[str, fx.Node] = field(default_factory=dict)
    #: Reshapes with a constant shape that only flatten: they follow when channels are removed.
    flattens: list[str] = field(default_factory=list)
    _parameters: dict[tuple[str, str], nn.Parameter] = field(default_factory=dict)
    #: Constant -> the attribute of the root that holds it.
    _attributes: dict[str, str] = field(default_factory=dict)

    def free(self, name: str) -> str:
        """Return a name for an attribute of the root that is not taken."""
        plain = re.sub(r"\W+", "_", name).strip("_") or "node"
        plain = f"_{plain}" if plain[0].isdigit() or hasattr(nn.Module, plain) else plain
        found, number = plain, 1
        while hasattr(self.root, found):
            found, number = f"{plain}_{number}", number + 1
        return found

    def parameter(self, initializer: str, values: np.ndarray, form: str = "") -> nn.Parameter:
        """Return the one trainable parameter of an initializer in one form, shared by its users."""
        key = (initializer, form)
        if key not in self._parameters:
            tensor = torch.from_numpy(np.array(values, order="C"))
            # What was computed from constants cannot be written back, so it must not change.
            self._parameters[key] = nn.Parameter(tensor, requires_grad=initializer in self.own)
        return self._parameters[key]

    def keep(self, kept: Kept) -> None:
        """Note what an initializer became; nothing, where it is a constant that was computed."""
        if kept.initializer in self.own:
            self.kept.append(kept)

    def tensor(self, name: str) -> fx.Node:
        """Return a value as a tensor at run time, whatever it is now.

        Constants become attributes of the root. Real ones of several elements can be trained:
        positions, class tokens and layer scales are such constants.
        """
        value = self.values[name]
        if isinstance(value, fx.Node):
            if name not in self.lengths:
                return value
            dtype = DTYPES[self.types.get(name, TensorProto.INT64)]
            return self.flow.call_function(tensor_of, (value, dtype))
        if name not in self._attributes:
            self._attributes[name] = self._kept_constant(name, np.asarray(value))
        return self.flow.get_attr(self._attributes[name])

    def _kept_constant(self, name: str, value: np.ndarray) -> str:
        path = self.free(name)
        if value.dtype == np.float32 and value.size > 1 and np.isfinite(value).all():
            self.root.register_parameter(path, self.parameter(name, value))
            self.keep(Kept(name, (path,), same))
        else:
            self.root.register_buffer(path, torch.from_numpy(np.array(value)), persistent=False)
        return path


def tensor_of(lengths: Any, dtype: torch.dtype) -> torch.Tensor:  # noqa: ANN401 - numbers or a list
    """Return lengths as a tensor, for an operator that takes no Python numbers."""
    return torch.tensor(lengths, dtype=dtype)


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
    def inputs(self) -> list[Value]:
        """Its inputs; None for those left out."""
        values = self.builder.values
        return [values[name] if name else None for name in self.proto.input]

    def input(self, index: int) -> Value:
        """Return an input, None where it is left out."""
        names = self.proto.input
        return self.inputs[index] if index < len(names) and names[index] else None

    def tensor(self, index: int) -> fx.Node:
        """Return an input as a tensor of the graph."""
        return self.builder.tensor(self.proto.input[index])

    def constant(self, index: int, what: str) -> np.ndarray | None:
        """Return an input that must be constant, None where it is left out."""
        value = self.input(index)
        if isinstance(value, fx.Node):
            self.refuse(f"{what} is computed, not constant")
        return value

    def shape(self, index: int = 0) -> tuple[int | None, ...]:
        """Return the shape of an input, None for an open axis; refuse where it is not known."""
        name = self.proto.input[index]
        value = self.builder.values.get(name)
        if isinstance(value, np.ndarray):
            return value.shape
        if name not in self.builder.shapes:
            self.refuse(f"the shape of {name!r} is not known")
        return self.builder.shapes[name]

    def rank(self, index: int = 0) -> int:
        """Return the number of axes of an input."""
        return len(self.shape(index))

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - ONNX's own
        """Return an attribute; texts as `str`."""
        for attribute in self.proto.attribute:
            if attribute.name == name:
                value = helper.get_attribute_value(attribute)
                if attribute.type == onnx.AttributeProto.TENSOR:
                    return numpy_helper.to_array(value)
                return value.decode() if isinstance(value, bytes) else value
        return default

    def expect(self, **attributes: Any) -> None:  # noqa: ANN401 - ONNX's own
        """Refuse the node unless these attributes have these values, or are left out."""
        for name, wanted in attributes.items():
            found = self.attribute(name, wanted)
            found = found if isinstance(found, (int, float, str)) else list(found)
            if found != wanted:
                self.refuse(f"{name} = {found} (only {wanted} is exact in PyTorch)")

    def is_length(self, index: int) -> bool:
        """Tell whether an input is made of lengths, as `Shape` gives them."""
        return index < len(self.proto.input) and self.proto.input[index] in self.builder.lengths

    def module(self, module: nn.Module, *arguments: Value, suffix: str = "") -> fx.Node:
        """Call a new module on `arguments`; it bears the name of this node."""
        path = self.builder.free(self.name + suffix)
        self.builder.root.add_module(path, module)
        self.builder.modules[path] = self.name
        return self.builder.flow.call_module(path, arguments)  # type: ignore[arg-type]

    def own(self, call: fx.Node, attribute: str, index: int, back: Turn = same) -> None:
        """Say that a parameter of the called module is the initializer at input `index`."""
        path = f"{call.target}.{attribute}"
        self.builder.keep(Kept(self.proto.input[index], (path,), back))

    def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> fx.Node:  # noqa: ANN401
        """Call a function at run time."""
        return self.builder.flow.call_function(function, arguments, named)

    def refuse(self, reason: str) -> NoReturn:
        """Give the node up with a reason."""
        op = f"{self.proto.domain}.{self.proto.op_type}".lstrip(".")
        raise Refused(f"node {self.name!r} ({op}, opset {self.builder.opset}): {reason}")


Translate = Callable[[Node], fx.Node | Sequence[fx.Node | None]]
OPERATORS: dict[str, Translate] = {}


def operator(*names: str) -> Callable[[Translate], Translate]:
    """Register the translation of operators of the standard domain."""

    def register(translate: Translate) -> Translate:
        OPERATORS.update(dict.fromkeys(names, translate))
        return translate

    return register
