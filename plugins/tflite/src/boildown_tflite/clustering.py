"""The door to TF Model Optimization's clustering: its wrapper with every option, and its scheme."""

from __future__ import annotations

from tensorflow_model_optimization.clustering.keras import (
    CentroidInitialization,
    strip_clustering,
)
from tensorflow_model_optimization.python.core.clustering.keras.experimental.cluster import (
    cluster_weights,  # the public one knows neither zeros nor channels
)

from .keras import tf_keras

__all__ = ["CentroidInitialization", "cluster_weights", "strip_clustering", "tf_keras"]
