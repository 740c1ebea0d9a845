"""Let onnx look at a graph without its weights: every pass over them copies the whole file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from onnx import TensorProto, helper

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx

#: Smaller constants may be shapes, axes or scales, whose numbers decide the shapes of others.
_LEAST_BYTES = 4096


def without_weights(
    model: onnx.ModelProto, look: Callable[[onnx.ModelProto], onnx.ModelProto]
) -> onnx.ModelProto:
    """Return what `look` makes of `model`, large float32 initializers being inputs meanwhile.

    Their order stays. `model` is changed where `look` raises, and must not be used then.
    """
    graph = model.graph
    initializers = list(graph.initializer)
    often = Counter([tensor.name for tensor in initializers] + [x.name for x in graph.input])
    aside = {
        tensor.name: tensor
        for tensor in initializers
        if often[tensor.name] == 1 and _is_large_and_raw(tensor)
    }
    if not aside:
        return look(model)
    del graph.initializer[:]
    graph.initializer.extend(tensor for tensor in initializers if tensor.name not in aside)
    graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.dims)
        for name, tensor in aside.items()
    )
    graph = (model := look(model)).graph
    inputs = [item for item in graph.input if item.name not in aside]
    whole = {tensor.name: tensor for tensor in graph.initializer} | aside
    del graph.initializer[:], graph.input[:]
    graph.initializer.extend(whole[tensor.name] for tensor in initializers)
    graph.input.extend(inputs)
    return model


def _is_large_and_raw(tensor: TensorProto) -> bool:
    """Tell whether there is nothing about the tensor that onnx's checker could object to."""
    return (
        tensor.data_type == TensorProto.FLOAT
        and len(tensor.raw_data) >= _LEAST_BYTES
        and not tensor.float_data
        and tensor.data_location == TensorProto.DEFAULT
        and bool(tensor.name)
    )
