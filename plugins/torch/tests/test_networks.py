"""Whole networks: the same numbers as ONNX Runtime, trainable, exportable, written back alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from boildown import UnsupportedError
from boildown_torch.importer import import_onnx, layer_modules, write_back
from boildown_torch.importer.builder import Kept
from networks import NETWORKS, exported, network
from onnx import helper, numpy_helper
from parity import RELATIVE, by_onnx_runtime, difference, normalized
from torch import nn

ALL = [(name, dynamo) for name in NETWORKS for dynamo in (False, True)]


def spoken(one: tuple[str, bool]) -> str:
    return f"{one[0]}-{'dynamo' if one[1] else 'script'}"


@pytest.fixture(scope="module", params=ALL, ids=spoken)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> onnx.ModelProto:
    name, dynamo = request.param
    module, example = network(name)
    path = tmp_path_factory.mktemp("networks") / "model.onnx"
    return normalized(exported(module, example, path, dynamo=dynamo))


def batch_for(model: onnx.ModelProto, size: int) -> np.ndarray:
    dims = model.graph.input[0].type.tensor_type.shape.dim
    shape = [size, *(dim.dim_value for dim in dims[1:])]
    return np.random.default_rng(size).normal(size=shape).astype(np.float32)


def test_the_numbers_are_those_of_onnx_runtime(model: onnx.ModelProto) -> None:
    for size in (1, 3):
        assert difference(model, [batch_for(model, size)]) <= RELATIVE


def test_what_was_not_trained_is_written_back_to_the_last_bit(model: onnx.ModelProto) -> None:
    back = write_back(model, import_onnx(model))
    assert back.graph.initializer == model.graph.initializer


# torch's own recurrent layers do so in their forward.
@pytest.mark.filterwarnings("ignore:The tensor attributes:UserWarning")
def test_it_goes_through_export_with_an_open_batch(model: onnx.ModelProto) -> None:
    module = import_onnx(model).eval()
    example, other = (torch.from_numpy(batch_for(model, size)) for size in (2, 3))
    batch = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(module, (example,), dynamic_shapes=batch).module()
    with torch.no_grad():
        torch.testing.assert_close(program(other), module(other))


def test_gradients_reach_every_parameter(model: onnx.ModelProto) -> None:
    module = import_onnx(model).train()
    module(torch.from_numpy(batch_for(model, 2))).square().sum().backward()
    missing = [name for name, value in module.named_parameters() if value.grad is None]
    assert missing == []


def small(tmp_path: Path) -> onnx.ModelProto:
    module, example = network("squeezenet1_1")
    return normalized(exported(module, example, tmp_path / "m.onnx", dynamo=True))


def test_a_transposed_kernel_is_noticed(tmp_path: Path) -> None:
    model = small(tmp_path)
    images = batch_for(model, 2)
    right = by_onnx_runtime(model, [images])[0]
    kernel = next(t for t in model.graph.initializer if list(t.dims[2:]) == [3, 3])
    turned = numpy_helper.to_array(kernel).swapaxes(2, 3).copy()
    kernel.CopyFrom(numpy_helper.from_array(turned, kernel.name))
    with torch.no_grad():
        wrong = import_onnx(model).eval()(torch.from_numpy(images)).numpy()
    assert np.abs(wrong - right).max() / np.abs(right).max() > RELATIVE


def test_trained_numbers_are_written_back(tmp_path: Path) -> None:
    model = small(tmp_path)
    module = import_onnx(model)
    with torch.no_grad():
        for value in module.parameters():
            value.mul_(1.25)
    images = batch_for(model, 2)
    found = by_onnx_runtime(write_back(model, module), [images])[0]
    with torch.no_grad():
        wanted = module.eval()(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


def test_training_moves_the_statistics_of_batch_norms_and_they_are_written_back() -> None:
    x = torch.randn(4, 3, 8, 8)
    net = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU())
    # The exporter folds batch norms unless it is told that training goes on.
    model = normalized(_kept_batch_norm(net, x))
    module = import_onnx(model).train()
    module(x)
    changed = [
        a.name
        for a, b in zip(
            model.graph.initializer, write_back(model, module).graph.initializer, strict=False
        )
        if a != b
    ]
    assert len(changed) == 2


def _kept_batch_norm(net: nn.Module, x: torch.Tensor) -> onnx.ModelProto:
    import io
    import warnings

    stream = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            net.eval(), (x,), stream, dynamo=False, opset_version=17, input_names=["x"],
            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
            dynamic_axes={"x": {0: "n"}},
        )  # fmt: skip
    return onnx.load_model_from_string(stream.getvalue())


def test_removed_channels_are_written_back_with_shapes_and_groups(tmp_path: Path) -> None:
    import torch_pruning as tp

    module, example = network("mobilenet_v2")
    model = normalized(exported(module, example, tmp_path / "m.onnx", dynamo=True))
    imported = import_onnx(model).eval()
    last = [part for part in imported.modules() if isinstance(part, nn.Linear)][-1]
    pruner = tp.pruner.MagnitudePruner(
        imported, example, tp.importance.MagnitudeImportance(p=2), pruning_ratio=0.5,
        ignored_layers=[last], round_to=8,
    )  # fmt: skip
    pruner.step()
    small = write_back(model, imported)
    found = by_onnx_runtime(small, [example.numpy()])[0]
    with torch.no_grad():
        wanted = imported(example).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
    assert small.ByteSize() < 0.5 * model.ByteSize()


def test_modules_are_named_after_nodes(tmp_path: Path) -> None:
    model = small(tmp_path)
    module, nodes = import_onnx(model), {node.name: node for node in model.graph.node}
    found = layer_modules(module)
    assert {nodes[name].op_type for name in found.values()} >= {"Conv", "Relu", "MaxPool"}
    convolutions = [n for n, part in module.named_modules() if isinstance(part, nn.Conv2d)]
    assert all(nodes[found[name]].op_type == "Conv" for name in convolutions)


def chained(*, reshape: list[int]) -> onnx.ModelProto:
    """Conv of 8 channels, reshape, and a constant that is added."""
    draw = np.random.default_rng(0)
    arrays = {
        "w": draw.normal(size=(8, 3, 1, 1)).astype(np.float32),
        "t": np.array(reshape),
        "places": draw.normal(size=(8, 16)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
        helper.make_node("Reshape", ["c", "t"], ["r"], name="reshape"),
        helper.make_node("Add", ["r", "places"], ["y"], name="add"),
    ]
    x = helper.make_tensor_value_info("x", 1, ["N", 3, 4, 4])
    y = helper.make_tensor_value_info("y", 1, None)
    stored = [numpy_helper.from_array(values, name) for name, values in arrays.items()]
    graph = helper.make_graph(nodes, "g", [x], [y], stored)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return normalized(made)


def test_a_constant_that_is_added_can_be_trained_and_is_written_back() -> None:
    model = chained(reshape=[-1, 8, 16])
    module = import_onnx(model)
    with torch.no_grad():
        next(v for n, v in module.named_parameters() if n == "places").add_(1)
    back = {t.name: numpy_helper.to_array(t) for t in write_back(model, module).graph.initializer}
    before = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    np.testing.assert_allclose(back["places"], before["places"] + 1, rtol=1e-6)


def test_a_length_that_no_longer_fits_is_refused() -> None:
    model = chained(reshape=[-1, 8, 16])
    module = import_onnx(model)
    module.conv.weight = nn.Parameter(module.conv.weight[:4].detach())
    with pytest.raises(UnsupportedError, match="fixes a length"):
        write_back(model, module)


def test_one_tensor_that_has_become_two_is_refused() -> None:
    model = chained(reshape=[-1, 8, 16])
    module = import_onnx(model)
    module.meta["boildown_kept"] += (Kept("places", ("other",), lambda values: values),)
    module.register_parameter("other", nn.Parameter(module.places.detach().clone()))
    write_back(model, module)
    with torch.no_grad():
        module.other.add_(1)
    with pytest.raises(UnsupportedError, match="'places' serves several nodes"):
        write_back(model, module)
