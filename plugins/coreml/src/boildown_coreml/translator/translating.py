"""From a saved ML Program to an ONNX model that computes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from boildown import UnsupportedError
from onnx import helper

from . import (  # noqa: F401 - each registers its operators
    activation,
    convolution,
    dense,
    elementwise,
    indexing,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    resizing,
    shaping,
)
from .builder import IR_VERSION, OPERATORS, OPSET, TYPES, Graph, Op, Refused, type_of
from .reading import read_program
from .weights import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..formats import Numbers


#: Gives the best label, and the scores by label.
_CLASSES = "classify"


def translate(
    package: Path,
    numbers: Numbers = "float32",
    layer_of: Callable[[str], str | None] = lambda _constant: None,
) -> onnx.ModelProto:
    """Return the saved ML Program as ONNX, with the program's own shapes and names.

    Compressed weights become the float32 numbers that they stand for. `numbers` says whether
    results are rounded as the program's types say (`float16`), or nothing is (`float32`).
    `layer_of` gives the name of the layer whose weight a constant of the program is.

    Raises:
        UnsupportedError: Operators have no translation; all of them are named.
    """
    return _translate(read_program(package), Graph(numbers, layers=layer_of), every_value=False)


def translate_every_value(package: Path) -> onnx.ModelProto:
    """Return the program in float32 with every real value in it as an output, by its MIL name.

    For calibration; raises what `translate` raises.
    """
    return _translate(read_program(package), Graph(), every_value=True)


def unknown_operators(function: Any) -> list[str]:
    """Return the types of the program's operators that have no translation, sorted."""
    return sorted({op.op_type for op in _computed(function)} - set(OPERATORS))


def _computed(function: Any) -> list[Any]:
    """Return the operators that compute at run time."""
    return [
        op
        for op in function.operations
        if op.op_type not in {"const", _CLASSES}
        and not op.op_type.startswith(PREFIX)
        and any(var.val is None for var in op.outputs)
    ]


def _results(function: Any) -> list[Any]:
    """Return the outputs; of what names classes the scores as they are."""
    return [
        var.op.inputs["probabilities"] if _is_of_classes(var) else var
        for var in function.outputs
        if not (_is_of_classes(var) and var is var.op.outputs[0])
    ]


def _is_of_classes(var: Any) -> bool:
    return var.op is not None and var.op.op_type == _CLASSES


def _translate(function: Any, graph: Graph, *, every_value: bool) -> onnx.ModelProto:
    if unknown := unknown_operators(function):
        raise UnsupportedError(
            f"the ML Program has operators that cannot be said in ONNX: {', '.join(unknown)}"
        )
    inputs = [_port(name, var) for name, var in function.inputs.items()]
    graph.names.update({var.name: name for name, var in function.inputs.items()})
    computed, problems = _computed(function), []
    for op in computed:
        try:
            made = OPERATORS[op.op_type](Op(op, graph))
        except Refused as refused:
            problems.append(str(refused))
            made = ["refused"] * len(op.outputs)
        for var, name in zip(op.outputs, [made] if isinstance(made, str) else made, strict=False):
            graph.bind(var, name)
    if problems:
        raise UnsupportedError(
            f"the ML Program cannot be said exactly in ONNX: {'; '.join(problems)}"
        )
    results = _results(function)
    if every_value:
        known = {var.name for var in results} | set(function.inputs)
        values = [var for op in computed for var in op.outputs if type_of(var) in {"fp16", "fp32"}]
        results += [var for var in values if var.name in graph.names and var.name not in known]
    ends = [
        helper.make_node("Identity", [graph.tensor(var)], [var.name], f"{var.name}/end")
        for var in results
        if graph.tensor(var) != var.name
    ]
    body = helper.make_graph(
        [*graph.nodes, *ends],
        "program",
        inputs,
        [_port(var.name, var) for var in results],
        graph.initializers,
    )
    return helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="boildown-coreml",
    )


def _port(name: str, var: Any) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TYPES[type_of(var)], [int(n) for n in var.shape])
