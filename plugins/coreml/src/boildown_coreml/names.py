"""How weights and operators in a saved file are named after the layers of its source.

`weight_<place>_<layer>` and `layer_<place>_<layer>`, where the place counts the layers of the
source: coremltools keeps such a beginning through every pass and every compression, and adds what
it likes at the end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Layer

_WEIGHT, _OPERATOR = re.compile(r"weight_(\d+)_"), re.compile(r"layer_(\d+)_")


def plain_name(text: str) -> str:
    """Return a text with `_` for everything that is no letter or digit."""
    return re.sub(r"\W+", "_", text, flags=re.ASCII)


def weight_name(place: int, layer: str) -> str:
    """Return the name of the weight of the layer at `place` of the source's layers."""
    return f"weight_{place}_{plain_name(layer)}"


def operator_name(place: int, layer: str) -> str:
    """Return the name of the operator that uses the weight of the layer at `place`."""
    return f"layer_{place}_{plain_name(layer)}"


def place_of(weight: str) -> int | None:
    """Return the place of the layer whose weight a constant of the program is, else None."""
    found = _WEIGHT.match(weight)
    return int(found[1]) if found else None


def place_of_operator(name: str) -> int | None:
    """Return the place of the layer that an operator carries out, else None."""
    found = _OPERATOR.match(name)
    return int(found[1]) if found else None


class LayerNames:
    """Gives each use of a weight the name of its layer, in the order of the source.

    Layers that share one weight share one constant, which bears the place of the first of them.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Take the layers of the source."""
        self._left = [
            [other.name for other in layers if other.weight == layer.weight] for layer in layers
        ]

    def __call__(self, constant: str) -> str | None:
        """Return the layer that uses the constant next, None where there is none."""
        place = place_of(constant)
        if place is None or place >= len(self._left) or not self._left[place]:
            return None
        return self._left[place].pop(0)
