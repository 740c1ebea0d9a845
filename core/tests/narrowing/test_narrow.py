"""A narrower network computes what the source does with the same channels masked."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import UnsupportedError, narrow, source_layers
from boildown.narrowing.narrow import Narrowed
from boildown.narrowing.node import Node
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS, ODD_GRAPHS
from onnx import numpy_helper

from .masking import distance, masked, outputs
from .networks import KEPT, NETWORKS, image

ZOO = Path(__file__).parents[3] / "plugins/zoo/src/boildown_zoo/models"
MAKERS = GRAPHS | {name: make for name, (make, _) in {**NETWORKS, **KEPT}.items()}
#: Nothing can go from them at all.
REFUSED = {"softmax", "mean", "unknown", "strided", "counted"}


def outs(model: onnx.ModelProto) -> dict[str, int]:
    return {layer.name: layer.shape[layer.axis] for layer in source_layers(model)}


def tensors(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


@pytest.mark.parametrize("width", [0.25, 0.5, 0.8])
@pytest.mark.parametrize("name", sorted(MAKERS.keys() - REFUSED))
def test_it_computes_what_the_source_does_with_channels_masked(name: str, width: float) -> None:
    source = MAKERS[name]()
    found = narrow(source, width)
    assert distance(masked(source, width), found.model) < 1e-5
    assert source == MAKERS[name]()


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50", "squeezenet1_1"])
def test_networks_of_the_field_become_much_smaller(name: str) -> None:
    source = onnx.load(ZOO / f"{name}.onnx")
    found = narrow(source, 0.5)
    assert distance(masked(source), found.model) < 1e-5
    assert source.ByteSize() > 2.7 * found.model.ByteSize()
    assert not found.kept_all
    assert len(found.ends) == 1
    assert {now * 2 - full for full, now in found.channels.values()} <= {-1, 0, 1}


@pytest.mark.parametrize("name", ["plain", "batch_norm", "gated", "shuffle", "sliced"])
def test_other_channels_masked_are_another_network(name: str) -> None:
    source = MAKERS[name]()
    assert distance(masked(source, shift=1), narrow(source, 0.5).model) > 1e-2


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_keeps_its_share(name: str) -> None:
    make, wanted = NETWORKS[name]
    found = narrow(make(), 0.5)
    assert found.channels == {"stem": (8, 4), **wanted}
    assert found.ends == {"fc"}
    assert found.kept_all.keys() == ({"map"} if name == "one_channel" else set())


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_half_of_the_channels_go_in_the_networks_of_the_suite(name: str) -> None:
    before = outs(GRAPHS[name]())
    found = narrow(GRAPHS[name](), 0.5)
    assert found.ends == {list(before)[-1]}
    assert found.kept_all.keys() == ({"out"} if name == "attention" else set())
    for layer, channels in before.items():
        stays = layer in found.ends or layer in found.kept_all
        assert outs(found.model)[layer] == (channels if stays else channels // 2)


@pytest.mark.parametrize("name", KEPT)
def test_what_keeps_all_its_channels_is_told_with_node_and_operator(name: str) -> None:
    make, wanted = KEPT[name]
    told, model = _told(make())
    assert told.keys() == wanted.keys()
    for layer, words in wanted.items():
        assert re.search(re.escape(words).replace(r"\.\*", ".*"), told[layer])
        assert outs(model)[layer] == outs(make())[layer]


def _told(source: onnx.ModelProto) -> tuple[dict[str, str], onnx.ModelProto]:
    try:
        found = narrow(source, 0.5)
    except UnsupportedError as error:
        reasons = str(error).partition(": ")[2].split("; ")
        pairs = [reason[1:].split("' ", 1) for reason in reasons]
        return {name: why for name, why in pairs if name != "fc"}, source
    return found.kept_all, found.model


@pytest.mark.parametrize("op", ODD_GRAPHS)
def test_an_operator_without_a_rule_keeps_channels_by_its_name(op: str) -> None:
    try:
        told = str(narrow(ODD_GRAPHS[op](), 0.5).kept_all)
    except UnsupportedError as error:
        told = str(error)
    assert f"'odd' ({op})" in told or op == "LpPool"


def test_channels_of_the_greatest_norm_stay() -> None:
    model = GRAPHS["plain"]()
    stem = next(item for item in model.graph.initializer if item.name == "stem.weight")
    loud = np.where(np.arange(16) % 3 == 1, 10, 1)[:, None, None, None]
    filters = (numpy_helper.to_array(stem) * loud).astype(np.float32)
    stem.CopyFrom(numpy_helper.from_array(filters, stem.name))
    squares = (filters**2).sum((1, 2, 3)) + (tensors(model)["wide.weight"] ** 2).sum((0, 2, 3))
    wanted = np.sort(np.argsort(squares)[8:])
    made = tensors(narrow(model, 0.5).model)
    np.testing.assert_array_equal(made["stem.weight"], filters[wanted])
    np.testing.assert_array_equal(made["stem.bias"], tensors(model)["stem.bias"][wanted])
    assert {1, 4, 7, 10, 13} <= set(wanted.tolist())


def test_added_branches_are_judged_together() -> None:
    source = GRAPHS["residual"]()
    before, after = tensors(source), tensors(narrow(source, 0.5).model)
    squares = sum((before[f"{name}.weight"] ** 2).sum((1, 2, 3)) for name in ("stem", "right"))
    squares += (before["left.weight"] ** 2).sum((0, 2, 3)) + (before["fc.weight"] ** 2).sum(0)
    wanted = np.sort(np.argsort(squares)[8:])
    for name in ("stem.bias", "right.bias"):
        np.testing.assert_array_equal(after[name], before[name][wanted])


def test_the_batch_stays_open_and_inputs_and_outputs_are_the_same() -> None:
    source = NETWORKS["shuffle"][0]()
    made = narrow(source, 0.5).model
    assert made.graph.input == source.graph.input
    assert made.graph.output[0].name == "y"
    assert [len(outputs(made, batch)[0]) for batch in (1, 7)] == [1, 7]


def test_lengths_that_a_graph_computes_from_its_shapes_follow() -> None:
    def shuffled(g: Graph, x: str) -> tuple[str, int]:
        shape = g.node("Shape", [x], "shape")
        parts = {n: g.whole(n, [v]) for n, v in (("n", 0), ("c", 1), ("two", 2), ("eight", 8))}
        batch, count = (g.node("Gather", [shape, parts[n]], f"its_{n}") for n in "nc")
        half = g.node("Div", [count, parts["two"]], "half")
        ways = [batch, parts["two"], half, parts["eight"], parts["eight"]]
        x = g.node("Reshape", [x, g.node("Concat", ways, "apart", axis=0)], "apart_by")
        x = g.node("Transpose", [x], "turned", perm=[0, 2, 1, 3, 4])
        return g.node("Reshape", [x, shape], "together"), 8

    source = image(shuffled)()
    found = narrow(source, 0.5)
    assert found.channels == {"stem": (8, 4)}
    assert distance(masked(source), found.model) < 1e-5


def test_constants_that_nodes_share_are_cut_for_each_of_them() -> None:
    def twice(g: Graph, x: str) -> tuple[str, int]:
        x = g.norm(x, "norm", 8)
        x = g.conv(x, "next", 8, 8, 3, 3)
        parts = [f"norm.{part}" for part in ("gamma", "beta", "mean", "var")]
        return g.node("BatchNormalization", [x, *parts], "again"), 8

    source = image(twice)()
    found = narrow(source, 0.5)
    assert found.channels == {"stem": (8, 4), "next": (8, 4)}
    assert distance(masked(source), found.model) < 1e-5


def test_an_opset_with_axes_and_sizes_in_attributes_is_followed() -> None:
    source = NETWORKS["split"][0]()
    source.opset_import[0].version = 11
    found = narrow(source, 0.5)
    assert found.channels["both"] == (12, 6)
    assert distance(masked(source), found.model) < 1e-5


def test_a_network_that_can_lose_nothing_is_refused_by_its_layers() -> None:
    g = Graph(0)
    with pytest.raises(UnsupportedError, match="'fc' puts out the results"):
        narrow(g.model({"x": (8,)}, g.dense("x", "fc", 8, 4)), 0.5)


@pytest.mark.parametrize("width", [0, 1, -0.5, 2])
def test_a_width_is_a_share(width: float) -> None:
    with pytest.raises(ValueError, match="a share of the channels"):
        narrow(GRAPHS["plain"](), width)


def test_a_small_width_leaves_one_channel_in_every_layer() -> None:
    found: Narrowed = narrow(GRAPHS["plain"](), 0.001)
    assert outs(found.model) == {"stem": 1, "wide": 1, "deep": 1, "fc": 10}


@pytest.mark.parametrize("name", ["residual", "gated", "residual_of_concat", "split"])
def test_a_rule_that_would_forget_what_goes_together_is_found_out(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Node, "couple", lambda *_: None)
    source = MAKERS[name]()
    try:
        off = distance(masked(source), narrow(source, 0.5).model)
    except UnsupportedError:  # the shapes give it away
        off = np.inf
    assert off > 1e-2
