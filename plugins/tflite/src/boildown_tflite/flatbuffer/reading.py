"""Read a `.tflite` file, which may come from anyone, into plain values.

The schema is the one that LiteRT ships (tensorflow/lite/schema/schema.fbs). Nothing is believed of
a file before it is checked: a vector must lie within the file, and all of them together cannot be
longer than it, since no writer stores two in one place.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from boildown import ModelError

if TYPE_CHECKING:
    from pathlib import Path

_IDENTIFIER = b"TFL3"
#: Of any tensor: LiteRT's own kernels stop at 8 (`kMaxDim` is 6 to 8).
_MAX_RANK = 16
_OPERATORS = {
    number: name for name, number in vars(schema.BuiltinOperator).items() if name.isupper()
}
_TYPES = {number: name for name, number in vars(schema.TensorType).items() if name.isupper()}
#: What a damaged file makes the generated readers raise.
_BROKEN = (struct.error, IndexError, ValueError, TypeError, UnicodeDecodeError, OverflowError)


class Quantization(NamedTuple):
    """value = scale x (code - zero), with one scale, or one for each entry of `axis`."""

    scale: np.ndarray
    zero: np.ndarray
    axis: int
    #: Bytes that both take in the file.
    bytes: int


class Tensor(NamedTuple):
    """One tensor; `data` are the bytes of a constant, None for what is computed."""

    place: int
    name: str
    type: str
    shape: tuple[int, ...]
    #: As `shape`, with -1 where a length is open.
    signature: tuple[int, ...]
    quantization: Quantization | None
    #: Constants may share a buffer, which stands in the file once.
    buffer: int
    data: np.ndarray | None
    #: Why the numbers cannot be decoded although they are there; empty: they can.
    obstacle: str = ""


class Operator(NamedTuple):
    """One operator with the indices of its tensors; -1 is an input that is left out."""

    code: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class File(NamedTuple):
    """The main subgraph of a file, and what is said about it."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    #: Names of the first signature with their tensors.
    input_names: dict[str, int]
    output_names: dict[str, int]
    metadata: dict[str, bytes]
    subgraphs: int


def read_file(path: Path) -> File:
    """Read the file; raises ModelError where it is missing, damaged or of another kind."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    return read_bytes(content, str(path))


def read_bytes(content: bytes, name: str = "the model") -> File:
    """Read a file's bytes; `name` stands in the ModelError that a damaged one raises."""
    if content[4:8] != _IDENTIFIER:
        raise ModelError(f"{name}: not a .tflite file: it lacks the mark {_IDENTIFIER.decode()}")
    try:
        return _Reader(content).file()
    except _BROKEN as error:
        raise ModelError(f"{name}: the .tflite file is damaged or cut off: {error}") from error


class _Reader:
    """Turns the generated accessors' answers into values, within the bounds of the file."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.left = len(content)
        self.model = schema.Model.GetRootAs(content, 0)
        self.buffers = self._count(self.model.BuffersLength())
        #: A buffer is charged once, however many tensors share it.
        self.charged: dict[int, np.ndarray | None] = {}

    def file(self) -> File:
        if self.model.SubgraphsLength() < 1:
            raise ValueError("it has no subgraph")
        graph = self.model.Subgraphs(0)
        tensors = [
            self._tensor(index, graph.Tensors(index))
            for index in range(self._count(graph.TensorsLength()))
        ]
        codes = [
            self._code(self.model.OperatorCodes(index))
            for index in range(self._count(self.model.OperatorCodesLength()))
        ]
        operators = [
            self._operator(graph.Operators(index), codes, len(tensors))
            for index in range(self._count(graph.OperatorsLength()))
        ]
        inputs, outputs = self._names(len(tensors))
        return File(
            tuple(tensors),
            tuple(operators),
            self._indices(graph.InputsAsNumpy(), len(tensors)),
            self._indices(graph.OutputsAsNumpy(), len(tensors)),
            inputs,
            outputs,
            self._metadata(),
            self.model.SubgraphsLength(),
        )

    def _count(self, length: int, size: int = 4) -> int:
        """Charge a vector to what the file can hold."""
        self.left -= length * size
        if self.left < 0:
            raise ValueError("its vectors are longer than the file")
        return length

    def _array(self, found: Any) -> np.ndarray:
        array = np.asarray(found) if isinstance(found, np.ndarray) else np.zeros(0, np.int64)
        self._count(array.size, array.itemsize)
        return array

    def _indices(self, found: Any, count: int) -> tuple[int, ...]:
        indices = tuple(int(index) for index in self._array(found))
        if any(not -1 <= index < count for index in indices):
            raise ValueError("an operator or port names a tensor that is not there")
        return indices

    def _text(self, found: bytes | None) -> str:
        self._count(len(found or b""), 1)
        return (found or b"").decode()

    def _code(self, code: Any) -> str:
        # Codes beyond a byte stand in the newer field, which older files lack.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = _OPERATORS.get(number, f"operator {number}")
        return self._text(code.CustomCode()) if name == "CUSTOM" else name

    def _operator(self, operator: Any, codes: list[str], count: int) -> Operator:
        return Operator(
            codes[operator.OpcodeIndex()],
            self._indices(operator.InputsAsNumpy(), count),
            self._indices(operator.OutputsAsNumpy(), count),
        )

    def _tensor(self, index: int, tensor: Any) -> Tensor:
        shape = tuple(int(length) for length in self._array(tensor.ShapeAsNumpy()))
        signature = tuple(int(length) for length in self._array(tensor.ShapeSignatureAsNumpy()))
        if len(shape) > _MAX_RANK or any(length < 0 for length in shape):
            raise ValueError(f"tensor {index} has the shape {shape}")
        return Tensor(
            place=index,
            name=self._text(tensor.Name()),
            type=_TYPES.get(tensor.Type(), f"type {tensor.Type()}"),
            shape=shape,
            signature=signature if len(signature) == len(shape) else shape,
            quantization=self._quantization(tensor.Quantization()),
            buffer=tensor.Buffer(),
            data=self._data(tensor.Buffer()),
            obstacle=_obstacle(tensor),
        )

    def _quantization(self, found: Any) -> Quantization | None:
        if found is None or not found.ScaleLength():
            return None
        scale = self._array(found.ScaleAsNumpy()).astype(np.float32)
        zero = self._array(found.ZeroPointAsNumpy()).astype(np.int64)
        stored = 4 * scale.size + 8 * zero.size
        zero = zero if zero.size else np.zeros(scale.size, np.int64)
        if scale.size != zero.size:
            raise ValueError(f"{scale.size} scales come with {zero.size} zero points")
        return Quantization(scale, zero, int(found.QuantizedDimension()), stored)

    def _data(self, buffer: int) -> np.ndarray | None:
        if not 0 <= buffer < self.buffers:
            raise ValueError(f"a tensor names buffer {buffer} of {self.buffers}")
        if buffer not in self.charged:
            found = self.model.Buffers(buffer)
            if found.Offset() > 1:  # 1 marks "none" in some writers
                raise ValueError("its constants stand behind the model (files above 2 GB)")
            array = self._array(found.DataAsNumpy())
            self.charged[buffer] = array if array.size else None
        return self.charged[buffer]

    def _names(self, count: int) -> tuple[dict[str, int], dict[str, int]]:
        if self.model.SignatureDefsLength() < 1:
            return {}, {}
        found = self.model.SignatureDefs(0)
        return (
            self._ports(found.Inputs, self._count(found.InputsLength()), count),
            self._ports(found.Outputs, self._count(found.OutputsLength()), count),
        )

    def _ports(self, port: Any, length: int, count: int) -> dict[str, int]:
        ports = {self._text(port(i).Name()): int(port(i).TensorIndex()) for i in range(length)}
        if any(index >= count for index in ports.values()):
            raise ValueError("its signature names a tensor that is not there")
        return ports

    def _metadata(self) -> dict[str, bytes]:
        found = {}
        for index in range(self._count(self.model.MetadataLength())):
            entry = self.model.Metadata(index)
            data = self._data(entry.Buffer())
            found[self._text(entry.Name())] = b"" if data is None else data.tobytes()
        return found


def _obstacle(tensor: Any) -> str:
    if tensor.Sparsity() is not None:
        return "its zeros are left out (sparse encoding)"
    found = tensor.Quantization()
    if found is not None and found.DetailsType() != schema.QuantizationDetails.NONE:
        return "its scales stand in a table of their own (blockwise quantization)"
    return ""
