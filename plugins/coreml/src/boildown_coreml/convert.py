"""ONNX → Core ML, as an ML Program (`.mlpackage`) or a neural network (`.mlmodel`)."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import Artifact, UnsupportedError, source_layers
from onnx import TensorProto, numpy_helper

from .checking import check_program
from .converting import (  # noqa: F401 - each registers its rules
    products,
    recurrent,
    resizing,
    rules,
)
from .converting.lowering import ExactConverter
from .converting.preparing import folded, prepare
from .formats import TARGETS
from .toolkit import ct, onnx2coreml, silently

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

    from .formats import Precision, Target

#: Passes of coremltools that would merge equal weights or put new ones in their place, so that
#: they would lose the names of their layers; and one that makes what ONNX cannot say.
_LEFT_OUT = (
    "common::const_deduplication",
    "common::fuse_conv_batchnorm",
    "common::fuse_conv_scale",
    "common::fuse_linear_bias",
    "common::fuse_matmul_weight_bias",
    "common::compose_conv1d",
    "common::detect_concat_interleave",
)
_LARGEST_HALF = 65504.0


def convert(
    source: ModelProto,
    path: Path,
    *,
    target: Target = "iOS15",
    highest: Target = "iOS18",
    precision: Precision = "float16",
) -> tuple[Artifact, Target]:
    """Write the normalised ONNX model `source` as an ML Program to the folder `path`.

    The program takes one sample at a time, or the batch that the source fixes. Its inputs and
    outputs bear the source's names, with `_` in place of what is no letter or digit; its layers are
    named as in `names.py`. Returns the artifact with the deployment target that it has: `target`,
    or the lowest above it, up to `highest`, with which the network can be said.

    Raises:
        UnsupportedError: A node has no exact form in Core ML; a constant is too large for float16.
    """
    if precision == "float16":
        _refuse_overflow(source)
    allowed = TARGETS[TARGETS.index(target) : TARGETS.index(highest) + 1]
    try:
        return _written(source, path, allowed[0], precision), allowed[0]
    except UnsupportedError:
        # What the newest system cannot do, no other can: the first reason is then the best.
        if len(allowed) == 1 or not _is_possible(source, allowed[-1], precision):
            raise
    for tried in allowed[1:-1]:
        with contextlib.suppress(UnsupportedError):
            return _written(source, path, tried, precision), tried
    return _written(source, path, allowed[-1], precision), allowed[-1]


def _is_possible(source: ModelProto, target: Target, precision: Precision) -> bool:
    try:
        _program(source, target, precision)
    except UnsupportedError:
        return False
    return True


def _written(source: ModelProto, path: Path, target: Target, precision: Precision) -> Artifact:
    """Write a program for one target and read it back."""
    _write(_program(source, target, precision), path)
    check_program(path, source_layers(source))
    return Artifact(path=path, format="mlpackage")


def convert_network(source: ModelProto, path: Path) -> Artifact:
    """Write `source` as a neural network of float32 to the file `path`; otherwise as `convert`.

    This older format runs on iOS 13 and later and keeps activations in whatever width the device
    chooses.
    """
    from .neuralnetwork import check_network

    model = _converted(source, "iOS15", {"convert_to": "neuralnetwork"})
    _write(model, path)
    check_network(path, source)
    return Artifact(path=path, format="mlmodel")


def _program(source: ModelProto, target: Target, precision: Precision) -> Any:
    settings = {
        "convert_to": "mlprogram",
        "minimum_deployment_target": getattr(ct.target, target),
        "compute_precision": getattr(ct.precision, precision.upper()),
    }
    return _converted(source, target, settings)


def _converted(source: ModelProto, target: Target, settings: dict[str, Any]) -> Any:
    with silently():
        prepared = prepare(source)
        converter = ExactConverter(prepared)
        try:
            program = converter.to_mil(prepared, target=getattr(ct.target, target))
        except onnx2coreml.errors.Onnx2CoreMLError as error:
            raise UnsupportedError(f"Core ML cannot take this model: {_line(error)}") from error
        pipeline = ct.PassPipeline.DEFAULT
        pipeline.remove_passes(_LEFT_OUT)
        try:
            return ct.convert(program, pass_pipeline=pipeline, skip_model_load=True, **settings)
        # coremltools raises whatever its passes run into.
        except Exception as error:
            raise UnsupportedError(
                f"coremltools cannot write this network: {_line(error)}"
            ) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:400]


def _write(model: Any, path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    with silently():
        model.save(str(path))


def _refuse_overflow(source: ModelProto) -> None:
    """Refuse constants that float16 cannot hold, which would be cut off at its greatest number."""
    model = folded(source)
    layers = {layer.weight: f"layer {layer.name}" for layer in source_layers(model)}
    found = [
        layers.get(tensor.name, f"tensor {tensor.name}")
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.FLOAT
        and np.abs(numpy_helper.to_array(tensor)).max(initial=0) > _LARGEST_HALF
    ]
    if found:
        raise UnsupportedError(
            f"numbers of {', '.join(found)} are larger than float16 can hold ({_LARGEST_HALF:g});"
            " ask for precision float32"
        )
