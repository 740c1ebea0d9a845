"""Take out of an ONNX file what no runtime needs: metadata, long names, repeated constants.

Names of inputs and outputs stay, and so do the names of the nodes that hold layers: they are how a
layer of the source is found again in the file.
"""

from __future__ import annotations

import itertools
import string
from typing import TYPE_CHECKING

from onnx import AttributeProto, GraphProto

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnx import ModelProto, NodeProto

_LETTERS = string.ascii_letters + string.digits


def strip(model: ModelProto, keep_nodes: set[str]) -> None:
    """Shorten `model` in place; nodes named in `keep_nodes` keep their names."""
    for field in ("producer_name", "producer_version", "domain", "model_version", "doc_string"):
        model.ClearField(field)
    del model.metadata_props[:]
    for function in model.functions:
        function.ClearField("doc_string")
    _merge_equal_constants(model.graph)
    _drop_unused_constants(model.graph)
    _strip_graph(model.graph, keep_nodes)
    _shorten_names(model.graph)
    used = {
        "",
        *(node.domain for node in _nodes(model.graph)),
        *(f.domain for f in model.functions),
    }
    imports = [entry for entry in model.opset_import if entry.domain in {*used, "ai.onnx"}]
    del model.opset_import[:]
    model.opset_import.extend(imports)


def _strip_graph(graph: GraphProto, keep_nodes: set[str]) -> None:
    for part in _graphs(graph):
        part.name = "g"  # the checker wants one
        part.ClearField("doc_string")
        del part.value_info[:]
        del part.metadata_props[:]
        for node in part.node:
            node.ClearField("doc_string")
            del node.metadata_props[:]
            if node.name not in keep_nodes:
                node.ClearField("name")
        for item in (*part.initializer, *part.input, *part.output):
            item.ClearField("doc_string")


def _merge_equal_constants(graph: GraphProto) -> None:
    """Let all users of equal constants share one."""
    outputs = {item.name for item in graph.output}
    first: dict[bytes, str] = {}
    same: dict[str, str] = {}
    for tensor in graph.initializer:
        name = tensor.name
        if name in outputs:
            continue
        tensor.ClearField("name")
        content = tensor.SerializeToString()
        tensor.name = name
        same[name] = first.setdefault(content, name)
    _rename(graph, lambda name: same.get(name, name))
    kept = set(first.values()) | outputs
    _keep_constants(graph, kept)


def _drop_unused_constants(graph: GraphProto) -> None:
    used = {name for node in _nodes(graph) for name in node.input}
    _keep_constants(graph, used | {item.name for item in graph.output})


def _keep_constants(graph: GraphProto, names: set[str]) -> None:
    kept, seen = [], set()
    for tensor in graph.initializer:
        if tensor.name in names and tensor.name not in seen:
            kept.append(tensor)
            seen.add(tensor.name)
    copies = [type(tensor).FromString(tensor.SerializeToString()) for tensor in kept]
    del graph.initializer[:]
    graph.initializer.extend(copies)


def _shorten_names(graph: GraphProto) -> None:
    fixed = {item.name for part in _graphs(graph) for item in (*part.input, *part.output)}
    fixed |= {"", *(sparse.values.name for sparse in graph.sparse_initializer)}
    fresh = (name for name in _short_names() if name not in fixed)
    short: dict[str, str] = {}

    def rename(name: str) -> str:
        if name in fixed:
            return name
        if name not in short:
            short[name] = next(fresh)
        return short[name]

    _rename(graph, rename)


def _rename(graph: GraphProto, rename: Callable[[str], str]) -> None:
    """Rename tensors wherever they are defined or read, subgraphs included."""
    for part in _graphs(graph):
        for tensor in part.initializer:
            tensor.name = rename(tensor.name)
        for node in part.node:
            node.input[:] = [rename(name) for name in node.input]
            node.output[:] = [rename(name) for name in node.output]


def _short_names() -> Iterator[str]:
    for length in itertools.count(1):
        yield from map("".join, itertools.product(_LETTERS, repeat=length))


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from _graphs(attribute.g)
            for inner in attribute.graphs:
                yield from _graphs(inner)


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    for part in _graphs(graph):
        yield from part.node
