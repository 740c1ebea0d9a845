"""Write the file that ships: the float twin of an ONNX graph, or what a quantize step has made."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from boildown import Artifact, read_graph

if TYPE_CHECKING:
    from boildown import Context

FORMAT = "tflite"


def deploy(model: Artifact, context: Context) -> Artifact:
    """Return `model.tflite`, in float32 where no step has quantized.

    Raises UnsupportedError where the network cannot be imported or converted.
    """
    path = context.workdir / "model.tflite"
    if model.format == FORMAT:
        shutil.copyfile(model.path, path)
        return Artifact(path=path, format=FORMAT)
    from .convert import to_tflite
    from .importer import import_onnx

    source = read_graph(model)
    imported = import_onnx(source)
    path.write_bytes(to_tflite(imported.model, source, imported.layers, "float32").content)
    return Artifact(path=path, format=FORMAT)


def to_onnx(deployable: Artifact, context: Context) -> Artifact:
    """Write what the file computes as ONNX; see `onnx_form`, which brings in TensorFlow."""
    from .onnx_form import to_onnx

    return to_onnx(deployable, context)
