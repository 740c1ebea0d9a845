"""The door to TF Model Optimization's clustering: its wrapper with every option, and its starts."""

from __future__ import annotations

from .optimization import tfmot  # isort: split

# The public one knows neither zeros nor channels.
from tensorflow_model_optimization.python.core.clustering.keras.experimental.cluster import (
    cluster_weights,
)

__all__ = ["CentroidInitialization", "cluster_weights", "strip_clustering"]
CentroidInitialization = tfmot.clustering.keras.CentroidInitialization
strip_clustering = tfmot.clustering.keras.strip_clustering
