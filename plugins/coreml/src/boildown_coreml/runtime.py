"""Run a saved file in Core ML itself, which only macOS has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import read_graph
from onnx import helper
from PIL import Image

from .describing import pixels_of, said_of
from .formats import COMPUTE_UNITS, setting
from .toolkit import ct, silently

if TYPE_CHECKING:
    from boildown import Artifact, Context

    from .describing import Said


class CoremlRuntime:
    """A loaded model; batches of any size go through it in the pieces that it takes."""

    def __init__(self, deployable: Artifact, context: Context) -> None:
        """Load `deployable` for the compute units that the recipe names, all of them by default.

        Core ML shares out its threads itself: `context.threads` is of no effect.
        """
        units = setting(context, "compute_units", COMPUTE_UNITS)
        with silently():
            self._model: Any = ct.models.MLModel(
                str(deployable.path), compute_units=getattr(ct.ComputeUnit, units.upper())
            )
        source, description = read_graph(context.original).graph, self._model.get_spec().description
        self._said: Said = said_of(description)
        ours = [port.name for port in description.input]
        #: Name in the source -> name in the file, whose names have letters and digits alone.
        self.inputs: dict[str, str] = dict(
            zip([port.name for port in source.input], ours, strict=True)
        )
        theirs = [
            port.name for port in description.output if port.type.WhichOneof("Type") != "stringType"
        ]
        self.outputs: dict[str, str] = dict(
            zip([port.name for port in source.output], theirs, strict=True)
        )
        self._types: dict[str, Any] = {
            port.name: helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type)
            for port in source.output
        }
        #: An image comes alone.
        self.batch: int = 1
        if self._said.image is None:
            self.batch = int(description.input[0].type.multiArrayType.shape[0])

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name; `inputs` hold any number of samples, NCHW, batch first.

        The last piece is filled up with copies of its last sample, whose results are dropped.
        """
        total = len(next(iter(inputs.values())))
        pieces = []
        for start in range(0, total, self.batch):
            places = np.minimum(np.arange(start, start + self.batch), total - 1)
            fed = {ours: self._fitted(inputs[name][places]) for name, ours in self.inputs.items()}
            pieces.append(self._model.predict(fed))
        return {
            name: np.concatenate([self._numbers(piece[ours]) for piece in pieces])[:total].astype(
                self._types[name], copy=False
            )
            for name, ours in self.outputs.items()
        }

    def _fitted(self, array: np.ndarray) -> np.ndarray | Image.Image:
        """Return what Core ML takes: an image, float32, or int32 for whole numbers."""
        if self._said.image is not None:
            return _image(pixels_of(array, self._said.image)[0], self._said.image.channels)
        kind = np.float32 if array.dtype.kind == "f" else np.int32
        return np.ascontiguousarray(array, dtype=kind)

    def _numbers(self, given: np.ndarray | dict[str, float]) -> np.ndarray:
        """Return an output as an array; scores by label in the order of the labels."""
        if isinstance(given, dict):
            return np.array([[given[label] for label in self._said.labels]])
        return np.asarray(given)


def _image(pixels: np.ndarray, channels: str) -> Image.Image:
    """Return pixels (C, H, W) as an image; Core ML takes RGB and turns it where it wants BGR."""
    if channels == "gray":
        return Image.fromarray(pixels[0])
    ordered = pixels[::-1] if channels == "bgr" else pixels
    return Image.fromarray(np.ascontiguousarray(ordered.transpose(1, 2, 0)))
