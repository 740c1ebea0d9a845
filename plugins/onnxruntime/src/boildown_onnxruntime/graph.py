"""ONNX files and their constants: everything that the steps share about reading and writing them.

Steps hand each other plain ONNX with the tensor and node names of the source, so that a layer is
found by its name until the file is deployed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import (
    Artifact,
    Layer,
    StepOutcome,
    UnsupportedError,
    Warned,
    select_layers,
    source_layers,
)
from onnx import numpy_helper, version_converter

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from boildown import Context, Step
    from onnx import ModelProto, NodeProto, TensorProto

#: Model-local functions exist since this version of the file format (ONNX 1.10).
_FUNCTIONS_SINCE_IR = 8


def read(artifact: Artifact) -> ModelProto:
    """Read a normalised model; whatever is done to it afterwards leaves the file alone."""
    return onnx.load(artifact.path)


def write(model: ModelProto, context: Context, name: str) -> Artifact:
    """Write the model below the step's own folder."""
    path: Path = context.workdir / f"{name}.onnx"
    onnx.save(model, path)
    return Artifact(path=path)


def unchanged(model: Artifact, context: Context, reason: str) -> StepOutcome:
    """Hand on a copy of a model in which a step finds nothing to do, and say why."""
    path: Path = context.workdir / "unchanged.onnx"
    path.write_bytes(model.path.read_bytes())
    warning = Warned(code="NOTE", text=f"{reason}: there is nothing to do")
    return StepOutcome(artifact=Artifact(path=path), warnings=(warning,))


def selected_layers(step: Step, context: Context) -> list[Layer]:
    """List the layers of the source that the step may touch, each weight once."""
    layers = select_layers(
        source_layers(context.original.path), step.layers.include, step.layers.exclude
    )
    return list({layer.weight: layer for layer in reversed(layers)}.values())[::-1]


def constants(model: ModelProto) -> dict[str, TensorProto]:
    """Map the names of the graph's dense initializers to them."""
    return {tensor.name: tensor for tensor in model.graph.initializer}


def replace_values(tensor: TensorProto, values: np.ndarray) -> None:
    """Give a constant new values of any type, under its old name."""
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def opset(model: ModelProto) -> int:
    """Return the version of the standard operators that the graph uses."""
    versions = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    return int(versions["ai.onnx"])


def with_opset(model: ModelProto, least: int) -> ModelProto:
    """Return the model in at least this version of the standard operators.

    Raises UnsupportedError where onnx's converter cannot lift it.
    """
    if opset(model) >= least:
        return model
    try:
        return version_converter.convert_version(model, least)
    except RuntimeError as error:
        raise UnsupportedError(
            f"the model uses version {opset(model)} of ONNX's operators, this method needs"
            f" {least}, and the converter of onnx cannot lift it ({str(error).splitlines()[0]});"
            f" export the model with opset {least} or later"
        ) from error


def allow_functions(model: ModelProto) -> None:
    """Mark the file as one that may define functions."""
    model.ir_version = max(model.ir_version, _FUNCTIONS_SINCE_IR)


def producers(model: ModelProto) -> dict[str, NodeProto]:
    """Map each computed tensor to the node that computes it."""
    return {name: node for node in model.graph.node for name in node.output}


def consumers(model: ModelProto) -> dict[str, list[NodeProto]]:
    """Map each tensor to the nodes of the main graph that read it."""
    found: dict[str, list[NodeProto]] = {}
    for node in model.graph.node:
        for name in dict.fromkeys(node.input):
            found.setdefault(name, []).append(node)
    return found


def node_attribute(node: NodeProto, name: str, default: float) -> float:
    """Return a number that a node has as an attribute, else the operator's default."""
    for attribute in node.attribute:
        if attribute.name == name:
            value: float = onnx.helper.get_attribute_value(attribute)
            return value
    return default


def put_first(model: ModelProto, nodes: list[NodeProto]) -> None:
    """Put nodes before all others: what reads their outputs comes later then."""
    replace_nodes(model, [*nodes, *model.graph.node])


def replace_nodes(model: ModelProto, nodes: list[NodeProto]) -> None:
    """Give the graph other nodes, some of which may be its own."""
    # Emptying the field would empty its own nodes too.
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def users_of(layers: list[Layer], context: Context) -> list[Layer]:
    """Return all layers of the source that hold the weights of `layers`, shared ones included."""
    weights = {layer.weight for layer in layers}
    return [x for x in source_layers(context.original.path) if x.weight in weights]


def nodes_of(layers: list[Layer], context: Context) -> set[str]:
    """Return the names of the nodes that hold the weights of `layers`."""
    return {layer.node for layer in users_of(layers, context)}


def other_nodes(layers: list[Layer], context: Context) -> list[str]:
    """List the nodes that hold a layer, but none of `layers`."""
    chosen = nodes_of(layers, context)
    return [x.node for x in source_layers(context.original.path) if x.node not in chosen]


def rename_nodes(model: ModelProto, new_names: dict[str, str]) -> None:
    """Give nodes that a quantizer has renamed the names of their layers back."""
    for node in model.graph.node:
        node.name = new_names.get(node.name, node.name)
