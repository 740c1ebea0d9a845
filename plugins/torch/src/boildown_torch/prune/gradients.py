"""What each weight does to the loss, to first order, over a part of the train samples.

Molchanov and others, "Importance estimation for neural network pruning", 2019: the loss changes
by about gradient times weight where a weight becomes zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import DataError, batches, refuse_fixed_batch

from ..importer import import_onnx, weight_places
from ..quiet import quietly
from ..training import CrossEntropy
from ..training.feeding import Feed, first_output
from ..training.repeatable import repeatable

if TYPE_CHECKING:
    from boildown import Context, Layer
    from onnx import ModelProto
    from torch import Tensor, nn

#: Samples that are looked at, in batches of so many.
_SAMPLES, _BATCH = 1024, 64


def effects(graph: ModelProto, layers: list[Layer], context: Context) -> dict[str, Tensor]:
    """Return |gradient · weight| of single weights, in ONNX's orientation, by a layer's weight.

    Raises UnsupportedError where the batch is fixed or the network cannot be imported, DataError
    where there are no labelled train samples.
    """
    module = import_onnx(graph)
    accumulate_gradients(module, graph, context)
    places = weight_places(module)
    found = {}
    for weight in dict.fromkeys(layer.weight for layer in layers):
        parts = []
        for path, turned in places.get(weight, []):
            parameter = module.get_parameter(path)
            assert parameter.grad is not None  # noqa: S101 - accumulated above
            product = parameter.detach() * parameter.grad
            parts.append(product.T if turned else product)
        if parts:
            found[weight] = torch.stack(list(parts)).sum(0).abs()
    return found


def accumulate_gradients(module: nn.Module, graph: ModelProto, context: Context) -> None:
    """Leave the gradient of the mean loss in every parameter, in evaluation mode.

    Raises as `effects` does.
    """
    refuse_fixed_batch(graph)
    data, objective = context.data, CrossEntropy()
    if data is None:
        raise DataError("criterion taylor needs labelled train samples, and no data are given")
    feed = Feed([item.name for item in graph.graph.input], torch.contiguous_format)
    module.eval()
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    with quietly(), repeatable(context.seed, context.threads), torch.enable_grad():
        for batch in batches(data, "train", _BATCH, seed=context.seed, limit=_SAMPLES):
            inputs = feed.inputs(batch)
            loss = objective(first_output(module(*inputs)), inputs, feed.labels(batch))
            (loss * len(inputs[0]) / _SAMPLES).backward()  # type: ignore[no-untyped-call]
