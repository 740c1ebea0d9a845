"""The one form in which every source model enters: checked, private, named, in plain float32.

Importers rely on it: one file without external data, functions, Constant nodes or metadata; a
straight graph of named nodes whose weights are initializers; fixed shapes but for the batch.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
from onnx import checker, inliner, shape_inference

from ..errors import ModelError
from ..files import write_atomically
from ..frozen import Frozen
from .check import MAX_BYTES, one_line, read_onnx
from .initializers import densify, plain_initializers
from .naming import name_nodes
from .rules import objections_to_graph, objections_to_weights
from .shapes import Shape, declared_shape
from .sharing import separate_roles
from .stored import tensor_bytes
from .strip import name_standard_domain, strip_noise
from .weightless import without_weights

if TYPE_CHECKING:
    from collections.abc import Iterable


class NormalizedModel(Frozen):
    """A private copy of a source model, and what its inputs and outputs look like.

    A shape has a number for each fixed axis, a name or None for an open one.
    """

    path: Path
    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    opset: int
    sha256: str
    #: Names of the weights that were copied since one tensor served in different roles, and
    #: their bytes, by which the file is larger than it need be.
    copied: tuple[str, ...] = ()
    copied_bytes: int = 0

    @property
    def batch(self) -> int | None:
        """The batch size that the model is fixed to, None where it is open."""
        first = next((shape[0] for shape in self.inputs.values() if shape), None)
        return first if isinstance(first, int) else None


def normalize(path: Path, destination: Path) -> NormalizedModel:
    """Check the ONNX file at `path` and write its normal form to the file `destination`.

    The same input makes the same bytes. Raises ModelError, with everything that is wrong at once,
    for files that are broken, unsafe or near protobuf's 2 GB, and for models with control flow,
    sequences, custom domains (other than `com.microsoft`), open axes beside the batch, weights
    that are not float32 or not finite, and models that are quantized already.
    """
    model = _checked(read_onnx(path), path)
    _refuse(objections_to_graph(model), path)
    strip_noise(model)
    try:
        plain_initializers(model)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
        raise ModelError(f"{path}: a constant cannot be computed: {one_line(error)}") from error
    _refuse(objections_to_weights(model), path)
    name_nodes(model.graph)
    copied = separate_roles(model)
    model = _with_shapes(model, path)
    content = _serialized(model, path)
    write_atomically(destination, content)
    return NormalizedModel(
        path=destination,
        inputs={value.name: declared_shape(value) for value in model.graph.input},
        outputs={value.name: declared_shape(value) for value in model.graph.output},
        opset=next(item.version for item in model.opset_import if item.domain == ""),
        sha256=hashlib.sha256(content).hexdigest(),
        copied=tuple(copied),
        copied_bytes=sum(
            tensor_bytes(tensor) for tensor in model.graph.initializer if tensor.name in copied
        ),
    )


def _checked(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """Let onnx check the model and put its local functions in line."""
    name_standard_domain(model)
    try:
        densify(model.graph)
        model = without_weights(model, _inlined_and_checked)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (
        checker.ValidationError,
        shape_inference.InferenceError,
        ValueError,
        TypeError,
        LookupError,
        RuntimeError,
    ) as error:
        raise ModelError(
            f"{path}: not a valid ONNX model: {one_line(error)}. Export it again, or ask the"
            " tool that wrote it"
        ) from error
    return model


def _inlined_and_checked(model: onnx.ModelProto) -> onnx.ModelProto:
    model = inliner.inline_local_functions(model)
    # The checker wants the shapes of outputs, which many exporters leave to inference.
    model = shape_inference.infer_shapes(model)
    checker.check_model(model, full_check=True)
    return model


def _with_shapes(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    try:
        model = without_weights(model, _with_strict_shapes)
    except (shape_inference.InferenceError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: its shapes do not fit together: {one_line(error)}") from error
    ordered = sorted(model.graph.value_info, key=lambda value: value.name)
    del model.graph.value_info[:]
    model.graph.value_info.extend(ordered)
    return model


def _with_strict_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    return shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)


def _serialized(model: onnx.ModelProto, path: Path) -> bytes:
    size = model.ByteSize()
    if size > MAX_BYTES:
        raise ModelError(
            f"{path}: in one file the model takes {size:,} bytes, more than the {MAX_BYTES:,} that"
            " an ONNX file can hold (protobuf's limit of 2 GB)"
        )
    return bytes(model.SerializeToString(deterministic=True))


def _refuse(objections: Iterable[str], path: Path) -> None:
    if found := list(objections):
        rest = f"; and {len(found) - 8} more" if len(found) > 8 else ""  # noqa: PLR2004 - a paragraph
        raise ModelError(f"{path}: {'; '.join(found[:8])}{rest}")
