"""Points in an imported network where NNI rounds an activation, and their ranges.

A point is a module that gives back what it is given. NNI's configuration names modules, and so
every tensor that is rounded in the file is rounded in the simulation, at the same place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown_torch.importer import tensor_nodes
from torch import fx, nn

from .toolkit import QuantizationSetting

if TYPE_CHECKING:
    from collections.abc import Iterable


class Point(nn.Identity):
    """Gives back what it is given."""


# NNI asks which parts of a module can be quantized by the name of its class.
QuantizationSetting.register("Point", QuantizationSetting.activation_setting)


def add_points(module: fx.GraphModule, tensors: Iterable[str]) -> dict[str, str]:
    """Put a point behind each of these tensors of the ONNX graph, in place.

    Returns point → tensor; tensors that are constants by now have none.
    """
    nodes = {node.name: node for node in module.graph.nodes}
    inputs = [node for node in nodes.values() if node.op == "placeholder"]
    where = tensor_nodes(module)
    found = {}
    for number, tensor in enumerate(name for name in tensors if name in where):
        node = nodes[where[tensor]]
        name = f"boildown_point_{number}"
        module.add_submodule(name, Point())
        with module.graph.inserting_after(inputs[-1] if node in inputs else node):
            point = module.graph.call_module(name, (node,))
        node.replace_all_uses_with(point, delete_user_cb=lambda user, own=point: user is not own)
        found[name] = tensor
    module.graph.lint()
    module.recompile()
    return found


def activation_entry(names: list[str], *, symmetric: bool) -> dict[str, Any]:
    """Return NNI's configuration of these points: unsigned, as ONNX Runtime's kernels want it."""
    return {
        "op_names": names,
        "target_names": ["_output_"],
        "quant_dtype": "uint8",
        "quant_scheme": "symmetric" if symmetric else "affine",
        "granularity": "default",
    }
