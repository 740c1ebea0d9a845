"""tf2onnx, called in this process, in silence, and not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError

from ..keras import tf  # noqa: F401 - sets up TensorFlow before tf2onnx imports it
from ..layout import is_turned
from ..quiet import quietly
from .gelu import translate_gelu
from .resizing import restate_resizing

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

    from ..flatbuffer import File

_OPSET = 18


def translate(path: Path, file: File) -> ModelProto:
    """Return tf2onnx's translation, its ports under the names of their tensors, its inputs NCHW.

    Its outputs stay NHWC: tf2onnx (1.17) turns one that is also read inside the graph twice.
    Raises UnsupportedError where tf2onnx fails, or leaves an operator untranslated.
    """
    with quietly():
        from tf2onnx.convert import from_tflite

        ports = (file.tensors[index] for index in file.inputs)
        turned = [tensor.name for tensor in ports if is_turned(tensor.shape)]
        try:
            translated: tuple[ModelProto, object] = from_tflite(
                str(path), opset=_OPSET, inputs_as_nchw=turned
            )
        except Exception as error:  # tf2onnx raises anything at all
            why = " ".join(str(error).split())[:300]
            raise UnsupportedError(f"tf2onnx cannot translate the .tflite file: {why}") from error
    model = translated[0]
    translate_gelu(model)
    restate_resizing(model, file)
    foreign = [n for n in model.graph.node if n.domain or n.op_type.startswith("TFL_")]
    if foreign:
        shown = ", ".join(sorted({node.op_type.removeprefix("TFL_") for node in foreign}))
        raise UnsupportedError(
            f"tf2onnx has no translation of {shown} (first at {foreign[0].name!r})"
        )
    return model
