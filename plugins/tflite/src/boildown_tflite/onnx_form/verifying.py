"""The last word on a translation: both files on the same noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import OnnxRuntime, UnsupportedError

from ..layout import channels_first
from ..runtime import LiteRuntime

if TYPE_CHECKING:
    from boildown import Artifact, Context

    from ..flatbuffer import File, Tensor

#: Distance of outputs relative to their length. Kernels sum in other orders; int8 codes may fall a
#: quantum aside now and then, and a few of them where many roundings follow each other.
_FLOAT, _INTEGER = 1e-4, 0.1
_SAMPLES = 2


def refuse_differences(form: Artifact, deployable: Artifact, file: File, context: Context) -> None:
    """Raise UnsupportedError where the ONNX form gives other numbers than LiteRT on seeded noise.

    tf2onnx says nothing of what it cannot carry over.
    """
    random = np.random.default_rng(0)
    noise = {
        name: channels_first(_noise(file.tensors[index], random))
        for name, index in file.input_names.items()
    }
    wanted = LiteRuntime(deployable, context).run(noise)
    found = OnnxRuntime(form.path, context.threads).run(noise)
    rounded = any(t.quantization is not None and t.data is None for t in file.tensors)
    for name, values in wanted.items():
        distance = float(np.linalg.norm((found[name] - values).astype(np.float64)))
        distance /= max(float(np.linalg.norm(values.astype(np.float64))), 1e-12)
        if not distance <= (_INTEGER if rounded else _FLOAT):
            raise UnsupportedError(
                f"what tf2onnx makes of the file is another network: output {name!r} differs by"
                f" {distance:.2g} of its length from what LiteRT computes"
            )


def _noise(tensor: Tensor, random: np.random.Generator) -> np.ndarray:
    """Return samples in the file's own layout, as many as it fixes."""
    batch = (_SAMPLES,) if tensor.signature and tensor.signature[0] < 0 else tensor.shape[:1]
    shape = (*batch, *tensor.shape[1:])
    if tensor.type != "FLOAT32" and tensor.quantization is None:
        return np.zeros(shape, np.dtype(tensor.type.lower()))
    return random.normal(size=shape).astype(np.float32)
