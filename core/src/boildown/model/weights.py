"""The weight of one node that takes floats or a table; `quantized` reads all other operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import ModelError
from .codes import Code, stored_code
from .dequantize import dequantize
from .layers import RECURRENT, weight_positions

if TYPE_CHECKING:
    import numpy as np
    import onnx

    from .folding import Constants
    from .layers import Layer


class Weight(NamedTuple):
    """Decoded numbers with the axis of their output channels and the tensors they come from."""

    values: np.ndarray
    axis: int
    code: Code
    sources: frozenset[str]


class Site(NamedTuple):
    """One node in its graph."""

    node: onnx.NodeProto
    layer: Layer
    graph: onnx.GraphProto
    constants: Constants

    def input(self, index: int) -> str:
        """Return the name of an input, empty where it is left out."""
        return self.node.input[index] if index < len(self.node.input) else ""

    def users(self, name: str, op: str) -> list[onnx.NodeProto]:
        """Return the nodes of one operator that read the tensor `name`."""
        return [node for node in self.graph.node if node.op_type == op and name in node.input]


def from_parts(site: Site, codes: str, scale: str, zero: str, *, axis: int) -> Weight:
    """Dequantize a weight whose codes, scale and zero point are separate constants."""
    parts = [name for name in (codes, scale, zero) if name]
    for name in parts:
        if name not in site.constants.names:
            raise ModelError(f"{name!r} of node {site.node.name!r} is not constant in the file")
    values = dequantize(
        site.constants.value(codes),
        site.constants.value(scale),
        site.constants.value(zero) if zero else None,
        axis=axis,
    )
    sources = frozenset().union(*(site.constants.sources(name) for name in parts))
    return Weight(values, axis, stored_code(site.constants, codes), sources)


def read_plain(site: Site) -> Weight:
    """Read a float operator: its weight is the constant that feeds it."""
    positions = weight_positions(site.node, site.constants.names)
    if site.node.op_type in RECURRENT:
        wanted = "WR".index(site.layer.name[-1]) + 1
        positions = [item for item in positions if item[0] == wanted]
    if not positions:
        raise ModelError(
            f"node {site.node.name!r} ({site.node.op_type}) has no weight that can be computed"
            " from constants of the file"
        )
    index, axis = positions[0]
    name = site.node.input[index]
    values = site.constants.value(name)
    if values.dtype.kind in "iu" and site.node.op_type == "Gather":
        return _table(site, name, axis)
    code = stored_code(site.constants, name)
    return Weight(values, axis, code, frozenset(site.constants.sources(name)))


def _table(site: Site, name: str, axis: int) -> Weight:
    """Read an embedding that is looked up as integers and dequantized afterwards."""
    after = next(iter(site.users(site.node.output[0], "DequantizeLinear")), None)
    if after is None:
        raise ModelError(f"the integer table of node {site.node.name!r} is never dequantized")
    zero = after.input[2] if len(after.input) > 2 else ""  # noqa: PLR2004 - the third input
    return from_parts(site, name, after.input[1], zero, axis=axis)
