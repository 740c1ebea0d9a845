"""Normalisations: channels lose their factors and summands, and are left out of means."""

from __future__ import annotations

from ..node import Node, Stay


def _batch_norm(node: Node) -> None:
    """Follow statistics, factor and summand of each channel."""
    if node.attribute("training_mode", 0) or node.attribute("spatial", 1) != 1:
        raise Stay("trains, or has statistics for each pixel")
    _vectors(node, 1)


def _vectors(node: Node, axis: int) -> None:
    ids = node.ids(0, axis)
    if not all(node.is_stored(index) for index in range(1, len(node.inputs))):
        raise Stay("has factors that are computed")
    for index in range(1, len(node.inputs)):
        node.cut(index, 0, ids, weighs=index == 1)
    node.give(axis, ids)


def _instance_norm(node: Node) -> None:
    """Follow factor and summand of each channel; each is normalised for itself."""
    _vectors(node, 1)


def _layer_norm(node: Node) -> None:
    """Follow a norm over channels, of which those that go are left out, or over other axes."""
    found, rank = node.channels(), len(node.shape())
    if found is None:
        return
    axis = node.attribute("axis", -1) % rank
    if len([name for name in node.proto.output if name]) > 1:
        raise Stay("puts out its statistics")
    for index in (1, 2):
        if not node.has(index):
            continue
        if not node.is_stored(index):
            raise Stay("has factors that are computed")
        own = found.axis - rank + len(node.shape(index))
        if own >= 0 and node.shape(index)[own] > 1:
            node.cut(index, own, found.ids, weighs=index == 1)
    if found.axis >= axis and rank - axis > 1:
        raise Stay("takes their means together with others")
    node.give(found.axis, found.ids)


RULES = {
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
}
