"""Which modules of an imported network coremltools can train, and the layers that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError, Warned
from boildown_torch.importer import weight_places
from torch import nn

from ..package import partial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Layer
    from torch import fx

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def trainable(
    module: fx.GraphModule, layers: Sequence[Layer], kinds: tuple[type[nn.Module], ...]
) -> tuple[dict[str, Layer], tuple[Warned, ...]]:
    """Return the layers that are modules of these kinds, by module, and a warning of the others.

    Raises UnsupportedError where there is none, or where a weight serves several layers.
    """
    places, found = weight_places(module), dict[str, "Layer"]()
    for layer in layers:
        for path, _turned in places.get(layer.weight, []):
            owner, _, name = path.rpartition(".")
            if name == "weight" and isinstance(module.get_submodule(owner), kinds):
                found.setdefault(owner, layer)
    shared = [layer.name for layer in layers if len(places.get(layer.weight, [])) > 1]
    if shared:
        raise UnsupportedError(
            f"the weights of {', '.join(shared)} serve several layers, and coremltools would train"
            " them apart; leave these layers out"
        )
    told = ", ".join(kind.__name__ for kind in kinds)
    if not found:
        raise UnsupportedError(f"coremltools trains {told}; none of the selected layers is one")
    left = [layer.name for layer in layers if layer not in found.values()]
    return found, partial(left, len(layers), "training", f"coremltools trains {told}")
