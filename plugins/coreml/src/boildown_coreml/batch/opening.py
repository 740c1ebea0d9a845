"""Open the batch of a graph for one sample, where no node mixes samples.

The samples are followed through the graph from its inputs. A reshape may see them on several
axes; what turns out to fit no later node is taken back. Where there is no way, the batch stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import replace_nodes
from onnx import helper, numpy_helper, shape_inference

from . import rules  # noqa: F401 - registers the rules
from .place import RULES, Mixed, Place, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import ModelProto, NodeProto

_MOST_STEPS = 50_000
_BATCH, _STATES = "batch", (5, 6)


def open_batch(model: ModelProto) -> bool:
    """Let a model whose inputs and outputs have length 1 on axis 0 take any number of samples.

    In place. Returns whether it could be done; where samples would be mixed, the model is left as
    it is.
    """
    ports = [*model.graph.input, *model.graph.output]
    if not all(_lengths(port)[:1] == (1,) for port in ports):
        return False
    shapes = _shapes(model)
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer if _is_small(t)}
    places = _follow(model, shapes, constants)
    if places is None:
        return False
    nodes = [new for node in model.graph.node for new in _opened(node, model, shapes, places)]
    replace_nodes(model, nodes)
    for port in ports:
        port.type.tensor_type.shape.dim[0].dim_param = _BATCH
    del model.graph.value_info[:]
    return True


def _lengths(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(length.dim_value for length in value.type.tensor_type.shape.dim)


def _is_small(tensor: onnx.TensorProto) -> bool:
    return tensor.data_type in {onnx.TensorProto.INT64, onnx.TensorProto.INT32}


def _shapes(model: ModelProto) -> dict[str, tuple[int, ...]]:
    graph = shape_inference.infer_shapes(model, data_prop=True).graph
    found = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        if value.type.tensor_type.HasField("shape") and all(
            length.HasField("dim_value") for length in value.type.tensor_type.shape.dim
        ):
            found[value.name] = _lengths(value)
    return found


def _follow(
    model: ModelProto, shapes: dict[str, tuple[int, ...]], constants: dict[str, np.ndarray]
) -> dict[str, Place] | None:
    """Return where the samples lie in each value, None where some node mixes them."""
    places = {port.name: Place(0) for port in model.graph.input}
    ends = {port.name for port in model.graph.output}
    untried: list[tuple[int, list[list[Place | None]], dict[str, Place]]] = []
    nodes, at, steps = list(model.graph.node), 0, 0
    while at < len(nodes):
        node, steps = nodes[at], steps + 1
        if steps > _MOST_STEPS:
            return None
        ways = _ways(Seen(node, shapes, constants, places))
        ways = [way for way in ways if _ends_well(node, way, ends)]
        while not ways:
            if not untried:
                return None
            at, ways, places = untried.pop()
            node = nodes[at]
        if ways[1:]:
            untried.append((at, ways[1:], dict(places)))
        for name, place in zip(node.output, ways[0], strict=True):
            if place is not None:
                places[name] = place
        at += 1
    return places if ends <= places.keys() else None


def _ways(seen: Seen) -> list[list[Place | None]]:
    if not any(name in seen.places for name in seen.node.input):
        return [[None] * len(seen.node.output)]
    try:
        return RULES[seen.node.op_type](seen) if seen.node.op_type in RULES else []
    except Mixed:
        return []


def _ends_well(node: NodeProto, way: list[Place | None], ends: set[str]) -> bool:
    return all(
        place == Place(0) for name, place in zip(node.output, way, strict=True) if name in ends
    )


def _opened(
    node: NodeProto,
    model: ModelProto,
    shapes: dict[str, tuple[int, ...]],
    places: dict[str, Place],
) -> Iterator[NodeProto]:
    """Yield a node, with its lengths for one sample made lengths for any, and what it needs."""
    place = places.get(node.output[0])
    if place is not None and node.op_type == "Reshape":
        target = list(shapes[node.output[0]])
        target[place.axis] = -1
        node.input[1] = _constant(model, f"{node.output[0]}/shape", target)
        _drop(node, "allowzero")
    elif place is not None and node.op_type == "Slice":
        _lift_end(node, model, place, len(shapes[node.input[0]]))
    elif place is not None and node.op_type in {"Concat", "LSTM", "GRU", "RNN"}:
        spots = range(len(node.input)) if node.op_type == "Concat" else _STATES
        axis = place.axis if node.op_type == "Concat" else 1
        for spot in spots:
            name = node.input[spot] if spot < len(node.input) else ""
            if name and name not in places:
                yield from _repeated(node, spot, axis, model, shapes[name])
    yield node


def _constant(model: ModelProto, name: str, values: list[int]) -> str:
    array = np.array(values, np.int64)
    model.graph.initializer.append(numpy_helper.from_array(array, name))
    return name


def _drop(node: NodeProto, attribute: str) -> None:
    for item in [item for item in node.attribute if item.name == attribute]:
        node.attribute.remove(item)


def _lift_end(node: NodeProto, model: ModelProto, place: Place, rank: int) -> None:
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    ends = [int(end) for end in numpy_helper.to_array(tensors[node.input[2]])]
    axes = list(range(len(ends)))
    if len(node.input) > 3 and node.input[3]:  # noqa: PLR2004 - the axes
        axes = [int(axis) % rank for axis in numpy_helper.to_array(tensors[node.input[3]])]
    if place.axis in axes:
        ends[axes.index(place.axis)] = np.iinfo(np.int64).max
        node.input[2] = _constant(model, f"{node.output[0]}/ends", ends)


def _repeated(
    node: NodeProto, spot: int, axis: int, model: ModelProto, shape: tuple[int, ...]
) -> Iterator[NodeProto]:
    """Yield nodes that repeat an input, the same for all samples, once for each of them."""
    stem = f"{node.output[0]}/repeated/{spot}"
    samples, lengths, result = (f"{stem}/{part}" for part in ("samples", "lengths", "value"))
    yield helper.make_node("Shape", [model.graph.input[0].name], [samples], samples, start=0, end=1)
    parts = [
        *([_constant(model, f"{stem}/before", list(shape[:axis]))] if axis else []),
        samples,
        *(
            [_constant(model, f"{stem}/after", list(shape[axis + 1 :]))]
            if shape[axis + 1 :]
            else []
        ),
    ]
    yield helper.make_node("Concat", parts, [lengths], lengths, axis=0)
    yield helper.make_node("Expand", [node.input[spot], lengths], [result], result)
    node.input[spot] = result
