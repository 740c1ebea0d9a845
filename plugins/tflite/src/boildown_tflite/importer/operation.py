"""One Keras layer for every ONNX operator that Keras has no layer of: a named function.

It is called like its ONNX node, is saved and cloned by the name of its function and plain
settings, and holds the constants among its operands as weights, so that they can be trained.
(`Lambda` saves byte code, and TensorFlow's own operator layers cannot be named.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..keras import tf, tf_keras

#: Name -> function of tensors (as they lie in memory) and settings.
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def function(call: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function under its own name."""
    FUNCTIONS[call.__name__] = call
    return call


@tf_keras.saving.register_keras_serializable("boildown")
class Operation(tf_keras.layers.Layer):  # type: ignore[misc]
    """`FUNCTIONS[function](*operands, **settings)`."""

    def __init__(
        self,
        function: str,
        settings: dict[str, Any] | None = None,
        constants: dict[str, dict[str, Any]] | None = None,
        **layer: Any,  # noqa: ANN401 - Keras's own
    ) -> None:
        """Take a function's name, its settings, and the constants by place among the operands.

        A constant is given by `shape`, `dtype` and `trainable`; its numbers are a weight of the
        layer, `constant_PLACE`.
        """
        super().__init__(**layer)
        self.function, self.settings, self.constants = function, settings or {}, constants or {}
        for place, form in self.constants.items():
            made = self.add_weight(name=f"constant_{place}", initializer="zeros", **form)
            setattr(self, f"constant_{place}", made)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - tensors
        """Compute; several inputs come as a list."""
        operands = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        for place in sorted(self.constants, key=int):
            constant = tf.convert_to_tensor(getattr(self, f"constant_{place}"))
            operands.insert(int(place), constant)
        return FUNCTIONS[self.function](*operands, **self.settings)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again, but for its weights."""
        own = {"function": self.function, "settings": self.settings, "constants": self.constants}
        return {**super().get_config(), **own}
