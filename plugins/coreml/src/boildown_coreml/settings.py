"""JSON schema of what a step may say `with: {coreml: …}`."""

from __future__ import annotations

from typing import Any

from .formats import ACTIVATION_MODES, NETWORK_MODES, PALETTE_MODES, SHIPPING_SETTINGS


def _schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**SHIPPING_SETTINGS, **properties},
        "additionalProperties": False,
    }


#: By operation.
SETTINGS: dict[Any, dict[str, Any]] = {
    "quantize": _schema(
        mode={
            "enum": list(NETWORK_MODES),
            "description": "How a neural network (format mlmodel) stores few bits: a scale and a"
            " bias for each channel, or a table of values for each layer.",
        },
        activation_mode={
            "enum": list(ACTIVATION_MODES),
            "description": "Ranges of int8 activations: the same on both sides of 0, or not.",
        },
    ),
    "cluster": _schema(
        mode={
            "enum": list(PALETTE_MODES),
            "description": "Let coremltools find the values: its k-means, or evenly spaced ones.",
        },
        group_size={
            "type": "integer",
            "minimum": 1,
            "description": "So many output channels share a table of values.",
        },
        cluster_dim={
            "type": "integer",
            "minimum": 2,
            "description": "Cluster vectors of so many weights along the output channels.",
        },
        per_channel_scale={
            "type": "boolean",
            "description": "Divide by the greatest weights before clustering, multiply afterwards.",
        },
    ),
    "prune": _schema(),
}
