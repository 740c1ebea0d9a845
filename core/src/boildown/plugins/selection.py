"""Which layers a step may touch, understood by every backend in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UnsupportedError
from ..model.layers import source_layers
from ..model.selection import select_layers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model.layers import Layer
    from ..recipe.steps import Step
    from .values import Context


def selected_layers(step: Step, context: Context) -> list[Layer]:
    """List the layers of the network that the step may touch, each shared weight once.

    Raises RecipeError where a pattern of `step.layers` matches nothing (see `select_layers`).
    """
    layers = select_layers(
        source_layers(context.network.path), step.layers.include, step.layers.exclude
    )
    return list({layer.weight: layer for layer in reversed(layers)}.values())[::-1]


def refuse_half_lstm(chosen: Iterable[Layer], every: Iterable[Layer]) -> None:
    """Raise UnsupportedError where only one of the two weights of an LSTM is chosen.

    No integer kernel takes one of them alone.
    """
    names = {layer.name for layer in chosen}
    for layer in chosen:
        others = [x.name for x in every if x.node == layer.node and x.name not in names]
        if layer.op == "LSTM" and others:
            raise UnsupportedError(
                f"W and R of an LSTM are quantized together: include {others[0]!r} as well as"
                f" {layer.name!r}, or exclude both"
            )
