"""Keep what TensorFlow and its tools write and warn of away from the user; it goes to the log.

TensorFlow, MLIR, LiteRT and XNNPACK write to the descriptors, absl and tf2onnx through Python's
logging, Keras by warnings: all of them are caught.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from typing import TYPE_CHECKING

from boildown import hushed

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)
#: Loggers that have handlers of their own on standard error.
_NOISY = ("absl", "tensorflow", "tf2onnx")


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Log what is written, logged by these tools or warned of within."""
    levels = {name: logging.getLogger(name).level for name in _NOISY}
    with hushed(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            for warning in caught:
                _LOG.debug("%s", warning.message)
