"""What goes into a file and comes out of it, as a program that loads the file sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frozen import Frozen

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ValueInfoProto


class Port(Frozen):
    """One input or output of a file, as a program that loads it must feed it."""

    name: str
    #: Numpy's word: float32, int8, …
    dtype: str
    #: A name stands for an axis of any length.
    shape: tuple[int | str, ...]
    #: `nchw` or `nhwc` for images, else empty.
    layout: str = ""
    #: real = scale * (stored - zero_point), for inputs and outputs that are not float.
    scale: float | None = None
    zero_point: int | None = None
    #: The source model's name for it, where that is another.
    source_name: str | None = None


class Ports(Frozen):
    """All inputs and outputs of a file, in its order."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def onnx_ports(path: Path) -> Ports:
    """Read them from an ONNX file."""
    inputs, outputs = declared_ports(path)
    return Ports(inputs=tuple(map(_port, inputs)), outputs=tuple(map(_port, outputs)))


def declared_ports(path: Path) -> tuple[list[ValueInfoProto], list[ValueInfoProto]]:
    """Return inputs and outputs as an ONNX file declares them.

    Weights that count as inputs are none, and those that lie outside are not read.
    """
    import onnx  # reports know ports and must do without

    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    return [port for port in graph.input if port.name not in weights], list(graph.output)


def _port(port: ValueInfoProto) -> Port:
    from onnx.helper import tensor_dtype_to_np_dtype

    from .shapes import declared_shape

    shape = tuple("N" if axis is None else axis for axis in declared_shape(port))
    return Port(
        name=port.name,
        dtype=tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type).name,
        shape=shape,
    )
