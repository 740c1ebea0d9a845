"""The door to TF Model Optimization's quantization-aware training."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .optimization import tfmot  # isort: split

# No public name says which layers are supported.
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_registry,
)

if TYPE_CHECKING:
    from .keras import tf_keras

__all__ = [
    "ClusterPreserveScheme",
    "PlainScheme",
    "PrunePreserveScheme",
    "is_quantized",
    "quantize_annotate_layer",
    "quantize_apply",
    "quantize_scope",
]
PlainScheme = tfmot.quantization.keras.default_8bit.Default8BitQuantizeScheme
PrunePreserveScheme = tfmot.experimental.combine.Default8BitPrunePreserveQuantizeScheme
ClusterPreserveScheme = tfmot.experimental.combine.Default8BitClusterPreserveQuantizeScheme
quantize_annotate_layer = tfmot.quantization.keras.quantize_annotate_layer
quantize_apply = tfmot.quantization.keras.quantize_apply
quantize_scope = tfmot.quantization.keras.quantize_scope
#: Of the layer `Activation`, what the registry rounds; it takes the others and fails later.
_ACTIVATIONS = ("relu", "linear", "sigmoid", "tanh", "softmax")


def is_quantized(layer: tf_keras.layers.Layer) -> bool:
    """Tell whether what a layer computes can be rounded while training."""
    if hasattr(layer, "activation") and layer.activation.__name__ not in _ACTIVATIONS:
        return False
    return bool(_registry().supports(layer))


@cache
def _registry() -> default_8bit_quantize_registry.Default8BitQuantizeRegistry:
    return default_8bit_quantize_registry.Default8BitQuantizeRegistry()
