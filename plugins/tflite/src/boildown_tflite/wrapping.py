"""Which Keras layers a step may change, and how TF Model Optimization's wrappers go round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import Prune, Warned, selected_layers, source_layers

from .keras import tf_keras

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from boildown import Context, Layer, Step

    from .importer import Imported

_L = tf_keras.layers
#: What TF Model Optimization prunes and clusters. Depthwise kernels are left out by its design:
#: they are few, and networks suffer.
KERNELS = (_L.Conv2D, _L.Conv2DTranspose, _L.Dense)
#: Of these, whose input channels lie where its patterns run; in Conv2DTranspose outputs do.
_PATTERNED = (_L.Conv2D, _L.Dense)
#: So many layers that stay as they are are named.
_TOLD = 6


def choose(
    step: Step, imported: Imported, context: Context
) -> tuple[dict[str, str], tuple[Warned, ...]]:
    """Return Keras layer -> ONNX layer of what the step may change, and what it leaves alone.

    The warning names the selected layers that TF Model Optimization does not change.
    """
    selected, layers = selected_layers(step, context), source_layers(context.network.path)
    pattern = isinstance(step, Prune) and step.pattern is not None
    kinds = _PATTERNED if pattern else KERNELS
    fit = {
        name: node
        for name, node in imported.layers.items()
        if type(imported.model.get_layer(name)) in kinds
    }
    # A weight that several layers share stays one only where it changes in all of them.
    kept = {layer.weight for layer in layers if layer.node not in fit.values()}
    weights = {layer.weight for layer in selected} - kept
    nodes = {layer.node: layer.name for layer in layers if layer.weight in weights}
    chosen = {name: nodes[node] for name, node in fit.items() if node in nodes}
    left = [layer for layer in selected if layer.weight not in weights]
    return chosen, _left_alone(left, step.op, pattern=pattern)


def wrapped(
    model: tf_keras.Model,
    names: Collection[str],
    wrap: Callable[[tf_keras.layers.Layer], tf_keras.layers.Layer],
) -> tf_keras.Model:
    """Return `model` with wrappers round the layers called `names`; all layers stay the same."""
    return tf_keras.models.clone_model(
        model, clone_function=lambda layer: wrap(layer) if layer.name in names else layer
    )


def _left_alone(layers: list[Layer], op: str, *, pattern: bool) -> tuple[Warned, ...]:
    if not layers:
        return ()
    named = ", ".join(repr(layer.name) for layer in layers[:_TOLD])
    more = f" and {len(layers) - _TOLD} more" if len(layers) > _TOLD else ""
    transposed = ", transposed ones by a pattern" if pattern else ""
    text = (
        f"TF Model Optimization does not {op} {len(layers)} of the selected layers (depthwise"
        f" convolutions{transposed}, recurrent layers and products of its own kind): {named}{more}"
    )
    return (Warned(code="PARTIAL", text=text),)
