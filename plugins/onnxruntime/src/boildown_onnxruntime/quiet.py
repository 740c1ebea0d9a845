"""Keep what ONNX Runtime's tools print, and how they set up logging, away from the host."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def logging_left_alone() -> Iterator[None]:
    """Undo what `logging.basicConfig` does to the root logger within."""
    # With a handler in place basicConfig does nothing at all, and so does logging.info.
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)


@contextlib.contextmanager
def prints_logged() -> Iterator[None]:
    """Log what is printed within instead of letting it through."""
    printed = io.StringIO()
    with logging_left_alone(), contextlib.redirect_stdout(printed):
        yield
    for line in printed.getvalue().splitlines():
        _LOG.info(line)
