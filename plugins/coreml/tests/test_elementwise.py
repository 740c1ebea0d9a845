"""Each simple operator of MIL against NumPy, written out here."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import IOS15, IOS17, computed, mb

RNG = np.random.default_rng(0)
X = (RNG.standard_normal((2, 3, 4)) * 2).astype(np.float32)
POSITIVE = np.abs(X) + np.float32(0.1)
SMALL = np.tanh(X) * np.float32(0.9)
Y = (RNG.standard_normal((3, 1)) + np.float32(0.2)).astype(np.float32)
IMAGE = RNG.standard_normal((1, 3, 5, 4)).astype(np.float32)
CHANNELS = np.array([0.1, 0.5, 2.0], np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def erf(x: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf)(x)


def by_channel(v: np.ndarray) -> np.ndarray:
    return v[:, None, None]


UNARY: dict[str, tuple[np.ndarray, Any, dict[str, Any]]] = {
    "abs": (X, np.abs, {}),
    "acos": (SMALL, np.arccos, {}),
    "asin": (SMALL, np.arcsin, {}),
    "atan": (X, np.arctan, {}),
    "atanh": (SMALL, np.arctanh, {}),
    "ceil": (X, np.ceil, {}),
    "clip": (X, lambda x: np.clip(x, -0.5, 1.5), {"alpha": -0.5, "beta": 1.5}),
    "cos": (X, np.cos, {}),
    "cosh": (X, np.cosh, {}),
    "cumsum": (X, lambda x: np.cumsum(x, 1), {"axis": 1}),
    "cumsum-reverse": (
        X,
        lambda x: np.flip(np.cumsum(np.flip(x, 2), 2), 2),
        {"axis": 2, "reverse": True},
    ),
    "cumsum-exclusive": (
        X,
        lambda x: np.cumsum(x, 1) - x,
        {"axis": 1, "exclusive": True},
    ),
    "erf": (X, erf, {}),
    "exp": (X, np.exp, {}),
    "exp2": (X, np.exp2, {}),
    "floor": (X, np.floor, {}),
    "identity": (X, lambda x: x, {}),
    "inverse": (POSITIVE, lambda x: 1 / (x + 1e-4), {}),
    "inverse-exact": (POSITIVE, lambda x: 1 / x, {"epsilon": 0.0}),
    "log": (POSITIVE, np.log, {}),
    "log-epsilon": (POSITIVE, lambda x: np.log(x + 0.5), {"epsilon": 0.5}),
    "round": (np.array([[0.5, 1.5, 2.5, -0.5, -1.2]], np.float32), np.round, {}),
    "rsqrt": (POSITIVE, lambda x: 1 / np.sqrt(x), {}),
    "rsqrt-epsilon": (POSITIVE, lambda x: 1 / np.sqrt(x + 1), {"epsilon": 1.0}),
    "sign": (X, np.sign, {}),
    "sin": (X, np.sin, {}),
    "sinh": (X, np.sinh, {}),
    "sqrt": (POSITIVE, np.sqrt, {}),
    "square": (X, np.square, {}),
    "tan": (SMALL, np.tan, {}),
    "threshold": (X, lambda x: np.maximum(x, 0.3), {"alpha": 0.3}),
    "clamped_relu": (
        X,
        lambda x: np.where(x >= 0, np.minimum(x, 1.5), np.minimum(x * 0.2, 1.5)),
        {"alpha": 0.2, "beta": 1.5},
    ),
    "elu": (X, lambda x: np.where(x > 0, x, 0.7 * (np.exp(x) - 1)), {"alpha": 0.7}),
    "gelu-exact": (X, lambda x: x * (1 + erf(x / np.sqrt(2))) / 2, {"mode": "EXACT"}),
    "gelu-tanh": (
        X,
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        {"mode": "TANH_APPROXIMATION"},
    ),
    "gelu-sigmoid": (X, lambda x: x * sigmoid(1.702 * x), {"mode": "SIGMOID_APPROXIMATION"}),
    "leaky_relu": (X, lambda x: np.where(x > 0, x, 0.2 * x), {"alpha": 0.2}),
    "linear_activation": (X, lambda x: 2 * x - 1, {"alpha": 2.0, "beta": -1.0}),
    "prelu": (
        IMAGE,
        lambda x: np.where(x > 0, x, by_channel(CHANNELS) * x),
        {"alpha": CHANNELS},
    ),
    "relu": (X, lambda x: np.maximum(x, 0), {}),
    "relu6": (X * 4, lambda x: np.clip(x, 0, 6), {}),
    "scaled_tanh": (X, lambda x: 1.5 * np.tanh(0.5 * x), {"alpha": 1.5, "beta": 0.5}),
    "sigmoid": (X, sigmoid, {}),
    "sigmoid_hard": (X, lambda x: np.clip(0.3 * x + 0.4, 0, 1), {"alpha": 0.3, "beta": 0.4}),
    "silu": (X, lambda x: x * sigmoid(x), {}),
    "softmax": (X, lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True), {"axis": 1}),
    "softplus": (X, lambda x: np.log1p(np.exp(x)), {}),
    "softplus_parametric": (
        IMAGE,
        lambda x: by_channel(CHANNELS) * np.log1p(np.exp(by_channel(2 * CHANNELS) * x)),
        {"alpha": CHANNELS, "beta": 2 * CHANNELS},
    ),
    "softsign": (X, lambda x: x / (1 + np.abs(x)), {}),
    "tanh": (X, np.tanh, {}),
    "thresholded_relu": (
        np.array([[0.4, 0.5, 0.6, -1]], np.float32),
        lambda x: np.where(x >= 0.5, x, 0),
        {"alpha": 0.5},
    ),
}


@pytest.mark.parametrize("case", UNARY)
def test_a_function_of_one_value_gives_what_numpy_gives(case: str, tmp_path: Path) -> None:
    x, expected, settings = UNARY[case]
    make = getattr(mb, case.split("-", maxsplit=1)[0])
    (found,) = computed(tmp_path, lambda x0: make(x=x0, **settings), x)
    np.testing.assert_allclose(found, expected(x.astype(np.float64)), rtol=2e-5, atol=2e-6)


BINARY: dict[str, tuple[np.ndarray, np.ndarray, Any]] = {
    "add": (X, Y, np.add),
    "floor_div": (X, Y, np.floor_divide),
    "maximum": (X, Y, np.maximum),
    "minimum": (X, Y, np.minimum),
    "mod": (X, Y, np.mod),
    "mul": (X, Y, np.multiply),
    "pow": (POSITIVE, Y, np.power),
    "real_div": (X, Y, np.divide),
    "sub": (X, Y, np.subtract),
}


@pytest.mark.parametrize("case", BINARY)
def test_a_function_of_two_values_broadcasts_as_numpy_does(case: str, tmp_path: Path) -> None:
    x, y, expected = BINARY[case]
    make = getattr(mb, case)
    (found,) = computed(tmp_path, lambda x0, x1: make(x=x0, y=x1), x, y)
    np.testing.assert_allclose(found, expected(x, y), rtol=2e-5, atol=2e-6)


COMPARISONS = {
    "equal": np.equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "not_equal": np.not_equal,
}


@pytest.mark.parametrize("case", COMPARISONS)
def test_a_comparison_gives_what_numpy_gives(case: str, tmp_path: Path) -> None:
    x = np.array([[1, 2, 3, 2]], np.float32)
    y = np.array([[2, 2, 2, 3]], np.float32)
    make = getattr(mb, case)
    (found,) = computed(tmp_path, lambda x0, x1: mb.cast(x=make(x=x0, y=x1), dtype="fp32"), x, y)
    np.testing.assert_array_equal(found, COMPARISONS[case](x, y))


LOGIC = {
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}


@pytest.mark.parametrize("case", LOGIC)
def test_logic_and_selection_give_what_numpy_gives(case: str, tmp_path: Path) -> None:
    def build(x0: Any, x1: Any) -> Any:
        both = getattr(mb, case)(x=mb.greater(x=x0, y=0.0), y=mb.greater(x=x1, y=0.0))
        return mb.select(cond=mb.logical_not(x=both), a=x0, b=x1)

    (found,) = computed(tmp_path, build, X, X[::-1].copy())
    chosen = LOGIC[case](X > 0, X[::-1] > 0)
    np.testing.assert_array_equal(found, np.where(~chosen, X, X[::-1]))


def test_whole_numbers_have_the_remainder_of_python(tmp_path: Path) -> None:
    x, y = np.array([[7, -7, 7, -7]], np.int32), np.array([[3, 3, -3, -3]], np.int32)
    (found,) = computed(tmp_path, lambda x0, x1: mb.mod(x=x0, y=x1), x, y)
    np.testing.assert_array_equal(found, np.mod(x, y))


def test_a_cast_to_whole_numbers_cuts_towards_zero(tmp_path: Path) -> None:
    (found,) = computed(tmp_path, lambda x0: mb.cast(x=x0, dtype="int32"), X)
    np.testing.assert_array_equal(found, np.trunc(X).astype(np.int32))


@pytest.mark.parametrize("target", [IOS15, IOS17])
def test_defaults_that_a_file_leaves_out_are_those_of_core_ml(target: Any, tmp_path: Path) -> None:
    (found,) = computed(tmp_path, lambda x0: mb.inverse(x=x0), POSITIVE, target=target)
    np.testing.assert_allclose(found, 1 / (POSITIVE + 1e-4), rtol=1e-5)
    assert np.abs(found - 1 / POSITIVE).max() > 1e-5  # the epsilon is not without effect
