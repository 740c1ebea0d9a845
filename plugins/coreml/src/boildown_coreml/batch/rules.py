"""Operator by operator, where the samples lie in its results, if each is computed on its own."""

from __future__ import annotations

from .place import Mixed, Place, Seen, reshaped, rule

_UNARY = (
    "Abs",
    "Acos",
    "Asin",
    "Atan",
    "Atanh",
    "Cast",
    "Ceil",
    "Clip",
    "Cos",
    "Cosh",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "HardSigmoid",
    "Identity",
    "LeakyRelu",
    "Log",
    "Neg",
    "Not",
    "Reciprocal",
    "Relu",
    "Round",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Tan",
    "Tanh",
)
_BROADCAST = (
    "Add",
    "And",
    "Div",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Max",
    "Min",
    "Mod",
    "Mul",
    "Or",
    "PRelu",
    "Pow",
    "Sub",
    "Where",
    "Xor",
)
_IMAGES = (
    "AveragePool",
    "BatchNormalization",
    "Conv",
    "ConvTranspose",
    "DepthToSpace",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "InstanceNormalization",
    "LRN",
    "LpPool",
    "MaxPool",
    "SpaceToDepth",
)


@rule(*_UNARY)
def _unary(seen: Seen) -> Place:
    return seen.alone()


@rule(*_BROADCAST)
def _broadcast(seen: Seen) -> Place:
    rank = len(seen.shape(seen.node.output[0]))
    found: set[Place] = set()
    for name in seen.inputs:
        place = seen.places.get(name)
        if place is not None:
            found.add(place._replace(axis=place.axis + rank - len(seen.shape(name))))
    if len(found) != 1:
        raise Mixed
    (place,) = found
    for name in seen.inputs:
        shape = seen.shape(name)
        axis = place.axis - (rank - len(shape))
        if name not in seen.places and axis >= 0 and shape[axis] != 1:
            raise Mixed
    return place


@rule(*_IMAGES, "Resize")
def _images(seen: Seen) -> Place:
    return _on_axis(seen.alone(), 0)


def _on_axis(place: Place, axis: int) -> Place:
    if place.axis != axis:
        raise Mixed
    return place


@rule("GridSample")
def _grid_sample(seen: Seen) -> Place:
    first, second = seen.place(0), seen.place(1)
    if first != second or first is None:
        raise Mixed
    return _on_axis(first, 0)


@rule("MatMul")
def _matmul(seen: Seen) -> Place:
    rank, found = len(seen.shape(seen.node.output[0])), set()
    for index in (0, 1):
        place, axes = seen.place(index), seen.rank(index)
        summed = axes - 1 if index == 0 else axes - 2
        if place is None:
            continue
        if place.axis == summed or axes == 1:
            raise Mixed
        found.add((place._replace(axis=place.axis + rank - axes), place.axis < axes - 2))
    if len(found) != 1:
        raise Mixed
    ((place, stacked),) = found
    both = seen.place(0) is not None and seen.place(1) is not None
    if both and not stacked:
        raise Mixed
    for index in (0, 1):
        axis = place.axis - (rank - seen.rank(index))
        if seen.place(index) is None and stacked and axis >= 0:
            _single(seen, index, axis)
    return place


def _single(seen: Seen, index: int, axis: int) -> None:
    """Let a constant take part that has nothing of its own for the axis of the samples."""
    if seen.shape(seen.node.input[index])[axis] != 1:
        raise Mixed


@rule("Softmax", "LogSoftmax", "CumSum", "TopK")
def _along(seen: Seen) -> Place:
    place = seen.alone()
    axis = seen.attribute("axis", -1)
    if seen.node.op_type == "CumSum":
        axis = (seen.integers(1) or [0])[0]
    return _apart(place, axis % seen.rank())


def _apart(place: Place, *axes: int) -> Place:
    if place.axis in axes:
        raise Mixed
    return place


@rule("QuantizeLinear")
def _quantize(seen: Seen) -> Place:
    if seen.rank(1) == 0:
        return seen.alone()
    return _apart(seen.alone(), seen.attribute("axis", 1) % seen.rank())


@rule("LayerNormalization")
def _layer_norm(seen: Seen) -> Place:
    place, axis = seen.alone(), seen.attribute("axis", -1) % seen.rank()
    return _apart(place, *range(axis, seen.rank()))


@rule(
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "ArgMax", "ArgMin",
)  # fmt: skip
def _reduce(seen: Seen) -> Place:
    if seen.node.op_type.startswith("Arg"):
        axes = [seen.attribute("axis", 0)]
    else:
        axes = seen.integers(1) or list(range(seen.rank()))
    axes = [axis % seen.rank() for axis in axes]
    place = _apart(seen.alone(), *axes)
    if seen.attribute("keepdims", 1):
        return place
    return place._replace(axis=place.axis - sum(axis < place.axis for axis in axes))


@rule("Transpose")
def _transpose(seen: Seen) -> Place:
    place = seen.alone()
    return place._replace(axis=list(seen.attribute("perm", ())).index(place.axis))


@rule("Squeeze")
def _squeeze(seen: Seen) -> Place:
    axes = [axis % seen.rank() for axis in seen.integers(1) or []]
    if not axes:
        raise Mixed
    place = _apart(seen.alone(), *axes)
    return place._replace(axis=place.axis - sum(axis < place.axis for axis in axes))


@rule("Unsqueeze")
def _unsqueeze(seen: Seen) -> Place:
    rank = len(seen.shape(seen.node.output[0]))
    new = {axis % rank for axis in seen.integers(1) or []}
    left = [axis for axis in range(rank) if axis not in new]
    place = seen.alone()
    return place._replace(axis=left[place.axis])


@rule("Reshape")
def _reshape(seen: Seen) -> list[list[Place | None]]:
    result = seen.shape(seen.node.output[0])
    ways = reshaped(seen.alone(), seen.shape(seen.node.input[0]), result)
    return [list[Place | None]([way]) for way in ways]


@rule("Concat")
def _concat(seen: Seen) -> Place:
    """A constant among them is repeated for each sample (see `opening`)."""
    found = {seen.places[name] for name in seen.inputs if name in seen.places}
    if len(found) != 1:
        raise Mixed
    (place,) = found
    constant = [name for name in seen.inputs if name not in seen.places]
    if constant and (place.before, place.after) != (1, 1):
        raise Mixed
    return _apart(place, seen.attribute("axis", 0) % seen.rank())


@rule("Split", "GatherElements")
def _split(seen: Seen) -> Place:
    if seen.node.op_type == "GatherElements" and seen.place() is not None:
        raise Mixed
    return _apart(seen.alone(), seen.attribute("axis", 0) % seen.rank())


@rule("Slice")
def _slice(seen: Seen) -> Place:
    starts, ends = seen.integers(1) or [], seen.integers(2) or []
    axes = seen.integers(3) or list(range(len(starts)))
    steps = seen.integers(4) or [1] * len(starts)
    place, rank = seen.alone(), seen.rank()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if axis % rank == place.axis and (start, step) != (0, 1):
            raise Mixed
        # The end may be given as the length for one sample, which `opening` lifts.
        if axis % rank == place.axis and end < seen.shape(seen.node.input[0])[place.axis]:
            raise Mixed
    return place


@rule("Pad")
def _pad(seen: Seen) -> Place:
    pads, place = seen.integers(1) or [], seen.alone()
    axes = seen.integers(3) or list(range(seen.rank()))
    margins = zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True)
    padded = [axis % seen.rank() for axis, begin, end in margins if begin or end]
    return _apart(place, *padded)


@rule("Tile")
def _tile(seen: Seen) -> Place:
    place = seen.alone()
    if (seen.integers(1) or [])[place.axis] != 1:
        raise Mixed
    return place


@rule("Gather")
def _gather(seen: Seen) -> Place:
    data, indices = seen.place(0), seen.place(1)
    axis, axes = seen.attribute("axis", 0) % seen.rank(0), seen.rank(1)
    if data is not None and indices is None:
        moved = axes - 1 if _apart(data, axis).axis > axis else 0
        return data._replace(axis=data.axis + moved)
    if data is None and indices is not None:
        return indices._replace(axis=indices.axis + axis)
    raise Mixed


@rule("LSTM", "GRU", "RNN")
def _recurrent(seen: Seen) -> list[list[Place | None]]:
    """Series and states have their samples on axis 1; a constant state is repeated."""
    wanted = Place(1)
    if seen.place() != wanted or any(seen.place(index) not in {None, wanted} for index in (5, 6)):
        raise Mixed
    results: list[Place | None] = [Place(2), wanted, wanted]
    return [results[: len(seen.node.output)]]
