"""Zeros as many as asked for, where the structure says, and they stay zeros."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import LayerState, Prune, Quantize, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS
from onnx import numpy_helper

from .jobs import normalised, run, shipped
from .test_dynamic import recurrent
from .test_learned import loss

TRAIN = Train(epochs=2, batch_size=8, learning_rate=3e-3)


def pruned(source: Path, **settings: Any) -> JobResult:
    return run(source, Prune.model_validate(settings))


def weights(result: JobResult, step: int = 0) -> dict[str, np.ndarray]:
    """Return the matrices and filters of what a step made, by name."""
    model = onnx.load(result.steps[step].artifact.path)
    arrays = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    return {name: a for name, a in arrays.items() if a.ndim > 1 and name.endswith(".weight")}


def layers(result: JobResult) -> dict[str, LayerState]:
    assert result.layers is not None, result.layers_reason
    return {state.layer: state for state in result.layers}


def zeros(array: np.ndarray) -> int:
    return int((array == 0).sum())


@pytest.mark.parametrize("criterion", ["magnitude", "l2", "random", "taylor"])
@pytest.mark.parametrize("train", [None, TRAIN])
def test_each_layer_has_exactly_the_share_that_was_asked_for(
    criterion: str, train: Train | None, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = pruned(source, sparsity=0.7, criterion=criterion, train=train)
    for array in weights(result).values():
        assert zeros(array) == round(0.7 * array.size)
    assert result.steps[0].cost.epochs == (2 if train else 0)


@pytest.mark.parametrize("criterion", ["magnitude", "l2", "random", "taylor", "movement"])
@pytest.mark.parametrize("schedule", ["linear", "cubic"])
def test_a_sparsity_that_grows_ends_at_exactly_what_was_asked_for(
    criterion: str, schedule: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = pruned(
        source, sparsity=0.7, criterion=criterion, schedule=schedule, scope="global", train=TRAIN
    )
    found = weights(result)
    assert sum(map(zeros, found.values())) == round(0.7 * sum(a.size for a in found.values()))
    assert len({round(zeros(a) / a.size, 2) for a in found.values()}) > 1


def test_the_smallest_weights_go_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    before = {t.name: numpy_helper.to_array(t) for t in onnx.load(source).graph.initializer}
    for name, after in weights(pruned(source, sparsity=0.5)).items():
        assert np.array_equal(after[after != 0], before[name][after != 0])
        assert np.abs(before[name][after == 0]).max() <= np.abs(after[after != 0]).min()


@pytest.mark.parametrize("criterion", ["magnitude", "l2", "random", "fpgm", "slim", "taylor"])
@pytest.mark.parametrize("train", [None, TRAIN])
def test_whole_filters_are_zero_and_no_others(
    criterion: str, train: Train | None, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    settings = {"criterion": criterion, "layers": {"include": ["type:Conv"]}}
    if criterion == "taylor" and train is None:
        settings["layers"] = {"include": ["stem"]}
    result = pruned(source, sparsity=0.5, structure="filter", train=train, **settings)
    found = weights(result)
    gone = (found["stem.weight"] == 0).reshape(16, -1)
    assert gone.sum(1).tolist().count(27) == 8
    assert gone.sum() == 8 * 27
    assert zeros(found["fc.weight"]) == 0


def test_slim_takes_the_filters_of_the_smallest_factors(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(source).graph.initializer}
    result = pruned(source, sparsity=0.5, structure="filter", criterion="slim")
    gone = (weights(result)["stem.weight"] == 0).all((1, 2, 3))
    factors = np.abs(tensors["stem_norm.gamma"])
    assert factors[gone].max() < factors[~gone].min()
    assert result.steps[0].warnings[0].code == "PARTIAL"
    assert "fc" in result.steps[0].warnings[0].text


def test_slim_without_batch_norms_is_refused_by_the_layers_names(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match="none behind 'stem', 'wide', 'deep', 'fc'"):
        pruned(source, sparsity=0.5, structure="filter", criterion="slim")


def test_the_filter_nearest_to_all_others_is_the_first_to_go(tmp_path: Path) -> None:
    model = GRAPHS["plain"]()
    stem = next(t for t in model.graph.initializer if t.name == "stem.weight")
    array = numpy_helper.to_array(stem).copy()
    array[3] = array.mean(0)
    stem.CopyFrom(numpy_helper.from_array(array, stem.name))
    result = pruned(
        normalised(model, tmp_path), sparsity=0.06, structure="filter", criterion="fpgm"
    )
    gone = (weights(result)["stem.weight"] == 0).all((1, 2, 3))
    assert gone.nonzero()[0].tolist() == [3]


@pytest.mark.parametrize("train", [None, TRAIN])
def test_two_of_four_stay_in_each_row_also_of_a_transposed_matrix(
    train: Train | None, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["attention"](), tmp_path)
    found = weights(pruned(source, structure="2:4", train=train))
    for array in (found["up.weight"].T, found["fc.weight"]):
        assert ((array.reshape(-1, 4) != 0).sum(1) == 2).all()


def test_what_is_below_the_threshold_goes(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    before = {t.name: numpy_helper.to_array(t) for t in onnx.load(source).graph.initializer}
    result = pruned(source, threshold=0.05, criterion="threshold")
    for name, after in weights(result).items():
        assert np.array_equal(after == 0, np.abs(before[name]) < 0.05)


def test_recurrent_weights_keep_their_zeros_while_the_network_trains(tmp_path: Path) -> None:
    source = recurrent(tmp_path, "LSTM")
    states = layers(pruned(source, sparsity=0.5, train=TRAIN))
    assert len(states) > 2
    assert all(math.isclose(state.sparsity, 0.5, abs_tol=0.01) for state in states.values())


@pytest.mark.parametrize("criterion", ["random", "magnitude", "movement"])
def test_a_seed_repeats_bit_for_bit(criterion: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    settings = {"sparsity": 0.5, "criterion": criterion, "schedule": "cubic", "train": TRAIN}
    one, other = (pruned(source, **settings).steps[0].digest for _ in range(2))
    assert one == other


def test_zeros_of_a_first_pruning_count_in_a_second(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Prune(sparsity=0.5), Prune(sparsity=0.75, criterion="random"))
    first, second = weights(result, 0), weights(result, 1)
    for name, array in second.items():
        assert zeros(array) == round(0.75 * array.size)
        assert not array[first[name] == 0].any()


@pytest.mark.parametrize(
    "last",
    [
        Quantize(weights="int8"),
        Quantize(weights="int2", train=TRAIN),
        Prune(sparsity=0.5, structure="channel", train=TRAIN),
    ],
)
def test_zeros_stay_behind_whatever_follows(last: Any, tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    for state in layers(run(source, Prune(sparsity=0.6), last)).values():
        assert state.sparsity > (0.58 if last.op == "quantize" else 0.3)


def test_training_makes_up_for_what_pruning_cost(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    longer = TRAIN.model_copy(update={"epochs": 6})
    alone = shipped(pruned(source, sparsity=0.8))
    for schedule in ("one-shot", "cubic"):
        trained = shipped(pruned(source, sparsity=0.8, schedule=schedule, train=longer))
        assert loss(source, trained) < 0.9 * loss(source, alone)


def test_a_fixed_batch_can_be_pruned_and_not_trained(tmp_path: Path) -> None:
    source = normalised(GRAPHS["fixed_batch"](), tmp_path)
    assert layers(pruned(source, sparsity=0.5))["stem"].sparsity == 0.5
    for settings in ({}, {"schedule": "cubic"}, {"structure": "channel"}):
        with pytest.raises(UnsupportedError, match="'stem' takes batches of 1 only"):
            pruned(source, sparsity=0.5, train=TRAIN, **settings)


def test_rounding_of_channels_is_refused_where_none_are_removed(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match="structure 'element' removes none"):
        run(source, Prune(sparsity=0.5), settings={"round_to": 8})
