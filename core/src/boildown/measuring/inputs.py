"""What goes into a model: its ports, read from the ONNX source, and one batch of inputs to time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, ModelError
from ..model.ports import declared_ports
from .outputs import bound_inputs
from .requests import ModelIO, Port, Sample

if TYPE_CHECKING:
    from pathlib import Path

    from ..data.manifest import DataManifest, SplitName


def model_io(path: Path) -> ModelIO:
    """Read inputs and outputs of an ONNX file.

    Raises ModelError for a graph without inputs, outputs, or with an input of unknown type.
    """
    given, made = declared_ports(path)
    inputs, outputs = [_port(port, path) for port in given], [port.name for port in made]
    if not inputs or not outputs:
        raise ModelError(f"{path}: the graph has no {'outputs' if inputs else 'inputs'} to measure")
    return ModelIO(inputs=tuple(inputs), outputs=tuple(outputs))


def write_sample(
    path: Path, io: ModelIO, data: DataManifest | None, split: SplitName = "test", seed: int = 0
) -> Sample:
    """Store the first batch of a split at `path`; of batch 1, or of the size the graph fixes.

    Without data the inputs are seeded normal noise (zeros for integers), which needs fixed axes:
    DataError names the free ones.
    """
    size = io.batch or 1
    inputs = _noise(io, size, seed) if data is None else _first_batch(io, data, split, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, *inputs.values())
    return Sample(path=path, names=tuple(inputs), batch=size)


def _first_batch(
    io: ModelIO, data: DataManifest, split: SplitName, size: int
) -> dict[str, np.ndarray]:
    from ..data.batches import batches

    batch = next(iter(batches(data, split, size)), None)
    if batch is None:
        raise DataError(f"{data.uri}: the split {split!r} is empty, so there is nothing to time")
    inputs = bound_inputs(batch.inputs, io)
    repeats = np.resize(np.arange(len(next(iter(inputs.values())))), size)
    return {name: array[repeats] for name, array in inputs.items()}


def _noise(io: ModelIO, size: int, seed: int) -> dict[str, np.ndarray]:
    free = [
        f"{port.name} (axis {axis})"
        for port in io.inputs
        for axis, length in enumerate(port.shape)
        if length is None and axis > 0
    ]
    if free:
        raise DataError(
            f"the model's inputs have free axes: {', '.join(free)}; give data, so that they have "
            f"a length to measure with"
        )
    generator = np.random.default_rng(seed)
    return {port.name: _array(port, size, generator) for port in io.inputs}


def _array(port: Port, size: int, generator: np.random.Generator) -> np.ndarray:
    shape = tuple(size if length is None else length for length in port.shape)
    if np.issubdtype(np.dtype(port.dtype), np.floating):
        return generator.standard_normal(shape).astype(port.dtype)
    return np.zeros(shape, dtype=port.dtype)


def _port(port: Any, path: Path) -> Port:  # noqa: ANN401 - a protobuf message
    import onnx

    tensor = port.type.tensor_type
    if not port.type.HasField("tensor_type") or not tensor.HasField("shape"):
        raise ModelError(f"{path}: input {port.name!r} is no tensor of known rank")
    shape = tuple(
        axis.dim_value if axis.HasField("dim_value") else None for axis in tensor.shape.dim
    )
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    return Port(name=port.name, shape=shape, dtype=dtype.name)
