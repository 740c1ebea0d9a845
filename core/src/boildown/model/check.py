"""Read an ONNX file that may come from anyone, before any runtime sees it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import onnx
import onnx.inliner
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]

from ..errors import ModelError
from .stored import all_tensors, tensor_bytes

if TYPE_CHECKING:
    from pathlib import Path

#: protobuf cannot serialise more than 2 GiB; the margin is for the graph itself.
MAX_BYTES = (1 << 31) - (1 << 24)


def read_onnx(path: Path) -> onnx.ModelProto:
    """Read a model with all external data inlined, or raise ModelError in plain words.

    External data must be plain files below the model's own folder: onnx (1.21 and later) refuses
    absolute paths, `..`, symbolic links and hard links. Models near 2 GB are refused, since
    protobuf cannot hold them in one piece.
    """
    model = parse(path)
    _check_dimensions(model, path)
    try:
        with warnings.catch_warnings():
            # Keys of external data that onnx does not know say nothing about the numbers.
            warnings.simplefilter("ignore", UserWarning)
            onnx.load_external_data_for_model(model, str(path.parent))
    except (onnx.checker.ValidationError, ValueError, OSError) as error:
        raise ModelError(
            f"{path}: its external data cannot be read: {one_line(error)}. Put the data files"
            " beside the model as plain files (no links), or save the model as one file with"
            " onnx.save(onnx.load(path), new_path)"
        ) from error
    _check_lengths(model, path)
    return model


def one_line(error: BaseException) -> str:
    """Return the error's text as one short line without a full stop."""
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= 300 else text[:300] + "…"  # noqa: PLR2004 - a paragraph, not a dump


def parse(path: Path) -> onnx.ModelProto:
    """Read a model's own file, its external data left where they are, or raise ModelError."""
    if not path.exists():
        raise ModelError(f"{path}: no such model file")
    if not path.is_file():
        raise ModelError(f"{path}: a model must be an .onnx file, not a folder or device")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ModelError(
            f"{path}: {size:,} bytes is more than one ONNX file can hold here ({MAX_BYTES:,},"
            " because of protobuf's limit of 2 GB)"
        )
    try:
        model = onnx.load_model_from_string(path.read_bytes(), format="protobuf")
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {one_line(error)}") from error
    except DecodeError as error:
        raise ModelError(
            f"{path}: not an ONNX model, or cut off: the {size:,} bytes are no protobuf message"
            f" ({one_line(error)}). Export or download the file again"
        ) from error
    if not model.HasField("graph") or not model.opset_import or not model.graph.output:
        raise ModelError(
            f"{path}: not an ONNX model, or cut off: it has no graph with outputs and an opset."
            " Export or download the file again"
        )
    if _has_broken_text(model):
        raise ModelError(
            f"{path}: damaged: a name in it is no UTF-8 text. Export or download the file again"
        )
    return model


def _has_broken_text(model: onnx.ModelProto) -> bool:
    """Find text that is not UTF-8: protobuf hands it out as bytes, which nothing expects."""
    waiting: list[Message] = [model]
    while waiting:
        message = waiting.pop()
        for field in message.DESCRIPTOR.fields:
            if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
                continue
            value = getattr(message, field.name)
            if isinstance(value, Message):
                waiting.extend([value] if message.HasField(field.name) else [])
            elif field.type == field.TYPE_MESSAGE:
                waiting.extend(value)
            elif isinstance(value, bytes) or any(isinstance(item, bytes) for item in value):
                return True
    return False


def _check_dimensions(model: onnx.ModelProto, path: Path) -> None:
    """Refuse negative and gigantic tensors before anything is read for them."""
    tensors = list(all_tensors(model))
    if any(length < 0 for tensor in tensors for length in tensor.dims):
        raise ModelError(f"{path}: broken tensors: a length is negative. Export the model again")
    total = sum(tensor_bytes(tensor) for tensor in tensors)
    if total > MAX_BYTES:
        raise ModelError(
            f"{path}: its tensors take {total:,} bytes with the external data, more than one"
            f" ONNX file can hold ({MAX_BYTES:,}, because of protobuf's limit of 2 GB)"
        )
    for tensor in tensors:
        if tensor.data_location == tensor.EXTERNAL:
            _bound_external(tensor, path)


def _bound_external(tensor: onnx.TensorProto, path: Path) -> None:
    """Have exactly the tensor's bytes read: without a length, files are read to their end."""
    needed = str(tensor_bytes(tensor))
    said = [entry for entry in tensor.external_data if entry.key == "length"]
    if any(entry.value != needed for entry in said):
        raise ModelError(
            f"{path}: the tensor {tensor.name!r} needs {needed} bytes of external data but names"
            f" {said[-1].value!r}. Export the model again"
        )
    if not said:
        entry = tensor.external_data.add()
        entry.key, entry.value = "length", needed


def _check_lengths(model: onnx.ModelProto, path: Path) -> None:
    """Compare raw bytes with dims, so that no later reader trusts a wrong shape."""
    wrong = [
        f"{tensor.name!r} has {len(tensor.raw_data):,} bytes where its shape"
        f" {list(tensor.dims)} needs {tensor_bytes(tensor):,}"
        for tensor in all_tensors(model)
        if tensor.HasField("raw_data") and len(tensor.raw_data) != tensor_bytes(tensor)
    ]
    if wrong:
        raise ModelError(f"{path}: broken tensors: {'; '.join(wrong[:5])}. Export the model again")


def inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with its own functions put in the places that call them."""
    return onnx.inliner.inline_local_functions(model) if model.functions else model
