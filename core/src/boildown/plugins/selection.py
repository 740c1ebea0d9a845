"""Which layers a step may touch, understood by every backend in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.layers import source_layers
from ..model.selection import select_layers

if TYPE_CHECKING:
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
