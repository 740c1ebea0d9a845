"""ONNX → tf_keras: the graph as a functional model of real layers, trainable and convertible."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from boildown import UnsupportedError
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from ..keras import tf_keras
from .builder import OPERATORS, Builder, Kept, Node, Refused
from .gelu import fused_gelu
from .layout import Laid, outer_order
from .lengths import Lengths, evaluated

if TYPE_CHECKING:
    from .builder import Value

#: Operators that also bring more than one constant together; larger results are not folded.
_MOST_FOLDED = 1 << 22


@dataclass(frozen=True, slots=True)
class Imported:
    """An ONNX graph as a Keras model, and what is what."""

    #: Functional. Inputs and outputs in the graph's order; those of rank 4 are NHWC.
    model: Any
    #: Keras layer -> ONNX node, for every layer that computes what a node does (not for pads and
    #: permutations that only prepare).
    layers: dict[str, str]
    #: Which variable is which initializer.
    kept: tuple[Kept, ...]
    #: Inputs and outputs of the graph that are NCHW there and NHWC here.
    turned_inputs: tuple[str, ...]
    turned_outputs: tuple[str, ...]


def import_onnx(source: Path | onnx.ModelProto, *, batch_norms_after: bool = False) -> Imported:
    """Return the normalised ONNX model `source` as a functional tf_keras model.

    Images (rank 4) are NHWC inside and at inputs and outputs, all other tensors lie as in ONNX. An
    open batch stays open. Layers are named after their ONNX nodes, with other characters than
    letters, digits, `_` and `.` as `_`.

    Args:
        source: A file or a model in the core's normal form.
        batch_norms_after: Put a batch norm that changes nothing, and is not trained, behind each
            convolution and product that an activation follows, for training with rounding (see
            `norm_behind`).

    Raises:
        UnsupportedError: A node cannot be computed exactly; all such nodes are named.
    """
    model = fused_gelu(onnx.load(source) if isinstance(source, Path) else source)
    builder = _builder(model, batch_norms_after=batch_norms_after)
    inputs = [_input(item, builder) for item in model.graph.input]
    problems = []
    for proto in model.graph.node:
        node = Node(proto, builder)
        if any(name and name not in builder.values for name in proto.input):
            continue  # it follows a refused node
        try:
            _translate(node)
        except Refused as refused:
            problems.append(str(refused))
    if problems:
        raise UnsupportedError(f"TensorFlow cannot take this model: {'; '.join(problems)}")
    outputs = [_output(item.name, builder) for item in model.graph.output]
    keras = tf_keras.Model([laid.tensor for laid in inputs], [laid.tensor for laid in outputs])
    used = {layer.name for layer in keras.layers}
    return Imported(
        keras,
        {layer: node for layer, node in builder.layers.items() if layer in used},
        tuple(kept for kept in builder.kept if kept.layer in used),
        _turned(model.graph.input, inputs),
        _turned(model.graph.output, outputs),
    )


def _builder(model: onnx.ModelProto, *, batch_norms_after: bool) -> Builder:
    opset = next(item.version for item in model.opset_import if item.domain in {"", "ai.onnx"})
    builder = Builder(model.graph, opset, batch_norms_after)
    builder.own = frozenset(tensor.name for tensor in model.graph.initializer)
    builder.values |= {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    return builder


def _input(item: onnx.ValueInfoProto, builder: Builder) -> Laid:
    tensor = item.type.tensor_type
    dims = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    if not dims:
        raise UnsupportedError(f"TensorFlow cannot take the input {item.name!r}: it has no axes")
    order = outer_order(len(dims))
    made = tf_keras.Input(
        batch_shape=[dims[axis] for axis in order],
        dtype=helper.tensor_dtype_to_np_dtype(tensor.elem_type).name,
        name=builder.free(item.name),
    )
    builder.values[item.name] = Laid(made, order)
    return Laid(made, order)


def _output(name: str, builder: Builder) -> Laid:
    value = builder.values[name]
    if not isinstance(value, Laid):
        raise UnsupportedError(f"TensorFlow cannot take this model: output {name!r} is constant")
    return builder.turned(value, outer_order(value.rank), name)


def _turned(items: Any, laid: list[Laid]) -> tuple[str, ...]:
    pairs = zip(items, laid, strict=True)
    return tuple(item.name for item, one in pairs if one.order != tuple(range(one.rank)))


def _translate(node: Node) -> None:
    proto, builder = node.proto, node.builder
    if proto.domain not in {"", "ai.onnx"}:
        node.refuse("this operator has no translation")
    results = _computed(node)
    if results is None:
        if proto.op_type not in OPERATORS:
            node.refuse("this operator has no translation")
        made = OPERATORS[proto.op_type](node)
        results = list(made) if isinstance(made, list) else [made]
    builder.values |= dict(zip(proto.output, results, strict=False))
    for name in filter(None, proto.output[len(results) :]):
        if builder.users(name) or builder.is_output(name):
            node.refuse(f"its output {name!r} is used")


def _computed(node: Node) -> list[Value] | None:
    """Return the results of a node that needs no data: constants, or lengths."""
    values = [value for value in node.inputs if value is not None]
    if not values or any(isinstance(value, Laid) for value in values):
        return None
    try:
        if any(isinstance(value, Lengths) for value in values):
            return evaluated(node.proto, node.builder.values, node.builder.opset)  # type: ignore[return-value]
        feeds = {name: node.builder.values[name] for name in node.proto.input if name}
        runner = ReferenceEvaluator(node.proto, opsets={"": node.builder.opset})
        results = [np.asarray(result) for result in runner.run(None, feeds)]
    except Exception as error:  # noqa: BLE001 - onnx's evaluator raises anything
        node.refuse(f"this constant cannot be computed ({error})")
    if any(result.size > _MOST_FOLDED for result in results):
        node.refuse("this constant is too large to be computed")
    return list(results)
