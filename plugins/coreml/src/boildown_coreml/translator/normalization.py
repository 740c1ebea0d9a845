"""Normalisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .builder import operator

if TYPE_CHECKING:
    from .builder import Op


def _vector(op: Op, name: str, shape: tuple[int, ...], default: float) -> str:
    if op.has(name):
        return op.tensor(name)
    return op.graph.constant(np.full(shape, default, np.float32), op.name)


def _affine(op: Op, shape: tuple[int, ...]) -> tuple[str, str]:
    return _vector(op, "gamma", shape, 1), _vector(op, "beta", shape, 0)


@operator("batch_norm")
def _batch_norm(op: Op) -> str:
    gamma, beta = _affine(op, op.shape()[1:2])
    moments = (op.tensor("mean"), op.tensor("variance"))
    epsilon = float(op.value("epsilon", 1e-5))
    return op.emit("BatchNormalization", op.tensor(), gamma, beta, *moments, epsilon=epsilon)


@operator("instance_norm")
def _instance_norm(op: Op) -> str:
    epsilon = float(op.value("epsilon", 1e-5))
    affine = _affine(op, op.shape()[1:2])
    return op.emit("InstanceNormalization", op.tensor(), *affine, epsilon=epsilon)


@operator("layer_norm")
def _layer_norm(op: Op) -> str:
    shape, epsilon = op.shape(), float(op.value("epsilon", 1e-5))
    axes = op.value("axes")
    if axes is None:
        op.refuse("it does not say over which axes it goes")
    axes = sorted(axis % len(shape) for axis in axes)
    if axes == list(range(axes[0], len(shape))):
        affine = _affine(op, tuple(shape[axis] for axis in axes))
        return op.emit("LayerNormalization", op.tensor(), *affine, axis=axes[0], epsilon=epsilon)
    return _over_inner_axes(op, axes, epsilon)


def _over_inner_axes(op: Op, axes: list[int], epsilon: float) -> str:
    """Spell the norm out, since ONNX's goes over the last axes alone."""
    where = op.lengths(axes)
    centred = op.emit("Sub", op.tensor(), op.emit("ReduceMean", op.tensor(), where))
    variance = op.emit("ReduceMean", op.emit("Mul", centred, centred), where)
    deviation = op.emit("Sqrt", op.emit("Add", variance, op.number(epsilon)))
    result = op.emit("Div", centred, deviation)
    shape = [length if at in axes else 1 for at, length in enumerate(op.shape())]
    for name, kind in (("gamma", "Mul"), ("beta", "Add")):
        if (vector := op.array(name)) is not None:
            result = op.emit(kind, result, op.graph.constant(vector.reshape(shape), op.name))
    return result


@operator("local_response_norm")
def _local_response_norm(op: Op) -> str:
    size = int(op.value("size"))
    if size % 2 == 0:
        op.refuse("a window of even size has no middle")
    return op.emit(
        "LRN",
        op.tensor(),
        size=size,
        alpha=float(op.value("alpha", 1e-4)),
        beta=float(op.value("beta", 0.75)),
        bias=float(op.value("k", 1.0)),
    )
