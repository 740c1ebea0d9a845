from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import ModelError, source_layers
from boildown.model import normalize as module
from boildown.model.normalize import normalize
from onnx import helper, numpy_helper

Save = Callable[..., Path]
Build = Callable[..., onnx.ModelProto]
Normal = Callable[..., np.ndarray]
N = helper.make_node


def normal_form(path: Path) -> onnx.ModelProto:
    return onnx.load(normalize(path, path.with_name("normal.onnx")).path)


def test_the_result_says_what_the_model_takes_and_gives(tiny: onnx.ModelProto, save: Save) -> None:
    found = normalize(save(tiny), (path := save(tiny).parent / "new" / "normal.onnx"))
    assert found.path == path
    assert (found.inputs, found.outputs) == ({"x": ("N", 3, 8, 8)}, {"y": ("N", 4)})
    assert (found.opset, found.batch, found.copied) == (17, None, ())
    assert not list(path.parent.glob("*.partial"))


def test_the_same_model_makes_the_same_bytes_and_normal_form_is_a_fixed_point(
    tiny: onnx.ModelProto, save: Save, tmp_path: Path
) -> None:
    first = normalize(save(tiny), tmp_path / "a.onnx")
    second = normalize(save(tiny, "other name.onnx"), tmp_path / "b.onnx")
    third = normalize(first.path, tmp_path / "c.onnx")
    assert first.sha256 == second.sha256 == third.sha256
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "c.onnx").read_bytes()


def test_other_weights_make_other_bytes(tiny: onnx.ModelProto, save: Save, tmp_path: Path) -> None:
    first = normalize(save(tiny), tmp_path / "a.onnx")
    tiny.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.full(8, 2, np.float32), "s"))
    assert normalize(save(tiny), tmp_path / "b.onnx").sha256 != first.sha256


def test_the_numbers_stay_the_same(
    tiny: onnx.ModelProto, save: Save, run: Callable, normal: Normal
) -> None:
    path, value = save(tiny), normal(2, 3, 8, 8)
    found = normalize(path, path.with_name("normal.onnx"))
    assert (run(found.path, value)["y"] == run(path, value)["y"]).all()


def test_a_fixed_batch_is_kept_and_reported(build: Build, save: Save) -> None:
    path = save(build([N("Relu", ["x"], ["y"])], {}, (2, 3), (2, 3)))
    assert normalize(path, path.with_name("n.onnx")).batch == 2


def test_a_batch_of_zero_or_less_is_an_open_one(build: Build, save: Save) -> None:
    path = save(build([N("Relu", ["x"], ["y"])], {}, (-1, 3), (None, 3)), check=False)
    found = normalize(path, path.with_name("n.onnx"))
    assert (found.inputs["x"], found.batch) == ((None, 3), None)


def test_outputs_without_a_shape_get_one(tiny: onnx.ModelProto, save: Save) -> None:
    tiny.graph.output[0].type.tensor_type.ClearField("shape")
    path = save(tiny, check=False)
    assert normalize(path, path.with_name("n.onnx")).outputs["y"] == ("N", 4)


def test_noise_is_dropped_and_shapes_are_inferred(tiny: onnx.ModelProto, save: Save) -> None:
    tiny.producer_name, tiny.doc_string, tiny.domain = "tool", "text", "org"
    tiny.metadata_props.add(key="author", value="me")
    tiny.opset_import.add(domain="ai.onnx.ml", version=3)
    tiny.graph.doc_string, tiny.graph.node[0].doc_string = "text", "stack trace"
    tiny.graph.node[0].attribute[0].doc_string = "text"
    tiny.graph.initializer[0].doc_string = tiny.graph.input[0].doc_string = "text"
    found = normal_form(save(tiny))
    assert not [word for word in (b"text", b"tool", b"author") if word in found.SerializeToString()]
    assert [item.domain for item in found.opset_import] == [""]
    assert [item.name for item in found.graph.value_info] == ["a", "bn", "f", "g", "p", "r"]


def test_the_standard_domain_has_one_name(tiny: onnx.ModelProto, save: Save) -> None:
    tiny.opset_import[0].domain = "ai.onnx"
    tiny.graph.node[0].domain = "ai.onnx"
    found = normal_form(save(tiny, check=False))
    assert {node.domain for node in found.graph.node} == {""}
    assert len(source_layers(found)) == 3


def test_initializers_are_no_inputs_even_of_the_oldest_files(
    tiny: onnx.ModelProto, save: Save
) -> None:
    for tensor in tiny.graph.initializer:
        value = helper.make_tensor_value_info(tensor.name, 1, list(tensor.dims))
        tiny.graph.input.append(value)
    tiny.ir_version = 3
    found = normal_form(save(tiny))
    assert [item.name for item in found.graph.input] == ["x"]
    assert found.ir_version == 4


def test_constants_become_raw_initializers_and_unused_ones_go(build: Build, save: Save) -> None:
    typed = helper.make_tensor("typed", 1, [3], [1.0, 2.0, 3.0])
    nodes = [
        N("Constant", [], ["c"], value=typed),
        N("Constant", [], ["f"], value_float=2.0),
        N("Constant", [], ["fs"], value_floats=[1.0, 2.0, 3.0]),
        N("Constant", [], ["i"], value_int=1),
        N("Constant", [], ["is"], value_ints=[-1, 3]),
        N("Identity", ["c"], ["d"]),
        N("Add", ["x", "d"], ["a"]), N("Mul", ["a", "f"], ["b"]), N("Add", ["b", "fs"], ["e"]),
        N("Reshape", ["e", "is"], ["y"]),
    ]  # fmt: skip
    path = save(build(nodes, {"unused": np.ones(5, np.float32)}, ("N", 3), ("N", 3)))
    graph = normal_form(path).graph
    assert [node.op_type for node in graph.node] == ["Add", "Mul", "Add", "Reshape"]
    assert sorted(item.name for item in graph.initializer) == ["d", "f", "fs", "is"]
    assert all(item.HasField("raw_data") for item in graph.initializer)


def test_constants_of_text_stay_nodes(build: Build, save: Save) -> None:
    nodes = [N("Constant", [], ["t"], value_string="word"), N("Relu", ["x"], ["y"])]
    graph = normal_form(save(build(nodes, {}, ("N", 3), ("N", 3)))).graph
    assert [node.op_type for node in graph.node] == ["Constant", "Relu"]


def test_sparse_weights_become_dense(build: Build, save: Save) -> None:
    model = build([N("MatMul", ["x", "w"], ["y"], "mm")], {}, ("N", 6), ("N", 5))
    values = numpy_helper.from_array(np.array([1, 2], np.float32), "w")
    places = numpy_helper.from_array(np.array([0, 29]), "p")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [6, 5]))
    graph = normal_form(save(model, check=False)).graph
    assert numpy_helper.to_array(graph.initializer[0]).sum() == 3
    assert not graph.sparse_initializer


@pytest.mark.parametrize("op", ["Transpose", "Reshape", "Cast", "Unsqueeze"])
def test_a_weight_behind_a_move_is_a_layer(
    build: Build, save: Save, normal: Normal, op: str
) -> None:
    shapes = {"Transpose": (5, 6), "Reshape": (30,), "Cast": (6, 5), "Unsqueeze": (6, 5)}
    weight = normal(*shapes[op])
    more = {"Reshape": ["to"], "Unsqueeze": ["axes"]}.get(op, [])
    moved = N(op, ["w", *more], ["v"], **({"to": 1} if op == "Cast" else {}))
    if op == "Cast":
        weight = weight.astype(np.float16)
    tensors = {"w": weight, "to": np.array([6, 5]), "axes": np.array([0])}
    out = (1, 4, 5) if op == "Unsqueeze" else (4, 5)
    model = build([moved, N("MatMul", ["x", "v"], ["y"], "mm")], tensors, (4, 6), out)
    (layer,) = source_layers(normal_form(save(model)))
    assert (layer.name, layer.shape[-2:]) == ("mm", (6, 5))


def test_functions_are_put_in_line(build: Build, save: Save, normal: Normal) -> None:
    inside = [N("MatMul", ["a", "b"], ["c"], "inner")]
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("own", "Linear", ["a", "b"], ["c"], inside, opsets)
    model = build([N("Linear", ["x", "w"], ["y"], domain="own")], {"w": normal(6, 5)}, ("N", 6),
                  ("N", 5), domains={"own": 1})  # fmt: skip
    model.functions.append(function)
    found = normal_form(save(model))
    assert [node.op_type for node in found.graph.node] == ["MatMul"]
    assert not found.functions
    assert [item.domain for item in found.opset_import] == [""]


def test_operators_of_onnxruntime_are_kept(build: Build, save: Save) -> None:
    node = N("Gelu", ["x"], ["y"], domain="com.microsoft")
    model = build([node], {}, ("N", 3), ("N", 3), domains={"com.microsoft": 1})
    found = normal_form(save(model))
    assert [item.domain for item in found.opset_import] == ["", "com.microsoft"]


def test_what_onnx_cannot_hold_in_one_file_is_refused(
    tiny: onnx.ModelProto, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(ModelError, match=r"in one file the model takes .* limit of 2 GB"):
        normal_form(save(tiny))


def test_an_invalid_graph_is_a_model_error(build: Build, save: Save) -> None:
    path = save(build([N("Foo", ["x"], ["y"])], {}, ("N", 3), ("N", 3)), check=False)
    with pytest.raises(ModelError, match="not a valid ONNX model: No Op registered for Foo"):
        normal_form(path)


def test_a_constant_that_cannot_be_computed_is_a_model_error(build: Build, save: Save) -> None:
    nodes = [N("Reshape", ["c", "to"], ["v"], "bad"), N("Add", ["x", "v"], ["y"])]
    tensors = {"c": np.ones(5, np.float32), "to": np.array([-1, 3])}
    path = save(build(nodes, tensors, ("N", 3), ("N", 3)), check=False)
    with pytest.raises(ModelError, match=r"a constant cannot be computed|not a valid ONNX model"):
        normal_form(path)


def test_nothing_is_written_where_the_model_is_refused(build: Build, save: Save) -> None:
    path = save(build([N("Foo", ["x"], ["y"])], {}, ("N", 3), ("N", 3)), check=False)
    with pytest.raises(ModelError):
        normalize(path, path.with_name("n.onnx"))
    assert not path.with_name("n.onnx").exists()


def test_the_users_file_stays_as_it_is(tiny: onnx.ModelProto, save: Save) -> None:
    before = (path := save(tiny)).read_bytes()
    normal_form(path)
    assert path.read_bytes() == before


def test_a_sparse_tensor_cannot_ask_for_gigantic_memory(build: Build, save: Save) -> None:
    model = build([N("MatMul", ["x", "w"], ["y"], "mm")], {}, ("N", 6), ("N", 5))
    values = numpy_helper.from_array(np.ones(1, np.float32), "w")
    places = numpy_helper.from_array(np.array([0]), "p")
    sparse = helper.make_sparse_tensor(values, places, [1 << 20, 1 << 20])
    model.graph.sparse_initializer.append(sparse)
    with pytest.raises(ModelError, match="sparse tensor 'w' stands for 1,099,511,627,776"):
        normal_form(save(model, check=False))


@pytest.mark.parametrize(("shape", "fine"), [([6, 5], True), ([1 << 20, 1 << 20], False)])
def test_sparse_constants_become_dense_within_bounds(
    build: Build, save: Save, *, shape: list[int], fine: bool
) -> None:
    values = numpy_helper.from_array(np.ones(2, np.float32), "v")
    places = numpy_helper.from_array(np.array([[0, 0], [5, 4]]), "p")
    sparse = helper.make_sparse_tensor(values, places, shape)
    nodes = [N("Constant", [], ["w"], sparse_value=sparse), N("MatMul", ["x", "w"], ["y"], "mm")]
    path = save(build(nodes, {}, ("N", shape[0]), ("N", shape[1])), check=False)
    if fine:
        assert numpy_helper.to_array(normal_form(path).graph.initializer[0]).sum() == 2
    else:
        with pytest.raises(ModelError, match="sparse tensor 'v' stands for 1,099,511,627,776"):
            normal_form(path)
