"""Write trained and pruned parameters back into the ONNX graph that they came from."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import UnsupportedError, initializers, store_values
from onnx import numpy_helper, shape_inference

from .importing import flattening_nodes, kept_initializers, layer_modules

if TYPE_CHECKING:
    from torch import Tensor, fx, nn


def write_back(source: onnx.ModelProto, module: fx.GraphModule) -> onnx.ModelProto:
    """Return a copy of `source` with the numbers of `module`, which was imported from it.

    Names, nodes and operators stay. Where channels were removed the initializers have fewer
    entries, and the groups of grouped convolutions follow.

    Raises:
        UnsupportedError: The graph fixes a length that no longer fits (a constant shape), or one
            tensor of the source has become two that differ.
    """
    model = onnx.ModelProto()
    model.CopyFrom(source)
    written: dict[str, np.ndarray] = {}
    for kept in kept_initializers(module):
        turned = kept.back(*(_numbers(module, path) for path in kept.paths))
        if not np.array_equal(written.setdefault(kept.initializer, turned), turned):
            raise UnsupportedError(
                f"the tensor {kept.initializer!r} serves several nodes in different forms, whose"
                " numbers are no longer the same after training"
            )
    shapes = {name: tuple(tensor.dims) for name, tensor in initializers(model).items()}
    changed = any(values.shape != shapes[name] for name, values in written.items())
    store_values(model, {name: np.ascontiguousarray(values) for name, values in written.items()})
    if changed:
        _follow_groups(model, module)
        _follow_channels(model, set(flattening_nodes(module)))
        model = _with_shapes(model)
        _refuse_broken_reshapes(source, model)
    return model


def _numbers(module: nn.Module, path: str) -> np.ndarray:
    owner, _, name = path.rpartition(".")
    tensor: Tensor = getattr(module.get_submodule(owner), name)
    array: np.ndarray = tensor.detach().cpu().numpy()
    return array


def _follow_groups(model: onnx.ModelProto, module: fx.GraphModule) -> None:
    """Give each convolution the number of groups that its module has now."""
    groups = {}
    for name, node in layer_modules(module).items():
        layer = module.get_submodule(name)
        if hasattr(layer, "groups"):
            groups[node] = layer.groups
    for node in model.graph.node:
        if node.name not in groups:
            continue
        for attribute in node.attribute:
            if attribute.name == "group":
                attribute.i = int(groups[node.name])  # type: ignore[arg-type]


def _follow_channels(model: onnx.ModelProto, flattens: set[str]) -> None:
    """Let reshapes that only flatten take as many channels as there are."""
    for node in model.graph.node:
        if node.name in flattens:
            node.input[1] = f"{node.name}/flat"
            del node.attribute[:]  # allowzero, which would take the 0 literally
            model.graph.initializer.append(
                numpy_helper.from_array(np.array([0, -1], np.int64), node.input[1])
            )


def _with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Infer all shapes anew: those of the source no longer hold."""
    del model.graph.value_info[:]
    try:
        return shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (shape_inference.InferenceError, RuntimeError) as error:
        text = " ".join(str(error).split())
        raise UnsupportedError(
            f"channels were removed, but the graph fixes a length that does not follow: {text}"
        ) from error


def _refuse_broken_reshapes(source: onnx.ModelProto, model: onnx.ModelProto) -> None:
    """Refuse a constant shape that now takes numbers of one sample for another.

    Of what goes in and what comes out the lengths that are fixed stand in one ratio, whatever the
    batch. A constant with -1 fits any number of elements, so shape inference cannot object.
    """
    before, after = _fixed_elements(source), _fixed_elements(model)
    broken = [
        node.name
        for node in model.graph.node
        if node.op_type == "Reshape"
        and before[node.input[0]] * after[node.output[0]]
        != after[node.input[0]] * before[node.output[0]]
    ]
    if broken:
        raise UnsupportedError(
            "channels were removed, but the graph fixes a length that does not follow:"
            f" the shapes of {', '.join(map(repr, broken))} are constant"
        )


def _fixed_elements(model: onnx.ModelProto) -> dict[str, int]:
    """Return, by tensor, the product of the lengths that are not open; 1 where none is known."""
    graph = model.graph
    found: dict[str, int] = defaultdict(lambda: 1)
    for info in (*graph.input, *graph.value_info, *graph.output):
        dims = info.type.tensor_type.shape.dim
        found[info.name] = math.prod(d.dim_value for d in dims if d.HasField("dim_value"))
    return found
