"""Decode the layers from a deployable, for the audit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from boildown import ModelError, UnsupportedError, layer_state, source_layers

from .flatbuffer import decode, read_file, stored_bits
from .naming import read_names
from .weights import weight_sites

if TYPE_CHECKING:
    import numpy as np
    from boildown import Artifact, Context, Layer, LayerState

    from .flatbuffer import Tensor
    from .weights import Site

#: File's orientation -> ONNX's: (out, h, w, in) of convolutions, (1, h, w, out) of depthwise ones.
_TURNS = {
    "CONV_2D": (0, 3, 1, 2),
    "DEPTHWISE_CONV_2D": (3, 0, 1, 2),
    "TRANSPOSE_CONV": (3, 0, 1, 2),
}


def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Return the state of every layer of the network as it stands in the saved file.

    The converter folds batch norms into weights: one factor a channel, so zeros stay zeros. A
    constant that several layers use is divided between them evenly. Raises UnsupportedError
    naming the layers that are no longer in the file, ModelError where the file is damaged.
    """
    source = source_layers(context.network.path)
    file = read_file(deployable.path)
    outputs, missing = read_names(file)
    sites = {site.output: site for site in weight_sites(file)}
    gone = [layer for layer in source if layer.node not in outputs]
    if gone:
        shown = "; ".join(f"{x.name!r}: {missing.get(x.node, 'not named')}" for x in gone[:5])
        raise UnsupportedError(f"{len(gone)} of {len(source)} layers are not in the file: {shown}")
    if lost := [layer.name for layer in source if outputs[layer.node] not in sites]:
        raise ModelError(f"{deployable.path}: no weight stands where layer {lost[0]!r} is said to")
    found = [sites[outputs[layer.node]] for layer in source]
    users = Counter(site.weight.buffer for site in found)
    return [
        layer_state(
            layer.name,
            _oriented(site, layer),
            bits=stored_bits(site.weight),
            payload_bytes=_payload(site.weight) // users[site.weight.buffer],
        )
        for layer, site in zip(source, found, strict=True)
    ]


def _oriented(site: Site, layer: Layer) -> np.ndarray:
    """Turn a weight as the source has it; one whose channels were removed is smaller."""
    values = decode(site.weight)
    if site.operator.code in _TURNS:
        values = values.transpose(_TURNS[site.operator.code])
    elif site.operator.code == "FULLY_CONNECTED" and layer.axis == 1:
        values = values.T
    sized = values.size == layer.size
    return values.reshape(layer.shape) if sized else values


def _payload(tensor: Tensor) -> int:
    """Return the bytes of a constant with its scales and zero points."""
    scales = tensor.quantization.bytes if tensor.quantization else 0
    return (0 if tensor.data is None else tensor.data.size) + scales
