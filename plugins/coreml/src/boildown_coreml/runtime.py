"""Run a saved file in Core ML itself, which only macOS has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import UnsupportedError, read_graph
from onnx import helper

from .formats import COMPUTE_UNITS, setting
from .toolkit import ct, silently

if TYPE_CHECKING:
    from boildown import Artifact, Context


class CoremlRuntime:
    """A loaded model; batches of any size go through it in the pieces that it takes."""

    def __init__(self, deployable: Artifact, context: Context) -> None:
        """Load `deployable` for the compute units that the recipe names, all of them by default.

        Core ML shares out its threads itself: `context.threads` is of no effect. Raises
        UnsupportedError on a system without Core ML.
        """
        # mypy takes a plain comparison for an answer.
        if not sys.platform.startswith("darwin"):
            raise UnsupportedError("running a Core ML model requires macOS")
        units = setting(context, "compute_units", COMPUTE_UNITS)
        with silently():
            self._model: Any = ct.models.MLModel(
                str(deployable.path), compute_units=getattr(ct.ComputeUnit, units.upper())
            )
        source, description = read_graph(context.network).graph, self._model.get_spec().description
        ours = [port.name for port in description.input]
        #: Name in the source -> name in the file, whose names have letters and digits alone.
        self.inputs: dict[str, str] = dict(
            zip([port.name for port in source.input], ours, strict=True)
        )
        theirs = [port.name for port in description.output]
        self.outputs: dict[str, str] = dict(
            zip([port.name for port in source.output], theirs, strict=True)
        )
        self._types: dict[str, Any] = {
            port.name: helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type)
            for port in source.output
        }
        self.batch: int = int(description.input[0].type.multiArrayType.shape[0])

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name; `inputs` hold any number of samples, NCHW, batch first.

        The last piece is filled up with copies of its last sample, whose results are dropped.
        """
        total = len(next(iter(inputs.values())))
        pieces = []
        for start in range(0, total, self.batch):
            places = np.minimum(np.arange(start, start + self.batch), total - 1)
            fed = {ours: _fitted(inputs[name][places]) for name, ours in self.inputs.items()}
            pieces.append(self._model.predict(fed))
        return {
            name: np.concatenate([np.asarray(piece[ours]) for piece in pieces])[:total].astype(
                self._types[name], copy=False
            )
            for name, ours in self.outputs.items()
        }


def _fitted(array: np.ndarray) -> np.ndarray:
    """Return an array in a type that Core ML takes: float32, or int32 for whole numbers."""
    kind = np.float32 if array.dtype.kind == "f" else np.int32
    return np.ascontiguousarray(array, dtype=kind)


def open_runtime(deployable: Artifact, context: Context) -> CoremlRuntime:
    """Load `deployable` in Core ML; UnsupportedError where this is no Mac."""
    return CoremlRuntime(deployable, context)
