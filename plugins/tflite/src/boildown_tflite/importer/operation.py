"""One Keras layer for every ONNX operator that Keras has no layer of: a named function.

It is called like its ONNX node, is saved and cloned by the name of its function and plain
settings, and holds the constants among its operands as weights, so that they can be trained.
(`Lambda` saves byte code, and TensorFlow's own operator layers cannot be named.)
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ..keras import tf, tf_keras

if TYPE_CHECKING:
    from collections.abc import Callable

#: Name -> function of tensors (as they lie in memory) and settings.
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def function(call: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function under its own name."""
    # Their control flow depends on settings, not on tensors: nothing for autograph to rewrite.
    FUNCTIONS[call.__name__] = tf.autograph.experimental.do_not_convert(call)
    return call


@tf_keras.saving.register_keras_serializable("boildown")
class Operation(tf_keras.layers.Layer):  # type: ignore[misc]
    """`FUNCTIONS[function](*operands, **settings)`."""

    def __init__(
        self,
        function: str,
        settings: dict[str, Any] | None = None,
        constants: dict[str, dict[str, Any]] | None = None,
        **layer: Any,
    ) -> None:
        """Take a function's name, its settings, and the constants by place among the operands.

        A constant is given by `shape`, `dtype` and `trainable`; its numbers are a weight of the
        layer, `constant_PLACE`.
        """
        super().__init__(**layer)
        self.function = function
        # Neither a partial nor a frozenset is wrapped by Keras, as lists and dictionaries are.
        self.compute = functools.partial(FUNCTIONS[function], **(settings or {}))
        self.places = frozenset(constants or {})
        for place, form in (constants or {}).items():
            made = self.add_weight(name=f"constant_{place}", initializer="zeros", **form)
            setattr(self, f"constant_{place}", made)

    def call(self, inputs: Any) -> Any:
        """Compute; several inputs come as a list."""
        operands = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        for place in sorted(self.places, key=int):
            operands.insert(int(place), tf.convert_to_tensor(self.constant(place)))
        return self.compute(*operands)

    def constant(self, place: str) -> Any:
        """Return the variable of the constant at a place."""
        return getattr(self, f"constant_{place}")

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again, but for its weights."""
        constants = {
            place: {
                "shape": list(variable.shape),
                "dtype": variable.dtype.name,
                "trainable": variable.trainable,
            }
            for place in sorted(self.places)
            if (variable := self.constant(place)) is not None
        }
        own = {"function": self.function, "settings": self.compute.keywords}
        return {**super().get_config(), **own, "constants": constants}
