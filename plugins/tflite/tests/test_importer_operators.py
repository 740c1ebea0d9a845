"""Each operator against ONNX Runtime on random numbers, in Keras and as a `.tflite` file."""

# ruff: noqa: E501 - one case a line is easier to read
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from boildown_tflite.importer import import_onnx
from boildown_tflite.importer.builder import OPERATORS
from keras_parity import (
    RELATIVE,
    apart,
    by_keras,
    by_onnx_runtime,
    by_tflite,
    graph_of,
    normalized,
    tflite,
)

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
    case("Conv", IMAGE, constants={1: WEIGHT}, strides=[2, 1], pads=[1, 2, 1, 2]),
    case("Conv", IMAGE, constants={1: WEIGHT}, strides=[2, 2], pads=[1, 1, 1, 1]),
    case("Conv", IMAGE, constants={1: WEIGHT}, pads=[2, 1, 2, 1], dilations=[2, 1]),
    case("Conv", IMAGE, constants={1: WEIGHT}, pads=[0, 1, 2, 3]),
    case("Conv", IMAGE, constants={1: WEIGHT}, auto_pad="SAME_UPPER", strides=[2, 2]),
    case("Conv", IMAGE, constants={1: WEIGHT}, auto_pad="SAME_LOWER", strides=[2, 2]),
    case("Conv", IMAGE, constants={1: WEIGHT}, auto_pad="VALID"),
    case("Conv", IMAGE, constants={1: real(4, 1, 3, 3), 2: real(4)}, group=4),
    case(
        "Conv", IMAGE, constants={1: real(8, 1, 3, 3)}, group=4, strides=[2, 2], pads=[1, 1, 1, 1]
    ),
    case("Conv", IMAGE, constants={1: real(4, 1, 3, 3)}, group=4, dilations=[2, 2]),
    case("Conv", IMAGE, constants={1: real(4, 1, 3, 3)}, group=4, strides=[2, 1]),
    case("Conv", IMAGE, constants={1: real(6, 2, 3, 3), 2: BIAS}, group=2),
    case("Conv", LINE, constants={1: real(5, 4, 3), 2: real(5)}, pads=[1, 1]),
    case("Conv", LINE, constants={1: real(5, 4, 3)}, pads=[2, 0], strides=[2]),
    case(
        "Conv", CUBE, constants={1: real(3, 2, 2, 2, 2)}, pads=[0, 1, 0, 0, 0, 1], open_batch=False
    ),
    case("ConvTranspose", IMAGE, constants={1: real(4, 3, 3, 3), 2: real(3)}, strides=[2, 2]),
    case("ConvTranspose", IMAGE, constants={1: real(4, 3, 2, 2), 2: real(3)}, strides=[2, 2]),
    case(
        "ConvTranspose", IMAGE, constants={1: real(4, 3, 4, 4)}, strides=[2, 2], pads=[1, 1, 1, 1]
    ),
    case(
        "ConvTranspose",
        IMAGE,
        constants={1: real(4, 3, 3, 3)},
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[1, 1],
    ),
    case(
        "ConvTranspose",
        IMAGE,
        constants={1: real(4, 3, 3, 3), 2: real(3)},
        strides=[3, 2],
        pads=[0, 1, 0, 0],
        output_padding=[2, 1],
    ),
    case("ConvTranspose", IMAGE, constants={1: real(4, 3, 1, 1), 2: real(3)}, strides=[2, 2]),
    case("ConvTranspose", LINE, constants={1: real(4, 3, 2)}),
]
POOLING = [
    case("MaxPool", IMAGE, kernel_shape=[3, 2], strides=[2, 2]),
    case("MaxPool", IMAGE - 9, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    case("MaxPool", IMAGE - 9, kernel_shape=[5, 5], pads=[2, 3, 1, 2]),
    case("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    case("MaxPool", real(2, 4, 5, 5), kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1),
    case("MaxPool", IMAGE - 9, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
    case("MaxPool", IMAGE - 9, kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2]),
    case("MaxPool", IMAGE - 9, kernel_shape=[3, 3], auto_pad="SAME_LOWER", strides=[2, 2]),
    case("MaxPool", LINE, kernel_shape=[3]),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[0, 0, 1, 1], count_include_pad=1),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[0, 0, 1, 1], strides=[2, 2]),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 0], ceil_mode=1, count_include_pad=1),
    case("AveragePool", IMAGE, kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2]),
    case("AveragePool", LINE, kernel_shape=[2], strides=[2]),
    case("GlobalAveragePool", IMAGE), case("GlobalMaxPool", IMAGE), case("GlobalAveragePool", LINE),
    case("LRN", IMAGE, size=3, alpha=0.1, beta=0.6, bias=1.5),
]  # fmt: skip
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
    case("MatMul", IMAGE, constants={1: real(8, 3)}),
    case("MatMul", SMALL, constants={0: real(3, 4)}),
    case("MatMul", SMALL, constants={1: real(2, 6, 3)}, open_batch=False),
    case("MatMul", SMALL, real(2, 6, 4)),
    case("MatMul", IMAGE, real(2, 4, 8, 5)),
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
    case("LayerNormalization", SMALL, constants={1: above(6)}, epsilon=1e-6),
    case("LayerNormalization", IMAGE, constants={1: above(8), 2: real(8)}),
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
    case("Elu", SMALL * 4, alpha=0.5), case("Celu", SMALL * 4, alpha=0.5), case("Selu", SMALL * 4, alpha=1.0, gamma=2.0),
    case("HardSigmoid", SMALL * 4, alpha=1 / 6, beta=0.5),
    case("Gelu", SMALL, approximate="tanh"),
    case("PRelu", IMAGE, constants={1: above(4, 1, 1)}),
    case("PRelu", IMAGE, constants={1: above(1, 4, 1, 1)}),
    case("PRelu", IMAGE, constants={1: above(9, 1)}),
    case("PRelu", SMALL, constants={1: above(1)}),
    case("PRelu", SMALL, constants={1: np.float32(0.3)}),
    case("Softmax", IMAGE, axis=1), case("Softmax", IMAGE, axis=2), case("LogSoftmax", IMAGE, axis=1),
    case("Softmax", SMALL, axis=2, opset=11), case("Softmax", IMAGE, axis=2, opset=11),
    case("Softmax", IMAGE, opset=11), case("LogSoftmax", IMAGE, opset=11), case("Softmax", real(3, 5), opset=11),
    case("Clip", SMALL * 4, constants={1: np.float32(0), 2: np.float32(6)}),
    case("Clip", SMALL, constants={1: np.float32(-0.5), 2: np.float32(0.7)}),
    case("Clip", SMALL, constants={1: np.float32(0)}),
    case("Clip", SMALL, constants={1: None, 2: np.float32(0.3)}),
    case("Clip", SMALL, min=-0.1, max=0.2, opset=10),
]  # fmt: skip
ARITHMETIC = (
    [case(op, above(2, 4, 6) * 0.4) for op in ("Sqrt", "Log", "Reciprocal")]
    + [case(op, SMALL * 2) for op in ("Abs", "Neg", "Exp", "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Identity")]
    + [
        case(op, SMALL, other)
        for op in (
            "Add", "Sub", "Mul", "Div", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal",
            "Min", "Max", "Sum", "Mean",
        )
        for other in (real(2, 4, 6), real(2, 1, 6))
    ]
    + [case(op, IMAGE, real(2, 4, 1, 1)) for op in ("Add", "Mul", "Sub", "Div")]
    + [case(op, IMAGE, constants={1: np.float32(1.5)}) for op in ("Add", "Sub", "Mul", "Div")]
    + [case(op, IMAGE, constants={1: above(4, 1, 1)}) for op in ("Add", "Sub", "Mul", "Div")]
    + [case(op, SMALL, constants={0: real(4, 1)}) for op in ("Add", "Sub", "Mul", "Div")]
    + [case("Add", IMAGE, constants={1: real(8)}), case("Mul", IMAGE, constants={0: real(1, 4, 9, 1)})]
    + [
        case("Pow", above(2, 4, 6), constants={1: np.float32(1.7)}),
        case("Mod", SMALL, constants={1: np.float32(0.7)}, fmod=1),
        case("Mod", whole(7, -7, 9, -9).reshape(2, 2), constants={1: whole(4)}),
        case("Where", SMALL > 0, SMALL, constants={2: np.float32(-1)}),
        case("Not", SMALL > 0), case("And", SMALL > 0, real(2, 4, 6) > 0),
        case("Or", SMALL > 0, real(2, 4, 6) > 0),
        case("Dropout", SMALL), case("Sum", SMALL, SMALL, SMALL), case("Min", SMALL),
        case("Cast", SMALL * 3, to=7), case("Cast", SMALL > 0, to=1),
    ]
)  # fmt: skip
SHAPING = [
    case("Reshape", IMAGE, constants={1: whole(0, 2, -1)}),
    case("Reshape", IMAGE, constants={1: whole(-1, 8, 9)}),
    case("Reshape", IMAGE, constants={1: whole(-1, 4)}),
    case("Reshape", real(3, 8), constants={1: whole(-1, 2, 2, 2)}),
    case("Reshape", IMAGE, constants={1: whole(0, 2, 2, 9, 8)}),
    case("Flatten", IMAGE), case("Flatten", IMAGE, axis=2), case("Flatten", IMAGE, axis=0),
    case("Flatten", IMAGE, axis=-1), case("Flatten", real(2, 4, 1, 1)),
    case("Transpose", IMAGE, perm=[0, 2, 3, 1]), case("Transpose", IMAGE), case("Transpose", SMALL, perm=[0, 2, 1]),
    case("Concat", IMAGE, real(2, 3, 9, 8), axis=1), case("Concat", IMAGE, IMAGE, axis=-1),
    case("Concat", SMALL, constants={1: real(2, 1, 6)}, axis=1, open_batch=False),
    case("Split", IMAGE, constants={1: whole(1, 3)}, axis=1, outputs=2),
    case("Split", IMAGE, axis=2, num_outputs=2, outputs=2),
    case("Squeeze", real(2, 1, 3, 1), constants={1: whole(1)}), case("Squeeze", real(2, 1, 3, 1), open_batch=False),
    case("Squeeze", real(2, 4, 1, 1), axes=[2, 3], opset=11),
    case("Unsqueeze", SMALL, constants={1: whole(-1, 1)}),
    case("Expand", real(2, 1, 6), constants={1: whole(1, 4, 1)}),
    case("Expand", SMALL, constants={1: whole(3, 1, 1, 1)}),
    case("Tile", SMALL, constants={1: whole(1, 2, 3)}), case("Tile", IMAGE, constants={1: whole(1, 2, 1, 1)}),
    case("Pad", IMAGE, constants={1: whole(0, 0, 1, 2, 0, 0, 3, 0)}),
    case("Pad", IMAGE, constants={1: whole(0, 1, 0, 0, 0, 2, 0, 0), 2: np.float32(2)}),
    case("Pad", IMAGE, constants={1: whole(0, 0, 1, 2, 0, 0, 3, 0)}, mode="reflect"),
    case("Pad", IMAGE, constants={1: whole(0, 0, 1, 2, 0, 0, 3, 0)}, mode="edge"),
    case("Pad", IMAGE, constants={1: whole(0, 0, 0, 2, 0, 0, 0, 1)}, mode="wrap"),
    case("Pad", IMAGE, constants={1: whole(1, 2), 2: None, 3: whole(3)}),
    case("Pad", IMAGE, pads=[0, 0, 1, 1, 0, 0, 1, 1], value=0.5, opset=10),
    case("DepthToSpace", IMAGE, blocksize=2), case("DepthToSpace", real(2, 8, 3, 4), blocksize=2, mode="CRD"),
    case("SpaceToDepth", real(2, 3, 4, 6), blocksize=2),
    case("Slice", IMAGE, constants={1: whole(1, -4), 2: whole(8, 100), 3: whole(2, 3), 4: whole(2, 1)}),
    case("Slice", IMAGE, constants={1: whole(-1), 2: whole(-100), 3: whole(2), 4: whole(-2)}),
    case("Slice", IMAGE, starts=[1], ends=[3], axes=[1], opset=9),
    case("Gather", IMAGE, constants={1: np.array(-1)}, axis=2),
    case("Gather", IMAGE, constants={1: whole(2, 0, -1)}, axis=3),
    case("Gather", IMAGE, constants={1: whole(2, 0, 1, 1).reshape(2, 2)}, axis=1),
    case("Gather", whole(1, -2, 3).reshape(3, 1), constants={0: real(5, 4)}),
    case("Gather", whole(1, -2, 3).reshape(3, 1), constants={0: real(2, 5, 4)}, axis=1),
    case("CumSum", SMALL, constants={1: np.array(1)}), case("CumSum", SMALL, constants={1: np.array(2)}, reverse=1, exclusive=1),
]  # fmt: skip
REDUCTIONS = [
    case(f"Reduce{kind}", above(2, 4, 6), constants={1: whole(1, -1)}, keepdims=keep)
    for kind in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")
    for keep in (0, 1)
] + [
    case("ReduceMean", IMAGE, axes=[2, 3], opset=13), case("ReduceMean", IMAGE, axes=[2, 3], keepdims=0, opset=13),
    case("ReduceMean", IMAGE), case("ReduceMax", IMAGE, constants={1: whole(1)}), case("ReduceMax", IMAGE, constants={1: whole(2)}, keepdims=0),
    case("ReduceSum", IMAGE, noop_with_empty_axes=1),
    case("ArgMax", SMALL, axis=1), case("ArgMin", SMALL, axis=-1, keepdims=0), case("ArgMax", IMAGE, axis=1, keepdims=0),
]  # fmt: skip
_UP, _DOWN, _HALF = (
    np.array([1, 1, *x], np.float32) for x in ([2, 3], [5 / 9, 0.75], [1 / 3, 0.5])
)
RESIZE = [
    case("Resize", IMAGE, constants={1: None, 2: scales}, coordinate_transformation_mode=places, nearest_mode=rounding)
    for scales in (_UP, _DOWN, _HALF)
    for places in ("asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel")
    for rounding in ("floor", "round_prefer_floor")
] + [
    case("Resize", IMAGE, constants={1: None, 2: scales}, mode="linear", coordinate_transformation_mode=places)
    for scales in (_UP, np.array([1, 1, 1, 0.75], np.float32))
    for places in ("asymmetric", "half_pixel", "align_corners")
] + [
    case("Resize", real(1, 4, 5, 5), constants={1: None, 2: None, 3: whole(1, 4, 7, 9)}, mode="linear", open_batch=False),
    case("Upsample", IMAGE, constants={1: _UP}, opset=9),
]  # fmt: skip

CASES = [
    *CONVOLUTIONS, *POOLING, *DENSE, *NORMALIZATION, *ACTIVATIONS, *ARITHMETIC, *SHAPING,
    *REDUCTIONS, *RESIZE,
]  # fmt: skip


def name(value: object) -> str | None:
    return str(value[0]) if isinstance(value, tuple) else None


@pytest.mark.parametrize("one", CASES, ids=name)
def test_an_operator_gives_what_onnx_runtime_gives_in_keras_and_in_tflite(one: Case) -> None:
    op, inputs, constants, more = one
    model = normalized(graph_of(op, inputs, constants, **more))
    imported, wanted = import_onnx(model), by_onnx_runtime(model, inputs)
    assert apart(by_keras(imported, inputs), wanted) <= RELATIVE
    assert apart(by_tflite(tflite(imported), inputs), wanted) <= RELATIVE


def test_each_operator_that_is_taken_has_a_case() -> None:
    # These are tried with computed shapes, in test_importer_lengths.
    tried = {one[0] for one in CASES} | {"ConstantOfShape", "Shape", "Size"}
    assert tried == set(OPERATORS)
