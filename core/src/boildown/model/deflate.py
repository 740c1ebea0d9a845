"""What an artifact weighs when it is shipped compressed, as in an app package or a download."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..artifact import Artifact

_LEVEL = 6
_CHUNK = 1 << 20


def deflated_bytes(artifact: Artifact) -> int:
    """Return the bytes of all files as one zlib stream (RFC 1950) of level 6.

    Files follow each other in sorted order, each of a folder after its relative path and a zero
    byte, so the figure depends on nothing but names and contents.
    """
    stream = zlib.compressobj(_LEVEL)
    total = 0
    for file in artifact.files():
        if file != artifact.path:
            name = file.relative_to(artifact.path).as_posix()
            total += len(stream.compress(name.encode() + b"\0"))
        with file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                total += len(stream.compress(chunk))
    return total + len(stream.flush())
