"""Pads of convolutions and pooling: ONNX gives numbers, TensorFlow has the rule `same` or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..keras import tf_keras

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .builder import Node

_L = tf_keras.layers
ZEROS: dict[int, Callable[..., Any]] = {
    1: _L.ZeroPadding1D, 2: _L.ZeroPadding2D, 3: _L.ZeroPadding3D,
}  # fmt: skip
CUTS: dict[int, Callable[..., Any]] = {1: _L.Cropping1D, 2: _L.Cropping2D, 3: _L.Cropping3D}


@dataclass(frozen=True, slots=True)
class Window:
    """How a kernel moves along one axis, and the pads that its places really reach."""

    length: int
    kernel: int
    stride: int
    dilation: int
    begin: int
    #: As ONNX gives it, which with rounding up may be less than what the last place reaches.
    given_end: int
    ceil: bool = False

    @property
    def reach(self) -> int:
        """Entries from the first to the last that one place takes in."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def count(self) -> int:
        """Places of the kernel; one that would begin behind the input is left out."""
        room = self.length + self.begin + self.given_end - self.reach
        count = (-(-room // self.stride) if self.ceil else room // self.stride) + 1
        behind = self.ceil and (count - 1) * self.stride >= self.length + self.begin
        return count - behind

    @property
    def end(self) -> int:
        """The end pad that the last place reaches."""
        last = (self.count - 1) * self.stride + self.reach
        return max(last - self.length - self.begin, 0)

    @property
    def is_same(self) -> bool:
        """Tell whether these are the pads of TensorFlow's rule `same`."""
        count = -(-self.length // self.stride)
        total = max((count - 1) * self.stride + self.reach - self.length, 0)
        return count == self.count and (self.begin, self.end) == (total // 2, total - total // 2)


def windows(
    node: Node,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    *,
    ceil: bool = False,
) -> list[Window]:
    """Return the windows of a node along its spatial axes, `auto_pad` worked out."""
    lengths, axes = node.shape()[2:], len(kernel)
    mode = node.attribute("auto_pad", "NOTSET")
    pads = node.attribute("pads", [0] * 2 * axes) if mode == "NOTSET" else [0] * 2 * axes
    found = []
    for axis, length in enumerate(lengths):
        if length is None:
            node.refuse("a spatial axis of open length")
        begin, end = pads[axis], pads[axis + axes]
        if begin < 0 or end < 0:
            node.refuse(f"pads = {list(pads)} cut off")
        if mode.startswith("SAME"):
            reach = (kernel[axis] - 1) * dilations[axis] + 1
            total = max((-(-length // strides[axis]) - 1) * strides[axis] + reach - length, 0)
            less, more = total // 2, total - total // 2
            begin, end = (less, more) if mode == "SAME_UPPER" else (more, less)
        move = (kernel[axis], strides[axis], dilations[axis])
        found.append(Window(length, *move, begin, end, ceil and mode == "NOTSET"))
    return found


def sides(layer: Callable[..., Any], pairs: Sequence[tuple[int, int]]) -> Any:
    """Return begins and ends as Keras's padding and cropping layers take them."""
    return pairs[0] if layer in (_L.ZeroPadding1D, _L.Cropping1D) else tuple(pairs)


def padded(node: Node, tensor: Any, found: Sequence[Window]) -> tuple[Any, str]:
    """Return the tensor, padded with zeros where need be, and Keras's `padding` for it."""
    if all(window.begin == window.end == 0 for window in found):
        return tensor, "valid"
    if all(window.is_same for window in found):
        return tensor, "same"
    layer = ZEROS[len(found)]
    pairs = [(window.begin, window.end) for window in found]
    return node.helper(layer, tensor, "_pad", sides(layer, pairs)), "valid"
