"""tf2onnx, called in this process, in silence, and not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError

from ..flatbuffer import plain_name, write_plainly
from ..keras import tf  # noqa: F401 - sets up TensorFlow before tf2onnx imports it
from ..layout import is_turned
from ..quiet import quietly
from .gelu import translate_gelu
from .naming import tensor_of
from .resizing import restate_resizing

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

    from ..flatbuffer import File

_OPSET = 18


def translate(path: Path, file: File, folder: Path) -> ModelProto:
    """Return tf2onnx's translation of a file: inputs NCHW, ports and nodes under plain names.

    tf2onnx takes names for identities, and gives some of its own that another tool's may collide
    with; so it is handed a copy, written to `folder`, in which they are plain. Outputs stay NHWC:
    tf2onnx (1.17) turns one that is also read inside the graph twice. Raises UnsupportedError
    where tf2onnx fails, or leaves an operator untranslated.
    """
    plain = folder / "plain.tflite"
    plain.write_bytes(write_plainly(path.read_bytes()))
    turned = [plain_name(place) for place in file.inputs if is_turned(file.tensors[place].shape)]
    try:
        with quietly():
            from tf2onnx.convert import from_tflite

            found: tuple[ModelProto, object] = from_tflite(
                str(plain), opset=_OPSET, inputs_as_nchw=turned
            )
    except Exception as error:  # tf2onnx raises anything at all
        why = " ".join(str(error).split())[:300]
        raise UnsupportedError(f"tf2onnx cannot translate the .tflite file: {why}") from error
    finally:
        plain.unlink()
    model = found[0]
    translate_gelu(model)
    restate_resizing(model, file)
    _refuse_foreign(model, file)
    return model


def _refuse_foreign(model: ModelProto, file: File) -> None:
    foreign = [n for n in model.graph.node if n.domain or n.op_type.startswith("TFL_")]
    if not foreign:
        return
    operators = ", ".join(sorted({node.op_type.removeprefix("TFL_") for node in foreign}))
    names = {plain_name(tensor.place): tensor.name for tensor in file.tensors}
    first = names.get(tensor_of(foreign[0]), foreign[0].name)
    raise UnsupportedError(f"tf2onnx has no translation of {operators} (first at {first!r})")
