"""Write the file that a user ships: the same numbers in the fewest bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import source_layers

from .batch_norms import merge_batch_norms
from .graph import read, write
from .storage import store_compactly
from .strip import strip

if TYPE_CHECKING:
    from boildown import Artifact, Context


def deploy(model: Artifact, context: Context) -> Artifact:
    """Return `model`, or the float twin where it is the untouched source, ready to ship.

    Batch norms stay where no step has folded them: ONNX Runtime folds them when it loads the
    file, and the weights of a float twin are those of the source, to the last bit.
    """
    layers = source_layers(context.original.path)
    graph = read(model)
    merge_batch_norms(graph)
    shipped = store_compactly(graph, {layer.weight: layer.axis for layer in layers})
    strip(shipped, keep_nodes={layer.node for layer in layers})
    onnx.checker.check_model(shipped, full_check=True)
    return write(shipped, context, "model")
