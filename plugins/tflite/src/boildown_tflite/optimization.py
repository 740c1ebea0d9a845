"""The one door to TF Model Optimization, which warns of itself while it is imported."""

from __future__ import annotations

from .keras import tf_keras  # legacy Keras is chosen there, before TensorFlow loads
from .quiet import quietly

with quietly():
    import tensorflow_model_optimization as tfmot

__all__ = ["tf_keras", "tfmot"]
