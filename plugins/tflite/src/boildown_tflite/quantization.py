"""The door to TF Model Optimization's quantization-aware training."""

from __future__ import annotations

from functools import cache

from tensorflow_model_optimization.experimental.combine import (
    Default8BitClusterPreserveQuantizeScheme,
    Default8BitPrunePreserveQuantizeScheme,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_registry,  # no public name says what is supported
)
from tensorflow_model_optimization.quantization.keras import (
    quantize_annotate_layer,
    quantize_apply,
    quantize_scope,
)
from tensorflow_model_optimization.quantization.keras.default_8bit import (
    Default8BitQuantizeScheme,
)

from .keras import tf_keras  # noqa: TC001 - chooses legacy Keras, before TensorFlow loads

__all__ = [
    "Default8BitClusterPreserveQuantizeScheme",
    "Default8BitPrunePreserveQuantizeScheme",
    "Default8BitQuantizeScheme",
    "is_quantized",
    "quantize_annotate_layer",
    "quantize_apply",
    "quantize_scope",
]
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
