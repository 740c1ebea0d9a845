"""Write the file that a user ships: the same numbers in the fewest bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import source_layers

from .graph import read, write
from .storage import store_compactly
from .strip import strip

if TYPE_CHECKING:
    from boildown import Artifact, Context


def deploy(model: Artifact, context: Context) -> Artifact:
    """Return `model`, or the float twin where it is the untouched source, ready to ship.

    BatchNorm is left where no step has folded it: ONNX Runtime folds it when it loads the file,
    and a float twin that is numerically the source is what losses are measured against.
    """
    layers = source_layers(context.original.path)
    shipped = store_compactly(read(model), {layer.weight: layer.axis for layer in layers})
    strip(shipped, keep_nodes={layer.node for layer in layers})
    onnx.checker.check_model(shipped, full_check=True)
    return write(shipped, context, "model")
