"""Which layers share channels: the dependency graph of torch-pruning, group by group.

Fang and others, "DepGraph: towards any structural pruning", 2023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from boildown import UnsupportedError
from torch import Tensor, nn
from torch_pruning import ops
from torch_pruning.dependency import DependencyGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOTS = [ops.TORCH_CONV, ops.TORCH_LINEAR]
_LAYERS = (ops.OPTYPE.CONV, ops.OPTYPE.DEPTHWISE_CONV, ops.OPTYPE.LINEAR)


@dataclass(frozen=True, slots=True)
class Coupled:
    """Channels that go together, first of all those that the layer `root` puts out."""

    root: str
    #: Output channels of the root.
    channels: int
    #: Groups (of convolutions or norms) which must all keep the same places.
    folds: int
    #: Modules that put these channels out or are given them, as torch-pruning has them.
    group: Any
    #: Layers (convolutions, linear layers) that put out some of these channels.
    layers: tuple[str, ...]
    #: Whether the network puts them out.
    ends: bool

    @property
    def places(self) -> int:
        """How many channels can be chosen between: one of each fold stands for all."""
        return self.channels // self.folds


def trace(module: nn.Module, inputs: tuple[Tensor, ...]) -> DependencyGraph:
    """Return the dependency graph of a module, left in evaluation mode.

    Raises UnsupportedError where torch-pruning cannot follow the module.
    """
    try:
        with torch.enable_grad():
            return DependencyGraph().build_dependency(
                module,
                example_inputs=inputs,
                forward_fn=_forward,
                output_transform=_ends,
                verbose=False,
            )
    except Exception as error:  # it fails in many ways; what it says is in the message
        raise UnsupportedError(
            "torch-pruning cannot follow this network, so no channels can be removed from it:"
            f" {type(error).__name__}: {error}"
        ) from error


def coupled(graph: DependencyGraph) -> Iterator[Coupled]:
    """Yield all groups of channels whose first member is a convolution or a linear layer."""
    for group in graph.get_all_groups(root_module_types=_ROOTS):
        root = group[0].dep.target.module
        outs = [
            dep.target
            for dep, _ in group
            if dep.target.type in _LAYERS and graph.is_out_channel_pruning_fn(dep.handler)
        ]
        yield Coupled(
            root=graph._module2name[root],  # noqa: SLF001 - it has no other way to ask
            channels=graph.get_out_channels(root),
            folds=math.lcm(*(_folds(dep.target.module) for dep, _ in group)),
            group=group,
            layers=tuple(graph._module2name[node.module] for node in outs),  # noqa: SLF001
            ends=any(dep.target.type == ops.OPTYPE.OUTPUT for dep, _ in group),
        )


def _forward(module: nn.Module, inputs: tuple[Tensor, ...]) -> Any:  # noqa: ANN401 - what it gives
    return module.forward(*inputs)


def _ends(outputs: Any) -> list[Tensor]:  # noqa: ANN401 - what a network gives
    """Give each output a node of its own, by which torch-pruning knows it."""
    found = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    found = [output * 1 for output in found if output.requires_grad]
    if not found:
        raise ValueError("no output depends on its weights by differentiable operators")
    return found


def _folds(module: object) -> int:
    if isinstance(module, nn.modules.conv._ConvNd):  # noqa: SLF001 - all convolutions
        return 1 if module.groups == module.out_channels else module.groups
    return module.num_groups if isinstance(module, nn.GroupNorm) else 1
