"""Let a model that a recipe names take and give what the source does, under the source's names.

Student, teacher and source get the same arrays by name, and the student ships in the source's
place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..artifact import Artifact
from ..errors import UnsupportedError
from .files import read_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from onnx import ModelProto, ValueInfoProto

    from ..plugins.values import Context


def named_graph(uri: str, source: ModelProto, context: Context) -> ModelProto:
    """Return the graph of a model that the recipe names, with the source's inputs and outputs.

    Raises UnsupportedError where its images are prepared in another way than the source's, and
    what `fitted_to` raises.
    """
    entry, data = context.models[uri], context.data
    seen = data.preprocessing if data is not None else None
    if None not in (entry.preprocessing, seen) and entry.preprocessing != seen:
        raise UnsupportedError(
            f"{uri} wants its images prepared in another way than the model that is compressed, and"
            " both must learn from the same arrays; take one with the same `input:`, or put what"
            " differs (mean, std) into its graph"
        )
    return fitted_to(source, read_graph(Artifact(path=entry.path)), uri)


def fitted_to(source: ModelProto, model: ModelProto, uri: str) -> ModelProto:
    """Return `model`, changed in place: inputs and outputs named and ordered like the source's.

    Raises UnsupportedError, naming `uri`, where their number, types or shapes differ, or where
    there are several under other names.
    """
    for what in ("input", "output"):
        fields = getattr(model.graph, what)
        wanted = [item.name for item in getattr(source.graph, what)]
        found = [item.name for item in fields]
        if sorted(found) == sorted(wanted):
            ordered = [type(item).FromString(item.SerializeToString()) for item in fields]
            ordered.sort(key=lambda item: wanted.index(item.name))
            del fields[:]
            fields.extend(ordered)
        elif len(found) == len(wanted) == 1:
            _rename(model, {found[0]: wanted[0], wanted[0]: found[0]})
        else:
            raise UnsupportedError(
                f"{uri} has the {what}s {found}, and the model that is compressed {wanted};"
                " several must bear the same names"
            )
        _compare(getattr(source.graph, what), fields, uri)
    return model


def _compare(wanted: Sequence[ValueInfoProto], found: Sequence[ValueInfoProto], uri: str) -> None:
    for one, other in zip(wanted, found, strict=True):
        shapes = [_shape(item) for item in (one, other)]
        alike = len(shapes[0]) == len(shapes[1]) and all(
            None in pair or pair[0] == pair[1] for pair in zip(*shapes, strict=True)
        )
        if not alike or one.type.tensor_type.elem_type != other.type.tensor_type.elem_type:
            raise UnsupportedError(
                f"{one.name!r} of {uri} has the shape {shapes[1]}, and that of the model that is"
                f" compressed {shapes[0]}; shapes (None: any length) and types must be the same"
            )


def _shape(item: ValueInfoProto) -> tuple[int | None, ...]:
    dims = item.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)


def _rename(model: ModelProto, names: Mapping[str, str]) -> None:
    """Give tensors other names; `names` swaps, so that no name is given twice."""
    graph = model.graph
    for node in graph.node:
        for field in (node.input, node.output):
            field[:] = [names.get(name, name) for name in field]
    named: list[Any] = [*graph.input, *graph.output, *graph.value_info, *graph.initializer]
    for item in named:
        item.name = names.get(item.name, item.name)
