"""The weights of layers as they stand in a saved neural network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from ..stored import Stored, refuse_missing
from .builder import refuse_unknown
from .reading import SourcePlaces, read_network
from .weights import layer_weight

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto


def stored_network_weights(path: Path, source: Path | ModelProto) -> dict[int, list[Stored]]:
    """Return the weights of a network by the place of their layer among the source's layers."""
    model = source if isinstance(source, onnx.ModelProto) else onnx.load(source)
    place_of_layer, found = SourcePlaces(model), dict[int, list[Stored]]()
    for layer in read_network(path)[1].layers:
        place = place_of_layer(layer)
        weight = None if place is None else layer_weight(layer)
        if place is not None and weight is not None:
            found[place] = [Stored(weight.values, weight.bits, weight.payload_bytes)]
    return found


def check_network(path: Path, source: ModelProto) -> None:
    """Make sure that the saved network can be measured, as `check_program` does for programs."""
    refuse_unknown(read_network(path)[1].layers, path.name)
    places = SourcePlaces(source)
    refuse_missing(places.layers, stored_network_weights(path, source), path.name)
