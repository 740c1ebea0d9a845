"""Keep what compiled libraries write to standard output and error away from the user."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)
_STREAMS = (1, 2)


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Log what is written to the descriptors of both streams within; Python's own as well."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in _STREAMS]
    with tempfile.TemporaryFile() as caught:
        try:
            for stream in _STREAMS:
                os.dup2(caught.fileno(), stream)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for stream, copy in zip(_STREAMS, kept, strict=True):
                os.dup2(copy, stream)
                os.close(copy)
            caught.seek(0)
            for line in caught.read().decode(errors="replace").splitlines():
                _LOG.debug(line)
