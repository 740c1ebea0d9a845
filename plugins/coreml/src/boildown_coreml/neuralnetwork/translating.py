"""From a saved neural network to an ONNX model that computes the same in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import UnsupportedError
from onnx import TensorProto, helper, shape_inference

from ..translator.builder import IR_VERSION, OPSET, Graph, Refused
from . import images, pointwise, tensors  # noqa: F401 - each registers its layers
from .builder import LAYERS, NetLayer, refuse_unknown
from .reading import SourcePlaces, read_network

if TYPE_CHECKING:
    from pathlib import Path

    import onnx

#: Colour space -> its channels in the order in which a network takes them.
_COLOURS = {
    "RGB": ("red", "green", "blue"),
    "BGR": ("blue", "green", "red"),
    "GRAYSCALE": ("gray",),
}


def translate_network(path: Path, source: onnx.ModelProto) -> onnx.ModelProto:
    """Return the saved network as ONNX, with its own shapes and names; layers are the source's.

    Quantized weights become the float32 numbers that they stand for.

    Raises:
        UnsupportedError: Layers have no translation; all of them are named.
    """
    description, network = read_network(path)
    refuse_unknown(network.layers, path.name)
    places, graph, problems = SourcePlaces(source), Graph(), list[str]()
    outputs = [port for port in description.output if port.type.WhichOneof("Type") != "stringType"]
    inputs = [_port(port) for port in description.input]
    for port in inputs:
        lengths = port.type.tensor_type.shape.dim
        graph.shapes[port.name] = tuple(length.dim_value for length in lengths)
    for scaled in network.preprocessing:
        graph.names[scaled.featureName] = _scaled(scaled, description, graph)
    for message in network.layers:
        place = places(message)
        name = None if place is None else places.layers[place].name
        try:
            made = LAYERS[message.WhichOneof("layer")](NetLayer(message, graph, name))
        except Refused as refused:
            problems.append(str(refused))
            made = ["refused"] * len(message.output)
        made = [made] if isinstance(made, str) else made
        graph.names.update(zip(message.output, made, strict=True))
    if problems:
        raise UnsupportedError(
            f"the neural network cannot be said exactly in ONNX: {'; '.join(problems)}"
        )
    ends = [
        helper.make_node("Identity", [graph.names[port.name]], [port.name], f"{port.name}/end")
        for port in outputs
    ]
    body = helper.make_graph(
        [*graph.nodes, *ends],
        "network",
        inputs,
        [helper.make_tensor_value_info(p.name, TensorProto.FLOAT, None) for p in outputs],
        graph.initializers,
    )
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="boildown-coreml",
    )
    # The file says no shapes of outputs.
    return shape_inference.infer_shapes(model, data_prop=True)


def _scaled(preprocessing: Any, description: Any, graph: Graph) -> str:
    """Add what the network does to the pixels of an image; return the result."""
    name = str(preprocessing.featureName)
    kind = preprocessing.WhichOneof("preprocessor")
    (image,) = (port.type.imageType for port in description.input if port.name == name)
    space = image.ColorSpace.Name(image.colorSpace)
    if kind != "scaler" or space not in _COLOURS:
        raise UnsupportedError(f"the preprocessing {kind} of {space} images is not translated")
    scaler = preprocessing.scaler
    offsets = [getattr(scaler, f"{colour}Bias") for colour in _COLOURS[space]]
    factor = graph.constant(np.float32(scaler.channelScale or 1), name)
    (scaled,) = graph.node("Mul", [name, factor], name)
    offset = graph.constant(np.array(offsets, np.float32).reshape(1, -1, 1, 1), name)
    return graph.node("Add", [scaled, offset], name)[0]


def _port(port: Any) -> onnx.ValueInfoProto:
    kind = port.type.WhichOneof("Type")
    if kind == "imageType":
        image = port.type.imageType
        channels = len(_COLOURS[image.ColorSpace.Name(image.colorSpace)])
        shape = [1, channels, image.height, image.width]
        return helper.make_tensor_value_info(port.name, TensorProto.FLOAT, shape)
    if kind != "multiArrayType":
        raise UnsupportedError(f"the input {port.name!r} is a {kind}, not an array")
    lengths = list(port.type.multiArrayType.shape)
    return helper.make_tensor_value_info(port.name, TensorProto.FLOAT, lengths)
