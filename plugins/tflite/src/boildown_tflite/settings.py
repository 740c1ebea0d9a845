"""JSON schema of what a step may say `with: {tflite: …}`."""

from __future__ import annotations

from typing import Any

#: By operation.
SETTINGS: dict[Any, dict[str, Any]] = {
    "quantize": {
        "type": "object",
        "properties": {
            "io": {
                "enum": ["float32", "int8", "uint8", "int16"],
                "description": "Type of the file's inputs and outputs (int8 and uint8 with int8"
                " activations, int16 with int16 ones); boards without floats need integers.",
            }
        },
        "additionalProperties": False,
    },
}
