"""What a network computes without some channels, found without removing them.

Where a channel is put out or taken in it is set to 0, and norms over channels leave it out. A
network from which the same channels were removed must give the same numbers; otherwise it was
taken apart in the wrong place, such as by a slice or a reshape that still counts old channels.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everybody knows
from torch import Tensor, nn
from torch_pruning import ops

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch.utils.hooks import RemovableHandle
    from torch_pruning.dependency import DependencyGraph

_KIND = ops.OPTYPE
_LAST = {_KIND.LINEAR, _KIND.LSTM, _KIND.LN}


@contextmanager
def masked(graph: DependencyGraph, groups: Iterable[Any]) -> Iterator[None]:
    """Let the traced network compute without the channels of these groups, while it is open."""
    gone: dict[tuple[object, bool], set[int]] = defaultdict(set)
    for group in groups:
        for dep, places in group:
            gone[dep.target, graph.is_out_channel_pruning_fn(dep.handler)].update(places)
    with ExitStack() as stack:
        for (node, puts_out), places in gone.items():
            stack.enter_context(_one(node, sorted(places), puts_out=puts_out))
        yield


@contextmanager
def _one(  # a node of torch-pruning's graph
    node: Any,  # noqa: ANN401 - torch-pruning has no types
    places: list[int],
    *,
    puts_out: bool,
) -> Iterator[None]:
    module, kind = node.module, node.type
    if kind == _KIND.PARAMETER:
        before = module.data
        module.data = _zeroed(before, node.pruning_dim, places)
        yield
        module.data = before
        return
    hook = _hook(module, kind, places, puts_out=puts_out)
    yield
    if hook is not None:
        hook.remove()


def _hook(
    module: nn.Module, kind: int, places: list[int], *, puts_out: bool
) -> RemovableHandle | None:
    axis = -1 if kind in _LAST else 1
    if kind in {_KIND.LN, _KIND.GN}:
        return module.register_forward_hook(
            lambda _, inputs, output: _normalised(module, inputs[0], output, axis, places)
        )
    if kind in {_KIND.BN, _KIND.IN, _KIND.DEPTHWISE_CONV} or (
        kind in {_KIND.CONV, _KIND.LINEAR} and puts_out
    ):
        return module.register_forward_hook(lambda _, __, output: _zeroed(output, axis, places))
    if kind in {_KIND.CONV, _KIND.LINEAR, _KIND.LSTM}:
        return module.register_forward_pre_hook(
            lambda _, inputs: (_zeroed(inputs[0], axis, places), *inputs[1:])
        )
    return None


def _zeroed(values: Tensor, axis: int, places: list[int]) -> Tensor:
    return values.index_fill(axis, torch.tensor(places), 0.0)


def _normalised(
    module: Any,  # noqa: ANN401 - a LayerNorm or GroupNorm
    values: Tensor,
    output: Tensor,
    axis: int,
    places: list[int],
) -> Tensor:
    """Return the norm over the channels that stay, 0 at the others."""
    gone = set(places)
    kept = torch.tensor([place for place in range(values.shape[axis]) if place not in gone])
    weight, bias = (None if p is None else p[kept] for p in (module.weight, module.bias))
    chosen = values.index_select(axis, kept)
    if isinstance(module, nn.LayerNorm):
        found = F.layer_norm(chosen, (len(kept),), weight, bias, module.eps)
    else:
        found = F.group_norm(chosen, module.num_groups, weight, bias, module.eps)
    return torch.zeros_like(output).index_copy(axis, kept, found)
