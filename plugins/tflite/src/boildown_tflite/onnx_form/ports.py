"""The source's inputs and outputs around a translated graph: names, order, layout, real numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import UnsupportedError, replace_nodes
from onnx import helper, numpy_helper

from ..flatbuffer import plain_name
from ..layout import is_turned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onnx import ModelProto, NodeProto

    from ..flatbuffer import File, Tensor

_FIRST, _LAST = [0, 3, 1, 2], [0, 2, 3, 1]


def open_ports(model: ModelProto, file: File, source: ModelProto) -> None:
    """Give the graph the ports of `source`, in place; those in integers are widened to floats.

    Raises UnsupportedError where a port of the source is not in the file.
    """
    inputs = {port.name: _port(port.name, file.input_names, file) for port in source.graph.input}
    outputs = {p.name: _port(p.name, file.output_names, file) for p in source.graph.output}
    makers = {name: node for node in model.graph.node for name in node.output}
    nodes = [
        *(node for name, tensor in inputs.items() for node in _entry(name, tensor, model)),
        *model.graph.node,
        *(node for name, tensor in outputs.items() for node in _exit(name, tensor, model, makers)),
    ]
    replace_nodes(model, nodes)
    for ours, theirs in (
        (model.graph.input, source.graph.input),
        (model.graph.output, source.graph.output),
    ):
        del ours[:]
        ours.extend(theirs)
    # Shapes in between are tf2onnx's guesses, with a batch of another name.
    del model.graph.value_info[:]


def _entry(name: str, tensor: Tensor, model: ModelProto) -> Iterator[NodeProto]:
    inside = plain_name(tensor.place)
    if tensor.quantization is None:
        yield helper.make_node("Identity", [name], [inside])
    else:
        yield helper.make_node("QuantizeLinear", [name, *_scales(model, tensor)], [inside])


def _exit(
    name: str, tensor: Tensor, model: ModelProto, makers: Mapping[str, NodeProto]
) -> Iterator[NodeProto]:
    """Yield what makes an output of the source from one of the file."""
    inside = plain_name(tensor.place)
    operation, given = "Identity", [inside]
    if is_turned(tensor.shape):
        maker = makers.get(inside)
        turned = f"{name}/turned" if tensor.quantization is not None else name
        if maker is not None and maker.op_type == "Transpose" and _turn(maker) == _LAST:
            given = [maker.input[0]]
            yield helper.make_node("Identity", given, [turned])
        else:
            yield helper.make_node("Transpose", given, [turned], perm=_FIRST)
        if tensor.quantization is None:
            return
        given = [turned]
    if tensor.quantization is not None:
        operation, given = "DequantizeLinear", [*given, *_scales(model, tensor)]
    yield helper.make_node(operation, given, [name])


def _turn(node: NodeProto) -> list[int]:
    return next((list(item.ints) for item in node.attribute if item.name == "perm"), [])


def _port(name: str, names: Mapping[str, int], file: File) -> Tensor:
    if name not in names:
        raise UnsupportedError(f"the .tflite file has no port {name!r}, only {sorted(names)}")
    return file.tensors[names[name]]


def _scales(model: ModelProto, tensor: Tensor) -> list[str]:
    """Add scale and zero point of a port to the graph; return their names."""
    assert tensor.quantization is not None  # noqa: S101 - every caller has looked
    kind = np.dtype(tensor.type.lower())
    parts = {
        f"{plain_name(tensor.place)}/scale": tensor.quantization.scale.reshape(()).astype(
            np.float32
        ),
        f"{plain_name(tensor.place)}/zero": tensor.quantization.zero.reshape(()).astype(kind),
    }
    stored = {item.name for item in model.graph.initializer}
    model.graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in parts.items() if name not in stored
    )
    return list(parts)
