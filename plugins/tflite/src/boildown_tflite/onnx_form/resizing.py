"""Resizing as the file says it, which tf2onnx (1.17) puts into scales and a withdrawn mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import UnsupportedError, initializers
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

    from ..flatbuffer import File

_SCALES = 2
_SAME = 1e-6


def restate_resizing(model: ModelProto, file: File) -> None:
    """Give each Resize heights and widths where its scales would make others, in place.

    A scale of 5/6 in float32 makes 4 rows of 6. To the nearest neighbour, floor((x + 0.5) scale)
    is half_pixel rounded up from the middle. Raises UnsupportedError where several sizes fit.
    """
    tensors = initializers(model)
    for node in model.graph.node:
        if node.op_type != "Resize":
            continue
        said = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        if said.get("coordinate_transformation_mode") == b"tf_half_pixel_for_nn":
            said |= {"coordinate_transformation_mode": "half_pixel"}
            said |= {"nearest_mode": "round_prefer_ceil"}
        scales = tensors.get(node.input[_SCALES]) if len(node.input) > _SCALES else None
        size = None if scales is None else _size(node, numpy_helper.to_array(scales)[2:], file)
        if size is not None:
            name = f"{node.output[0]}/sizes"
            model.graph.initializer.append(numpy_helper.from_array(np.array(size, np.int64), name))
            node.input[:] = [node.input[0], "", "", name]
            said["axes"] = [2, 3]
        del node.attribute[:]
        node.attribute.extend(helper.make_attribute(*item) for item in said.items())


def _size(node: NodeProto, scales: np.ndarray, file: File) -> tuple[int, ...] | None:
    """Return the height and width that the file says; None where the scales say the same."""
    found = set()
    for operator in file.operators:
        if not operator.code.startswith("RESIZE"):
            continue
        before, after = (
            np.array(file.tensors[i].shape[1:3]) for i in (operator.inputs[0], operator.outputs[0])
        )
        if np.allclose(after / before, scales, rtol=_SAME):
            exact = np.array_equal(np.floor(scales.astype(np.float64) * before), after)
            found.add(None if exact else tuple(int(length) for length in after))
    if len(found) == 1:
        return found.pop()
    raise UnsupportedError(
        f"Resize ({node.name!r}): {len(found)} operators of the .tflite file resize by"
        f" {scales.tolist()}, to sizes that this factor does not tell apart"
    )
