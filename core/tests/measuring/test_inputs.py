from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import DataError, ModelError
from boildown.measuring.inputs import model_io, write_sample
from boildown.measuring.runtimes import sample_inputs
from onnx import TensorProto, helper

Make = Callable[..., Any]
ADD = [helper.make_node("Add", ["a", "b"], ["y"])]


def test_ports_are_read_in_order_without_initializers(make_tower: Make) -> None:
    io = model_io(make_tower())
    assert [(port.name, port.shape, port.dtype) for port in io.inputs] == [
        ("x", (None, 3, 8, 8), "float32")
    ]
    assert (io.outputs, io.batch) == (("y",), None)


def test_a_fixed_batch_is_read(make_tower: Make) -> None:
    assert model_io(make_tower(batch=4)).batch == 4


def test_a_graph_without_inputs_or_with_other_than_tensors_is_refused(
    save_model: Make, tmp_path: Path
) -> None:
    constant = helper.make_node("Constant", [], ["y"], value_float=1.0)
    with pytest.raises(ModelError, match="no inputs"):
        model_io(save_model("constant.onnx", [constant], {}, {"y": []}))
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, [2]))
    ports = [helper.make_value_info("s", kind)], [helper.make_value_info("s2", kind)]
    graph = helper.make_graph([helper.make_node("Identity", ["s"], ["s2"])], "g", *ports)
    onnx.save(helper.make_model(graph), tmp_path / "sequence.onnx")
    with pytest.raises(ModelError, match="'s' is no tensor"):
        model_io(tmp_path / "sequence.onnx")


def test_the_sample_is_the_first_of_the_test_data(
    make_tower: Make, make_data: Make, tmp_path: Path
) -> None:
    data = make_data(n=5)
    sample = write_sample(tmp_path / "new" / "sample.npz", model_io(make_tower()), data)
    first = np.load(data.splits["test"].path)["test_x"][:1]
    assert (sample.names, sample.batch) == (("x",), 1)
    assert np.array_equal(sample_inputs(sample)["x"], first)


def test_a_fixed_batch_is_filled_by_repeating(
    make_tower: Make, make_data: Make, tmp_path: Path
) -> None:
    sample = write_sample(tmp_path / "s.npz", model_io(make_tower(batch=4)), make_data(n=3))
    x = sample_inputs(sample)["x"]
    assert (sample.batch, len(x)) == (4, 4)
    assert np.array_equal(x[3], x[0])


def test_empty_data_is_an_error(make_tower: Make, make_data: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'test' is empty"):
        write_sample(tmp_path / "s.npz", model_io(make_tower()), make_data(n=0))


def test_without_data_the_sample_is_seeded_noise(make_tower: Make, tmp_path: Path) -> None:
    io = model_io(make_tower())
    one, two = (sample_inputs(write_sample(tmp_path / f"{i}.npz", io, None)) for i in range(2))
    assert one["x"].shape == (1, 3, 8, 8)
    assert one["x"].dtype == np.float32
    assert one["x"].std() == pytest.approx(1, abs=0.2)
    assert np.array_equal(one["x"], two["x"])


def test_integers_without_data_are_zeros_and_inputs_keep_their_order(
    save_model: Make, tmp_path: Path
) -> None:
    shapes = {"b": ["N", 2], "a": ["N", 2]}
    path = save_model("add.onnx", ADD, shapes, {"y": ["N", 2]}, kind=TensorProto.INT64)
    sample = write_sample(tmp_path / "s.npz", model_io(path), None)
    assert sample.names == ("b", "a")
    assert sample_inputs(sample)["a"].tolist() == [[0, 0]]


def test_free_axes_need_data(save_model: Make, tmp_path: Path) -> None:
    shapes = {"a": ["N", "height"], "b": ["N", "height"]}
    path = save_model("free.onnx", ADD, shapes, {"y": ["N", "height"]})
    with pytest.raises(DataError, match=r"free axes: a \(axis 1\), b \(axis 1\); give data"):
        write_sample(tmp_path / "s.npz", model_io(path), None)
