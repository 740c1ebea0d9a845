"""Facts about any ONNX file, compressed or not: layers, parameters, work, types, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from onnx.shape_inference import InferenceError

from ..artifact import Artifact
from ..errors import ModelError
from ..frozen import Frozen
from .check import inlined, one_line, read_onnx
from .deflate import deflated_bytes
from .folding import Constants
from .layers import RECURRENT, Layer, weight_positions
from .macs import count_macs
from .parameters import count_parameters
from .quantized import FLOAT_OPERATORS, READERS, read_weight
from .shapes import Shape, declared_shape, shapes_at_batch_one

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx

_Found = TypeVar("_Found")


class LayerFacts(Frozen):
    """One weight as it stands in the file. `macs` at batch 1; of an LSTM's R they are in W."""

    name: str
    op: str
    shape: tuple[int, ...]
    parameters: int
    macs: int | None
    #: Type of the tensor that holds the codes: `float32`, `int8`, `uint4`, …
    dtype: str
    bits: float
    sparsity: float


class ModelFacts(Frozen):
    """A model at a glance. Multiply-accumulates are those of one sample, None where unknown."""

    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    opset: int
    parameters: int
    macs: int | None
    #: Operators whose work or shapes are unknown, which is why `macs` is None.
    uncounted: tuple[str, ...]
    bytes: int
    deflated_bytes: int
    layers: tuple[LayerFacts, ...]


class Work(Frozen):
    """How much a model has to compute: learned numbers, multiply-accumulates of one sample."""

    parameters: int
    macs: int | None


def inspect(path: Path) -> ModelFacts:
    """Read an ONNX file from anyone and say what is in it. Raises ModelError where it is broken."""
    return _read(path, lambda model: _facts(model, path))


def count_work(path: Path) -> Work:
    """Count parameters and MACs alone: no weight is decoded. Raises ModelError as `inspect`."""
    return _read(path, _work)


def _read(path: Path, look: Callable[[onnx.ModelProto], _Found]) -> _Found:
    model = inlined(read_onnx(path))
    try:
        return look(model)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (InferenceError, ValueError, LookupError, TypeError, RuntimeError) as error:
        raise ModelError(f"{path}: cannot be read: {one_line(error)}. Export it again") from error


def _work(model: onnx.ModelProto) -> Work:
    constants = Constants(model)
    macs = list(_macs(model, constants).values())
    return Work(
        parameters=count_parameters(model.graph, constants),
        macs=None if None in macs else sum(count or 0 for count in macs),
    )


def _macs(model: onnx.ModelProto, constants: Constants) -> dict[int, int | None]:
    """Count the work of every node that computes something, by its position."""
    shapes = shapes_at_batch_one(model, constants)
    return {
        position: count_macs(node, shapes)
        for position, node in enumerate(model.graph.node)
        if not set(node.output) <= constants.names
    }


def _facts(model: onnx.ModelProto, path: Path) -> ModelFacts:
    constants = Constants(model)
    counts = _macs(model, constants)
    layers: list[LayerFacts] = []
    for position, macs in counts.items():
        layers += _layers(model.graph.node[position], model.graph, constants, macs)
    unknown = {model.graph.node[at].op_type for at, macs in counts.items() if macs is None}
    artifact = Artifact(path=path)
    return ModelFacts(
        inputs={
            value.name: declared_shape(value)
            for value in model.graph.input
            if value.name not in constants.stored
        },
        outputs={value.name: declared_shape(value) for value in model.graph.output},
        opset=max(item.version for item in model.opset_import if item.domain in {"", "ai.onnx"}),
        parameters=count_parameters(model.graph, constants),
        macs=None if unknown else sum(macs or 0 for macs in counts.values()),
        uncounted=tuple(sorted(unknown)),
        bytes=artifact.bytes,
        deflated_bytes=deflated_bytes(artifact),
        layers=tuple(layers),
    )


#: Inputs that may be the weight of an operator on integers; elsewhere the second.
_WEIGHTS = {
    "QLinearConv": (3,),
    "QLinearMatMul": (0, 3),
    "QGemm": (3,),
    "GatherBlockQuantized": (0,),
}


def _layers(
    node: onnx.NodeProto, graph: onnx.GraphProto, constants: Constants, macs: int | None
) -> list[LayerFacts]:
    if node.op_type not in READERS:
        return []
    recurrent = node.op_type in (*RECURRENT, "DynamicQuantizeLSTM")
    found = []
    for part in (".W", ".R") if recurrent else ("",):
        if not part and _has_no_weight(node, graph, constants):
            continue
        name = (node.name or node.output[0]) + part
        place = Layer(name=name, node=node.name, op=node.op_type, weight="", shape=(), axis=0)
        weight = read_weight(node, place, graph, constants)
        found.append(
            LayerFacts(
                name=name,
                op=node.op_type,
                shape=weight.values.shape,
                parameters=weight.values.size,
                macs=0 if part == ".R" else macs,
                dtype=weight.code.type,
                bits=weight.code.bits,
                sparsity=float(np.mean(weight.values == 0)) if weight.values.size else 0.0,
            )
        )
    return found


def _has_no_weight(node: onnx.NodeProto, graph: onnx.GraphProto, constants: Constants) -> bool:
    """Tell a product of two activations, or a table of what is no weight, from a layer."""
    if node.op_type in FLOAT_OPERATORS:
        if not weight_positions(node, constants.names):
            return True
        return node.op_type == "Gather" and _holds_integers(node, graph, constants)
    places = _WEIGHTS.get(node.op_type, (1,))
    return not any(node.input[at] in constants.names for at in places if at < len(node.input))


def _holds_integers(node: onnx.NodeProto, graph: onnx.GraphProto, constants: Constants) -> bool:
    """Tell a table of indices, say, from one whose codes are dequantized behind it."""
    users = (user for user in graph.node if node.output[0] in user.input)
    whole = constants.value(node.input[0]).dtype.kind in "iub"
    return whole and not any(user.op_type == "DequantizeLinear" for user in users)
