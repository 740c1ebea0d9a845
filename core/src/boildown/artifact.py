"""A model on disk, the only form in which models travel between host, worker and plugins."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .frozen import Frozen

_CHUNK = 1 << 20


class Artifact(Frozen):
    """A file or folder that holds a model, with the name of its format (`onnx`, `tflite`, …)."""

    path: Path
    format: str = "onnx"

    def files(self) -> list[Path]:
        """List every file of the artifact, sorted, the artifact itself if it is one file."""
        if self.path.is_dir():
            return sorted(p for p in self.path.rglob("*") if p.is_file())
        return [self.path]

    @property
    def bytes(self) -> int:
        """Size on disk in bytes, summed over the tree."""
        return sum(file.stat().st_size for file in self.files())

    @property
    def digest(self) -> str:
        """SHA-256 over names and contents, to prove that a step left its input alone."""
        total = hashlib.sha256()
        for file in self.files():
            relative = "" if file == self.path else file.relative_to(self.path).as_posix()
            total.update(f"{relative}\0{file_digest(file)}\n".encode())
        return total.hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of one file as hexadecimal text, read in chunks."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()
