"""Decode the layers from a saved package or network, for the audit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from boildown import layer_state, source_layers

from .neuralnetwork import stored_network_weights
from .stored import first_uses, joined, refuse_missing, stored_weights
from .translator import read_program

if TYPE_CHECKING:
    from boildown import Artifact, Context, LayerState


def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Return the state of every layer of the network as it stands in the saved file.

    Shapes are the source's; what several layers use is divided between them evenly. Raises
    UnsupportedError where the file has no weight of a layer, ModelError where it cannot be one.
    """
    source = source_layers(context.network.path)
    if deployable.format == "mlmodel":
        found = stored_network_weights(deployable.path, context.network.path)
    else:
        found = stored_weights(read_program(deployable.path))
    refuse_missing(source, found, deployable.path.name)
    first, users = first_uses(source), Counter(layer.weight for layer in source)
    states, served = [], Counter[str]()
    for layer in source:
        parts = found[first[layer.weight]]
        recurrent = layer.op in {"LSTM", "GRU", "RNN"}
        weight = joined(parts) if recurrent else parts[0]
        share, left = divmod(weight.payload_bytes, users[layer.weight])
        share += served[layer.weight] < left
        served[layer.weight] += 1
        values = weight.turned(layer.shape)
        states.append(layer_state(layer.name, values, bits=weight.bits, payload_bytes=share))
    return states
