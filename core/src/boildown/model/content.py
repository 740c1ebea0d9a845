"""The digest of a model's content: that of its file and of the files of data that it names."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from ..artifact import file_digest
from ..errors import ModelError
from .check import MAX_BYTES, parse
from .stored import all_tensors

if TYPE_CHECKING:
    from pathlib import Path

#: The key under which a tensor names its file: where it is not, there is no such file.
_LOCATION = "location"


def content_digest(path: Path) -> str:
    """Return the SHA-256 over an ONNX file and all of its external data.

    The same graph with weights trained anew differs in the data alone. Files that lie elsewhere
    than below the model's folder are left out, since such models are refused (`check.read_onnx`).
    Raises ModelError where the file itself cannot be read.
    """
    try:
        if path.stat().st_size > MAX_BYTES:  # refused as soon as it is read
            return file_digest(path)
        content, folder = path.read_bytes(), path.parent.resolve()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    total = hashlib.sha256(content)
    for name in _data_files(path) if _LOCATION.encode() in content else ():
        file = folder / name
        is_there = os.path.isfile(file)  # noqa: PTH113 - of some names Path.is_file makes an error
        if is_there and file.resolve().is_relative_to(folder):
            total.update(f"{name}\0{file_digest(file)}\n".encode())
    return total.hexdigest()


def _data_files(path: Path) -> list[str]:
    try:
        model = parse(path)
    except ModelError:  # told with its reason where the model is read
        return []
    entries = (entry for tensor in all_tensors(model) for entry in tensor.external_data)
    return sorted({entry.value for entry in entries if entry.key == _LOCATION})
