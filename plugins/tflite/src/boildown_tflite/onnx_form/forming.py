"""Turn a deployable into ONNX with the source's names, layout and open batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import (
    UnsupportedError,
    compute_in_float,
    read_graph,
    source_layers,
    store_halves,
    write_graph,
)

from ..flatbuffer import plain_name, read_file
from ..naming import read_names
from ..weights import weight_sites
from .averaging import round_averages
from .biases import restore_biases
from .naming import name_layers
from .ports import open_ports
from .refusing import refuse_other_computations
from .translating import translate
from .verifying import refuse_differences

if TYPE_CHECKING:
    from boildown import Artifact, Context
    from onnx import ModelProto

    from ..flatbuffer import File

_WEIGHT = 1


def to_onnx(deployable: Artifact, context: Context) -> Artifact:
    """Write `model.onnx`, which computes what LiteRT computes of the file.

    float32 and float16 files are the same to rounding. Of int8 files every sum and operator is
    computed in float32 between the same roundings to int8, so that single values may fall one
    quantum aside. Inputs and outputs in integers become real numbers, as the runtime gives them.
    Raises UnsupportedError where ONNX would be another computation, or tf2onnx has no translation.
    """
    file = read_file(deployable.path)
    refuse_other_computations(file)
    source = read_graph(context.network)
    model = translate(deployable.path, file, context.workdir)
    restore_biases(model, file)
    open_ports(model, file, source)
    outputs, _missing = read_names(file)
    nodes = {layer.node for layer in source_layers(source)}
    places = {node: place for node, place in outputs.items() if node in nodes}
    name_layers(model, {node: plain_name(place) for node, place in places.items()})
    round_averages(model)
    compute_in_float(model)
    _halve(model, file, places)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        why = " ".join(str(error).split())[:300]
        raise UnsupportedError(f"tf2onnx has made a graph that ONNX refuses: {why}") from error
    form = write_graph(model, context, "model")
    refuse_differences(form, deployable, file, context)
    return form


def _halve(model: ModelProto, file: File, places: dict[str, int]) -> None:
    """Store in 16 bits what the file stores in 16 bits; tf2onnx has widened it."""
    types = {site.output: site.weight.type for site in weight_sites(file)}
    halves = {node for node, place in places.items() if types.get(place) == "FLOAT16"}
    stored = {tensor.name for tensor in model.graph.initializer}
    weights = {
        node.input[_WEIGHT]
        for node in model.graph.node
        if node.name in halves and node.input[_WEIGHT] in stored
    }
    store_halves(model, sorted(weights), "float16")
