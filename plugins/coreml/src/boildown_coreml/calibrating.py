"""Ranges of activations, found on the translated program in place of Core ML itself.

coremltools runs a model to see its activations, which only macOS can, and of several samples it
keeps the range of the last alone. Here the ranges are those of all samples.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from boildown import OnnxRuntime

from .toolkit import ct, mil_types, silently
from .translator import translate_every_value

with silently():
    from coremltools.converters.mil.mil.passes.pass_registry import PASS_REGISTRY
    from coremltools.optimize import _utils as scaling
    from coremltools.optimize.coreml import _post_training_quantization as post_training
    from coremltools.optimize.coreml.experimental._model_debugger import ModelDebugger
    from coremltools.optimize.coreml.experimental._post_training_quantization import (
        _adjust_concat_surrounding_activation_stats as align_concats,
    )

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .formats import Precision

#: The pass that quantizes what operators read.
_PREFIX = "compression::insert_prefix_quantize_dequantize_pair"
#: The pass that quantizes what operators give, behind an activation that it knows.
_SUFFIX = "compression::insert_suffix_quantize_dequantize_pair"
#: Activations that it does not know: it has another name for `sigmoid_hard`, and no `clip`.
_BOUNDING = {"sigmoid_hard", "clip"}
#: Operators that keep the order of numbers; coremltools rounds before them as before layers.
_KEEPING_ORDER = {"cast", "softmax", "reshape", "squeeze", "expand_dims", "transpose", "identity"}
#: The least and the greatest number of a value, under coremltools' names.
Range = dict[str, float]
#: By value of the program.
Ranges = dict[str, Range]


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
        align_concats(ModelDebugger(model)._get_concat_op_info(), ranges)  # noqa: SLF001 - no option of the pass reaches it
    return ranges


@contextlib.contextmanager
def calibrated(ranges: Ranges, precision: Precision = "float16") -> Iterator[None]:
    """Let coremltools' `linear_quantize_activations` take these ranges, whatever its samples.

    It quantizes behind bounding activations and not before them, where values reach far beyond, and
    leaves the scores alone: rounded ones are often equal, which makes wrong winners. Sums of whole
    numbers, such as the rows to look up in a table, stay as they are.
    coremltools gives every scale in float16, which a program of float32 does not take: its scales
    get the `precision` of the program.
    """

    def given(*_: Any) -> Ranges:
        return ranges

    def range_of(activation_stats: Ranges, var_name: str) -> np.ndarray:
        found = activation_stats[var_name]
        return np.array([found["rmin"], found["rmax"]], np.dtype(precision))

    inputs, outputs = type(PASS_REGISTRY[_PREFIX]), type(PASS_REGISTRY[_SUFFIX])
    quantize_inputs = inputs.transform_op
    known = outputs._allowed_activations  # noqa: SLF001 - its only door
    transform = outputs._try_apply_transform  # noqa: SLF001 - no option leaves an operator out

    def but_of_whole_numbers(rounds: Any, operator: Any) -> None:
        read = operator.inputs.get("x")
        if read is not None and mil_types.is_float(read.dtype):
            quantize_inputs(rounds, operator)

    def but_of_scores(rounds: Any, last: Any, *rest: Any) -> bool:
        return not _gives_scores(last) and transform(rounds, last, *rest)

    with (
        _replaced(post_training, "_get_activation_calibration_stats", given),
        _replaced(scaling, "get_min_and_max_values", range_of),
        _replaced(inputs, "transform_op", but_of_whole_numbers),
        _replaced(outputs, "_allowed_activations", known | _BOUNDING),
        _replaced(outputs, "_try_apply_transform", but_of_scores),
    ):
        yield


def _gives_scores(operator: Any) -> bool:
    """Tell whether an operator's result leaves the program as it is, or in the same order.

    It may be read inside as well: coremltools cannot round what leaves the program.
    """
    if any(given.consuming_blocks for given in operator.outputs):
        return True
    readers = [reader for given in operator.outputs for reader in given.child_ops]
    return all(reader.op_type in _KEEPING_ORDER and _gives_scores(reader) for reader in readers)


@contextlib.contextmanager
def of_inputs_alone() -> Iterator[None]:
    """Let it quantize what layers read, and not what they give as well."""
    outputs = type(PASS_REGISTRY[_SUFFIX])
    with _replaced(outputs, "apply", lambda *_: None):
        yield


@contextlib.contextmanager
def _replaced(owner: Any, name: str, function: Any) -> Iterator[None]:
    """Put a function of ours in the place of one of coremltools', which has no other way in."""
    kept = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, kept)
