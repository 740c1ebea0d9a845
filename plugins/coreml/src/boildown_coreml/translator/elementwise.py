"""Arithmetic, comparisons and logic, value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .builder import TYPES, operator, type_of

if TYPE_CHECKING:
    from .builder import Op

#: MIL's operators that are one of ONNX's, with the same meaning.
_UNARY = {
    "abs": "Abs",
    "acos": "Acos",
    "asin": "Asin",
    "atan": "Atan",
    "atanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "identity": "Identity",
    "logical_not": "Not",
    "round": "Round",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "sqrt": "Sqrt",
    "tan": "Tan",
}
_BINARY = {
    "add": "Add",
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "logical_and": "And",
    "logical_or": "Or",
    "logical_xor": "Xor",
    "maximum": "Max",
    "minimum": "Min",
    "mul": "Mul",
    "pow": "Pow",
    "sub": "Sub",
}


@operator(*_UNARY)
def _unary(op: Op) -> str:
    return op.emit(_UNARY[op.mil.op_type], op.tensor())


@operator(*_BINARY)
def _binary(op: Op) -> str:
    return op.emit(_BINARY[op.mil.op_type], op.tensor("x"), op.tensor("y"))


@operator("not_equal")
def _not_equal(op: Op) -> str:
    return op.emit("Not", op.emit("Equal", op.tensor("x"), op.tensor("y")))


@operator("real_div")
def _real_div(op: Op) -> str:
    if not op.is_real():
        op.refuse("the quotient of whole numbers is not whole")
    return op.emit("Div", op.tensor("x"), op.tensor("y"))


@operator("floor_div")
def _floor_div(op: Op) -> str:
    if not op.is_real():
        op.refuse("ONNX rounds quotients of whole numbers towards zero")
    return op.emit("Floor", op.emit("Div", op.tensor("x"), op.tensor("y")))


@operator("mod")
def _mod(op: Op) -> str:
    """The remainder has the sign of the divisor, as in Python."""
    x, y = op.tensor("x"), op.tensor("y")
    if not op.is_real():
        return op.emit("Mod", x, y)
    whole = op.emit("Floor", op.emit("Div", x, y))
    return op.emit("Sub", x, op.emit("Mul", whole, y))


@operator("log", "rsqrt", "inverse")
def _with_epsilon(op: Op) -> str:
    """These add `epsilon` to what they are given, so that the result is finite at 0."""
    default = {"log": 1e-45, "rsqrt": 1e-12, "inverse": 1e-4}[op.mil.op_type]
    moved = op.emit("Add", op.tensor(), op.number(op.value("epsilon", default)))
    if op.mil.op_type == "log":
        return op.emit("Log", moved)
    return op.emit("Reciprocal", op.emit("Sqrt", moved) if op.mil.op_type == "rsqrt" else moved)


@operator("square")
def _square(op: Op) -> str:
    return op.emit("Mul", op.tensor(), op.tensor())


@operator("exp2")
def _exp2(op: Op) -> str:
    return op.emit("Pow", op.number(2), op.tensor())


@operator("clip")
def _clip(op: Op) -> str:
    return op.emit("Clip", op.tensor(), op.number(op.value("alpha")), op.number(op.value("beta")))


@operator("threshold")
def _threshold(op: Op) -> str:
    return op.emit("Max", op.tensor(), op.number(op.value("alpha")))


@operator("select")
def _select(op: Op) -> str:
    return op.emit("Where", op.tensor("cond"), op.tensor("a"), op.tensor("b"))


@operator("cast")
def _cast(op: Op) -> str:
    """Real numbers become whole towards zero in both; widths are those of `builder.TYPES`."""
    return op.emit("Cast", op.tensor(), to=TYPES[type_of(op.outputs[0])])


@operator("cumsum")
def _cumsum(op: Op) -> str:
    return op.emit(
        "CumSum",
        op.tensor(),
        op.graph.constant(np.asarray(op.value("axis", 0), np.int64), op.name),
        exclusive=int(op.value("exclusive", default=False)),
        reverse=int(op.value("reverse", default=False)),
    )
