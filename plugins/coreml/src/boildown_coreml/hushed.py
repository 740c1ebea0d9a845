"""Keep what compiled libraries write to standard output and error away from the user."""

from __future__ import annotations

import contextlib
import io
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
    printed = io.StringIO()
    with (
        tempfile.TemporaryFile() as caught,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        try:
            for stream in _STREAMS:
                os.dup2(caught.fileno(), stream)
            yield
        finally:
            for stream, copy in zip(_STREAMS, kept, strict=True):
                os.dup2(copy, stream)
                os.close(copy)
            caught.seek(0)
            compiled = caught.read().decode(errors="replace")
            for line in (compiled + printed.getvalue()).splitlines():
                _LOG.debug(line)
