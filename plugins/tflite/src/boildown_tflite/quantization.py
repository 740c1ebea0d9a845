"""The door to TF Model Optimization's quantization-aware training."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

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
quantize_annotate_layer = tfmot.quantization.keras.quantize_annotate_layer
quantize_apply = tfmot.quantization.keras.quantize_apply
quantize_scope = tfmot.quantization.keras.quantize_scope
#: Of the layer `Activation`, what the registry rounds; it takes the others and fails later.
_ACTIVATIONS = ("relu", "linear", "sigmoid", "tanh", "softmax")


class ClusterPreserveScheme(tfmot.experimental.combine.Default8BitClusterPreserveQuantizeScheme):  # type: ignore[misc] # TensorFlow has no types
    """The scheme of that name, with a quantizer for each layer.

    TF Model Optimization 0.8.1 shares one among all convolutions, and that one keeps no zeros any
    more as soon as it meets a layer without.
    """

    def get_quantize_registry(self) -> Any:
        """Return what says how each layer is rounded."""
        registry = super().get_quantize_registry()
        shared = registry.get_quantize_config
        registry.get_quantize_config = lambda layer: deepcopy(shared(layer))
        return registry


def is_quantized(layer: tf_keras.layers.Layer) -> bool:
    """Tell whether what a layer computes can be rounded while training."""
    if hasattr(layer, "activation") and layer.activation.__name__ not in _ACTIVATIONS:
        return False
    return bool(_registry().supports(layer))


@cache
def _registry() -> default_8bit_quantize_registry.Default8BitQuantizeRegistry:
    return default_8bit_quantize_registry.Default8BitQuantizeRegistry()
