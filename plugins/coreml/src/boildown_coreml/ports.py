"""Give an ONNX form the inputs and outputs of the source: names, order, types, an open batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError, replace_nodes
from onnx import helper

from .batch import open_batch

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, ValueInfoProto


def align_ports(form: ModelProto, source: ModelProto) -> None:
    """Rename and cast what goes in and out of `form` to what `source` has, in place.

    The batch is opened where the source's is and no node of `form` mixes samples; else it stays 1.
    Raises UnsupportedError where the two have another number of inputs or outputs.
    """
    for ours, theirs, what in (
        (form.graph.input, source.graph.input, "inputs"),
        (form.graph.output, source.graph.output, "outputs"),
    ):
        if len(ours) != len(theirs):
            raise UnsupportedError(
                f"the saved file has {len(ours)} {what}, the source {len(theirs)}"
            )
    if any(_is_open(value) for value in source.graph.input):
        open_batch(form)
    nodes, starts, ends = list(form.graph.node), [], []
    for index, (ours, theirs) in enumerate(zip(form.graph.input, source.graph.input, strict=True)):
        inner = f"program/input/{index}"
        _rename(nodes, ours.name, inner)
        starts.append(_bridge(theirs.name, inner, theirs, ours))
        ours.name = theirs.name
    for index, (ours, theirs) in enumerate(
        zip(form.graph.output, source.graph.output, strict=True)
    ):
        inner = f"program/output/{index}"
        _rename(nodes, ours.name, inner)
        ends.append(_bridge(inner, theirs.name, ours, theirs))
        ours.name = theirs.name
    for ours, theirs in (
        *zip(form.graph.input, source.graph.input, strict=True),
        *zip(form.graph.output, source.graph.output, strict=True),
    ):
        ours.type.tensor_type.elem_type = theirs.type.tensor_type.elem_type
    replace_nodes(form, [*starts, *nodes, *ends])


def _is_open(value: ValueInfoProto) -> bool:
    lengths = value.type.tensor_type.shape.dim
    return bool(lengths) and lengths[0].dim_value <= 0


def _rename(nodes: list[NodeProto], old: str, new: str) -> None:
    for node in nodes:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new


def _bridge(start: str, end: str, given: ValueInfoProto, wanted: ValueInfoProto) -> NodeProto:
    """Return the node between a port of the source and the program's own."""
    kinds = [value.type.tensor_type.elem_type for value in (given, wanted)]
    if kinds[0] == kinds[1]:
        return helper.make_node("Identity", [start], [end], end)
    return helper.make_node("Cast", [start], [end], end, to=kinds[1])
