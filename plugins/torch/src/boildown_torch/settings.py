"""JSON schema of what a step may say `with: {torch: …}`."""

from __future__ import annotations

from typing import Any

from .formats import FORMAT_SCHEMA


def _schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"format": FORMAT_SCHEMA, **properties},
        "additionalProperties": False,
    }


#: By operation.
SETTINGS: dict[Any, dict[str, Any]] = {
    "quantize": _schema(
        reduce_range={
            "type": "boolean",
            "description": "Use 7 of 8 bits for the weights of static int8.",
        }
    ),
    "prune": _schema(
        round_to={
            "type": "integer",
            "minimum": 1,
            "description": "Keep a multiple of so many channels (structure: channel), which may"
            " remove fewer.",
        }
    ),
    "cluster": _schema(),
    "distill": _schema(),
}
