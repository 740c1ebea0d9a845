"""The one door to coremltools: imported once, without what it would drag in, and silently.

coremltools imports every framework it finds and could convert from. TensorFlow and PyTorch cost
gigabytes and half a minute, and nothing here converts from them.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from typing import TYPE_CHECKING

from boildown import hushed

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNUSED = ("tensorflow", "torch")


@contextlib.contextmanager
def _without_frameworks() -> Iterator[None]:
    """Make frameworks look as if they were not installed; those already imported come back."""
    kept = {name: sys.modules.get(name) for name in _UNUSED}
    for name in _UNUSED:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name, module in kept.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module


@contextlib.contextmanager
def silently() -> Iterator[None]:
    """Send everything that coremltools prints, warns of and logs within to our own log."""
    with hushed(), warnings.catch_warnings(action="ignore"):
        yield


with silently(), _without_frameworks():
    import coremltools as ct
    import coremltools.optimize.coreml as cto
    import onnx2coreml
    from coremltools.converters.mil.frontend.milproto.load import load as load_program
    from coremltools.converters.mil.mil import types as mil_types
    from coremltools.models.neural_network import quantization_utils as network_quantization

# Its handler holds on to the standard error of the moment of its import.
logging.getLogger("coremltools").handlers.clear()

__all__ = [
    "ct",
    "cto",
    "load_program",
    "mil_types",
    "network_quantization",
    "onnx2coreml",
    "silently",
]
