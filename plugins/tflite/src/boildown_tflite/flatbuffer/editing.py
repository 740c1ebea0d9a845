"""Write a `.tflite` file again with other names and notes, its graph and constants as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALIGNMENT = 16
_SIGNATURE = b"serving_default"


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
    builder = _Builder(len(content) + len(content) // 8 + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _ports(names: Mapping[str, int]) -> list[Any]:
    return [schema.TensorMapT(name=name.encode(), tensorIndex=i) for name, i in names.items()]
