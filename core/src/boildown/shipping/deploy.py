"""Write the ONNX file that a user ships: the same numbers in the fewest bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from ..model.layers import source_layers
from .batch_norms import merge_batch_norms
from .files import read_graph, write_graph
from .storage import store_compactly
from .strip import strip

if TYPE_CHECKING:
    from ..artifact import Artifact
    from ..plugins.values import Context


def deploy_onnx(model: Artifact, context: Context) -> Artifact:
    """Return `model`, or the float twin where it is the untouched source, ready to ship.

    `model` is an ONNX file in which the layers of the source keep the names of their nodes;
    how few numbers the weights really hold is found out here. Batch norms stay where no step has
    folded them: ONNX Runtime folds them when it loads the file, and the weights of a float twin
    are those of the source, to the last bit. Raises UnsupportedError where packed weights need
    newer operators than onnx can lift the model to.
    """
    layers = source_layers(context.network.path)
    graph = read_graph(model)
    merge_batch_norms(graph)
    shipped = store_compactly(graph, {layer.weight: layer.axis for layer in layers})
    strip(shipped, keep_nodes={layer.node for layer in layers})
    onnx.checker.check_model(shipped, full_check=True)
    return write_graph(shipped, context, "model")
