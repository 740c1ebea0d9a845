"""Put masks into weights: NNI leaves the dense ones in place when it lets a network go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torch import fx

#: Layer → parameter → 1 where it stays, in the parameter's shape.
Masks = dict[str, dict[str, Tensor]]


def masks_of(pruner: Any) -> Masks:
    """Return the masks that there are by now."""
    return {
        layer: {name: mask for name, mask in targets.items() if mask is not None}
        for layer, targets in pruner.get_masks().items()
    }


def bake(module: fx.GraphModule, pruner: Any) -> Masks:
    """Take the wrappers of `pruner` off `module` and leave its zeros, and its factors, in weights.

    Returns the masks.
    """
    masks = masks_of(pruner)
    factors = _factors(module, masks)
    pruner.unwrap_model()
    with torch.no_grad():
        for layer, targets in masks.items():
            part = module.get_submodule(layer)
            for name, mask in targets.items():
                parameter = part.get_parameter(name)
                parameter.mul_(factors.get((layer, name), torch.ones(()))).mul_(mask)
                # Minus 0 is what a mask makes of a negative weight.
                parameter[mask == 0] = 0.0
    for part in module.modules():
        part.__dict__.pop("forward", None)  # a method of its own that NNI leaves behind
    return masks


def silence_norms(module: fx.GraphModule, masks: Masks) -> None:
    """Let batch norms put out 0 for filters that are masked, as if these were not there.

    Otherwise they put out a constant, which is lost where the channel is removed.
    """
    for layer, norm in norms_behind(module).items():
        mask = masks.get(layer, {}).get("weight")
        if mask is not None:
            stays = mask.flatten(1).amax(1)
            with torch.no_grad():
                norm.weight.mul_(stays)
                norm.bias.mul_(stays)


def norms_behind(module: fx.GraphModule) -> dict[str, nn.BatchNorm1d | nn.BatchNorm2d]:
    """Return layer → the batch norm that alone reads what it puts out."""
    found = {}
    for node in module.graph.nodes:
        if node.op != "call_module":
            continue
        part = module.get_submodule(str(node.target))
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)) and len(node.args[0].users) == 1:
            found[str(node.args[0].target)] = part
    return found


def _factors(module: fx.GraphModule, masks: Masks) -> dict[tuple[str, str], Tensor]:
    """Return what SlimPruner has learnt to multiply filters by."""
    found = {}
    for layer, targets in masks.items():
        wrapper: Any = module.get_submodule(layer)._nni_wrapper  # noqa: SLF001 - as NNI hangs it
        for name, mask in targets.items():
            factor = getattr(wrapper, f"{name}_slim_factor", None)
            if factor is not None:
                flat = factor.detach().reshape(-1)
                found[layer, name] = flat.reshape(-1, *[1] * (mask.dim() - 1))
    return found
