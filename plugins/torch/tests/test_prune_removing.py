"""Channels go from all layers that share them, and what is left computes what it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from boildown import UnsupportedError, source_layers
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from boildown_torch.channels import Removed, remove_channels
from boildown_torch.importer import example_inputs, import_onnx, write_back
from torch import fx
from torch_pruning.pruner.importance import MagnitudeImportance, RandomImportance

from .jobs import normalised, session
from .networks import exported, network


def narrowed(
    source: Path, **settings: Any
) -> tuple[fx.GraphModule, onnx.ModelProto, onnx.ModelProto, Removed]:
    """Return module, graph before and after, and what was told; by default half is removed."""
    graph = onnx.load(source)
    module = import_onnx(graph)
    removed = remove_channels(
        module, graph, **{"ratio": 0.5, "criterion": MagnitudeImportance(), **settings}
    )
    return module, graph, write_back(graph, module), removed


def distance(module: fx.GraphModule, graph: onnx.ModelProto, path: Path) -> float:
    """Return how far ONNX Runtime is from the module, relative to the greatest output."""
    inputs = example_inputs(graph, length=8)
    onnx.save(graph, path)
    opened = session(path)
    found = opened.run(
        None, {item.name: x.numpy() for item, x in zip(opened.get_inputs(), inputs, strict=True)}
    )[0]
    with torch.no_grad():
        wanted = module(*inputs).numpy()
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def outs(graph: onnx.ModelProto) -> dict[str, int]:
    return {layer.name: layer.shape[layer.axis] for layer in source_layers(graph)}


@pytest.mark.parametrize("name", sorted(GRAPHS.keys() - {"ceil_pooling"}))
def test_half_of_the_channels_go_and_onnx_computes_what_the_module_does(
    name: str, tmp_path: Path
) -> None:
    module, before, after, removed = narrowed(normalised(GRAPHS[name](), tmp_path))
    assert distance(module, after, tmp_path / "after.onnx") < 1e-4
    assert removed.ends == {list(outs(before))[-1]}
    for layer, channels in outs(before).items():
        halved = layer not in removed.ends and layer not in removed.skipped
        assert outs(after)[layer] == (channels // 2 if halved else channels)
    assert removed.skipped.keys() == ({"out"} if name == "attention" else set())


@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet1_1"])
def test_networks_of_the_field_become_much_smaller(name: str, tmp_path: Path) -> None:
    source = normalised(exported(*network(name), tmp_path / "e.onnx", dynamo=False), tmp_path)
    module, before, after, removed = narrowed(source)
    assert distance(module, after, tmp_path / "after.onnx") < 1e-4
    assert before.ByteSize() > 2.7 * after.ByteSize()
    assert not removed.skipped


def _sliced() -> onnx.ModelProto:
    """Channels from the middle of `wide` are cut out by a slice with constant bounds."""
    g = Graph(0)
    x = g.relu(g.conv("x", "stem", 16, 3, 3, 3))
    wide = g.relu(g.conv(x, "wide", 16, 16, 3, 3))
    bounds = [g._tensors.append(onnx.numpy_helper.from_array(np.array([v]), n)) or n
              for n, v in (("begin", 4), ("end", 10), ("axis", 1))]  # fmt: skip
    half = g.node("Slice", [wide, *bounds], "half")
    return g.model({"x": (3, 12, 12)}, g.head(g.relu(g.conv(half, "last", 16, 6, 3, 3)), 16))


def test_channels_that_a_slice_counts_stay_and_the_others_go(tmp_path: Path) -> None:
    module, before, after, removed = narrowed(normalised(_sliced(), tmp_path))
    assert removed.skipped.keys() == {"wide"}
    assert outs(after) == {**outs(before), "stem": 8, "last": 8}
    assert distance(module, after, tmp_path / "after.onnx") < 1e-4


def test_a_network_whose_only_layer_ends_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    g = Graph(0)
    graph = onnx.load(normalised(g.model({"x": (8,)}, g.dense("x", "fc", 8, 4)), tmp_path))
    module = import_onnx(graph)
    before = {name: p.clone() for name, p in module.named_parameters()}
    with pytest.raises(UnsupportedError, match="'fc' puts out the results"):
        remove_channels(module, graph, ratio=0.5, criterion=MagnitudeImportance())
    assert all(torch.equal(p, before[name]) for name, p in module.named_parameters())


def test_only_the_named_layers_lose_channels(tmp_path: Path) -> None:
    source = normalised(GRAPHS["residual"](), tmp_path)
    _, before, after, removed = narrowed(source, nodes={"left", "right"})
    assert outs(after) == {**outs(before), "left": 8}
    assert removed.skipped == {"right": "shares its channels with 'stem', which keeps them"}


def test_what_stays_is_a_multiple_of_what_was_asked_for(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    _, _, after, removed = narrowed(source, ratio=0.6, round_to=8)
    assert outs(after) == {"stem": 8, "wide": 24, "deep": 16, "fc": 10}
    assert removed.channels["deep"] == (32, 16)


def test_globally_the_share_is_reached_by_all_layers_together(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    criterion = MagnitudeImportance(normalizer=None, group_reduction="first")
    _, _, after, _ = narrowed(source, scope="global", criterion=criterion)
    widths = [outs(after)[name] for name in ("stem", "wide", "deep")]
    assert sum(widths) == 48
    assert len({width / full for width, full in zip(widths, (16, 48, 32), strict=True)}) > 1


def test_lots_are_drawn_by_the_seed(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    made = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        made.append(narrowed(source, criterion=RandomImportance())[2].SerializeToString())
    assert made[0] == made[1] != made[2]
