"""Channels are removed for good: a smaller file, the outputs kept, what could not go told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Prune, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS

from .jobs import loss, normalised, outputs, run, samples, session, shipped

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)
_LOSSY = 1e-4


def narrower(source: Path, **settings: Any) -> JobResult:
    step = Prune.model_validate({"sparsity": 0.5, "structure": "channel", **settings})
    return run(source, step)


def widths(result: JobResult) -> dict[str, int]:
    assert result.layers is not None, result.layers_reason or result.reason
    return {state.layer: state.shape[0] for state in result.layers}


@pytest.mark.parametrize("criterion", ["magnitude", "l2", "fpgm", "taylor", "slim", "movement"])
@pytest.mark.parametrize("schedule", [None, "one-shot", "linear", "cubic"])
def test_half_of_the_channels_go_by_every_criterion_and_schedule(
    criterion: str, schedule: str | None, tmp_path: Path
) -> None:
    if (criterion == "movement" and schedule != "cubic") or (criterion == "slim" and not schedule):
        pytest.skip("not offered")
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    train = {"schedule": schedule, "train": TRAIN} if schedule else {}
    result = narrower(source, criterion=criterion, **train)
    assert widths(result) == {"stem": 8, "deep": 16, "fc": 10}
    assert shipped(result).stat().st_size < 0.5 * source.stat().st_size
    assert session(shipped(result)).run(None, samples(source))[0].shape == (37, 10)
    assert result.steps[0].cost.epochs == (4 if schedule else 0)
    assert not result.steps[0].warnings


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("residual", {"stem": 8, "left": 8, "right": 8, "fc": 10}),
        ("concat", {"stem": 8, "narrow": 4, "wide": 6, "fc": 10}),
        ("depthwise", {"stem": 8, "depthwise": 8, "pointwise": 12, "fc": 10}),
        ("grouped", {"stem": 8, "grouped": 16, "fc": 10}),
        ("two_inputs", {"eye": 8, "hidden": 24, "last": 5}),
        ("asymmetric_padding", {"uneven": 8, "same": 12, "fc": 10}),
    ],
)
def test_channels_that_belong_together_go_together(
    network: str, expected: dict[str, int], tmp_path: Path
) -> None:
    result = narrower(normalised(GRAPHS[network](), tmp_path))
    assert widths(result) == expected
    assert not result.steps[0].warnings


def silenced(source: Path, folder: Path, dead: dict[str, list[int]]) -> Path:
    """Write `source` with these channels of its batch norms put to zero."""
    model = onnx.load(source)
    for tensor in model.graph.initializer:
        layer, _, part = tensor.name.partition("_norm.")
        if layer in dead and part in {"gamma", "beta"}:
            values = onnx.numpy_helper.to_array(tensor).copy()
            values[dead[layer]] = 0
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, folder / "silenced.onnx")
    return folder / "silenced.onnx"


def test_the_narrower_network_is_the_wide_one_without_its_weakest_filters(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(source).graph.initializer}
    dead = {}
    for layer in ("stem", "deep"):
        weight = tensors[f"{layer}.weight"]
        norms = np.abs(weight).reshape(len(weight), -1).sum(1)
        dead[layer] = [*np.argsort(norms)[: len(weight) // 2]]
    wanted = outputs(source, silenced(source, tmp_path, dead))
    found = outputs(source, shipped(narrower(source)))
    assert np.abs(wanted - found).max() < _LOSSY * np.abs(wanted).max()
    assert np.abs(outputs(source, source) - found).max() > 0.1  # it is not the network as it was


def test_training_makes_up_for_removed_channels(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    alone = shipped(narrower(source))
    for schedule in ("one-shot", "cubic"):
        trained = shipped(narrower(source, schedule=schedule, train=TRAIN))
        assert loss(source, trained) < 0.95 * loss(source, alone)


def test_a_layer_that_shares_channels_with_one_that_stays_is_told(tmp_path: Path) -> None:
    source = normalised(GRAPHS["residual"](), tmp_path)
    result = narrower(source, layers={"include": ["left", "right"]})
    assert widths(result) == {"stem": 16, "left": 8, "right": 16, "fc": 10}
    assert "'right' shares its channels with 'stem'" in result.steps[0].warnings[0].text


def test_a_network_without_channels_that_can_go_is_refused_by_the_names_of_its_layers(
    tmp_path: Path,
) -> None:
    with pytest.raises(UnsupportedError, match="'query' is no 2-D convolution") as told:
        narrower(normalised(GRAPHS["attention"](), tmp_path))
    assert "'fc' puts out the results" in str(told.value)


def test_a_share_of_less_than_one_channel_is_told(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = narrower(source, sparsity=0.01)
    assert widths(result) == {"stem": 16, "deep": 32, "fc": 10}
    assert "less than one channel" in result.steps[0].warnings[0].text


def test_a_network_that_would_become_another_is_refused(tmp_path: Path) -> None:
    """A batch norm behind a concatenation puts out constants for channels that are gone."""
    g = Graph(0)
    stem = g.conv("x", "stem", 16, 3, 3, 3)
    joined = g.node("Concat", [stem, g.relu(stem)], "joined", axis=1)
    x = g.conv(g.relu(g.norm(joined, "norm", 32)), "last", 12, 32, 3, 3)
    model = g.model({"x": (3, 12, 12)}, g.head(x, 12))
    with pytest.raises(UnsupportedError, match=r"'stem'.*outputs differ"):
        narrower(normalised(model, tmp_path))
