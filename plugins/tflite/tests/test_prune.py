"""Pruning: the share or pattern that was asked, at once and while training, in the file itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown import Prune, Train, UnsupportedError, source_layers
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import loss
from boildown.testing.patterns import broken_patterns

from .jobs import form, normalised, run, states, weights

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)


@pytest.mark.parametrize("settings", [{}, {"train": TRAIN}, {"train": TRAIN, "schedule": "cubic"}])
def test_each_layer_has_the_share_of_zeros(settings: dict[str, object], tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = run(source, Prune.model_validate({"sparsity": 0.7, **settings}))
    for state in states(result).values():
        assert state.sparsity == pytest.approx(0.7, abs=0.01)
    assert result.steps[0].cost.epochs == (4 if settings else 0)


def test_a_training_of_two_steps_still_reaches_the_end_of_its_ramp(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    short = Train(epochs=1, batch_size=20)
    result = run(source, Prune(sparsity=0.6, schedule="linear", train=short))
    assert min(state.sparsity for state in states(result).values()) == pytest.approx(0.6, abs=0.01)


def test_training_makes_up_for_the_zeros(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    at_once, trained = (run(source, Prune(sparsity=0.8, train=train)) for train in (None, TRAIN))
    assert loss(source, form(trained)) < 0.9 * loss(source, form(at_once))


def test_patterns_run_along_input_channels(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Prune(structure="2:4"))
    found = states(result)
    assert found["deep"].sparsity == 0.5
    # Of three input channels a group of four has one to spare.
    assert found["stem"].sparsity < 0.4
    assert [warned.code for warned in result.steps[0].warnings] == ["PARTIAL"]


@pytest.mark.parametrize("train", [None, TRAIN])
def test_a_pattern_leaves_transposed_convolutions_alone_and_names_them(
    train: Train | None, tmp_path: Path
) -> None:
    """It would run along their output channels."""
    graph = Graph(0)
    x = graph.relu(graph.conv("x", "stem", 12, 4, 3, 3))
    x = graph.node("ConvTranspose", [x, graph.weight("up.weight", 12, 8, 3, 3)], "up")
    x = graph.relu(graph.conv(x, "deep", 8, 8, 3, 3))
    source = normalised(graph.model({"x": (4, 12, 12)}, graph.head(x, 8)), tmp_path)
    result = run(source, Prune(structure="2:4", train=train))
    layers = {layer.name: layer.axis for layer in source_layers(source)}
    found = weights(source, form(result))
    held = {name: (found[name], layers[name]) for name in layers if name != "up"}
    assert broken_patterns((2, 4), held) == []
    assert states(result)["up"].sparsity == 0
    (warned,) = result.steps[0].warnings
    assert warned.code == "PARTIAL"
    assert warned.text.endswith("products of its own kind): 'up'")


def test_only_selected_layers_are_pruned(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Prune(sparsity=0.5, layers=Layers(include=("deep",))))
    shares = {name: round(state.sparsity, 2) for name, state in states(result).items()}
    assert shares == {"stem": 0.0, "wide": 0.0, "deep": 0.5, "fc": 0.0}


def test_a_weight_that_layers_share_is_pruned_in_all_of_them(tmp_path: Path) -> None:
    graph = Graph(0)
    shared, x = graph.weight("shared", 8, 8, 3, 3), "x"
    for name in ("first", "second"):
        x = graph.relu(graph.node("Conv", [x, shared], name, pads=[1] * 4))
    source = normalised(graph.model({"x": (8, 8, 8)}, graph.head(x, 8)), tmp_path)
    shares = {name: s.sparsity for name, s in states(run(source, Prune(sparsity=0.5))).items()}
    assert shares == pytest.approx({"first": 0.5, "second": 0.5, "fc": 0.5}, abs=0.01)
    with pytest.raises(UnsupportedError, match="'shared' serves several nodes"):
        run(source, Prune(sparsity=0.5, train=TRAIN))


def test_training_leaves_zeros_of_other_layers_alone(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    train = Train(epochs=3, batch_size=8, learning_rate=3e-3)
    again = Prune(sparsity=0.8, layers=Layers(include=("deep",)), train=train)
    found = states(run(source, Prune(sparsity=0.5), again))
    assert min(state.sparsity for state in found.values()) >= 0.49
    assert found["deep"].sparsity >= 0.79


def test_depthwise_kernels_stay_and_are_named(tmp_path: Path) -> None:
    source = normalised(GRAPHS["depthwise"](), tmp_path)
    result = run(source, Prune(sparsity=0.5))
    assert states(result)["depthwise"].sparsity < 0.1
    assert states(result)["pointwise"].sparsity == pytest.approx(0.5, abs=0.01)
    (warned,) = result.steps[0].warnings
    assert warned.code == "PARTIAL"
    assert "'depthwise'" in warned.text


def test_what_the_toolkit_cannot_do_is_refused_with_its_reason(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match="by itself"):
        run(source, Prune(sparsity=0.5, scope="global"))
    with pytest.raises(UnsupportedError, match="never whole parts"):
        run(source, Prune(sparsity=0.5, structure="channel"))
