"""Which modules of an imported network NNI compresses, and the layers that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from boildown import Codes, UnsupportedError, Warned
from boildown_torch.importer import weight_places
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boildown import Layer
    from torch import fx

#: Modules that NNI has settings for.
_MODULES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class Target(NamedTuple):
    """One module, the layer that it is, and whether its weight is transposed."""

    module: str
    layer: Layer
    turned: bool

    def as_onnx(self, codes: Codes) -> Codes:
        """Return codes in ONNX's orientation."""
        if not self.turned:
            return codes
        turned = (None if one is None else np.ascontiguousarray(one.T) for one in codes)
        return Codes(*turned)  # type: ignore[arg-type]


def targets_of(module: fx.GraphModule, layers: Sequence[Layer]) -> list[Target]:
    """Return the modules of `layers`; those that NNI knows no module for are left out.

    Raises UnsupportedError where it knows none at all.
    """
    places = weight_places(module)
    found = [
        Target(path.removesuffix(".weight"), layer, turned)
        for layer in layers
        for path, turned in places.get(layer.weight, [])
        if isinstance(module.get_submodule(path.rpartition(".")[0]), _MODULES)
    ]
    if not found:
        names = ", ".join(repr(layer.name) for layer in layers)
        raise UnsupportedError(f"NNI knows no module for the layers {names}")
    return found


def tell_left_out(layers: Iterable[Layer], targets: Iterable[Target]) -> tuple[Warned, ...]:
    """Return a PARTIAL that names the layers without a target; nothing where all have one."""
    done = {target.layer.name for target in targets}
    left = sorted(layer.name for layer in layers if layer.name not in done)
    if not left:
        return ()
    told = f"NNI knows no module for these layers, which stay: {', '.join(left)}"
    return (Warned(code="PARTIAL", text=told),)
