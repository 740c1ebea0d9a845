"""The weights of layers as they stand in a saved file: their numbers, and the bits they take."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from boildown import UnsupportedError

from .names import place_of
from .translator import COMPRESSED, constant_of, is_constant
from .translator.builder import type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from boildown import Layer

#: Inputs of compressed weights that hold a number for each weight that is stored.
_CODES = ("quantized_data", "data", "indices", "indices_nonzero_data", "nonzero_data", "source_val")


class Stored(NamedTuple):
    """One constant with its numbers decoded."""

    values: np.ndarray
    #: Bits of one stored number: of a code or an index where there is one.
    bits: float
    payload_bytes: int

    def turned(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the numbers in the shape of the source, which may be the transposed one."""
        values = self.values
        if values.shape != shape and values.T.shape == shape:
            return values.T
        # The older format makes images of series.
        same = [length for length in values.shape if length > 1] == [n for n in shape if n > 1]
        return values.reshape(shape) if same else values


def joined(parts: Sequence[Stored]) -> Stored:
    """Return the directions of a recurrent layer as one weight, the direction first."""
    values = np.stack([part.values for part in parts])
    return Stored(values, parts[0].bits, sum(part.payload_bytes for part in parts))


def stored_weights(function: Any) -> dict[int, list[Stored]]:
    """Return the constants of a program by the place of their layer, in the order of use."""
    named = _weights(function)
    return {place: [_stored(var) for var in vars_.values()] for place, vars_ in named.items()}


def weight_operators(function: Any) -> dict[int, list[Any]]:
    """Return, by the place of their layer, all operators that a weight is made of.

    Those are its constant, or what decodes it (`constexpr_…`) and the constants of that.
    """
    found: dict[int, list[Any]] = {}
    for place, named in _weights(function).items():
        waiting = [var.op for var in named.values()]
        while waiting:
            operator = waiting.pop()
            found.setdefault(place, []).append(operator)
            if operator.op_type.startswith(COMPRESSED):
                waiting += [var.op for var in _inputs(operator) if var.op is not None]
    return found


def weight_users(function: Any) -> Iterator[tuple[int, Any, Any]]:
    """Yield the place of a layer, its weight and the operator that uses it, in the order of use."""
    for op in function.operations:
        if op.op_type == "const" or op.op_type.startswith(COMPRESSED):
            continue
        for var in _inputs(op):
            place = place_of(var.name)
            if place is not None and is_constant(var):
                yield place, var, op


def _weights(function: Any) -> dict[int, dict[str, Any]]:
    """Return the values that layers use as weights, by place and name."""
    found: dict[int, dict[str, Any]] = {}
    for place, var, _op in weight_users(function):
        found.setdefault(place, {})[var.name] = var
    return found


def refuse_missing(layers: Sequence[Layer], found: Iterable[int], file: str) -> None:
    """Raise UnsupportedError naming the layers of the source that have no weight in the file."""
    places, first = set(found), first_uses(layers)
    missing = [layer.name for layer in layers if first[layer.weight] not in places]
    if missing:
        raise UnsupportedError(
            f"{file} has no weight of the layers {', '.join(missing[:5])}"
            f"{f' and {len(missing) - 5} more' if missing[5:] else ''}: coremltools has put"
            " something else in their place"
        )


def first_uses(layers: Sequence[Layer]) -> dict[str, int]:
    """Return the place of the first layer that uses each weight."""
    first: dict[str, int] = {}
    for place, layer in enumerate(layers):
        first.setdefault(layer.weight, place)
    return first


def _inputs(op: Any) -> list[Any]:
    values: list[Any] = []
    for value in op.inputs.values():
        values += value if isinstance(value, (list, tuple)) else [value]
    return [value for value in values if value is not None]


def _stored(var: Any) -> Stored:
    values = constant_of(var)
    assert values is not None  # noqa: S101 - looked at in `weight_users`
    total = sum(_bits(leaf) * math.prod(leaf.shape) for leaf in _leaves(var, {}).values())
    return Stored(values, _code_bits(var), math.ceil(total / 8))


def _leaves(var: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Return the tensors in the file that a weight is made of."""
    if var.op is None or not var.op.op_type.startswith(COMPRESSED):
        # Shapes and axes are part of the program's text.
        if var.rank > 0 and type_of(var) not in {"uint32", "int32"}:
            found[var.name] = var
        return found
    for value in _inputs(var.op):
        _leaves(value, found)
    return found


def _bits(var: Any) -> int:
    return int(re.sub(r"\D", "", type_of(var)) or 8)


def _code_bits(var: Any) -> float:
    """Return the bits of one stored number, those of an index where iOS 16 packs indices."""
    op = var.op
    if op is None or not op.op_type.startswith(COMPRESSED):
        return _bits(var)
    if op.op_type == f"{COMPRESSED}lut_to_dense" and op.inputs.get("shape") is not None:
        return math.log2(np.asarray(constant_of(op.lut)).size)
    return _code_bits(next(op.inputs[name] for name in _CODES if op.inputs.get(name) is not None))
