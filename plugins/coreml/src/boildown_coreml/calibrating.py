"""Ranges of activations, found on the translated program in place of Core ML itself.

coremltools runs a model to see its activations, which only macOS can, and of several samples it
keeps the range of the last alone. Here the ranges are those of all samples.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import onnx
from boildown import OnnxRuntime

from .toolkit import ct, silently
from .translator import translate_every_value

with silently():
    from coremltools.optimize.coreml import _post_training_quantization as post_training
    from coremltools.optimize.coreml.experimental._model_debugger import ModelDebugger
    from coremltools.optimize.coreml.experimental._post_training_quantization import (
        _adjust_concat_surrounding_activation_stats as align_concats,
    )

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np

#: Value of the program -> its least and greatest number, under coremltools' names.
Ranges = dict[str, dict[str, float]]


def activation_ranges(
    package: Path, samples: Iterable[dict[str, np.ndarray]], workdir: Path, threads: int = 1
) -> Ranges:
    """Return the range of every real value of a saved ML Program over all samples.

    A sample maps the program's input names to arrays of the shapes that it takes (a batch of 1).
    Values that concatenations join get one range, as coremltools wants it.
    """
    path = workdir / "every-value.onnx"
    onnx.save(translate_every_value(package), path)
    runtime, ranges = OnnxRuntime(path, threads), dict[str, dict[str, float]]()
    for sample in samples:
        for name, values in {**sample, **runtime.run(sample)}.items():
            if values.dtype.kind != "f":
                continue
            known = ranges.setdefault(name, {"rmin": float("inf"), "rmax": float("-inf")})
            known["rmin"] = min(known["rmin"], float(values.min()))
            known["rmax"] = max(known["rmax"], float(values.max()))
    with silently():
        model = ct.models.MLModel(str(package), skip_model_load=True)
        align_concats(ModelDebugger(model)._get_concat_op_info(), ranges)  # noqa: SLF001 - its only door
    return ranges


@contextlib.contextmanager
def calibrated(ranges: Ranges) -> Iterator[None]:
    """Let coremltools' `linear_quantize_activations` take these ranges, whatever its samples."""

    def given(*_: Any) -> Ranges:  # noqa: ANN401 - what coremltools passes
        return ranges

    kept = post_training._get_activation_calibration_stats  # noqa: SLF001 - there is no other way in
    post_training._get_activation_calibration_stats = given  # noqa: SLF001 - the same
    try:
        yield
    finally:
        post_training._get_activation_calibration_stats = kept  # noqa: SLF001 - the same
