"""An ONNX form that takes pixels, made to take what the source takes: the way back to pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import replace_nodes
from onnx import helper, numpy_helper

from .saying import lines

if TYPE_CHECKING:
    from boildown import Preprocessing
    from onnx import ModelProto


def pixels_of(values: np.ndarray, image: Preprocessing) -> np.ndarray:
    """Return the pixels (N, C, H, W), uint8, whose preprocessing gives `values` of that shape."""
    factor, offset = (part.reshape(1, -1, 1, 1) for part in lines(image))
    whole: np.ndarray = np.rint((values - offset) / factor).clip(0, 255).astype(np.uint8)
    return whole


def take_numbers(form: ModelProto, image: Preprocessing) -> None:
    """Turn what goes into `form` into whole pixels first, as `pixels_of` does, in place.

    A file that takes images cannot be given anything else.
    """
    name = form.graph.input[0].name
    graph, nodes = form.graph, list(form.graph.node)
    for node in nodes:
        node.input[:] = ["pixels" if given == name else given for given in node.input]
    constants = {
        "pixels/offset": lines(image)[1].reshape(1, -1, 1, 1),
        "pixels/factor": lines(image)[0].reshape(1, -1, 1, 1),
        "pixels/least": np.float32(0),
        "pixels/most": np.float32(255),
    }
    for constant, array in constants.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(array), constant))
    steps = (
        ("Sub", [name, "pixels/offset"], "pixels/moved"),
        ("Div", ["pixels/moved", "pixels/factor"], "pixels/scaled"),
        ("Round", ["pixels/scaled"], "pixels/whole"),
        ("Clip", ["pixels/whole", "pixels/least", "pixels/most"], "pixels"),
    )
    made = [helper.make_node(kind, given, [end], end) for kind, given, end in steps]
    replace_nodes(form, [*made, *nodes])
