from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from boildown import DataError
from boildown.measuring.onnxruntime import OnnxRuntime
from onnx import TensorProto, helper

Make = Callable[..., Path]


def test_outputs_come_by_name_and_do_not_depend_on_the_batch(make_tower: Make) -> None:
    runtime = OnnxRuntime(make_tower())
    x = np.random.default_rng(0).standard_normal((5, 3, 8, 8)).astype(np.float32)
    whole = runtime.run({"x": x})["y"]
    assert whole.shape == (5, 10)
    assert np.allclose(whole[2:3], runtime.run({"x": x[2:3]})["y"], atol=1e-6)


def test_a_fixed_batch_is_known_and_a_free_one_is_none(make_tower: Make) -> None:
    assert OnnxRuntime(make_tower("fixed.onnx", batch=4)).batch == 4
    assert OnnxRuntime(make_tower("free.onnx")).batch is None


def test_a_float16_model_gets_float16(save_model: Make) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    path = save_model("half.onnx", [node], {"x": [2]}, {"y": [2]}, kind=TensorProto.FLOAT16)
    found = OnnxRuntime(path).run({"x": np.array([-1, 0.5], np.float32)})["y"]
    assert found.dtype == np.float16
    assert found.tolist() == [0, 0.5]


def test_integers_are_never_made_of_floats(save_model: Make) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    path = save_model("int.onnx", [node], {"x": [1]}, {"y": [1]}, kind=TensorProto.INT64)
    runtime = OnnxRuntime(path)
    assert runtime.run({"x": np.array([3])})["y"].tolist() == [3]
    with pytest.raises(Exception, match=r"(?i)unexpected input data type"):
        runtime.run({"x": np.array([3.0], np.float32)})


def test_inputs_of_other_names_are_an_error(make_tower: Make) -> None:
    with pytest.raises(DataError, match=r"inputs \['x'\], but got \['image'\]"):
        OnnxRuntime(make_tower()).run({"image": np.zeros((1, 3, 8, 8), np.float32)})
