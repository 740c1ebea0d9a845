"""Write the narrower graph: constants without the channels that go, attributes and shapes anew."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

from ..errors import UnsupportedError
from ..model.naming import unused
from ..model.weightless import without_weights
from .classes import staying
from .settling import known_at

if TYPE_CHECKING:
    from .classes import Ids
    from .flow import Flow

#: What stays on which axes of a constant.
_Places = tuple[tuple[int, bytes], ...]


def write_narrower(source: onnx.ModelProto, flow: Flow, stays: Ids) -> onnx.ModelProto:
    """Return a copy without the channels that do not stay; shapes are inferred and checked.

    Raises UnsupportedError where a tensor would not have the shape that was foreseen.
    """
    out = Writing(source, flow, stays)
    out.cut_constants()
    for edit in flow.edits:
        edit(out)
    model = out.model
    _drop_unused(model.graph)
    del model.graph.value_info[:]
    try:
        model = without_weights(model, _with_shapes)
    except (shape_inference.InferenceError, onnx.checker.ValidationError) as error:
        raise UnsupportedError(f"the narrower graph would not fit together: {error}") from error
    for name, shape in known_at(model, 1).shapes().items():
        if name in flow.shapes and name not in flow.constants.stored and shape != out.shape(name):
            raise UnsupportedError(
                f"tensor {name!r} of the narrower graph would have the shape {shape}, not"
                f" {out.shape(name)}"
            )
    return model


def _with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    model = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    onnx.checker.check_model(model, full_check=True)
    return model


class Writing:
    """A copy of a graph that gets narrower, and which channels stay in it."""

    def __init__(self, source: onnx.ModelProto, flow: Flow, stays: Ids) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(source)
        self._flow, self._stays = flow, stays
        graph = self.model.graph
        self._taken = {tensor.name for tensor in graph.initializer}
        self._taken |= {name for node in graph.node for name in [*node.input, *node.output]}

    def kept(self, ids: Ids) -> Ids:
        """Return a truth for each of these channels: whether it stays."""
        return staying(ids, self._stays)

    def count(self, ids: Ids) -> int:
        """Return how many of these channels stay."""
        return int(self.kept(ids).sum())

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the narrower shape of a tensor at batch 1."""
        shape = list(self._flow.shapes[name])
        if (found := self._flow.channels.get(name)) is not None:
            shape[found.axis] = self.count(found.ids)
        return tuple(shape)

    def set_attribute(self, index: int, name: str, value: Any | None) -> None:  # noqa: ANN401 - ONNX's
        """Give a node another value of an attribute; None: leave it out."""
        node = self.model.graph.node[index]
        others = [item for item in node.attribute if item.name != name]
        if value is not None:
            others.append(helper.make_attribute(name, value))
        copies = [onnx.AttributeProto.FromString(item.SerializeToString()) for item in others]
        del node.attribute[:]
        node.attribute.extend(copies)

    def set_constant(self, index: int, place: int, values: np.ndarray) -> None:
        """Give a node a constant of its own as an input."""
        node = self.model.graph.node[index]
        name = unused(f"{node.name}/{place}", self._taken)
        self.model.graph.initializer.append(numpy_helper.from_array(values, name))
        node.input.extend([""] * (place + 1 - len(node.input)))
        node.input[place] = name

    def cut_constants(self) -> None:
        """Take the channels that go out of all constants; nodes that differ get their own."""
        wanted: dict[str, dict[_Places, list[tuple[int, int]]]] = defaultdict(dict)
        places = self._places()
        for index, node in enumerate(self.model.graph.node):
            for place, name in enumerate(node.input):
                if name in self._flow.constants.stored:
                    key = places.get((index, place), ())
                    wanted[name].setdefault(key, []).append((index, place))
        tensors = {tensor.name: tensor for tensor in self.model.graph.initializer}
        for name, forms in wanted.items():
            values = numpy_helper.to_array(tensors[name]) if any(forms) else None
            for key, users in forms.items():
                if not key or values is None:
                    continue
                now = name if len(forms) == 1 else unused(f"{name}.narrow", self._taken)
                made = numpy_helper.from_array(_taken_out(values, key), now)
                if now == name:
                    tensors[name].CopyFrom(made)
                    continue
                self.model.graph.initializer.append(made)
                for index, place in users:
                    self.model.graph.node[index].input[place] = now

    def _places(self) -> dict[tuple[int, int], _Places]:
        """Return what stays of each constant input, by node and place; nothing where all stays."""
        found: dict[tuple[int, int], _Places] = {}
        for cut in self._flow.cuts:
            kept = self.kept(cut.ids)
            if not kept.all():
                own = (cut.axis, kept.tobytes())
                use = (cut.node, cut.input)
                found[use] = tuple(sorted({*found.get(use, ()), own}))
        return found


def _taken_out(values: np.ndarray, places: _Places) -> np.ndarray:
    for axis, kept in places:
        values = np.compress(np.frombuffer(kept, bool), values, axis)
    return np.ascontiguousarray(values)


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Take out the nodes and constants that nothing uses any more."""
    used = {item.name for item in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if used.intersection(node.output):
            nodes.append(node)
            used.update(node.input)
    kept_nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in reversed(nodes)]
    unwanted = [tensor for tensor in graph.initializer if tensor.name not in used]
    for tensor in unwanted:
        graph.initializer.remove(tensor)
    del graph.node[:]
    graph.node.extend(kept_nodes)
