"""Weights of 8 or 4 bits by AI Edge Quantizer, which changes a finished float32 `.tflite` file.

The converter knows no weights that are stored in integers and computed with in float32, and none
of 4 bits. There is one scale an output channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_edge_quantizer import quantizer, recipe
from boildown import UnsupportedError

from .checking import check
from .convert import Converted
from .flatbuffer import read_bytes, write_inside
from .naming import read_names
from .quiet import quietly

if TYPE_CHECKING:
    from boildown import Quantize

#: Weights, activations -> recipe of AI Edge Quantizer.
_RECIPES = {
    ("int8", "float32"): recipe.weight_only_wi8_afp32,
    ("int4", "float32"): recipe.weight_only_wi4_afp32,
    ("int4", "dynamic"): recipe.dynamic_wi4_afp32,
}


def covers(step: Quantize) -> bool:
    """Tell whether a step is for this quantizer and not for the converter."""
    return (step.weights, step.activations) in _RECIPES


def quantize_weights(content: bytes, step: Quantize) -> Converted:
    """Return a float32 file, named by `to_tflite`, with its weights in fewer bits.

    Raises UnsupportedError where the quantizer fails or changes no layer.
    """
    asked = _RECIPES[str(step.weights), str(step.activations)]
    try:
        with quietly():
            worker = quantizer.Quantizer(bytearray(content))
            worker.load_quantization_recipe(asked())
            made = write_inside(bytes(worker.quantize().quantized_model))
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        why = " ".join(str(error).split())[:400]
        raise UnsupportedError(f"AI Edge Quantizer failed ({asked.__name__}): {why}") from error
    file = read_bytes(made)
    left = set(check(file, f"{step.weights} weights", "float32"))
    nodes = [node for node, output in read_names(file)[0].items() if output in left]
    return Converted(made, tuple(nodes))
