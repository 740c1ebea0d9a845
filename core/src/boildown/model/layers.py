"""The layers of a normalised ONNX model: the nodes that hold a constant weight."""

from __future__ import annotations

from ..frozen import Frozen


class Layer(Frozen):
    """One constant weight of one node; `name` is its identity in every toolkit and report.

    A node with one weight gives its name to the layer; the weights of an LSTM, GRU or RNN are
    the layers `<node>.W` and `<node>.R`.
    """

    name: str
    node: str
    op: str
    #: Name of the initializer.
    weight: str
    shape: tuple[int, ...]
    #: Axis of the weight that counts output channels.
    axis: int

    @property
    def size(self) -> int:
        """Number of weights."""
        size = 1
        for length in self.shape:
            size *= length
        return size
