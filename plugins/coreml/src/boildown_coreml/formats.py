"""What ships: an ML Program or the older neural network; nothing here imports coremltools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boildown import Context

#: The default first.
FORMATS = ("mlpackage", "mlmodel")
TARGETS = ("iOS15", "iOS16", "iOS17", "iOS18")
PRECISIONS = ("float32", "float16")
COMPUTE_UNITS = ("all", "cpu_only", "cpu_and_gpu", "cpu_and_ne")
NUMBERS = ("float16", "float32")
#: JSON schema of the settings that say what ships and how it is measured, by key.
SHIPPING_SETTINGS: dict[str, Any] = {
    "format": {
        "enum": list(FORMATS),
        "description": "Which file ships: an ML Program (.mlpackage) or a neural network.",
    },
    "target": {
        "enum": list(TARGETS),
        "description": "The least system that must run it; the lowest that is needed if left out.",
    },
    "precision": {
        "enum": list(PRECISIONS),
        "description": "The numbers that an ML Program stores and computes with.",
    },
    "compute_units": {
        "enum": list(COMPUTE_UNITS),
        "description": "What computes on a Mac: everything, or only some of its processors.",
    },
    "numbers": {
        "enum": list(NUMBERS),
        "description": "The ONNX form rounds to float16 where the program says so, or never.",
    },
}


def setting(context: Context, key: str, choices: tuple[str, ...]) -> str:
    """Return a setting that the recipe gives, the first of its choices where it does not."""
    return str(context.settings.get(key, choices[0]))
