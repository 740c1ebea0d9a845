"""Import ONNX graphs as trainable PyTorch modules, and write trained weights back.

Public, and used by other plugins: `import_onnx`, `write_back`, `layer_modules`, `tensor_nodes`,
`weight_places`, `example_inputs`.
"""

from . import (  # noqa: F401 - each registers its operators
    activation,
    arithmetic,
    convolution,
    dense,
    indexing,
    normalization,
    pooling,
    recurrent,
    reduction,
    resize,
    shaping,
)
from .example import example_inputs as example_inputs
from .importing import import_onnx as import_onnx
from .importing import layer_modules as layer_modules
from .importing import tensor_nodes as tensor_nodes
from .importing import weight_places as weight_places
from .writing import write_back as write_back

__all__ = [
    "example_inputs",
    "import_onnx",
    "layer_modules",
    "tensor_nodes",
    "weight_places",
    "write_back",
]
