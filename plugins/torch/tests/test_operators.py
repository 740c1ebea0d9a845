"""Each operator against ONNX Runtime on random numbers, attributes included."""

# ruff: noqa: E501 - one case a line is easier to read
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from boildown_torch.importer.builder import OPERATORS
from parity import RELATIVE, difference, graph_of, normalized

Case = tuple[str, list[np.ndarray], dict[int, Any], dict[str, Any]]
_DRAW = np.random.default_rng(0)


def real(*shape: int) -> np.ndarray:
    return _DRAW.normal(size=shape).astype(np.float32)


def above(*shape: int) -> np.ndarray:
    return _DRAW.uniform(0.5, 2, size=shape).astype(np.float32)


def whole(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


IMAGE, SMALL, LINE, CUBE = real(2, 4, 9, 8), real(2, 4, 6), real(2, 4, 9), real(1, 2, 5, 6, 4)
WEIGHT, BIAS = real(6, 4, 3, 3), real(6)


def case(
    op: str, *inputs: np.ndarray, constants: dict[int, Any] | None = None, **more: Any
) -> Case:
    return op, list(inputs), constants or {}, more


CONVOLUTIONS = [
    case("Conv", IMAGE, constants={1: WEIGHT, 2: BIAS}),
    case("Conv", IMAGE, constants={1: WEIGHT}, strides=[2, 1], pads=[1, 2, 1, 2], dilations=[2, 1]),
    case("Conv", IMAGE, constants={1: WEIGHT}, pads=[0, 1, 2, 3]),
    case("Conv", IMAGE, constants={1: WEIGHT}, auto_pad="SAME_UPPER", strides=[2, 2]),
    case("Conv", IMAGE, constants={1: WEIGHT}, auto_pad="SAME_LOWER", strides=[2, 2]),
    case("Conv", IMAGE, constants={1: WEIGHT}, auto_pad="VALID"),
    case("Conv", IMAGE, constants={1: real(4, 1, 3, 3)}, group=4),
    case("Conv", IMAGE, constants={1: real(6, 2, 1, 1)}, group=2),
    case("Conv", LINE, constants={1: real(5, 4, 3), 2: real(5)}, pads=[1, 1]),
    case("Conv", CUBE, constants={1: real(3, 2, 2, 2, 2)}),
    case("ConvTranspose", IMAGE, constants={1: real(4, 3, 3, 3), 2: real(3)}, strides=[2, 2]),
    case(
        "ConvTranspose", IMAGE, constants={1: real(4, 2, 3, 3)},
        strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1], group=2, dilations=[1, 2],
    ),
    case("ConvTranspose", LINE, constants={1: real(4, 3, 2)}),
]  # fmt: skip
POOLING = [
    case("MaxPool", IMAGE, kernel_shape=[3, 2], strides=[2, 2]),
    case("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    case("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    case("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
    case("MaxPool", IMAGE, kernel_shape=[2, 2], dilations=[2, 2]),
    case("MaxPool", IMAGE, kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2]),
    case("MaxPool", LINE, kernel_shape=[3]),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[0, 0, 1, 1], count_include_pad=1),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    case("AveragePool", CUBE, kernel_shape=[2, 2, 2]),
    case("GlobalAveragePool", IMAGE),
    case("GlobalMaxPool", IMAGE),
    case("LRN", IMAGE, size=3, alpha=0.1, beta=0.6, bias=1.5),
]
DENSE = [
    case("Gemm", real(3, 5), constants={1: real(4, 5), 2: real(4)}, transB=1),
    case("Gemm", real(3, 5), constants={1: real(5, 4), 2: real(1, 4)}),
    case("Gemm", real(3, 5), constants={1: real(5, 4)}),
    case("Gemm", real(3, 5), constants={1: real(5, 4)}, alpha=0.5),
    case("Gemm", real(3, 5), constants={1: real(5, 4), 2: real(4)}, alpha=0.5, beta=2.0),
    case("Gemm", real(3, 5), constants={1: real(4, 5), 2: real(1)}, transB=1),
    case("Gemm", real(3, 5), constants={1: real(4, 5), 2: real(3, 1)}, transB=1, open_batch=False),
    case(
        "Gemm",
        real(4, 5),
        real(5, 3),
        open_batch=False,
        alpha=0.5,
        beta=2.0,
        constants={2: real(3)},
    ),
    case("MatMul", SMALL, constants={1: real(6, 3)}),
    case("MatMul", SMALL, constants={0: real(3, 4)}),
    case("MatMul", SMALL, constants={1: real(2, 6, 3)}),
    case("MatMul", SMALL, real(2, 6, 4)),
    case("Einsum", SMALL, real(2, 5, 6), equation="bij,bkj->bik"),
]
NORMALIZATION = [
    case(
        "BatchNormalization",
        x,
        constants={1: above(4), 2: real(4), 3: real(4), 4: above(4)},
        epsilon=1e-3,
    )
    for x in (IMAGE, SMALL, real(3, 4))
] + [
    case("LayerNormalization", SMALL, constants={1: above(6), 2: real(6)}),
    case(
        "LayerNormalization", SMALL, constants={1: above(4, 6), 2: real(4, 6)}, axis=1, epsilon=1e-2
    ),
    case("LayerNormalization", SMALL, constants={1: above(6)}),
    case("InstanceNormalization", IMAGE, constants={1: above(4), 2: real(4)}),
    case("GroupNormalization", IMAGE, constants={1: above(4), 2: real(4)}, num_groups=2, opset=21),
]
ACTIVATIONS = [
    case(op, SMALL * 4)
    for op in (
        "Relu", "Sigmoid", "Tanh", "HardSwish", "Softplus", "Softsign", "Mish", "LeakyRelu", "Elu",
        "Celu", "Selu", "Gelu", "HardSigmoid", "ThresholdedRelu", "Softmax", "LogSoftmax",
    )
] + [
    case("LeakyRelu", SMALL, alpha=0.3),
    case("HardSigmoid", SMALL * 4, alpha=1 / 6, beta=0.5),
    case("Gelu", SMALL, approximate="tanh"),
    case("PRelu", IMAGE, constants={1: above(4, 1, 1)}),
    case("PRelu", IMAGE, constants={1: above(1, 4, 1, 1)}),
    case("PRelu", SMALL, constants={1: above(1)}),
    case("PRelu", SMALL, constants={1: np.float32(0.3)}),
    case("Softmax", IMAGE, axis=1),
    case("Softmax", SMALL, axis=2, opset=11),
    case("Softmax", IMAGE, axis=2, opset=11),
    case("LogSoftmax", IMAGE, opset=11),
    case("Clip", SMALL, constants={1: np.float32(0), 2: np.float32(6)}),
    case("Clip", SMALL, constants={1: np.float32(-0.5), 2: np.float32(0.7)}),
    case("Clip", SMALL, constants={1: np.float32(0)}),
    case("Clip", SMALL, constants={1: None, 2: np.float32(0.3)}),
    case("Clip", SMALL, min=-0.1, max=0.2, opset=10),
]  # fmt: skip
ARITHMETIC = (
    [case(op, above(2, 4, 6) * 0.4) for op in ("Sqrt", "Log", "Asin", "Acos", "Atanh", "Reciprocal")]
    + [case("Acosh", above(2, 4, 6) + 1)]
    + [
        case(op, SMALL)
        for op in (
            "Abs", "Neg", "Exp", "Erf", "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Tan",
            "Atan", "Sinh", "Cosh", "Asinh", "IsNaN", "Identity",
        )
    ]
    + [
        case(op, SMALL, other)
        for op in (
            "Add", "Sub", "Mul", "Div", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal",
            "Min", "Max", "Sum", "Mean",
        )
        for other in (real(2, 4, 6), real(2, 1, 6))
    ]
    + [case(op, SMALL, constants={1: np.float32(1.5)}) for op in ("Add", "Sub", "Mul", "Div")]
    + [case(op, SMALL, constants={0: real(4, 1)}) for op in ("Add", "Sub", "Mul", "Div")]
    + [
        case("Pow", above(2, 4, 6), constants={1: np.float32(1.7)}),
        case("Mod", SMALL, constants={1: np.float32(0.7)}, fmod=1),
        case("Div", whole(7, -7, 9, -9).reshape(2, 2), constants={1: whole(2)}),
        case("Mod", whole(7, -7, 9, -9).reshape(2, 2), constants={1: whole(4)}),
        case("Where", SMALL > 0, SMALL, constants={2: np.float32(-1)}),
        case("Not", SMALL > 0), case("And", SMALL > 0, real(2, 4, 6) > 0),
        case("Or", SMALL > 0, real(2, 4, 6) > 0), case("Xor", SMALL > 0, real(2, 4, 6) > 0),
        case("Dropout", SMALL), case("Sum", SMALL, SMALL, SMALL), case("Min", SMALL),
        case("Cast", SMALL * 3, to=7), case("Cast", SMALL > 0, to=1),
    ]
)  # fmt: skip
SHAPING = [
    case("Reshape", IMAGE, constants={1: whole(0, 2, -1)}),
    case("Reshape", IMAGE, constants={1: whole(-1, 8, 9)}),
    case("Flatten", IMAGE), case("Flatten", IMAGE, axis=2), case("Flatten", IMAGE, axis=0),
    case("Flatten", IMAGE, axis=-1),
    case("Transpose", IMAGE, perm=[0, 2, 3, 1]), case("Transpose", IMAGE),
    case("Concat", IMAGE, real(2, 3, 9, 8), axis=1), case("Concat", IMAGE, IMAGE, axis=-1),
    case("Concat", SMALL, constants={1: real(2, 1, 6)}, axis=1, open_batch=False),
    case("Split", IMAGE, constants={1: whole(1, 3)}, axis=1, outputs=2),
    case("Split", IMAGE, axis=2, num_outputs=2, outputs=2),
    case("Squeeze", real(2, 1, 3, 1), constants={1: whole(1)}), case("Squeeze", real(2, 1, 3, 1), open_batch=False),
    case("Unsqueeze", SMALL, constants={1: whole(-1, 1)}),
    case("Expand", real(2, 1, 6), constants={1: whole(1, 4, 1)}),
    case("Expand", SMALL, constants={1: whole(3, 1, 1, 1)}),
    case("Tile", SMALL, constants={1: whole(1, 2, 3)}),
    case("Pad", IMAGE, constants={1: whole(0, 0, 1, 2, 0, 0, 3, 0)}),
    case("Pad", IMAGE, constants={1: whole(0, 1, 0, 0, 0, 2, 0, 0), 2: np.float32(2)}),
    case("Pad", IMAGE, constants={1: whole(0, 0, 1, 2, 0, 0, 3, 0)}, mode="reflect"),
    case("Pad", IMAGE, constants={1: whole(0, 0, 1, 2, 0, 0, 3, 0)}, mode="edge"),
    case("Pad", IMAGE, constants={1: whole(1, 2), 2: None, 3: whole(3)}),
    case("DepthToSpace", IMAGE, blocksize=2), case("DepthToSpace", IMAGE, blocksize=2, mode="CRD"),
    case("SpaceToDepth", real(2, 3, 4, 6), blocksize=2),
    case("Slice", IMAGE, constants={1: whole(1, -4), 2: whole(8, 100), 3: whole(2, 3), 4: whole(2, 1)}),
    case("Slice", IMAGE, constants={1: whole(-1), 2: whole(-100), 3: whole(2), 4: whole(-2)}),
    case("Gather", IMAGE, constants={1: np.array(-1)}, axis=2),
    case("Gather", IMAGE, constants={1: whole(2, 0, -1)}, axis=3),
    case("Gather", IMAGE, constants={1: whole(2, 0, 1, 1).reshape(2, 2)}, axis=1),
    case("Gather", whole(1, -2, 3).reshape(3, 1), constants={0: real(5, 4)}),
    case("GatherElements", SMALL, np.zeros((2, 4, 3), np.int64) - 1, axis=2),
    case("CumSum", SMALL, constants={1: np.array(1)}),
    case("Shape", SMALL), case("Shape", SMALL, start=1, end=-1), case("Size", SMALL),
    case("Trilu", SMALL, upper=0), case("Trilu", SMALL, constants={1: np.array(1)}),
]  # fmt: skip
REDUCTIONS = [
    case(f"Reduce{kind}", above(2, 4, 6), constants={1: whole(1, -1)}, keepdims=keep)
    for kind in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")
    for keep in (0, 1)
] + [
    case("ReduceMean", IMAGE, axes=[2, 3], opset=13),
    case("ReduceMean", IMAGE),
    case("ReduceSum", IMAGE, noop_with_empty_axes=1),
    case("ArgMax", SMALL, axis=1), case("ArgMin", SMALL, axis=-1, keepdims=0),
]  # fmt: skip
_UP, _DOWN = np.array([1, 1, 2, 2], np.float32), np.array([1, 1, 0.5, 0.75], np.float32)
RESIZE = [
    case("Resize", IMAGE, constants={1: None, 2: scales}, mode=mode, **more)
    for scales in (_UP, _DOWN)
    for mode, more in (
        ("nearest", {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}),
        ("linear", {"coordinate_transformation_mode": "half_pixel"}),
        ("linear", {"coordinate_transformation_mode": "align_corners"}),
        ("cubic", {"coordinate_transformation_mode": "half_pixel"}),
    )
] + [
    case("Resize", real(1, 4, 5, 5), constants={1: None, 2: None, 3: whole(1, 4, 7, 9)}, mode="linear",
         open_batch=False),
]  # fmt: skip


def recurrent(op: str, gates: int, direction: str, **more: Any) -> Case:
    ways, hidden = (2 if direction == "bidirectional" else 1), 5
    constants = {
        1: real(ways, gates * hidden, 3) * 0.5,
        2: real(ways, gates * hidden, hidden) * 0.5,
        3: real(ways, 2 * gates * hidden) * 0.5,
    }
    outputs = 3 if op == "LSTM" else 2
    return case(
        op, real(7, 2, 3), constants=constants, direction=direction, hidden_size=hidden,
        outputs=outputs, open_batch=False, **more,
    )  # fmt: skip


RECURRENT = [
    recurrent(op, gates, direction, **more)
    for op, gates, more in (("LSTM", 4, {}), ("GRU", 3, {"linear_before_reset": 1}), ("RNN", 1, {}))
    for direction in ("forward", "reverse", "bidirectional")
] + [recurrent("RNN", 1, "forward", activations=["Relu"])]

CASES = [
    *CONVOLUTIONS, *POOLING, *DENSE, *NORMALIZATION, *ACTIVATIONS, *ARITHMETIC, *SHAPING,
    *REDUCTIONS, *RESIZE, *RECURRENT,
]  # fmt: skip


def name(value: object) -> str | None:
    return str(value[0]) if isinstance(value, tuple) else None


@pytest.mark.parametrize("one", CASES, ids=name)
def test_an_operator_gives_what_onnx_runtime_gives(one: Case) -> None:
    op, inputs, constants, more = one
    model = normalized(graph_of(op, inputs, constants, **more))
    assert difference(model, inputs) <= RELATIVE


def test_each_operator_that_is_taken_has_a_case() -> None:
    # These two are tried with computed shapes, in test_lengths.
    tried = {one[0] for one in CASES} | {"ConstantOfShape", "Range"}
    assert tried == set(OPERATORS)
