"""Unique names for all nodes: a node's name is its layer's identity in every toolkit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .layers import RECURRENT

if TYPE_CHECKING:
    import onnx


def name_nodes(graph: onnx.GraphProto) -> None:
    """Name every node uniquely, in place; names that there are stay.

    An unnamed node takes the module path of its parameters (`features.0.0.weight` makes
    `features.0.0`), else `<operator>_<n>` with n counted for each operator. Of nodes with the
    same name the first keeps it and the others get `_1`, `_2`, ….
    """
    taken: set[str] = set()
    homeless = []
    for node in graph.node:
        if node.name and node.name not in taken:
            _take(node, node.name, taken)
        else:
            homeless.append(node)
    initializers = {tensor.name for tensor in graph.initializer}
    counts: Counter[str] = Counter()
    for node in homeless:
        name = node.name and unused(node.name, taken)
        path = name or _module_path(node, initializers)
        if not path or (path in taken and not name):
            path = _numbered(node.op_type, counts, taken)
        _take(node, path, taken)


def unused(name: str, taken: set[str]) -> str:
    """Return `name`, or with the first free number appended, and add it to `taken`."""
    free, number = name, 0
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


def _take(node: onnx.NodeProto, name: str, taken: set[str]) -> None:
    node.name = name
    taken.add(name)
    if node.op_type in RECURRENT:
        taken.update((f"{name}.W", f"{name}.R"))


def _module_path(node: onnx.NodeProto, initializers: set[str]) -> str:
    paths = (
        name.removesuffix(".weight")
        for name in node.input
        if name in initializers and name.endswith(".weight")
    )
    return next(paths, "")


def _numbered(op: str, counts: Counter[str], taken: set[str]) -> str:
    while (name := f"{op}_{counts[op]}") in taken:
        counts[op] += 1
    counts[op] += 1
    return name
