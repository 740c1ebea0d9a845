"""Training needs batches, so a graph whose batch is fixed is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UnsupportedError

if TYPE_CHECKING:
    from onnx import ModelProto


def refuse_fixed_batch(source: ModelProto) -> None:
    """Raise UnsupportedError, naming input and first node, where the batch is fixed."""
    for item in source.graph.input:
        first = item.type.tensor_type.shape.dim[0]
        if first.HasField("dim_value"):
            user = next((n.name for n in source.graph.node if item.name in n.input), "")
            raise UnsupportedError(
                f"input {item.name!r} of node {user!r} takes batches of {first.dim_value} only, and"
                " training needs larger ones; export the model with an open batch"
            )
