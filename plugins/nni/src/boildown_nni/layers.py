"""Decode the layers from a deployable, for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import onnx_layer_states, source_layers

if TYPE_CHECKING:
    from boildown import Artifact, Context, LayerState


def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Return the state of every layer of the network as it stands in the saved file."""
    return onnx_layer_states(deployable.path, source_layers(context.network.path))
