"""ONNX → PyTorch: the graph as an `fx.GraphModule` of real layers, trainable and exportable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import UnsupportedError
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import fx

from .builder import OPERATORS, Builder, Kept, Node, Refused, same
from .lengths import LENGTHS

if TYPE_CHECKING:
    from torch import nn

_LAYERS, _KEPT, _FLATTENS = "boildown_layers", "boildown_kept", "boildown_flattens"
_TENSORS = "boildown_tensors"
#: Operators that also bring more than one constant together; larger results are not folded.
_MOST_FOLDED = 1 << 22


def import_onnx(source: Path | onnx.ModelProto) -> fx.GraphModule:
    """Return the ONNX model `source` as a module; shapes are inferred where the file has none.

    Its forward takes one tensor for each input of the graph, by position, in the graph's order,
    and returns a tensor, or a tuple where the graph has several outputs. Layers are modules of
    `torch.nn` (convolutions, linear layers, normalisations, activations, pooling, recurrent
    layers), named after their ONNX nodes with other characters than letters and digits as `_`;
    `layer_modules` gives the exact correspondence. Parameters are float32 and require gradients.

    Raises:
        UnsupportedError: A node cannot be computed exactly; all such nodes are named.
    """
    model = onnx.load(source) if isinstance(source, Path) else source
    if not model.graph.value_info:
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    builder = _builder(model)
    problems = []
    for proto in model.graph.node:
        node = Node(proto, builder)
        try:
            _translate(node)
        except Refused as refused:
            problems.append(str(refused))
            for name in proto.output:
                builder.values[name] = builder.flow.call_function(_missing)
    if problems:
        raise UnsupportedError(f"PyTorch cannot take this model: {'; '.join(problems)}")
    outputs = [builder.tensor(item.name) for item in model.graph.output]
    builder.flow.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
    module = fx.GraphModule(builder.root, builder.flow, class_name="Imported")
    module.meta[_LAYERS], module.meta[_KEPT] = dict(builder.modules), tuple(builder.kept)
    module.meta[_FLATTENS] = tuple(builder.flattens)
    module.meta[_TENSORS] = {
        name: value.name for name, value in builder.values.items() if isinstance(value, fx.Node)
    }
    return module


def layer_modules(module: fx.GraphModule) -> dict[str, str]:
    """Return module name -> name of the ONNX node for everything imported as a module."""
    return dict(module.meta[_LAYERS])


def tensor_nodes(module: fx.GraphModule) -> dict[str, str]:
    """Return tensor of the ONNX graph → name of the node of `module.graph` that gives it."""
    return dict(module.meta[_TENSORS])


def kept_initializers(module: nn.Module) -> tuple[Kept, ...]:
    """Return which parameter is which initializer."""
    return tuple(module.meta[_KEPT])  # type: ignore[index]


def flattening_nodes(module: nn.Module) -> tuple[str, ...]:
    """Return the nodes of the source that reshape to a constant shape, but only flatten."""
    return tuple(module.meta[_FLATTENS])  # type: ignore[index]


def _builder(model: onnx.ModelProto) -> Builder:
    graph = model.graph
    opset = next(item.version for item in model.opset_import if item.domain in {"", "ai.onnx"})
    builder = Builder(graph, opset, own=frozenset(tensor.name for tensor in graph.initializer))
    for info in (*graph.value_info, *graph.input, *graph.output):
        tensor = info.type.tensor_type
        builder.types[info.name] = tensor.elem_type
        if tensor.HasField("shape"):
            dims = tensor.shape.dim
            builder.shapes[info.name] = tuple(
                d.dim_value if d.HasField("dim_value") else None for d in dims
            )
    for tensor in graph.initializer:
        builder.values[tensor.name] = numpy_helper.to_array(tensor)
        builder.types[tensor.name] = tensor.data_type
    for item in graph.input:
        builder.values[item.name] = builder.flow.placeholder(_identifier(item.name, builder))
    return builder


def _identifier(name: str, builder: Builder) -> str:
    """Return an argument's name that `fx` will not change."""
    return f"x_{builder.free(name)}"


def _translate(node: Node) -> None:
    proto, builder = node.proto, node.builder
    if proto.domain not in {"", "ai.onnx"} or proto.op_type not in OPERATORS:
        node.refuse("this operator has no translation")
    if _is_constant(node):
        _fold(node)
        return
    lengths = any(node.is_length(index) for index in range(len(proto.input)))
    if lengths and proto.op_type in LENGTHS:
        result = LENGTHS[proto.op_type](node)
        if result is not None:
            builder.values[proto.output[0]] = result
            if isinstance(result, fx.Node):
                builder.lengths.add(proto.output[0])
            return
    made = OPERATORS[proto.op_type](node)
    results = [made] if isinstance(made, fx.Node) else list(made)
    for name, result in zip(proto.output, results, strict=False):
        builder.values[name] = result
    lost = [name for name in proto.output[len(results) :] if name]
    used = {name for other in builder.graph.node for name in other.input}
    used |= {item.name for item in builder.graph.output}
    if used.intersection(lost):
        node.refuse(f"its output {lost[0]!r} is used")
    if proto.op_type in {"Shape", "Size"}:
        builder.lengths.add(proto.output[0])


def _is_constant(node: Node) -> bool:
    values = [value for value in node.inputs if value is not None]
    return bool(values) and all(isinstance(value, np.ndarray) for value in values)


def _fold(node: Node) -> None:
    feeds = {name: node.builder.values[name] for name in node.proto.input if name}
    try:
        results = ReferenceEvaluator(node.proto).run(None, feeds)
    except Exception as error:  # noqa: BLE001 - onnx's evaluator raises anything
        node.refuse(f"this constant cannot be computed ({error})")
    for name, result in zip(node.proto.output, results, strict=False):
        if np.asarray(result).size > _MOST_FOLDED:
            node.refuse("this constant is too large to be computed")
        node.builder.values[name] = np.asarray(result)


def _missing() -> None:
    raise NotImplementedError


def weight_places(module: nn.Module) -> dict[str, list[tuple[str, bool]]]:
    """Return initializer -> where its numbers are a parameter, and whether transposed there.

    Those that several parameters make up (recurrent layers) are left out.
    """
    places: dict[str, list[tuple[str, bool]]] = {}
    for kept in kept_initializers(module):
        if len(kept.paths) == 1 and kept.back in (same, np.transpose):
            entry = (kept.paths[0], kept.back is np.transpose)
            places.setdefault(kept.initializer, []).append(entry)
    return places
