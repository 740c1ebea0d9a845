"""Decode the layers from a deployable, for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import Artifact, UnsupportedError, onnx_layer_states, source_layers

if TYPE_CHECKING:
    from boildown import Context, LayerState

_WHY = {
    "pte": "XNNPACK's part of a .pte file cannot be decoded; its ONNX form is audited",
    "pt2": "a .pt2 file has no layers under ONNX's names; its ONNX form is audited",
}


def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Return the state of every layer of the network as it stands in the saved file.

    Raises UnsupportedError for formats that are not decoded.
    """
    if deployable.format in _WHY:
        raise UnsupportedError(_WHY[deployable.format])
    return onnx_layer_states(deployable.path, source_layers(context.network.path))


def sibling(deployable: Artifact) -> Artifact:
    """Return the ONNX file that is written beside a deployable of another format."""
    return Artifact(path=deployable.path.with_suffix(".onnx"))
