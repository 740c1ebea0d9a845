"""The digest of a model's content: that of its file and of the files of data that it names."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from ..artifact import file_digest
from .stored import all_tensors

if TYPE_CHECKING:
    from pathlib import Path

#: The key under which a tensor names its file: where it is not, there is no such file.
_LOCATION = "location"


def content_digest(path: Path) -> str:
    """Return the SHA-256 over an ONNX file and all of its external data.

    The same graph with weights trained anew differs in the data alone. Files that lie elsewhere
    than below the model's folder are left out, since such models are refused (`check.read_onnx`).
    """
    own, folder = file_digest(path), path.parent.resolve()
    total = hashlib.sha256(own.encode())
    names = _data_files(path)
    for name in names:
        file = folder / name
        if file.is_file() and file.resolve().is_relative_to(folder):
            total.update(f"{name}\0{file_digest(file)}\n".encode())
    return total.hexdigest() if names else own


def _data_files(path: Path) -> list[str]:
    content = path.read_bytes()
    if _LOCATION.encode() not in content:
        return []
    try:
        model = onnx.load_model_from_string(content, format="protobuf")
    except DecodeError:
        return []
    entries = (entry for tensor in all_tensors(model) for entry in tensor.external_data)
    return sorted({entry.value for entry in entries if entry.key == _LOCATION})
