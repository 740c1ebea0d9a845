"""Shared values that are trained: which weight has which value stays, the values move.

Trained quantization of "Deep Compression" (Han, Mao and Dally, 2016, section 3): the gradients of
all weights of a cluster are added up, and the cluster moves as one. The weights stay dense in the
network and are moved together, which an optimizer that treats each number alone cannot tell from a
table of centroids; so recurrent layers, whose kernels take no computed weights, train as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from boildown import StepOutcome, Warned, initializers, write_graph
from onnx import numpy_helper

from .importer import import_onnx, write_back
from .importer.importing import kept_initializers
from .later import greatest_codes
from .training import fit_in_job
from .zeros import keep_zeros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boildown import Cluster, Context, Layer, Train
    from onnx import ModelProto
    from torch import Tensor, fx, nn


def trained(
    graph: ModelProto, layers: Sequence[Layer], step: Cluster, settings: Train, context: Context
) -> StepOutcome:
    """Train a network whose `layers` are clustered already; each keeps its number of values."""
    module = import_onnx(graph)
    pools = pools_of(module, graph, layers, step, greatest_codes(context))
    fixed = [layer.name for layer in layers if layer.weight not in pools]
    put_back = keep_zeros(module)
    for pool in pools.values():
        pool.share_values()

    def gather(_step: int) -> None:
        for pool in pools.values():
            pool.add_up_gradients()

    def share(done: int) -> None:
        put_back(done)
        for pool in pools.values():
            pool.share_values()

    fitted = fit_in_job(module, graph, settings, context, after_backward=gather, after_step=share)
    artifact = write_graph(write_back(graph, module), context, "clustered")
    warnings = (_partial(fixed),) if fixed else ()
    return StepOutcome(artifact=artifact, epochs=fitted.epochs, warnings=warnings)


class Pool:
    """The clusters of one weight of the source, which may be several parameters of the network."""

    def __init__(
        self,
        parameters: Sequence[nn.Parameter],
        clusters: np.ndarray,
        greatest_code: int | None = None,
    ) -> None:
        """`clusters` numbers the cluster of each weight, all parameters in a row: (weights,).

        With `greatest_code` values are rounded to multiples of a number of which the largest is so
        many, as a later step does; they keep what the rounding hides, and so train through it.
        """
        self._parameters = parameters
        _, first, index, sizes = np.unique(
            clusters, return_index=True, return_inverse=True, return_counts=True
        )
        self._index = torch.from_numpy(index.astype(np.int32))
        self._first = torch.from_numpy(first)
        # A sum over n weights is as large as the gradient of one times the root of n, where they
        # agree by chance only. With that taken out a learning rate means for a cluster what it
        # means for one weight (as for the steps of LSQ, Esser and others, 2020, section 2.2).
        self._share = torch.from_numpy(sizes.astype(np.float32) ** -0.5)
        self._most = greatest_code
        self._real = _in_a_row([parameter.detach() for parameter in parameters])[self._first]
        self._shown = self._real.clone()

    def add_up_gradients(self) -> None:
        """Give every weight the gradient of its cluster: the sum, over the root of its size."""
        gradients = [_gradient(parameter) for parameter in self._parameters]
        sums = torch.bincount(self._index, _in_a_row(gradients), len(self._share))
        self._spread(sums * self._share, gradients)

    def share_values(self) -> None:
        """Give every weight the value of its cluster, to the last bit."""
        weights = [parameter.detach() for parameter in self._parameters]
        values = _in_a_row(weights)[self._first]
        if self._most is not None:
            # A table of 16 values has no errors of rounding that average out as those of many do.
            self._real += values - self._shown
            values = self._shown = _rounded(self._real, self._most)
        self._spread(values, weights)

    def _spread(self, values: Tensor, targets: Sequence[Tensor]) -> None:
        sizes = [target.numel() for target in targets]
        parts = torch.split_with_sizes(values.index_select(0, self._index), sizes)
        for target, part in zip(targets, parts, strict=True):
            target.copy_(part.view(target.shape))


def pools_of(
    module: fx.GraphModule,
    graph: ModelProto,
    layers: Sequence[Layer],
    step: Cluster,
    greatest: Mapping[str, int],
) -> dict[str, Pool]:
    """Return, by the name of the weight, those that are parameters of the imported `module`."""
    clusters = {layer.weight: clusters_of(graph, layer, step) for layer in layers}
    found: dict[str, tuple[list[nn.Parameter], list[np.ndarray]]] = {}
    for kept in kept_initializers(module):
        if kept.initializer not in clusters:
            continue
        parameters, numbers = found.setdefault(kept.initializer, ([], []))
        own = [module.get_parameter(path) for path in kept.paths]
        if any(own[0] is known for known in parameters):
            continue  # one parameter that serves several nodes
        sizes = np.cumsum([0, *(parameter.numel() for parameter in own)])
        places = [
            np.arange(start, stop).reshape(parameter.shape)
            for parameter, start, stop in zip(own, sizes[:-1], sizes[1:], strict=True)
        ]
        in_a_row = np.empty(sizes[-1], np.int64)
        in_a_row[kept.back(*places).ravel()] = clusters[kept.initializer].ravel()
        parameters += own
        numbers.append(in_a_row)
    return {
        name: Pool(owned, np.concatenate(rows), greatest.get(name))
        for name, (owned, rows) in found.items()
    }


def clusters_of(graph: ModelProto, layer: Layer, step: Cluster) -> np.ndarray:
    """Number the clusters of a clustered weight, in its shape; channels have clusters alone."""
    weight = numpy_helper.to_array(initializers(graph)[layer.weight])
    if step.granularity != "channel":
        return np.unique(weight, return_inverse=True)[1].reshape(weight.shape)
    rows = [np.unique(row, return_inverse=True)[1] for row in np.moveaxis(weight, layer.axis, 0)]
    numbered = np.stack([row.ravel() + number * row.size for number, row in enumerate(rows)])
    front = np.moveaxis(weight, layer.axis, 0).shape
    return np.moveaxis(numbered.reshape(front), 0, layer.axis)


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _rounded(values: Tensor, most: int) -> Tensor:
    grid = values.abs().max() / most
    return values if grid == 0 else (values / grid).round() * grid


def _in_a_row(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _partial(names: Sequence[str]) -> Warned:
    return Warned(
        code="PARTIAL",
        text=f"the shared values of {', '.join(names)} are not trained: they are constants that"
        " PyTorch does not train, such as tables that are only read at constant places",
    )
