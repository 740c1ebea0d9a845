"""Write the numbers that a Keras model has now back into the ONNX graph that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import UnsupportedError, store_values

if TYPE_CHECKING:
    from .builder import Kept
    from .importing import Imported


def write_back(source: onnx.ModelProto, imported: Imported) -> onnx.ModelProto:
    """Return a copy of `source` with the numbers of `imported.model`.

    The model may be another of the same layers, such as what is left when pruning or clustering
    is stripped off. Names, nodes and shapes stay; numbers that did not change come back to the
    last bit, since no form of Keras rounds them.

    Raises:
        UnsupportedError: One tensor of the source has become two that differ.
    """
    model = onnx.ModelProto()
    model.CopyFrom(source)
    written: dict[str, np.ndarray] = {}
    for kept in imported.kept:
        turned = kept.back(_numbers(imported, kept))
        if not np.array_equal(written.setdefault(kept.initializer, turned), turned):
            raise UnsupportedError(
                f"the tensor {kept.initializer!r} serves several nodes, whose numbers are no"
                " longer the same after training"
            )
    store_values(model, {name: np.ascontiguousarray(values) for name, values in written.items()})
    return model


def _numbers(imported: Imported, kept: Kept) -> np.ndarray:
    variable = getattr(imported.model.get_layer(kept.layer), kept.variable)
    array: np.ndarray = variable.numpy()
    return array
