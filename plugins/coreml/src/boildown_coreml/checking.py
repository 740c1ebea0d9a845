"""A saved file is read back before anything is built on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import UnsupportedError

from .stored import refuse_missing, stored_weights
from .translator import read_program, unknown_operators

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from boildown import Layer

    from .stored import Stored


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


def refuse_unlike(
    before: dict[int, list[Stored]],
    after: dict[int, list[Stored]],
    places: Iterable[int],
    layers: Sequence[Layer],
) -> None:
    """Raise UnsupportedError naming layers whose weights do not follow those before the step.

    A table in the wrong order, or an empty one, is finite and looks like any other. Weights that
    are rounded or shared still rise and fall with what they were: their correlation is above 0.
    """
    lost = [
        layers[place].name
        for place in places
        for old, new in zip(before[place], after[place], strict=True)
        if not _follows(old.values, new.values)
    ]
    if lost:
        raise UnsupportedError(
            f"coremltools has stored other weights than those of {', '.join(dict.fromkeys(lost))}:"
            " they have nothing in common with what they were"
        )


def _follows(old: np.ndarray, new: np.ndarray) -> bool:
    one, other = (values.astype(np.float64).ravel() for values in (old, new))
    if np.ptp(other) > 0:  # else all have one value, as signs of positive weights do
        one, other = one - one.mean(), other - other.mean()
    return not one.any() or float(one @ other) > 0
