"""Write a `.tflite` file again with other names and notes, its graph and constants as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from .decoding import unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALIGNMENT = 16
_SIGNATURE = b"serving_default"
_TYPES = schema.TensorType


class _Builder(flatbuffers.Builder):  # type: ignore[misc]
    """A builder that aligns vectors of bytes as the schema demands of constants.

    Python's generated code leaves `force_align` out; kernels and delegates rely on it.
    """

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:  # noqa: N802, N803
        wanted = _ALIGNMENT if elemSize == 1 else alignment
        start: int = super().StartVector(elemSize, numElems, wanted)
        return start


def write_names(
    content: bytes,
    tensors: Mapping[int, str],
    inputs: Mapping[str, int],
    outputs: Mapping[str, int],
    metadata: Mapping[str, bytes],
) -> bytes:
    """Return the file with these names of tensors, this signature and these metadata entries.

    `inputs` and `outputs` name tensors of the main subgraph, whose ports they become, in order.
    Entries of metadata that are there already stay, unless named here.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    for index, name in tensors.items():
        graph.tensors[index].name = name.encode()
    # Two names of one tensor are two outputs of the signature, but one of the graph.
    graph.inputs = list(dict.fromkeys(inputs.values()))
    graph.outputs = list(dict.fromkeys(outputs.values()))
    signature = schema.SignatureDefT(
        inputs=_ports(inputs), outputs=_ports(outputs), signatureKey=_SIGNATURE, subgraphIndex=0
    )
    model.signatureDefs = [signature]
    kept = [entry for entry in model.metadata or [] if entry.name.decode() not in metadata]
    for name, data in metadata.items():
        model.buffers.append(schema.BufferT(data=np.frombuffer(data, np.uint8)))
        kept.append(schema.MetadataT(name=name.encode(), buffer=len(model.buffers) - 1))
    model.metadata = kept
    return _packed(model, len(content))


def write_inside(content: bytes) -> bytes:
    """Return the file with the constants inside the model that another writer put behind it.

    The schema keeps that for files above 2 GB; tools do it for much smaller ones.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset > 1:
            data = content[buffer.offset : buffer.offset + buffer.size]
            buffer.data, buffer.offset, buffer.size = np.frombuffer(data, np.uint8), 0, 0
    return _packed(model, len(content))


def plain_name(place: int) -> str:
    """Return the name that `write_plainly` gives to a tensor: no network has one like it."""
    return f"tflite_tensor_{place}"


def write_plainly(content: bytes) -> bytes:
    """Return the file for readers with fewer wits: the same numbers, said more simply.

    Tensors of the main subgraph are named by their place, constants of 4 bits stand in 8, and who
    reads a widened integer constant reads the constant. The result is to be read, not to be run:
    a kernel that finds integer weights beside float activations rounds those too.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    widened = set()
    for place, tensor in enumerate(graph.tensors):
        tensor.name = plain_name(place).encode()
        buffer = model.buffers[tensor.buffer]
        if tensor.type != _TYPES.INT4 or buffer.data is None:
            continue
        tensor.type = _TYPES.INT8
        if tensor.buffer not in widened:
            count = int(np.prod(tensor.shape))
            buffer.data = unpack(np.asarray(buffer.data), "INT4")[:count].view(np.uint8)
            widened.add(tensor.buffer)
    direct = {
        operator.outputs[0]: operator.inputs[0]
        for operator in graph.operators
        if _widens_constant(operator, model) and operator.outputs[0] not in graph.outputs
    }
    graph.operators = [o for o in graph.operators if o.outputs[0] not in direct]
    for operator in graph.operators:
        operator.inputs = [direct.get(place, place) for place in operator.inputs]
    return _packed(model, 2 * len(content))


def _widens_constant(operator: Any, model: Any) -> bool:
    code = model.operatorCodes[operator.opcodeIndex]
    given = model.subgraphs[0].tensors[operator.inputs[0]] if len(operator.inputs) else None
    return (
        max(code.builtinCode, code.deprecatedBuiltinCode) == schema.BuiltinOperator.DEQUANTIZE
        and given is not None
        and given.type == _TYPES.INT8
        and model.buffers[given.buffer].data is not None
    )


def _packed(model: Any, size: int) -> bytes:
    builder = _Builder(size + size // 8 + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _ports(names: Mapping[str, int]) -> list[Any]:
    return [schema.TensorMapT(name=name.encode(), tensorIndex=i) for name, i in names.items()]
