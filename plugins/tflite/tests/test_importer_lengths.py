"""What exporters compute from shapes: it follows an open batch, or is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from boildown import UnsupportedError
from boildown_tflite.importer import import_onnx
from boildown_tflite.importer.lengths import Lengths, counted, decoded, simplified
from keras_parity import RELATIVE, apart, by_keras, by_onnx_runtime, by_tflite, chain, tflite
from onnx import helper, numpy_helper

N = helper.make_node
SHAPE = ["N", 4, 6]


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def batch(size: int) -> np.ndarray:
    return np.random.default_rng(size).normal(size=(size, 4, 6)).astype(np.float32)


RESHAPE_BY_SHAPE = [
    N("Shape", ["x"], ["s"], name="s"),
    N("Gather", ["s", "zero"], ["n"], name="n"),
    N("Mul", ["n", "two"], ["m"], name="m"),
    N("Unsqueeze", ["m", "axis"], ["u"], name="u"),
    N("Concat", ["u", "rest"], ["t"], name="t", axis=0),
    N("Reshape", ["x", "t"], ["y"], name="reshape"),
]
RESHAPE_CONSTANTS = {"zero": np.array(0), "two": np.array(2), "axis": ints(0), "rest": ints(12)}
EXPAND = [
    N("Shape", ["x"], ["n"], name="n", start=0, end=1),
    N("Concat", ["n", "rest"], ["t"], name="t", axis=0),
    N("Expand", ["token", "t"], ["e"], name="expand"),
    N("Concat", ["e", "x"], ["y"], name="joined", axis=1),
]
FILL = [
    N("Shape", ["x"], ["s"], name="s"),
    N("ConstantOfShape", ["s"], ["c"], name="fill",
      value=numpy_helper.from_array(np.array([2.5], np.float32))),
    N("Add", ["x", "c"], ["y"], name="add"),
]  # fmt: skip
STRIDED = [
    N("Reshape", ["x", "flat"], ["f"], name="f"),
    N("Shape", ["x"], ["n"], name="n", start=0, end=1),
    N("Squeeze", ["n"], ["b"], name="b"),
    N("Range", ["zero", "b", "one"], ["r"], name="range"),
    N("Mul", ["r", "each"], ["m"], name="m"),
    N("Unsqueeze", ["m", "last"], ["u"], name="u"),
    N("Add", ["u", "inner"], ["places"], name="places"),
    N("Gather", ["f", "places"], ["y"], name="gather", axis=0),
]
TOKEN = np.random.default_rng(3).normal(size=(1, 1, 6)).astype(np.float32)
FOLLOWING = {
    "reshape": (RESHAPE_BY_SHAPE, RESHAPE_CONSTANTS),
    "class token": (EXPAND, {"rest": ints(1, 6), "token": TOKEN}),
    "filled": (FILL, {}),
    "strided": (
        STRIDED,
        {"flat": ints(-1), "zero": np.array(0), "one": np.array(1), "each": np.array(24),
         "last": ints(1), "inner": np.arange(24)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWING)
def test_lengths_follow_the_batch(name: str) -> None:
    nodes, constants = FOLLOWING[name]
    model = chain(nodes, SHAPE, constants)
    imported = import_onnx(model)
    data = tflite(imported)
    for size in (1, 3):
        wanted = by_onnx_runtime(model, [batch(size)])
        assert apart(by_keras(imported, [batch(size)]), wanted) <= RELATIVE
        assert apart(by_tflite(data, [batch(size)]), wanted) <= RELATIVE


def test_a_shape_that_does_not_simply_follow_the_batch_is_refused() -> None:
    nodes = [
        N("Shape", ["x"], ["n"], name="n", start=0, end=1),
        N("Min", ["n", "five"], ["least"], name="least"),
        N("Concat", ["least", "rest"], ["t"], name="t", axis=0),
        N("Reshape", ["x", "t"], ["y"], name="reshape"),
    ]
    model = chain(nodes, SHAPE, {"five": ints(5), "rest": ints(4, 6)})
    with pytest.raises(UnsupportedError, match=r"'reshape' \(Reshape, opset 20\).*batch"):
        import_onnx(model)


def test_a_shape_that_depends_on_the_data_is_refused() -> None:
    nodes = [
        N("Cast", ["x"], ["c"], name="c", to=7),
        N("ReduceMax", ["c"], ["m"], name="m", keepdims=0),
        N("Unsqueeze", ["m", "axis"], ["u"], name="u"),
        N("Concat", ["minus", "u"], ["t"], name="t", axis=0),
        N("Reshape", ["x", "t"], ["y"], name="reshape"),
    ]
    model = chain(nodes, SHAPE, {"axis": ints(0), "minus": ints(-1)})
    with pytest.raises(UnsupportedError, match=r"'reshape'.*depends on the data"):
        import_onnx(model)


def test_a_fixed_batch_stays_fixed() -> None:
    model = chain(RESHAPE_BY_SHAPE, [3, 4, 6], RESHAPE_CONSTANTS)
    imported = import_onnx(model)
    assert imported.model.input_shape == (3, 4, 6)
    assert imported.model.output_shape == (6, 12)
    assert apart(by_keras(imported, [batch(3)]), by_onnx_runtime(model, [batch(3)])) <= RELATIVE


def test_numbers_are_told_from_multiples_of_the_batch_and_from_others() -> None:
    lengths = Lengths(tuple(ints(3 * n, 8) for n in (1, 2, 7, 1009)))
    found = decoded(lengths)
    assert found is not None
    assert [(length.count, length.open) for length in found] == [(3, True), (8, False)]
    assert decoded(Lengths(tuple(ints(n // 2) for n in (1, 2, 7, 1009)))) is None
    assert isinstance(simplified((ints(5),) * 4), np.ndarray)
    assert counted(Lengths(tuple(np.arange(4 * n)[::-1] for n in (1, 2, 7, 1009)))) is None
