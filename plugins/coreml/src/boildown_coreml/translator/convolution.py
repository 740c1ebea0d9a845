"""Convolutions, and the padding that they share with pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .builder import operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .builder import Op


def padding(
    op: Op, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int]:
    """Return ONNX's pads: the beginning of every spatial axis, then the end of every one.

    `same` splits what is missing to ceil(length / stride) results evenly, an odd one at the end;
    `same_lower` has it at the beginning.
    """
    kind, axes = op.value("pad_type", "valid"), len(kernel)
    if kind == "custom":
        pads = op.value("pad", [0] * 2 * axes)
        return [*pads[0::2], *pads[1::2]]
    if kind == "valid":
        return [0] * 2 * axes
    if kind not in {"same", "same_lower"}:
        op.refuse(f"padding {kind!r} is not known")
    begins, ends = [], []
    for length, size, stride, dilation in zip(
        op.shape()[2:], kernel, strides, dilations, strict=True
    ):
        reach = (-(-length // stride) - 1) * stride + (size - 1) * dilation + 1
        missing = max(reach - length, 0)
        first = missing // 2 if kind == "same" else missing - missing // 2
        begins.append(first)
        ends.append(missing - first)
    return [*begins, *ends]


def _window(op: Op) -> dict[str, Any]:
    axes = len(op.shape()) - 2
    return {
        "kernel_shape": list(op.shape("weight")[2:]),
        "strides": op.value("strides", [1] * axes),
        "dilations": op.value("dilations", [1] * axes),
        "group": int(op.value("groups", 1)),
    }


def _inputs(op: Op) -> list[str]:
    names = ("x", "weight", "bias") if op.has("bias") else ("x", "weight")
    return [op.tensor(name) for name in names]


@operator("conv")
def _conv(op: Op) -> str:
    window = _window(op)
    pads = padding(op, window["kernel_shape"], window["strides"], window["dilations"])
    return op.layer("Conv", "weight", *_inputs(op), pads=pads, **window)


@operator("conv_transpose")
def _conv_transpose(op: Op) -> str:
    """What an `output_shape` asks for beyond the usual length is computed at the end of an axis."""
    window = _window(op)
    kind, axes = op.value("pad_type", "valid"), len(window["kernel_shape"])
    if kind not in {"valid", "custom"}:
        op.refuse(f"padding {kind!r} of a transposed convolution is not translated")
    pads = padding(op, window["kernel_shape"], window["strides"], window["dilations"])
    more = [
        length - ((before - 1) * stride + (size - 1) * dilation + 1 - begin - end)
        for length, before, stride, size, dilation, begin, end in zip(
            op.result_shape()[2:],
            op.shape()[2:],
            window["strides"],
            window["kernel_shape"],
            window["dilations"],
            pads[:axes],
            pads[axes:],
            strict=True,
        )
    ]
    if any(
        not 0 <= extra < max(stride, dilation)
        for extra, stride, dilation in zip(
            more, window["strides"], window["dilations"], strict=True
        )
    ):
        op.refuse(f"its output_shape {list(op.result_shape())} is not one that ONNX can give")
    return op.layer(
        "ConvTranspose", "weight", *_inputs(op), pads=pads, output_padding=more, **window
    )
