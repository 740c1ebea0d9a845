"""A saved program is read back before anything is built on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import UnsupportedError

from .stored import refuse_missing, stored_weights
from .translator import read_program, unknown_operators

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boildown import Layer


def check_program(package: Path, layers: Sequence[Layer]) -> None:
    """Make sure that the saved program can be measured: known operators, a weight for each layer.

    Raises UnsupportedError with everything that is wrong: operators that the translator does not
    know, layers that have lost their weight, weights that are not finite.
    """
    function = read_program(package)
    if unknown := unknown_operators(function):
        raise UnsupportedError(
            f"{package.name} has operators that cannot be said in ONNX, so that nothing of it could"
            f" be measured: {', '.join(unknown)}"
        )
    found = stored_weights(function)
    refuse_missing(layers, found, package.name)
    broken = [
        layers[place].name
        for place, parts in found.items()
        if not all(np.isfinite(part.values).all() for part in parts)
    ]
    if broken:
        raise UnsupportedError(f"{package.name}: the weights of {', '.join(broken)} are not finite")
