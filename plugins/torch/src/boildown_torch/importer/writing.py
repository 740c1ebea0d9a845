"""Write trained and pruned parameters back into the ONNX graph that they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import UnsupportedError
from onnx import numpy_helper, shape_inference

from .importing import flattening_nodes, kept_initializers, layer_modules

if TYPE_CHECKING:
    from torch import Tensor, fx, nn


def write_back(source: onnx.ModelProto, module: fx.GraphModule) -> onnx.ModelProto:
    """Return a copy of `source` with the numbers of `module`, which was imported from it.

    Names, nodes and operators stay. Where channels were removed the initializers have fewer
    entries, and the groups of grouped convolutions follow.

    Raises:
        UnsupportedError: The graph fixes a length that no longer fits (a constant shape).
    """
    model = onnx.ModelProto()
    model.CopyFrom(source)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    changed = False
    for kept in kept_initializers(module):
        if kept.parts:
            values = np.stack([_numbers(module, path) for path in kept.parts])
        else:
            values = _numbers(module, kept.path)
        turned = kept.back(values)
        tensor = tensors[kept.initializer]
        changed |= tuple(tensor.dims) != turned.shape
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(turned), tensor.name))
    if changed:
        _follow_groups(model, module)
        _follow_channels(model, set(flattening_nodes(module)))
        return _checked(model)
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


def _checked(model: onnx.ModelProto) -> onnx.ModelProto:
    """Infer all shapes anew: those of the source no longer hold."""
    del model.graph.value_info[:]
    try:
        return shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (shape_inference.InferenceError, RuntimeError) as error:
        text = " ".join(str(error).split())
        raise UnsupportedError(
            f"channels were removed, but the graph fixes a length that does not follow: {text}"
        ) from error
