"""tf2onnx, called in this process, in silence, and not believed."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from boildown import UnsupportedError

from ..flatbuffer import plain_name, write_plainly
from ..keras import tf
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
_OPTIMIZERS = (
    "TransposeOptimizer",
    "ConstFoldOptimizer",
    "ConstDequantizeOptimizer",
    "QDQOptimizer",
    "IdentityOptimizer",
    "BackToBackOptimizer",
)


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
            model = _translated(plain, turned)
    except Exception as error:  # tf2onnx raises anything at all
        why = " ".join(str(error).split())[:300]
        raise UnsupportedError(f"tf2onnx cannot translate the .tflite file: {why}") from error
    finally:
        plain.unlink()
    translate_gelu(model)
    restate_resizing(model, file)
    _refuse_foreign(model, file)
    return model


def _translated(path: Path, turned: list[str]) -> ModelProto:
    """Return what `tf2onnx.convert.from_tflite` does, in less memory.

    It keeps a copy of the graph for each optimizer, and each pass of an optimizer keeps the
    weights once more (protobuf frees nothing of a message that lives). So there are no copies
    here, and no optimizers but those that move weights to where they are read.
    """
    from tf2onnx import optimizer
    from tf2onnx.tfonnx import process_tf_graph

    chosen = OrderedDict((name, getattr(optimizer, name)) for name in _OPTIMIZERS)
    with tf.Graph().as_default() as graph:
        made = process_tf_graph(
            graph,
            continue_on_error=True,
            opset=_OPSET,
            tflite_path=str(path),
            inputs_as_nchw=turned,
        )
        optimized = optimizer.optimize_graph(made, catch_errors=False, optimizers=chosen)
        model: ModelProto = optimized.make_model("model")
    return model


def _refuse_foreign(model: ModelProto, file: File) -> None:
    foreign = [n for n in model.graph.node if n.domain or n.op_type.startswith("TFL_")]
    if not foreign:
        return
    operators = ", ".join(sorted({node.op_type.removeprefix("TFL_") for node in foreign}))
    names = {plain_name(tensor.place): tensor.name for tensor in file.tensors}
    first = names.get(tensor_of(foreign[0]), foreign[0].name)
    raise UnsupportedError(f"tf2onnx has no translation of {operators} (first at {first!r})")
