"""Pools over windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .builder import operator
from .convolution import padding

if TYPE_CHECKING:
    from .builder import Op


def _window(op: Op) -> dict[str, Any]:
    kernel = op.value("kernel_sizes")
    ones = [1] * len(kernel)
    strides = op.value("strides", ones)
    return {
        "kernel_shape": kernel,
        "strides": strides,
        "pads": padding(op, kernel, strides, ones),
        "ceil_mode": int(op.value("ceil_mode", default=False)),
    }


@operator("max_pool")
def _max_pool(op: Op) -> str:
    return op.emit("MaxPool", op.tensor(), **_window(op))


@operator("avg_pool")
def _avg_pool(op: Op) -> str:
    excluded = op.value("exclude_padding_from_average", default=False)
    return op.emit("AveragePool", op.tensor(), count_include_pad=int(not excluded), **_window(op))


@operator("l2_pool")
def _l2_pool(op: Op) -> str:
    return op.emit("LpPool", op.tensor(), p=2, **_window(op))
