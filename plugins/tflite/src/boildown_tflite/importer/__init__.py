"""Import ONNX graphs as trainable tf_keras models, and write trained weights back."""

from . import (  # noqa: F401 - each registers its operators
    activation,
    arithmetic,
    convolution,
    dense,
    indexing,
    joining,
    normalization,
    pooling,
    reduction,
    resize,
    shaping,
)
from .builder import Kept as Kept
from .importing import Imported as Imported
from .importing import import_onnx as import_onnx
from .writing import write_back as write_back

__all__ = ["Imported", "Kept", "import_onnx", "write_back"]
