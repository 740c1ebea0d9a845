"""The one door to NNI: imported once, without what it would drag in, and silently.

NNI asks every framework it finds for its version. TensorFlow alone costs a gigabyte and a quarter
of a minute, and nothing here uses it.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from typing import TYPE_CHECKING

from boildown import hushed

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNUSED = ("tensorflow", "pytorch_lightning", "lightning", "transformers", "deepspeed")


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
    """Send everything that NNI prints, warns of and logs within to our own log."""
    with hushed(), warnings.catch_warnings(action="ignore"):
        yield


with silently(), _without_frameworks():
    import nni
    from nni.compression import TorchEvaluator, distillation, pruning, quantization
    from nni.compression.base.setting import QuantizationSetting
    from nni.compression.speedup import ModelSpeedup, dependency

# Its handler holds on to the standard output of the moment of its import.
nni.silence_stdout()

__all__ = [
    "ModelSpeedup",
    "QuantizationSetting",
    "TorchEvaluator",
    "dependency",
    "distillation",
    "nni",
    "pruning",
    "quantization",
    "silently",
]
